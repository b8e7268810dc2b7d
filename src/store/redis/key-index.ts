import { type RedisConnection, script } from './connection.ts';
import { KEYV_EXPIRY, KEYV_KEYS } from './keys.ts';

/**
 * Which keys there are of all Keyvs: one sorted set, in the order of their letters, so that those with a prefix are found
 * without a look at any other. Each key is written and indexed in one step.
 */

/** How many keys one command touches: it keeps everybody else waiting. */
const PAGE = 500;
/** Between namespace and key: the default of `@keyv/redis`. */
const KEY_SEPARATOR = '::';

/** Where Redis keeps a key of a namespace. */
export function redisKey(namespace: string, key: string): string {
  return `parley:${namespace}${KEY_SEPARATOR}${key}`;
}

/** Lua functions that write, and drop, a key of a Keyv. Times are Redis's own, which is what expires the keys. */
export const INDEXED = `
local function expiresAt(ttl)
  local time = redis.call('TIME')
  return string.format('%.0f', time[1] * 1000 + time[2] / 1000 + ttl)
end
local function put(index, expiry, key, value, ttl)
  redis.call('ZADD', index, 0, key)
  if ttl and ttl ~= '' then
    redis.call('SET', key, value, 'PX', ttl)
    redis.call('ZADD', expiry, expiresAt(ttl), key)
  else
    redis.call('SET', key, value)
    redis.call('ZREM', expiry, key)
  end
end
local function drop(index, expiry, key)
  redis.call('ZREM', index, key)
  redis.call('ZREM', expiry, key)
  return redis.call('UNLINK', key)
end
`;

const PUT = script(`${INDEXED}
for i = 3, #KEYS do put(KEYS[1], KEYS[2], KEYS[i], ARGV[2 * i - 5], ARGV[2 * i - 4]) end
`);

const DROP = script(`${INDEXED}
local dropped = 0
for i = 3, #KEYS do dropped = dropped + drop(KEYS[1], KEYS[2], KEYS[i]) end
return dropped
`);

export interface KeyedValue {
  readonly key: string;
  readonly value: string;
  readonly ttlMs: number | undefined;
}

/** By the names that `redisKey` gives. */
export async function putKeys({ runScript }: RedisConnection, entries: readonly KeyedValue[]): Promise<void> {
  await runScript(
    PUT,
    [KEYV_KEYS, KEYV_EXPIRY, ...entries.map(({ key }) => key)],
    entries.flatMap(({ value, ttlMs }) => [value, ttlMs === undefined ? '' : Math.ceil(ttlMs)]),
  );
}

/** Resolves to whether there was one of them. */
export async function dropKeys({ runScript }: RedisConnection, keys: readonly string[]): Promise<boolean> {
  return Number(await runScript(DROP, [KEYV_KEYS, KEYV_EXPIRY, ...keys], [])) > 0;
}

/** Pages of the keys of a namespace that begin with the prefix; those that have expired are left out. */
export async function* keyPages(
  { run }: RedisConnection,
  namespace: string,
  prefix: string,
): AsyncGenerator<readonly string[]> {
  const first = redisKey(namespace, prefix);
  for (let from = `[${first}`; ; ) {
    const page = await run(async (client) => {
      const LIMIT = { offset: 0, count: PAGE };
      const keys = await client.zRange(KEYV_KEYS, from, `(${first}\u{10FFFF}`, { BY: 'LEX', LIMIT });
      const exist = await Promise.all(keys.map((key) => client.exists(key)));
      return { keys, present: keys.filter((_, at) => exist[at] === 1) };
    });
    yield page.present.map((key) => key.slice(redisKey(namespace, '').length));
    const last = page.keys.at(-1);
    if (last === undefined || page.keys.length < PAGE) return;
    from = `(${last}`;
  }
}

/** What Redis has forgotten goes from the index; of what was indexed without a look, it is noted when it will expire. */
const SWEEP = script(`${INDEXED}
for i = 3, #KEYS do
  local left = redis.call('PTTL', KEYS[i])
  if left == -2 then drop(KEYS[1], KEYS[2], KEYS[i])
  elseif left == -1 then redis.call('ZREM', KEYS[2], KEYS[i])
  else redis.call('ZADD', KEYS[2], expiresAt(left), KEYS[i]) end
end
`);

/** Takes the keys that have expired out of the index, so many in one step. */
export async function sweepKeys({ run, runScript }: RedisConnection): Promise<void> {
  for (;;) {
    const due = await run(async (client) => {
      const [seconds] = await client.time();
      return client.zRangeByScore(KEYV_EXPIRY, '-inf', Number(seconds) * 1_000, {
        LIMIT: { offset: 0, count: PAGE },
      });
    });
    if (due.length > 0) await runScript(SWEEP, [KEYV_KEYS, KEYV_EXPIRY, ...due], []);
    if (due.length < PAGE) return;
  }
}

/** Indexes what versions without an index wrote: walks through all keys of the database, and reads no value. */
export async function indexAllKeys({ run }: RedisConnection): Promise<void> {
  let cursor = '0';
  do {
    cursor = await run(async (client) => {
      const page = await client.scan(cursor, { MATCH: redisKey('*', '*'), COUNT: PAGE });
      if (page.keys.length > 0) {
        // The next sweep looks when each expires, and whether it is there at all.
        const unseen = page.keys.map((value) => ({ value, score: 0 }));
        await client.zAdd(KEYV_EXPIRY, unseen, { condition: 'NX' });
        await client.zAdd(KEYV_KEYS, unseen);
      }
      return page.cursor;
    });
  } while (cursor !== '0');
}
