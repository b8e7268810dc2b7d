import type { CountedWrite, OwedWrite, PaceStore } from '../../core/ports/store.ts';
import { type RedisConnection, script } from './connection.ts';
import { paceOwed, paceTurns, paceWrites } from './keys.ts';

/** Times further ahead were written before the clock of Redis's machine was set back. */
const HORIZON_MS = 2 * 3_600_000;

/** Lua functions for Redis's time in milliseconds, to the microsecond, and for keys that live at least this long. */
const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function keep(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, math.ceil(ms)) end
end
local function owedNow(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  return redis.call('ZCARD', key)
end
`;
/** The interval between checks for room that another process gave up. */
const OWED_LOOK_MS = 250;

/**
 * `writes` has each write by the time until which it counts. `turns` has each waiting owner by the time of its turn; `next`
 * is the time of the turn after theirs, `blocked` the end of the block. An owner that does not use its turn within a gap
 * loses it.
 */
const BEGIN = script(`${COMMON}
local writes, turns, owed = unpack(KEYS)
local id, owner = ARGV[1], ARGV[2]
local limit, window, lease, gap = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local function timeOf(member) return tonumber(redis.call('ZSCORE', turns, member)) or 0 end

redis.call('ZREMRANGEBYSCORE', writes, '-inf', now)
redis.call('ZREMRANGEBYSCORE', writes, now + lease + window + 1, '+inf')
redis.call('ZREMRANGEBYSCORE', turns, now + ${HORIZON_MS}, '+inf')

local at = math.max(now, timeOf('blocked'))
if gap then
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', now - gap)
  local due = timeOf(owner)
  if due == 0 then
    due = math.max(now, timeOf('next'))
    redis.call('ZADD', turns, due, owner, due + gap, 'next')
    keep(turns, due + gap - now)
  end
  at = math.max(at, due)
  limit = limit - owedNow(owed)
end
local over = redis.call('ZCARD', writes) - limit
if limit <= 0 then
  at = math.max(at, now + math.max(gap, ${OWED_LOOK_MS}))
elseif over >= 0 then
  local free = tonumber(redis.call('ZRANGE', writes, over, over, 'WITHSCORES')[2])
  -- One that is under way may end at once.
  at = math.max(at, math.min(free, now + window))
end
if at > now then return math.ceil(at - now) end

redis.call('ZADD', writes, now + lease + window, id)
keep(writes, lease + window)
if gap then redis.call('ZREM', turns, owner) end
return 0
`);

/**
 * Writes that still count when the owed ones are due reduce the room; a window that is over by then gives its whole limit
 * again.
 */
const OWE = script(`${COMMON}
local writes, turns, owed = unpack(KEYS)
local id = ARGV[1]
local limit, window, due, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local others = owedNow(owed)
if not redis.call('ZSCORE', owed, id) then
  local blocked = tonumber(redis.call('ZSCORE', turns, 'blocked')) or 0
  if blocked > now + due then return math.ceil(blocked - due - now) end
  local room = limit * due / window
  if due < window then room = limit - redis.call('ZCOUNT', writes, '(' .. now + due, '+inf') end
  if others + 1 > room then return ${OWED_LOOK_MS} end
end
redis.call('ZADD', owed, now + lease, id)
keep(owed, lease)
return 0
`);

const END = script(`${COMMON}
local id, counts = ARGV[1], tonumber(ARGV[2])
if counts == 0 then return redis.call('ZREM', KEYS[1], id) end
redis.call('ZADD', KEYS[1], now + counts, id)
keep(KEYS[1], counts)
`);

const BLOCK = script(`${COMMON}
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[1], 'blocked')
keep(KEYS[1], tonumber(ARGV[1]))
`);

export function createRedisPace({ run, runScript }: RedisConnection): PaceStore {
  return {
    async begin({ key, id, owner, limit, windowMs, leaseMs, gapMs }: CountedWrite) {
      const waitMs = await runScript(
        BEGIN,
        [paceWrites(key), paceTurns(key), paceOwed(key)],
        [id, owner, limit, windowMs, leaseMs, gapMs ?? ''],
      );
      return Number(waitMs);
    },
    async end(key, id, countsMs) {
      await runScript(END, [paceWrites(key)], [id, countsMs]);
    },
    async block(key, ms) {
      await runScript(BLOCK, [paceTurns(key)], [ms]);
    },
    async owe({ key, id, limit, windowMs, dueMs, leaseMs }: OwedWrite) {
      const keys = [paceWrites(key), paceTurns(key), paceOwed(key)];
      return Number(await runScript(OWE, keys, [id, limit, windowMs, dueMs, leaseMs]));
    },
    settle: (key, id) =>
      run(async (client) => {
        await client.zRem(paceOwed(key), id);
      }),
  };
}
