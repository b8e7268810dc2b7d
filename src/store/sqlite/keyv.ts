import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyvStoreAdapter } from 'keyv';
import type { Clock } from '../../core/kit/clock.ts';
import { type ClaimKey, LockLost, partsOfKey } from '../../core/ports/store.ts';
import { isHeld } from './claims.ts';
import type { Database } from './database.ts';
import { rowsOf } from './keyv-rows.ts';

const PAGE_ROWS = 100;

/** Keyv's storage over a table. Keyv itself serializes; namespace and time to live are columns here. */
export function createSqliteKeyvAdapter(
  database: Database,
  namespace: string,
  clock: Clock,
  lock?: ClaimKey,
): KeyvStoreAdapter {
  const { read, sql } = database;
  const rows = rowsOf(database, clock);
  const find = (key: string) => rows.find(namespace, key);
  const put = (key: string, value: string, ttlMs?: number) => rows.put(namespace, key, value, ttlMs);
  const drop = (key: string) => rows.drop(namespace, key);

  const write = <T>(work: () => T) =>
    database.write(() => {
      if (lock !== undefined && !isHeld(database, lock)) throw new LockLost(lock);
      return work();
    });

  const adapter: Required<KeyvStoreAdapter> = {
    namespace,
    // Keyv iterates adapters of dialects that it knows.
    opts: { dialect: 'sqlite' },
    on: () => adapter,
    get: async (key) => (await read(() => find(key))) as never,
    getMany: async (keys) => (await read(() => keys.map(find))) as never,
    has: (key) => read(() => find(key) !== undefined),
    hasMany: (keys) => read(() => keys.map((key) => find(key) !== undefined)),
    set: (key: string, value: string, ttlMs?: number) => write(() => put(key, value, ttlMs)),
    setMany: (entries) =>
      write(() => {
        for (const { key, value, ttl } of entries) put(key, value, ttl);
      }),
    delete: (key) => write(() => drop(key)),
    deleteMany: (keys) => write(() => keys.map(drop).includes(true)),
    clear: () => write(() => void sql('DELETE FROM keyv WHERE namespace = ?').run(namespace)),
    // The database is the store's to close: other namespaces live in it.
    disconnect: async () => {},
    async *iterator() {
      let after = '';
      for (;;) {
        const rows = await read(() =>
          sql(
            `SELECT key, value FROM keyv WHERE namespace = ? AND key > ?
               AND (expires_at_ms IS NULL OR expires_at_ms > ?)
             ORDER BY key LIMIT ${PAGE_ROWS}`,
          ).all(namespace, after, clock.now()),
        );
        for (const row of rows) yield [row['key'], row['value']] as never;
        const last = rows.at(-1);
        if (last === undefined) return;
        after = String(last['key']);
        await nextTurn();
      }
    },
  };
  return adapter;
}

/** Keyv's storage over the same table, for keys of all namespaces. */
export function createSqliteEverythingAdapter(database: Database, clock: Clock): KeyvStoreAdapter {
  const { read, write } = database;
  const rows = rowsOf(database, clock);
  const find = (key: string) => rows.find(...partsOfKey(key));
  const put = (key: string, value: string, ttlMs?: number) => rows.put(...partsOfKey(key), value, ttlMs);

  const adapter: KeyvStoreAdapter = {
    opts: {},
    on: () => adapter,
    get: async (key) => (await read(() => find(key))) as never,
    getMany: async (keys) => (await read(() => keys.map(find))) as never,
    set: (key: string, value: string, ttlMs?: number) => write(() => put(key, value, ttlMs)),
    setMany: (entries) =>
      write(() => {
        for (const { key, value, ttl } of entries) put(key, value, ttl);
      }),
    delete: (key) => write(() => rows.drop(...partsOfKey(key))),
    clear: () => Promise.reject(new Error('everything is not cleared at once')),
  };
  return adapter;
}

/** Reads the part of the primary key that begins with the prefix, page by page. */
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
