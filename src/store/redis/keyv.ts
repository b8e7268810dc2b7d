import { createHash } from 'node:crypto';
import KeyvRedis from '@keyv/redis';
import type { KeyvEntry, KeyvStoreAdapter } from 'keyv';
import { type ClaimKey, partsOfKey } from '../../core/ports/store.ts';
import { changeUnder } from './claims.ts';
import { type RedisConnection, script } from './connection.ts';
import { dropKeys, INDEXED, keyPages, putKeys, redisKey } from './key-index.ts';
import { KEYV_EXPIRY, KEYV_KEYS } from './keys.ts';

/** Sets or deletes a key whose value is the one with this hash; `none` if there is to be none. */
const REPLACE = script(`${INDEXED}
local index, expiry, key = unpack(KEYS)
local before, value, ttl = unpack(ARGV)
local stored = redis.call('GET', key)
if (stored and redis.sha1hex(stored) or 'none') ~= before then return 0 end
if value then put(index, expiry, key, value, ttl) else drop(index, expiry, key) end
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
        [KEYV_KEYS, KEYV_EXPIRY, redisKey(namespace, key)],
        [hash, after, ttlMs && Math.ceil(ttlMs)].filter((each) => each !== undefined),
      );
      return replaced === 1;
    },
  };
}

function createEverythingAdapter(connection: RedisConnection, redis: KeyvRedis<never>): KeyvStoreAdapter {
  const { run } = connection;
  const scoped = (joined: string) => redisKey(...partsOfKey(joined));
  const adapter: KeyvStoreAdapter = {
    opts: {},
    on: () => adapter,
    get: (key) => run(() => redis.get(scoped(key))),
    getMany: (keys) => run(() => redis.getMany(keys.map(scoped))),
    ...writes(connection, scoped),
    clear: () => Promise.reject(new Error('everything is not cleared at once')),
  };
  return adapter;
}

/** How Keyv's storages write and drop values, by the names that `scoped` gives. */
function writes(connection: RedisConnection, scoped: (key: string) => string) {
  return {
    set: (key: string, value: string, ttlMs?: number) =>
      putKeys(connection, [{ key: scoped(key), value, ttlMs }]),
    setMany: (entries: readonly KeyvEntry[]) =>
      putKeys(
        connection,
        entries.map(({ key, value, ttl }) => ({ key: scoped(key), value, ttlMs: ttl })),
      ),
    delete: (key: string) => dropKeys(connection, [scoped(key)]),
    deleteMany: (keys: readonly string[]) => dropKeys(connection, keys.map(scoped)),
  } satisfies Partial<KeyvStoreAdapter>;
}

/** `@keyv/redis` under a namespace of Parley's, with bounded time and one kind of error. */
function createAdapter(
  connection: RedisConnection,
  redis: KeyvRedis<never>,
  namespace: string,
  lock?: ClaimKey,
): KeyvStoreAdapter {
  const { run } = connection;
  const scoped = (key: string) => redisKey(namespace, key);

  const adapter: Required<KeyvStoreAdapter> = {
    namespace,
    opts: redis.opts,
    on: () => adapter,
    get: (key) => run(() => redis.get(scoped(key))),
    getMany: (keys) => run(() => redis.getMany(keys.map(scoped))),
    has: (key) => run(() => redis.has(scoped(key))),
    hasMany: (keys) => run(() => redis.hasMany(keys.map(scoped))),
    ...writes(connection, scoped),
    async clear() {
      for await (const page of keyPages(connection, namespace, '')) await adapter.deleteMany([...page]);
    },
    // The connection is the store's to close: other namespaces use it.
    disconnect: async () => {},
    async *iterator() {
      for await (const page of keyPages(connection, namespace, '')) {
        const values = await adapter.getMany([...page]);
        for (const [index, key] of page.entries()) {
          const value = values[index];
          // A value that expired between its listing and its reading has none.
          if (value !== undefined) yield [key, value] as never;
        }
      }
    },
  };
  return lock === undefined ? adapter : Object.assign(adapter, writesUnder(lock, connection, scoped));
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
