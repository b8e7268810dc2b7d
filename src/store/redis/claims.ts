import type { Clock } from '../../core/kit/clock.ts';
import { type Claim, type ClaimKey, type ClaimStore, LockLost } from '../../core/ports/store.ts';
import { readStored } from '../shared.ts';
import { type RedisConnection, script } from './connection.ts';
import { INDEXED } from './key-index.ts';
import { CLAIM_EXPIRY, CLAIM_LEASES, CLAIMS, JOURNALS, KEYV_EXPIRY, KEYV_KEYS } from './keys.ts';

const CLAIM = script(`
local claims, expiry, leases, journals = unpack(KEYS)
local id, owner, lease, expires, now, journal = unpack(ARGV)
local fence = 1
local old = redis.call('HGET', claims, id)
if old then
  now = tonumber(now)
  local leased = redis.call('ZSCORE', leases, id)
  local over = not leased or (tonumber(leased) <= now and redis.call('HEXISTS', journals, id) == 0)
  if not over or tonumber(redis.call('ZSCORE', expiry, id)) > now then return 0 end
  fence = tonumber(string.match(old, '^%d+')) + 1
end
redis.call('HSET', claims, id, fence .. ' ' .. owner)
redis.call('ZADD', expiry, expires, id)
redis.call('ZADD', leases, lease, id)
if journal then redis.call('HSET', journals, id, journal) end
return fence
`);

const WRITE = script(`
local claims, leases, journals = unpack(KEYS)
local id, held, journal = unpack(ARGV)
if redis.call('HGET', claims, id) ~= held or not redis.call('ZSCORE', leases, id) then return 0 end
redis.call('HSET', journals, id, journal)
return 1
`);

const FINISH = script(`
local claims, leases, journals = unpack(KEYS)
local id, held = unpack(ARGV)
if redis.call('HGET', claims, id) ~= held or redis.call('ZREM', leases, id) == 0 then return 0 end
redis.call('HDEL', journals, id)
return 1
`);

const RENEW = script(`
local claims, leases = unpack(KEYS)
for i = 2, #ARGV, 2 do
  if redis.call('HGET', claims, ARGV[i]) == ARGV[i + 1] then redis.call('ZADD', leases, 'XX', ARGV[1], ARGV[i]) end
end
`);

const TAKE_OVER = script(`
local claims, leases, journals = unpack(KEYS)
local owner, now, lease = unpack(ARGV)
local id = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 1)[1]
if not id then return false end
local fence = tonumber(string.match(redis.call('HGET', claims, id), '^%d+')) + 1
redis.call('HSET', claims, id, fence .. ' ' .. owner)
redis.call('ZADD', leases, lease, id)
return {id, fence, redis.call('HGET', journals, id)}
`);

/** Sets or deletes a key of a Keyv while a claim is held; says whether there was one, and -1 where it is not held. */
const CHANGE = script(`${INDEXED}
local claims, leases, index, expiry, key = unpack(KEYS)
local id, held, value, ttl = unpack(ARGV)
if redis.call('HGET', claims, id) ~= held or not redis.call('ZSCORE', leases, id) then return -1 end
if not value then return drop(index, expiry, key) end
put(index, expiry, key, value, ttl)
return 1
`);

/** Forgets some of the finished claims that have expired; unfinished ones stay, before them and among them. */
const SWEEP = script(`
local claims, expiry, leases = unpack(KEYS)
local now, skip, some = unpack(ARGV)
local expired, kept = redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', skip, some), 0
for _, id in ipairs(expired) do
  if redis.call('ZSCORE', leases, id) then
    kept = kept + 1
  else
    redis.call('HDEL', claims, id)
    redis.call('ZREM', expiry, id)
  end
end
return {#expired, kept}
`);

/** Ids whose journals are read in one step; a journal holds the whole text of an answer. */
const JOURNALS_AT_ONCE = 100;

