import { describe, expect, it } from 'vitest';
import { SharedLimiter } from '../../../src/core/delivery/shared-limiter.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { RateLimited } from '../../../src/core/ports/delivery-errors.ts';
import type { Scope, Urgency } from '../../../src/core/ports/scope.ts';
import { type PaceStore, StoreError } from '../../../src/core/ports/store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createMemoryPace } from '../../support/memory-pace.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

/** `SEEDS=5000` tries more. */
const SEEDS = Number(process.env['SEEDS'] ?? 150);
/** Everything arrives within this time … */
const BUSY_MS = 60_000;
/** … and what is urgent begins within this time of it, whatever happens: the longest block and some windows. */
const LONGEST_WAIT_MS = 120_000;

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
function createRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (most: number) => Math.floor(next() * most),
    chance: (share: number) => next() < share,
    among: <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)] as T,
  };
}
type Random = ReturnType<typeof createRandom>;

/** A store that answers late, and sometimes fails. */
function createErraticStore(clock: FakeClock, random: Random): PaceStore {
  const memory = createMemoryPace(clock);
  const latestMs = random.among([0, 5, 200, 4_000]);
  const failing = random.among([0, 0, 0.02]);
  async function through<T>(call: () => Promise<T>): Promise<T> {
    if (latestMs > 0) await clock.sleep(random.below(latestMs));
    if (random.chance(failing)) throw new StoreError('away');
    const answer = await call();
    if (latestMs > 0) await clock.sleep(random.below(latestMs));
    return answer;
  }
  return {
    beginWrite: (...args) => through(() => memory.beginWrite(...args)),
    end: (...args) => through(() => memory.end(...args)),
    block: (key, ms) => through(() => memory.block(key, ms)),
    owe: (write) => through(() => memory.owe(write)),
    endDebt: (key, id) => through(() => memory.endDebt(key, id)),
  };
}

function scopesOf(random: Random, isShared: boolean): Scope[] {
  const wide: Scope = {
    key: 'wide',
    limit: random.among([1, 5, 49]),
    windowMs: random.among([1_000, 5_000, 60_000]),
    reserve: random.below(3),
    burst: random.below(4),
    burstEach: random.below(2),
    dueMs: random.among([500, 1_000, 1_500]),
    isShared,
  };
  const narrow = { limit: random.among([1, 3]), windowMs: 900, within: wide };
  return [wide, { ...narrow, key: 'a' }, { ...narrow, key: 'b' }];
}

/** The waits in one life of some processes that outlast every bound. */
async function overlongWaits(seed: number): Promise<string[]> {
  const random = createRandom(seed);
  const clock = createFakeClock(0);
  const { log } = createLogRecorder();
  const isShared = random.chance(0.6);
  const store = createErraticStore(clock, random);
  const scopes = scopesOf(random, isShared);
  const processes = Array.from({ length: isShared ? 1 + random.below(3) : 1 }, () =>
    createWriteLimiters(clock, isShared ? new SharedLimiter(store, { clock, log }) : null),
  );
  const waiting = new Map<number, string>();
  const work: Promise<unknown>[] = [];
  let serial = 0;

  async function write(): Promise<void> {
    const limiters = random.among(processes);
    const scope = random.among(scopes);
    let urgency: Urgency = random.among(['last', 'first', 'interim', 'interim']);
    const leaving = new AbortController();
    const own = serial++;
    waiting.set(own, `${urgency} write in ${scope.key}, from ${clock.now()} ms`);
    const leavesAtMs = random.chance(0.2) ? random.below(8_000) : null;
    if (leavesAtMs !== null) void clock.sleep(leavesAtMs).then(() => leaving.abort(new Error('left')));
    // An update that becomes the last one while it waits.
    const hurriesAtMs = random.below(20_000);
    void clock.sleep(hurriesAtMs).then(() => {
      urgency = 'last';
      limiters.hurry(scope);
    });
    const tookMs = random.below(400);
    const fails = random.chance(0.05);
    const retryAfterMs = random.among([0, 1_000, 9_000, 30_000]);
    await limiters
      .run(
        scope,
        () => urgency,
        async () => {
          waiting.delete(own);
          await clock.sleep(tookMs);
          if (fails) throw new RateLimited(retryAfterMs);
        },
        leaving.signal,
      )
      .catch(() => waiting.delete(own));
  }

  async function grow(): Promise<void> {
    const limiters = random.among(processes);
    const scope = random.among(scopes);
    const own = serial++;
    waiting.set(own, `room in ${scope.key}, from ${clock.now()} ms`);
    const leaving = new AbortController();
    if (random.chance(0.3))
      void clock.sleep(random.below(8_000)).then(() => leaving.abort(new Error('left')));
    const owed = await limiters.owe(scope, leaving.signal).catch(() => null);
    waiting.delete(own);
    await clock.sleep(random.below(6_000));
    owed?.release();
  }

  const { limit, windowMs } = scopes[0] as Scope;
  const arrivals = 20 + random.below(30);
  for (let arrival = 0; arrival < arrivals; arrival++) {
    const atMs = random.below(BUSY_MS);
    const kind = random.next();
    work.push(
      clock.sleep(atMs).then(async () => {
        if (kind < 0.6) return write();
        if (kind < 0.9) return grow();
        if (kind < 0.95) return void (await random.among(processes).enterIfFree(random.among(scopes)))?.();
        const report = { limit, remaining: random.below(2), resetAfterMs: random.below(5_000) };
        random.among(processes).learn('wide', report);
      }),
    );
  }
  // All of them one after another, each window as full as it may be.
  const boundMs = BUSY_MS + LONGEST_WAIT_MS + Math.ceil(arrivals / limit) * (windowMs + 1_000) * 2;
  await clock.advance(boundMs);
  return [...waiting.values()];
}

describe('whoever waits for a write or for room', () => {
  it('gets it in time, whatever others, the platform and the store do meanwhile', async () => {
    const found: Record<number, string[]> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const waits = await overlongWaits(seed);
      if (waits.length > 0) found[seed] = waits;
    }
    expect(found).toEqual({});
  });
});
