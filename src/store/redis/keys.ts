/**
 * All keys that scripts touch share one hash tag, so that a cluster keeps them in one slot and a script can change them in
 * one step. Their names are fixed, so that scripts declare every key. Only Keyv's values have names of their own
 * (`redisKey`).
 */
function key(name: string): string {
  return `{parley}:${name}`;
}

export const SCHEMA_KEY = key('schema');

/** Counter -> value. */
export const COUNTERS = key('counters');
/** Counters by expiry. */
export const COUNTER_EXPIRY = key('counters:expiry');

/** Id -> the constant part of a reservation, as JSON. */
export const RESERVATIONS = key('reservations');
/** Ids of open reservations by the end of their lease. */
export const RESERVATION_LEASES = key('reservations:lease');
/** `["guild","id"]` of each open reservation in alphabetical order, so that a guild's are adjacent. */
export const RESERVATIONS_OF = key('reservations:of');
/** Id -> generation id. */
export const GENERATIONS = key('reservations:generation');

/** Id -> `fence owner`. */
export const CLAIMS = key('claims');
/** Ids of all claims by expiry. */
export const CLAIM_EXPIRY = key('claims:expiry');
/** Ids of unfinished claims by the end of their lease. */
export const CLAIM_LEASES = key('claims:lease');
/** Id -> journal, as JSON. */
export const JOURNALS = key('claims:journal');

/** The keys of all Keyvs in alphabetical order … */
export const KEYV_KEYS = key('keyv:keys');
/** … and those that expire, by expiry. */
export const KEYV_EXPIRY = key('keyv:expiry');
/** The version that added older versions' entries to the indexes. */
export const INDEXED_BY = key('indexed');

/** The packed state of one limit. */
export function paceOf(limit: string): string {
  return key(`pace:${limit}`);
}

/** Member -> record, as JSON. */
export const RECORDS = key('records');
export const RECORD_SEQ = key('records:seq');

/** Members of the records of a kind, a guild or a person in it: `<time>:<number>`, padded so that they sort by time. */
export function recordIndex(kind: string, guild?: string, user?: string): string {
  // JSON keeps ids with special characters apart.
  return key(`records:${JSON.stringify([kind, guild, user].filter((part) => part !== undefined))}`);
}
