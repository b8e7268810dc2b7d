import { DatabaseSync } from 'node:sqlite';

/** Numbers of rows in the bot's store. */
export interface Stored {
  readonly bytes: number;
  /** Claims of events that are dealt with, kept so that none is answered twice. */
  readonly claims: number;
  /** Claims of events that are not, with their journals. */
  readonly openClaims: number;
  /** Locks of conversations, held or left to be swept away. */
  readonly locks: number;
  readonly reservations: number;
  readonly counters: number;
  readonly records: number;
  /** Conversations, what belongs to buttons, settings. */
  readonly values: number;
}

/** Looks into a store while the bot has it open. */
export function readStored(path: string): Stored {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const number = (query: string) => Number(Object.values(database.prepare(query).get() ?? {})[0]);
  const count = (table: string, condition = '1') =>
    number(`SELECT count(*) FROM ${table} WHERE ${condition}`);
  try {
    return {
      bytes: number('PRAGMA page_count') * number('PRAGMA page_size'),
      claims: count('claims', "finished = 1 AND id NOT LIKE 'turn/%'"),
      openClaims: count('claims', 'finished = 0'),
      locks: count('claims', "id LIKE 'turn/%'"),
      reservations: count('reservations'),
      counters: count('counters'),
      records: count('records'),
      values: count('keyv'),
    };
  } finally {
    database.close();
  }
}
