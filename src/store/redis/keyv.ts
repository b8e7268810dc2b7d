import { createHash } from 'node:crypto';
import KeyvRedis from '@keyv/redis';
import type { KeyvEntry, KeyvStoreAdapter } from 'keyv';
import { type ClaimKey, partsOfKey } from '../../core/ports/store.ts';
import { changeUnder } from './claims.ts';
import { type RedisConnection, script } from './connection.ts';

const SCAN_KEYS = 1_000;
/** Between namespace and key: the default of `@keyv/redis`. */
const KEY_SEPARATOR = '::';

/** Sets or deletes a key whose value is the one with this hash; `none` if there is to be none. */
const REPLACE = script(`
local key = KEYS[1]
local before, value, ttl = unpack(ARGV)
local stored = redis.call('GET', key)
if (stored and redis.sha1hex(stored) or 'none') ~= before then return 0 end
if not value then redis.call('UNLINK', key)
elseif ttl then redis.call('SET', key, value, 'PX', ttl)
else redis.call('SET', key, value) end
return 1
`);

export interface RedisKeyv {
  /** Keyv's storage of one namespace; with a lock it changes something only while that is held. */
  adapter(namespace: string, lock?: ClaimKey): KeyvStoreAdapter;
  /** Keyv's storage for keys of all namespaces. */
  everything(): KeyvStoreAdapter;
  /** Replaces a value if what stands there is this text; undefined is for none. */
  replace(
    namespace: string,
    key: string,
    before: string | undefined,
    after: string | undefined,
    ttlMs: number | undefined,
  ): Promise<boolean>;
}

/** Makes Keyv's storages over one connection. */
export function createRedisKeyv(connection: RedisConnection): RedisKeyv {
  const redis = new KeyvRedis(connection.client, { throwOnErrors: true });
  // Errors reject; the events that say them once more have no one to hear them.
  redis.on('error', () => {});
  return {
    adapter: (namespace, lock) => createAdapter(connection, redis, namespace, lock),
    everything: () => createEverythingAdapter(connection, redis),
    async replace(namespace, key, before, after, ttlMs) {
      const hash = before === undefined ? 'none' : createHash('sha1').update(before).digest('hex');
      const replaced = await connection.runScript(
        REPLACE,
        [redis.createKeyPrefix(key, scopeOf(namespace))],
        [hash, after, ttlMs && Math.ceil(ttlMs)].filter((each) => each !== undefined),
      );
      return replaced === 1;
    },
  };
}

function scopeOf(namespace: string): string {
  return `parley:${namespace}`;
}

function createEverythingAdapter({ run }: RedisConnection, redis: KeyvRedis<never>): KeyvStoreAdapter {
  const scoped = (joined: string) => {
    const [namespace, key] = partsOfKey(joined);
    return redis.createKeyPrefix(key, scopeOf(namespace));
  };
  const adapter: KeyvStoreAdapter = {
    opts: {},
    on: () => adapter,
    get: (key) => run(() => redis.get(scoped(key))),
    getMany: (keys) => run(() => redis.getMany(keys.map(scoped))),
    set: (key: string, value: string, ttlMs?: number) =>
      run(() => redis.set(scoped(key), value, ttlMs && Math.ceil(ttlMs))),
    setMany: (entries) => run(() => redis.setMany(entries.map((entry) => scopedEntry(entry, scoped)))),
    delete: (key) => run(() => redis.delete(scoped(key))),
    clear: () => Promise.reject(new Error('everything is not cleared at once')),
  };
  return adapter;
}

function scopedEntry({ key, value, ttl }: KeyvEntry, scoped: (key: string) => string): KeyvEntry {
  return { key: scoped(key), value, ...(ttl === undefined ? {} : { ttl: Math.ceil(ttl) }) };
}

/** `@keyv/redis` under a namespace of Parley's, with bounded time and one kind of error. */
function createAdapter(
  connection: RedisConnection,
  redis: KeyvRedis<never>,
  namespace: string,
  lock?: ClaimKey,
): KeyvStoreAdapter {
  const { run } = connection;
  const scope = scopeOf(namespace);
  const scoped = (key: string) => redis.createKeyPrefix(key, scope);

  const adapter: Required<KeyvStoreAdapter> = {
    namespace,
    opts: redis.opts,
    on: () => adapter,
    get: (key) => run(() => redis.get(scoped(key))),
    getMany: (keys) => run(() => redis.getMany(keys.map(scoped))),
    has: (key) => run(() => redis.has(scoped(key))),
    hasMany: (keys) => run(() => redis.hasMany(keys.map(scoped))),
    set: (key: string, value: string, ttlMs?: number) =>
      run(() => redis.set(scoped(key), value, ttlMs && Math.ceil(ttlMs))),
    setMany: (entries) => run(() => redis.setMany(entries.map((entry) => scopedEntry(entry, scoped)))),
    delete: (key) => run(() => redis.delete(scoped(key))),
    deleteMany: (keys) => run(() => redis.deleteMany(keys.map(scoped))),
    // `KeyvRedis.clear` keeps its errors to itself.
    async clear() {
      for await (const [key] of adapter.iterator() as AsyncGenerator<[string]>) await adapter.delete(key);
    },
    // The connection is the store's to close: other namespaces use it.
    disconnect: async () => {},
    // `KeyvRedis.iterator` asks for ten keys at a time, of the whole database.
    async *iterator() {
      const prefix = scoped('');
      let cursor = '0';
      do {
        const page = await run((client) => client.scan(cursor, { MATCH: `${prefix}*`, COUNT: SCAN_KEYS }));
        const values = await run(() => redis.getMany(page.keys));
        for (const [index, key] of page.keys.entries()) {
          const value = values[index];
          // A value that expired between its listing and its reading has none.
          if (value !== undefined) yield [key.slice(prefix.length), value] as never;
        }
        cursor = page.cursor;
      } while (cursor !== '0');
    },
  };
  return lock === undefined ? adapter : Object.assign(adapter, writesUnder(lock, connection, scoped));
}

/** Redis looks through its keys by itself, a thousand in one step; only those of the namespace with the prefix come here. */
export async function* listKeys(
  { run }: RedisConnection,
  namespace: string,
  prefix: string,
): AsyncGenerator<string> {
  const scope = `${scopeOf(namespace)}${KEY_SEPARATOR}`;
  const match = `${`${scope}${prefix}`.replace(/[\\*?[\]]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const page = await run((client) => client.scan(cursor, { MATCH: match, COUNT: SCAN_KEYS }));
    for (const key of page.keys) yield key.slice(scope.length);
    cursor = page.cursor;
  } while (cursor !== '0');
}

/** In one step with a look at the lock, for which `@keyv/redis` has no way. */
function writesUnder(lock: ClaimKey, connection: RedisConnection, scoped: (key: string) => string) {
  const set = async (key: string, value: string, ttlMs?: number): Promise<void> => {
    await changeUnder(lock, connection, scoped(key), value, ttlMs && Math.ceil(ttlMs));
  };
  const drop = (key: string) => changeUnder(lock, connection, scoped(key));
  return {
    set,
    async setMany(entries: readonly KeyvEntry[]) {
      for (const { key, value, ttl } of entries) await set(key, value, ttl);
    },
    delete: drop,
    async deleteMany(keys: readonly string[]) {
      const dropped = [];
      for (const key of keys) dropped.push(await drop(key));
      return dropped.includes(true);
    },
  } satisfies Partial<KeyvStoreAdapter>;
}
