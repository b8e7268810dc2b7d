import { createHash } from 'node:crypto';
import { type Change, type ClaimKey, partsOfKey, type Store } from '../../core/ports/store.ts';
import { checkChanges } from '../checks.ts';
import { stored, textOf } from '../shared.ts';
import { FINISHED, held } from './claims.ts';
import { type RedisConnection, script } from './connection.ts';
import { redisKey } from './key-index.ts';
import {
  CLAIM_LEASES,
  CLAIMS,
  COUNTERS,
  GENERATIONS,
  JOURNALS,
  KEYV_EXPIRY,
  KEYV_KEYS,
  RECORD_SEQ,
  RECORDS,
  RESERVATION_LEASES,
  RESERVATIONS,
  RESERVATIONS_OF,
} from './keys.ts';
import { memberOf } from './ledger.ts';
import { indexesOf, recordValues } from './records.ts';

const FIXED_KEYS = [
  CLAIMS,
  CLAIM_LEASES,
  JOURNALS,
  KEYV_KEYS,
  KEYV_EXPIRY,
  RESERVATIONS,
  RESERVATION_LEASES,
  RESERVATIONS_OF,
  GENERATIONS,
  COUNTERS,
  RECORDS,
  RECORD_SEQ,
];

/**
 * Reads who holds the claims, makes the changes in order, and writes each key once at the end. Only new keys are indexed; for
 * others the sweep reads their new expiry. Counters are doubles, exact to 2^53, where they stop; they are returned as text,
 * because Lua would print `1e+15`.
 */
const WRITE = script(...FIXED_KEYS)`
local claims, leases, journals, index, expiry, reservations, reservationLeases, reservationsOf, generations, counters,
  records, recordSeq = unpack(KEYS)
local keyAt, argAt = ${FIXED_KEYS.length}, 0
local function nextKey() keyAt = keyAt + 1 return KEYS[keyAt] end
local function nextArg() argAt = argAt + 1 return ARGV[argAt] end
local function nextArgs(count)
  local args = {}
  for i = 1, count do args[i] = nextArg() end
  return args
end

local now = tonumber(nextArg())
local ids, holders = nextArgs(tonumber(nextArg())), {}
if #ids > 0 then
  for i, holder in ipairs(redis.call('HMGET', claims, unpack(ids))) do holders[ids[i]] = holder end
end

local indexed, written, finished = {}, {}, {}

local function put(key, value, ttl, isNew)
  local set = {'SET', key, value}
  if ttl ~= '' then set[4], set[5] = 'PX', ttl end
  if isNew == nil then
    set[#set + 1] = 'GET'
    isNew = not redis.call(unpack(set))
  else
    redis.call(unpack(set))
  end
  if isNew then indexed[key] = ttl == '' and 'for ever' or string.format('%.0f', now + ttl) end
  return 1
end

local function drop(key)
  if redis.call('UNLINK', key) == 0 then return 0 end
  indexed[key] = false
  return 1
end

local changes = {
  set = function() return put(nextKey(), nextArg(), nextArg()) end,

  delete = function() return drop(nextKey()) end,

  replace = function()
    local key, before, isKept, value, ttl = nextKey(), nextArg(), nextArg(), nextArg(), nextArg()
    local found = redis.call('GET', key)
    if (found and redis.sha1hex(found) or 'none') ~= before then return 0 end
    if isKept == '1' then return put(key, value, ttl, not found) end
    if found then drop(key) end
    return 1
  end,

  journal = function()
    local id, held, journal = nextArg(), nextArg(), nextArg()
    if holders[id] ~= held then return 0 end
    written[id] = journal
    return 1
  end,

  finish = function()
    local id, held = nextArg(), nextArg()
    if holders[id] ~= held then return 0 end
    holders[id], written[id] = held .. '${FINISHED}', nil
    finished[#finished + 1] = id
    return 1
  end,

  settle = function()
    local id, member = nextArg(), nextArg()
    local names, amounts = nextArgs(tonumber(nextArg())), nil
    amounts = nextArgs(#names)
    if redis.call('HDEL', reservations, id) == 0 then return 0 end
    redis.call('ZREM', reservationLeases, id)
    redis.call('ZREM', reservationsOf, member)
    redis.call('HDEL', generations, id)
    local values = {}
    if #names > 0 then
      for i, value in ipairs(redis.call('HMGET', counters, unpack(names))) do
        if value then
          values[#values + 1] = names[i]
          local sum = math.max(0, math.min(value + amounts[i], ${Number.MAX_SAFE_INTEGER}))
          values[#values + 1] = string.format('%.0f', sum)
        end
      end
    end
    if #values > 0 then redis.call('HSET', counters, unpack(values)) end
    return 1
  end,
}

local made = {}
for i = 1, tonumber(nextArg()) do
  made[i] = changes[nextArg()]()
  local at, record = nextArg(), nextArg()
  local recordKeys = record ~= '' and {nextKey(), nextKey(), nextKey()} or {}
  if made[i] == 1 and record ~= '' then
    local entry = at .. ':' .. string.format('%016.0f', redis.call('INCR', recordSeq))
    redis.call('HSET', records, entry, record)
    for _, each in ipairs(recordKeys) do redis.call('ZADD', each, 0, entry) end
  end
end

local added, expiring, gone, texts, marks = {}, {}, {}, {}, {}
local function push(list, a, b) list[#list + 1] = a list[#list + 1] = b end
for key, expires in pairs(indexed) do
  if expires then push(added, 0, key) else gone[#gone + 1] = key end
  if expires and expires ~= 'for ever' then push(expiring, expires, key) end
end
for id, journal in pairs(written) do push(texts, id, journal) end
for _, id in ipairs(finished) do push(marks, id, holders[id]) end
if #added > 0 then redis.call('ZADD', index, unpack(added)) end
if #expiring > 0 then redis.call('ZADD', expiry, unpack(expiring)) end
if #gone > 0 then
  redis.call('ZREM', index, unpack(gone))
  redis.call('ZREM', expiry, unpack(gone))
end
if #texts > 0 then redis.call('HSET', journals, unpack(texts)) end
if #finished > 0 then
  redis.call('HSET', claims, unpack(marks))
  redis.call('ZREM', leases, unpack(finished))
  redis.call('HDEL', journals, unpack(finished))
end
return made
`;

