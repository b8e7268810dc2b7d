import type { Clock } from '../../core/kit/clock.ts';
import type { Database } from './database.ts';

/** The rows of the table that Keyv's values stand in. For use inside a `read` or `write` of the database. */
export function rowsOf({ sql }: Database, clock: Clock) {
  function find(namespace: string, key: string): unknown {
    return sql(
      `SELECT value FROM keyv WHERE namespace = ? AND key = ?
         AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
    ).get(namespace, key, clock.now())?.['value'];
  }

  return {
    /** The value as it was set; undefined if there is none, or no more. */
    find,

    put(namespace: string, key: string, value: string, ttlMs: number | undefined): void {
      sql(
        `INSERT INTO keyv (namespace, key, value, expires_at_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, expires_at_ms = excluded.expires_at_ms`,
      ).run(namespace, key, value, ttlMs === undefined ? null : Math.ceil(clock.now() + ttlMs));
    },

    /** False if there was none. */
    drop(namespace: string, key: string): boolean {
      const live = find(namespace, key) !== undefined;
      sql('DELETE FROM keyv WHERE namespace = ? AND key = ?').run(namespace, key);
      return live;
    },
  };
}