export function createRedisClaims(connection: RedisConnection, clock: Clock): ClaimStore {
  const { run, runScript } = connection;

  return {
    async claim(id, owner, leaseUntilMs, expiresAtMs, journal = null) {
      const entry = journal === null ? [] : [JSON.stringify(journal)];
      const fence = Number(
        await runScript(
          CLAIM,
          [CLAIMS, CLAIM_EXPIRY, CLAIM_LEASES, JOURNALS],
          [id, owner, leaseUntilMs, expiresAtMs, clock.now(), ...entry],
        ),
      );
      return fence === 0 ? null : { id, owner, fence, leaseUntilMs, journal };
    },

    async write(claim, journal) {
      const written = await runScript(
        WRITE,
        [CLAIMS, CLAIM_LEASES, JOURNALS],
        [claim.id, held(claim), JSON.stringify(journal)],
      );
      return written === 1;
    },

    async renew(claims, leaseUntilMs) {
      const keys = claims.flatMap((claim) => [claim.id, held(claim)]);
      await runScript(RENEW, [CLAIMS, CLAIM_LEASES], [leaseUntilMs, ...keys]);
    },

    underWay: (nowMs, id) =>
      run(async (client) => {
        const isOpen = async (one: string) => Number(await client.zScore(CLAIM_LEASES, one)) > nowMs;
        const ids =
          id === undefined
            ? await client.zRangeByScore(CLAIM_LEASES, `(${nowMs}`, '+inf')
            : (await isOpen(id))
              ? [id]
              : [];
        if (ids.length === 0) return [];
        const holders = await client.hmGet(CLAIMS, ids);
        return ids.flatMap((each, index) => keyOf(each, holders[index]) ?? []);
      }),

    journals: (nowMs, most) =>
      run(async (client) => {
        const leases = await client.zRangeByScoreWithScores(CLAIM_LEASES, `(${nowMs}`, '+inf');
        const found: Claim[] = [];
        for (let from = 0; from < leases.length && found.length < most; from += JOURNALS_AT_ONCE) {
          const some = leases.slice(from, from + JOURNALS_AT_ONCE);
          const ids = some.map(({ value }) => value);
          const [holders, journals] = await Promise.all([
            client.hmGet(CLAIMS, ids),
            client.hmGet(JOURNALS, ids),
          ]);
          for (const [index, { value: id, score: leaseUntilMs }] of some.entries()) {
            const [key, journal] = [keyOf(id, holders[index]), journals[index]];
            if (key !== null && journal) found.push({ ...key, leaseUntilMs, journal: readStored(journal) });
          }
        }
        return found.slice(0, most);
      }),

    async finish(claim) {
      const finished = await runScript(FINISH, [CLAIMS, CLAIM_LEASES, JOURNALS], [claim.id, held(claim)]);
      return finished === 1;
    },

    async takeOver(owner, nowMs, leaseUntilMs) {
      const taken = (await runScript(
        TAKE_OVER,
        [CLAIMS, CLAIM_LEASES, JOURNALS],
        [owner, nowMs, leaseUntilMs],
      )) as [id: string, fence: number, journal: string | null] | null;
      if (taken === null) return null;
      const [id, fence, journal] = taken;
      return {
        id,
        owner,
        fence,
        leaseUntilMs,
        journal: journal === null ? null : readStored(journal),
      };
    },
  };
}

/**
 * Sets a key, or deletes it where no value is given, in the step that looks whether the claim is held. Resolves to whether
 * there is or was one.
 *
 * @throws LockLost
 */
export async function changeUnder(
  lock: ClaimKey,
  { runScript }: RedisConnection,
  key: string,
  value?: string,
  ttlMs?: number,
): Promise<boolean> {
  const changed = await runScript(
    CHANGE,
    [CLAIMS, CLAIM_LEASES, KEYV_KEYS, KEYV_EXPIRY, key],
    [lock.id, held(lock), value, ttlMs].filter((each) => each !== undefined),
  );
  if (changed === -1) throw new LockLost(lock);
  return changed === 1;
}

/** Forgets the finished claims that have expired, so many in one step. */
export async function sweepClaims(
  { runScript }: RedisConnection,
  nowMs: number,
  some: number,
): Promise<void> {
  for (let skip = 0; ; ) {
    const [expired, kept] = (await runScript(
      SWEEP,
      [CLAIMS, CLAIM_EXPIRY, CLAIM_LEASES],
      [nowMs, skip, some],
    )) as [number, number];
    if (expired < some) return;
    skip += kept;
  }
}

/** Reads what stands in `CLAIMS`. */
function keyOf(id: string, held: string | null | undefined): ClaimKey | null {
  const [, fence, owner] = /^(\d+) (.*)$/s.exec(held ?? '') ?? [];
  return owner === undefined ? null : { id, owner, fence: Number(fence) };
}

/** As it stands in `CLAIMS`. */
function held({ fence, owner }: ClaimKey): string {
  return `${fence} ${owner}`;
}