/** One change as the script takes it. */
interface Step {
  readonly kind: Change['kind'];
  readonly claim?: ClaimKey;
  readonly keys?: readonly string[];
  readonly values?: readonly (string | number)[];
}

/** `Store.write`: changes of one call are one script. */
export function createRedisWrite({ runScript }: RedisConnection): Store['write'] {
  return async (changes) => {
    checkChanges(changes);
    if (changes.length === 0) return [];
    const steps = changes.map((change) => ({ ...stepOf(change), record: change.record }));
    const ids = [...new Set(steps.flatMap(({ claim }) => claim?.id ?? []))];
    const values = [
      Date.now(),
      ids.length,
      ...ids,
      steps.length,
      ...steps.flatMap(({ kind, values = [], record }) => {
        return [kind, ...values, ...(record ? recordValues(record) : ['', ''])];
      }),
    ];
    const keys = steps.flatMap(({ keys = [], record }) => [...keys, ...(record ? indexesOf(record) : [])]);
    return ((await runScript(WRITE, values, keys)) as number[]).map((each) => each === 1);
  };
}

function stepOf(change: Change): Step {
  const { kind } = change;
  switch (kind) {
    case 'set': {
      const { key, value, ttlMs } = change;
      return { kind, keys: [keyOf(key)], values: [textOf(stored(value, ttlMs)), ttlOf(ttlMs)] };
    }
    case 'delete':
      return { kind, keys: [keyOf(change.key)] };
    case 'replace': {
      const { key, before, value, ttlMs } = change;
      const text = textOf(before);
      const hash = text === undefined ? 'none' : createHash('sha1').update(text).digest('hex');
      const after = value === undefined ? [0, '', ''] : [1, textOf(stored(value, ttlMs)), ttlOf(ttlMs)];
      return { kind, keys: [keyOf(key)], values: [hash, ...after] };
    }
    case 'journal': {
      const { claim, journal } = change;
      return { kind, claim, values: [claim.id, held(claim), JSON.stringify(journal)] };
    }
    case 'finish':
      return { kind, claim: change.claim, values: [change.claim.id, held(change.claim)] };
    case 'settle': {
      const { reservation, actual } = change;
      const { id, draws, reserved } = reservation;
      const corrections = draws
        .map(({ counter, unit }) => ({ counter, amount: actual[unit] - reserved[unit] }))
        // The usual case for requests: one reserved, one made.
        .filter(({ amount }) => amount !== 0);
      return {
        kind,
        values: [
          ...[id, memberOf(reservation), corrections.length],
          ...[...corrections.map(({ counter }) => counter), ...corrections.map(({ amount }) => amount)],
        ],
      };
    }
  }
}

function keyOf(joined: string): string {
  return redisKey(...partsOfKey(joined));
}

function ttlOf(ttlMs: number | undefined): number | '' {
  return ttlMs === undefined ? '' : Math.ceil(ttlMs);
}
