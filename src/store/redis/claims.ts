import type { Clock } from '../../core/kit/time/clock.ts';
import type { Claim, ClaimKey, ClaimStore } from '../../core/ports/store.ts';
import { readStored } from '../shared.ts';
import { type RedisConnection, script } from './connection.ts';
import { CLAIM_EXPIRY, CLAIM_LEASES, CLAIMS, JOURNALS } from './keys.ts';

/** Follows the holder's name in a finished claim. Version 0.1.0 only removes the lease. */
export const FINISHED = ' (finished)';

const CLAIM = script(CLAIMS, CLAIM_EXPIRY, CLAIM_LEASES, JOURNALS)`
local claims, expiry, leases, journals = unpack(KEYS)
local id, owner, lease, expires, now, journal = unpack(ARGV)
local fence, expired = 1, nil
if redis.call('HSETNX', claims, id, '1 ' .. owner) == 0 then
  now = tonumber(now)
  local old = redis.call('HGET', claims, id)
  local leased = string.sub(old, -${FINISHED.length}) ~= '${FINISHED}' and redis.call('ZSCORE', leases, id)
  if leased and (tonumber(leased) > now or redis.call('HEXISTS', journals, id) == 1) then return 0 end
  expired = tonumber(redis.call('ZSCORE', expiry, id))
  if expired > now then return 0 end
  fence = tonumber(string.match(old, '^%d+')) + 1
  redis.call('HSET', claims, id, fence .. ' ' .. owner)
end
if expired ~= tonumber(expires) then redis.call('ZADD', expiry, expires, id) end
redis.call('ZADD', leases, lease, id)
if journal then redis.call('HSET', journals, id, journal) end
return fence
`;

const RENEW = script(CLAIMS, CLAIM_LEASES)`
local claims, leases = unpack(KEYS)
local ids, due = {}, {}
for i = 2, #ARGV, 2 do ids[i / 2] = ARGV[i] end
for i, holder in ipairs(redis.call('HMGET', claims, unpack(ids))) do
  if holder == ARGV[2 * i + 1] then
    due[#due + 1] = ARGV[1]
    due[#due + 1] = ids[i]
  end
end
if #due > 0 then redis.call('ZADD', leases, 'XX', unpack(due)) end
`;

const TAKE_OVER = script(CLAIMS, CLAIM_LEASES, JOURNALS)`
local claims, leases, journals = unpack(KEYS)
local owner, now, lease = unpack(ARGV)
local id = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 1)[1]
if not id then return false end
local fence = tonumber(string.match(redis.call('HGET', claims, id), '^%d+')) + 1
redis.call('HSET', claims, id, fence .. ' ' .. owner)
redis.call('ZADD', leases, lease, id)
return {id, fence, redis.call('HGET', journals, id)}
`;

/** Deletes some finished, expired claims. Unfinished claims before and between them stay. */
const SWEEP = script(CLAIMS, CLAIM_EXPIRY, CLAIM_LEASES)`
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
`;

/** Journals read in one step; a journal holds the whole text of an answer. */
const JOURNALS_AT_ONCE = 100;
/** Far below what Lua can hand to one command. */
const RENEWED_AT_ONCE = 1_000;

/** `ClaimStore` in Redis: a call that changes something is one script or one command. */
export function createRedisClaims(connection: RedisConnection, clock: Clock): ClaimStore {
  const { run, runScript } = connection;

  return {
    async claim(id, owner, leaseUntilMs, expiresAtMs, journal = null) {
      const entry = journal === null ? [] : [JSON.stringify(journal)];
      const values = [id, owner, leaseUntilMs, expiresAtMs, clock.now(), ...entry];
      const fence = Number(await runScript(CLAIM, values));
      return fence === 0 ? null : { id, owner, fence, leaseUntilMs, journal };
    },

    async renew(claims, leaseUntilMs) {
      for (let from = 0; from < claims.length; from += RENEWED_AT_ONCE) {
        const some = claims.slice(from, from + RENEWED_AT_ONCE).flatMap((claim) => [claim.id, held(claim)]);
        await runScript(RENEW, [leaseUntilMs, ...some]);
      }
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

    async takeOver(owner, nowMs, leaseUntilMs) {
      const taken = await runScript(TAKE_OVER, [owner, nowMs, leaseUntilMs]);
      if (taken === null) return null;
      const [id, fence, text] = taken as [id: string, fence: number, journal: string | null];
      return { id, owner, fence, leaseUntilMs, journal: text && readStored(text) };
    },
  };
}

/** Deletes finished, expired claims, a limited number per step. */
export async function sweepClaims(
  { runScript }: RedisConnection,
  nowMs: number,
  some: number,
): Promise<void> {
  for (let skip = 0; ; ) {
    const [expired, kept] = (await runScript(SWEEP, [nowMs, skip, some])) as [number, number];
    if (expired < some) return;
    skip += kept;
  }
}

/** Reads an entry of `CLAIMS`. */
function keyOf(id: string, held: string | null | undefined): ClaimKey | null {
  const [, fence, owner] = /^(\d+) (.*)$/s.exec(held ?? '') ?? [];
  return owner === undefined ? null : { id, owner, fence: Number(fence) };
}

/** The form of an entry in `CLAIMS`. */
export function held({ fence, owner }: ClaimKey): string {
  return `${fence} ${owner}`;
}
