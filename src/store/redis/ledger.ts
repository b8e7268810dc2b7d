import type { GuildId } from '../../core/ports/actor.ts';
import type { LedgerStore, OpenReservation, Reservation } from '../../core/ports/store.ts';
import { checkReservation } from '../checks.ts';
import { isOf, readStored } from '../shared.ts';
import { type RedisClient, type RedisConnection, script } from './connection.ts';
import {
  COUNTER_EXPIRY,
  COUNTERS,
  GENERATIONS,
  RESERVATION_LEASES,
  RESERVATIONS,
  RESERVATIONS_OF,
} from './keys.ts';

/** The constant part of a reservation. */
type Body = Omit<Reservation, 'leaseUntilMs'>;

/**
 * Lua's numbers are doubles, exact up to 2^53, where a counter stops. Results are strings, because Lua would print `1e+15`
 * and the client decodes integers near 2^53 inexactly.
 */
const RESERVE = script(COUNTERS, COUNTER_EXPIRY, RESERVATIONS, RESERVATION_LEASES, RESERVATIONS_OF)`
local counters, expiry, reservations, leases, guilds = unpack(KEYS)
local id, lease, body, member = unpack(ARGV)
local function exact(value) return string.format('%.0f', value) end
local isNew = redis.call('HSETNX', reservations, id, body) == 1
local names, used, sums, times = {}, {}, {}, {}
for i = 5, #ARGV, 4 do names[#names + 1] = ARGV[i] end
if #names > 0 then used = redis.call('HMGET', counters, unpack(names)) end
for i, value in ipairs(used) do
  local at = 4 * i + 1
  local amount, limit = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local before = tonumber(value or '0')
  if isNew and limit and before + amount > limit then
    redis.call('HDEL', reservations, id)
    return {0, i - 1, exact(before)}
  end
  used[i] = exact(isNew and math.min(before + amount, ${Number.MAX_SAFE_INTEGER}) or before)
  sums[2 * i - 1], sums[2 * i] = names[i], used[i]
  times[2 * i - 1], times[2 * i] = ARGV[at + 3], names[i]
end
if isNew then
  if #names > 0 then
    redis.call('HSET', counters, unpack(sums))
    redis.call('ZADD', expiry, unpack(times))
  end
  redis.call('ZADD', leases, lease, id)
  redis.call('ZADD', guilds, 0, member)
end
return {1, unpack(used)}
`;

const ANNOTATE = script(RESERVATIONS, GENERATIONS)`
local reservations, generations = unpack(KEYS)
if redis.call('HEXISTS', reservations, ARGV[1]) == 1 then redis.call('HSET', generations, ARGV[1], ARGV[2]) end
`;

