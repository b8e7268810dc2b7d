import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../core/kit/time/clock.ts';
import { partsOfKey } from '../../core/ports/store.ts';
import type { Database } from './database.ts';

const PAGE_ROWS = 100;

export type ValueRows = ReturnType<typeof createValueRows>;

/** The rows of values. For use inside a `read` or `write` of the database. */
export function createValueRows({ sql }: Database, clock: Clock) {
  /** The text as it was set; undefined if there is none or it has expired. */
  function find(key: string): string | undefined {
    const value = sql(
      `SELECT value FROM keyv WHERE namespace = ? AND key = ?
         AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
    ).get(...partsOfKey(key), clock.now())?.['value'];
    return value as string | undefined;
  }

  return {
    find,

    put(key: string, text: string, ttlMs: number | undefined): void {
      sql(
        `INSERT INTO keyv (namespace, key, value, expires_at_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, expires_at_ms = excluded.expires_at_ms`,
      ).run(...partsOfKey(key), text, ttlMs === undefined ? null : Math.ceil(clock.now() + ttlMs));
    },

    /** False if there was none. */
    drop(key: string): boolean {
      const live = find(key) !== undefined;
      sql('DELETE FROM keyv WHERE namespace = ? AND key = ?').run(...partsOfKey(key));
      return live;
    },
  };
}

/** Lists the keys with the prefix through the primary key, page by page. */
export async function* listKeys(
  { read, sql }: Database,
  namespace: string,
  prefix: string,
  clock: Clock,
): AsyncGenerator<string> {
  for (let after = ''; ; await nextTurn()) {
    const rows = await read(() =>
      sql(
        `SELECT key FROM keyv WHERE namespace = ? AND key >= ? AND key > ? AND key < ?
           AND (expires_at_ms IS NULL OR expires_at_ms > ?)
         ORDER BY key LIMIT ${PAGE_ROWS}`,
      ).all(namespace, prefix, after, `${prefix}\u{10FFFF}`, clock.now()),
    );
    for (const row of rows) yield String(row['key']);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = String(last['key']);
  }
}
