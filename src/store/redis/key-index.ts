import { type RedisConnection, script } from './connection.ts';
import { KEYV_EXPIRY, KEYV_KEYS } from './keys.ts';

/**
 * An index of all Keyvs' keys: one sorted set in alphabetical order, so that keys with a prefix are found without reading
 * others. Each key is written and indexed in one step.
 */

/** Keys per command; a command blocks everybody else. */
const PAGE = 500;
/** Separates namespace and key; the default of `@keyv/redis`. */
const KEY_SEPARATOR = '::';

/** The Redis key for a key in a namespace. */
export function redisKey(namespace: string, key: string): string {
  return `parley:${namespace}${KEY_SEPARATOR}${key}`;
}

/** Pages of a namespace's keys with the prefix, without expired ones. */
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

/** Removes keys that Redis has deleted from the index. For keys indexed without their expiry, stores it. */
const SWEEP = script(KEYV_KEYS, KEYV_EXPIRY)`
local index, expiry, now = KEYS[1], KEYS[2], ARGV[1]
for i = 3, #KEYS do
  local left = redis.call('PTTL', KEYS[i])
  if left == -2 then redis.call('ZREM', index, KEYS[i]) end
  if left < 0 then redis.call('ZREM', expiry, KEYS[i])
  else redis.call('ZADD', expiry, string.format('%.0f', now + left), KEYS[i]) end
end
`;

/** Removes expired keys from the index, a limited number per step. */
export async function sweepKeys({ run, runScript }: RedisConnection): Promise<void> {
  for (;;) {
    // On Redis' own clock, which is what expires the keys.
    const nowMs = await run(async (client) => Number((await client.time())[0]) * 1_000);
    const due = await run((client) =>
      client.zRangeByScore(KEYV_EXPIRY, '-inf', nowMs, { LIMIT: { offset: 0, count: PAGE } }),
    );
    if (due.length > 0) await runScript(SWEEP, [nowMs], due);
    if (due.length < PAGE) return;
  }
}

/** Indexes the keys of versions without an index: lists all keys of the database without reading values. */
export async function indexAllKeys({ run }: RedisConnection): Promise<void> {
  let cursor = '0';
  do {
    cursor = await run(async (client) => {
      const page = await client.scan(cursor, { MATCH: redisKey('*', '*'), COUNT: PAGE });
      if (page.keys.length > 0) {
        // The next sweep checks when each expires, and whether it still exists.
        const unseen = page.keys.map((value) => ({ value, score: 0 }));
        await client.zAdd(KEYV_EXPIRY, unseen, { condition: 'NX' });
        await client.zAdd(KEYV_KEYS, unseen);
      }
      return page.cursor;
    });
  } while (cursor !== '0');
}