/** `LedgerStore` in Redis: a call that changes something is one script or one command. */
export function createRedisLedger(connection: RedisConnection): LedgerStore {
  const { run, runScript } = connection;

  return {
    async reserve(reservation) {
      checkReservation(reservation);
      const { leaseUntilMs, ...body } = reservation;
      const { id, draws, reserved } = body;
      const drawn = draws.map((draw) => [
        draw.counter,
        reserved[draw.unit],
        draw.limit ?? '',
        draw.expiresAtMs,
      ]);
      const values = [id, leaseUntilMs, JSON.stringify(body), memberOf(body), ...drawn.flat()];
      const [ok, ...rest] = ((await runScript(RESERVE, values)) as (number | string)[]).map(Number);
      if (ok === 1) return { ok: true, used: rest };
      const [index = 0, used = 0] = rest;
      const draw = draws[index];
      if (draw === undefined) throw new RangeError(`Redis named draw ${index} of ${draws.length}`);
      return { ok: false, draw, used };
    },

    async annotate(id, generationId) {
      await runScript(ANNOTATE, [id, generationId]);
    },

    async renew(ids, leaseUntilMs) {
      if (ids.length === 0) return;
      const leases = ids.map((value) => ({ value, score: leaseUntilMs }));
      await run((client) => client.zAdd(RESERVATION_LEASES, leases, { condition: 'XX' }));
    },

    openReservations: (of) =>
      run(async (client) => {
        const texts =
          of === undefined ? await client.hVals(RESERVATIONS) : await textsOfGuild(client, of.guild);
        const found = texts.map((text) => readStored(text) as Body).filter(({ entry }) => isOf(entry, of));
        if (found.length === 0) return [];
        const ids = found.map(({ id }) => id);
        const leases = await client.zmScore(RESERVATION_LEASES, ids);
        // Those without a lease were settled between the two reads.
        return found.flatMap((body, index): Reservation[] => {
          const leaseUntilMs = leases[index] ?? null;
          return leaseUntilMs === null ? [] : [{ ...body, leaseUntilMs }];
        });
      }),

    abandoned: (nowMs) =>
      run(async (client) => {
        const due = await client.zRangeByScoreWithScores(RESERVATION_LEASES, '-inf', nowMs);
        const ids = due.map(({ value }) => value);
        if (ids.length === 0) return [];
        const [bodies, generations] = await Promise.all([
          client.hmGet(RESERVATIONS, ids),
          client.hmGet(GENERATIONS, ids),
        ]);
        // Those without a body were settled between the two reads.
        return due.flatMap(({ score: leaseUntilMs }, index): OpenReservation[] => {
          const [body, generationId = null] = [bodies[index], generations[index]];
          return body ? [{ ...(readStored(body) as Body), leaseUntilMs, generationId }] : [];
        });
      }),

    async read(counters) {
      if (counters.length === 0) return new Map();
      const values = await run((client) => client.hmGet(COUNTERS, [...counters]));
      // v0.1.0 may have left higher values, which doubles cannot represent exactly.
      const valueAt = (index: number) => Math.min(Number(values[index] ?? 0), Number.MAX_SAFE_INTEGER);
      return new Map(counters.map((counter, index) => [counter, valueAt(index)]));
    },
  };
}

/** The form of an entry in `RESERVATIONS_OF`. */
export function memberOf({ id, entry }: Pick<Body, 'id' | 'entry'>): string {
  return JSON.stringify([entry.guild, id]);
}

async function textsOfGuild(client: RedisClient, guild: GuildId): Promise<readonly string[]> {
  const first = JSON.stringify([guild]).replace(/]$/, ',');
  const members = await client.zRange(RESERVATIONS_OF, `[${first}`, `(${first}\u{10FFFF}`, { BY: 'LEX' });
  if (members.length === 0) return [];
  const ids = members.map((member) => (JSON.parse(member) as [guild: string, id: string])[1]);
  const texts = await client.hmGet(RESERVATIONS, ids);
  // Settled in between, or by a version without this index.
  const settled = members.filter((_, index) => texts[index] === null);
  if (settled.length > 0) await client.zRem(RESERVATIONS_OF, settled);
  return texts.filter((text) => text !== null);
}

/** Indexes the open reservations of versions without an index. */
export async function indexReservations({ run }: RedisConnection): Promise<void> {
  await run(async (client) => {
    const bodies = (await client.hVals(RESERVATIONS)).map((text) => readStored(text) as Body);
    const members = bodies.map((body) => ({ value: memberOf(body), score: 0 }));
    if (members.length > 0) await client.zAdd(RESERVATIONS_OF, members);
  });
}

const SWEEP = script(COUNTERS, COUNTER_EXPIRY)`
local counters, expiry = unpack(KEYS)
local expired = redis.call('ZRANGEBYSCORE', expiry, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, counter in ipairs(expired) do
  redis.call('HDEL', counters, counter)
  redis.call('ZREM', expiry, counter)
end
return #expired
`;

/** Deletes expired counters, a limited number per step. */
export async function sweepCounters(
  { runScript }: RedisConnection,
  nowMs: number,
  some: number,
): Promise<void> {
  while ((await runScript(SWEEP, [nowMs, some])) === some);
}
