import type { CountedWrite, EndedWrite, OwedWrite, PaceStore } from '../../core/ports/store.ts';
import { type RedisConnection, type Script, script } from './connection.ts';
import { paceOf } from './keys.ts';

/** Times further ahead were written before the clock of Redis's machine was set back. An unused limit is deleted after this. */
const HORIZON_MS = 2 * 3_600_000;
/** The interval between checks for room that another process gave up. */
const OWED_LOOK_MS = 250;

/**
 * A limit is one value, which each step reads and writes once. `writes` has each write by the time until which it counts, `owed`
 * each owed write by the time until which room is kept for it, `turns` each waiting owner by the time of its turn; `next` is the
 * time of the turn after theirs, `blocked` the end of the block, `filled` the time until which the write counts that ended last.
 * Times are Redis's, in milliseconds to the microsecond.
 */
const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local packed = redis.call('GET', KEYS[1])
local limits = packed and cmsgpack.unpack(packed) or {writes = {}, turns = {}, owed = {}, next = 0, blocked = 0}
for _, times in pairs({limits.writes, limits.turns, limits.owed}) do
  for name, at in pairs(times) do if at > now + ${HORIZON_MS} then times[name] = nil end end
end
if limits.next > now + ${HORIZON_MS} then limits.next = 0 end
if limits.blocked > now + ${HORIZON_MS} then limits.blocked = 0 end
if not limits.filled or limits.filled > now + ${HORIZON_MS} then limits.filled = 0 end

local function forget(times, from)
  local left = 0
  for name, at in pairs(times) do if at <= from then times[name] = nil else left = left + 1 end end
  return left
end
local function finish(ended, from)
  for i = from, #ended, 3 do
    local counts, refill = tonumber(ended[i + 1]), tonumber(ended[i + 2])
    if counts > 0 then
      limits.filled = math.max(now + counts, refill > 0 and limits.filled + refill or 0)
      limits.writes[ended[i]] = limits.filled
    else
      limits.writes[ended[i]] = nil
    end
  end
end
local function save() redis.call('SET', KEYS[1], cmsgpack.pack(limits), 'PX', ${HORIZON_MS}) end
`;

/** An owner that does not use its turn within a gap loses it. */
const BEGIN = script()`${COMMON}
local id, owner = ARGV[1], ARGV[2]
local limit, window, lease, gap = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
-- Then the clock was set back, too: a bucket is full after a window.
if limits.filled > now + lease + window + 1 then limits.filled = 0 end
finish(ARGV, 7)
local at = math.max(now, limits.blocked)
if gap then
  forget(limits.turns, now - gap)
  local due = limits.turns[owner]
  if not due then
    due = math.max(now, limits.next)
    limits.turns[owner], limits.next = due, due + gap
  end
  at = math.max(at, due)
  limit = limit - forget(limits.owed, now)
end
for each, untilThen in pairs(limits.writes) do
  if untilThen > now + lease + window + 1 then limits.writes[each] = nil end
end
local over = forget(limits.writes, now) - limit
if limit <= 0 then
  at = math.max(at, now + math.max(gap, ${OWED_LOOK_MS}))
elseif over >= 0 then
  local ends = {}
  for _, untilThen in pairs(limits.writes) do ends[#ends + 1] = untilThen end
  table.sort(ends)
  -- One that is under way may end at once.
  at = math.max(at, math.min(ends[over + 1], now + window))
end
if at <= now then
  limits.writes[id] = now + lease + window
  if gap then limits.turns[owner] = nil end
end
save()
return math.ceil(math.max(0, at - now))
`;

/** Room is limited by the writes that still count when the owed ones are due; a window that is over by then counts nothing. */
const OWE = script()`${COMMON}
local id = ARGV[1]
local limit, window, due, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local others = forget(limits.owed, now)
if not limits.owed[id] then
  if limits.blocked > now + due then return math.ceil(limits.blocked - due - now) end
  local room = limit * due / window
  if due < window then
    room = limit
    for _, untilThen in pairs(limits.writes) do if untilThen > now + due then room = room - 1 end end
  end
  if others + 1 > room then return ${OWED_LOOK_MS} end
end
limits.owed[id] = now + lease
save()
return 0
`;

const END = script()`${COMMON} finish(ARGV, 1) save()`;

const BLOCK = script()`${COMMON} limits.blocked = math.max(limits.blocked, now + ARGV[1]) save()`;

const SETTLE = script()`${COMMON} limits.owed[ARGV[1]] = nil save()`;

/** `PaceStore` in Redis: each call is one script, timed by Redis's clock. */
export function createRedisPace({ runScript }: RedisConnection): PaceStore {
  const run = (step: Script, key: string, values: readonly (string | number)[]) =>
    runScript(step, values, [paceOf(key)]);
  const ends = (ended: readonly EndedWrite[]) =>
    ended.flatMap(({ id, countsMs, refillMs = 0 }) => [id, countsMs, refillMs]);

  return {
    async beginWrite({ key, id, owner, limit, windowMs, leaseMs, gapMs }: CountedWrite, ended = []) {
      const values = [id, owner, limit, windowMs, leaseMs, gapMs ?? '', ...ends(ended)];
      return Number(await run(BEGIN, key, values));
    },
    async end(key, ended) {
      await run(END, key, ends(ended));
    },
    async block(key, ms) {
      await run(BLOCK, key, [ms]);
    },
    async owe({ key, id, limit, windowMs, dueMs, leaseMs }: OwedWrite) {
      return Number(await run(OWE, key, [id, limit, windowMs, dueMs, leaseMs]));
    },
    async endDebt(key, id) {
      await run(SETTLE, key, [id]);
    },
  };
}
