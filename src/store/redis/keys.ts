/**
 * All keys that scripts touch carry one hash tag, so that a cluster keeps them in one slot: a script can then change
 * them in one step. Their names are fixed, so that scripts declare every key they use. The values of Keyv alone have names
 * of their own (`redisKey`).
 */
function key(name: string): string {
  return `{parley}:${name}`;
}

export const SCHEMA_KEY = key('schema');

/** Counter -> value. */
export const COUNTERS = key('counters');
/** Counters by the time at which they expire. */
export const COUNTER_EXPIRY = key('counters:expiry');

/** Id -> what never changes of a reservation, as JSON. */
export const RESERVATIONS = key('reservations');
/** Ids of open reservations by the end of their lease. */
export const RESERVATION_LEASES = key('reservations:lease');
/** `["guild","id"]` of each open reservation, in the order of letters: those of a guild stand together. */
export const RESERVATIONS_OF = key('reservations:of');
/** Id -> generation id. */
export const GENERATIONS = key('reservations:generation');

/** Id -> `fence owner`. */
export const CLAIMS = key('claims');
/** Ids of all claims by the time at which they expire. */
export const CLAIM_EXPIRY = key('claims:expiry');
/** Ids of unfinished claims by the end of their lease. */
export const CLAIM_LEASES = key('claims:lease');
/** Id -> journal, as JSON. */
export const JOURNALS = key('claims:journal');

/** The keys of all Keyvs, in the order of letters … */
export const KEYV_KEYS = key('keyv:keys');
/** … and those that expire, by the time at which they do. */
export const KEYV_EXPIRY = key('keyv:expiry');
/** The version that brought what older ones wrote into the indexes. */
export const INDEXED_BY = key('indexed');

/** Of one limit: ids of writes by the time until which they count, … */
export function paceWrites(limit: string): string {
  return key(`pace:writes:${limit}`);
}
/** … who may write when, … */
export function paceTurns(limit: string): string {
  return key(`pace:turns:${limit}`);
}
/** … and ids of writes that room is kept for, by the time until which it is. */
export function paceOwed(limit: string): string {
  return key(`pace:owed:${limit}`);
}

/** Member -> record, as JSON. */
export const RECORDS = key('records');
export const RECORD_SEQ = key('records:seq');

/** Members of the records of a kind, a guild, a person in it: `<time>:<number>`, padded, so that their order is time's. */
export function recordIndex(kind: string, guild?: string, user?: string): string {
  // JSON keeps ids with odd characters apart.
  return key(`records:${JSON.stringify([kind, guild, user].filter((part) => part !== undefined))}`);
}
