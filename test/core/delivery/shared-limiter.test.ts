import { describe, expect, it } from 'vitest';
import { SharedLimiter } from '../../../src/core/delivery/shared-limiter.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import type { Clock } from '../../../src/core/kit/time/clock.ts';
import { RateLimited } from '../../../src/core/ports/delivery-errors.ts';
import type { Scope } from '../../../src/core/ports/scope.ts';
import { type PaceStore, StoreError } from '../../../src/core/ports/store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createMemoryPace } from '../../support/memory-pace.ts';
import { createMemoryLimiter } from '../../support/memory-surface.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const scope: Scope = { key: 'workspace', limit: 5, windowMs: 5_000, isShared: true };
const reserved: Scope = { ...scope, reserve: 2 };
const never = new AbortController().signal;
const urgent = () => 'last' as const;
const interim = () => 'interim' as const;

/** A process that keeps its pace with those on the same store, which is `awayMs` there and `awayMs` back. */
function startProcess(store: PaceStore, clock: FakeClock, awayMs = 0) {
  const { log, lines } = createLogRecorder();
  const shared = new SharedLimiter(awayMs === 0 ? store : distant(store, clock, awayMs), { clock, log });
  const limiters = createWriteLimiters(clock, shared);
  return { limiters, shared, logged: () => lines.map((line) => JSON.parse(line).msg as string) };
}

function distant(store: PaceStore, clock: Clock, awayMs: number): PaceStore {
  const over =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      await clock.sleep(awayMs);
      const answer = await call(...args);
      await clock.sleep(awayMs);
      return answer;
    };
  return {
    beginWrite: over(store.beginWrite),
    end: over(store.end),
    block: over(store.block),
    owe: over(store.owe),
    endDebt: over(store.endDebt),
  };
}

function setUp() {
  const clock = createFakeClock(0);
  const store = createMemoryPace(clock);
  const log: { name: string; atMs: number }[] = [];
  const write =
    (name: string, tookMs = 0) =>
    async () => {
      log.push({ name, atMs: clock.now() });
      if (tookMs > 0) await clock.sleep(tookMs);
    };
  return { clock, store, log, write, names: () => log.map(({ name }) => name) };
}

/** A store that fails or is late while it is told to; as Redis' store, it gives up an answer after five seconds. */
function createFrailPace(clock: Clock, memory = createMemoryPace(clock)) {
  const frail = { isFailing: false, lateMs: 0, calls: 0 };
  async function through<T>(call: () => Promise<T>): Promise<T> {
    frail.calls++;
    if (frail.isFailing) throw new StoreError('away');
    const { lateMs } = frail;
    if (lateMs === 0) return call();
    await clock.sleep(Math.min(lateMs, 5_000));
    if (lateMs > 5_000) throw new StoreError('no answer within 5000 ms');
    return call();
  }
  const store: PaceStore = {
    beginWrite: (...args) => through(() => memory.beginWrite(...args)),
    end: (...args) => through(() => memory.end(...args)),
    block: (key, ms) => through(() => memory.block(key, ms)),
    owe: (write) => through(() => memory.owe(write)),
    endDebt: (key, id) => through(() => memory.endDebt(key, id)),
  };
  return { frail, store };
}

describe('processes that share a limit', () => {
  it('give back room that is granted to what has ended meanwhile', async () => {
    const { clock, store } = setUp();
    const [here, there] = [startProcess(store, clock), startProcess(store, clock)];
    const workspace: Scope = { ...scope, dueMs: 1_000 };
    for (let answer = 0; answer < 5; answer++) {
      const ended = new AbortController();
      const owed = here.limiters.owe(workspace, ended.signal);
      ended.abort(new Error('ended'));
      await expect(owed).rejects.toThrow('ended');
      await clock.advance(0);
    }
    let grown = 0;
    void there.limiters.owe(workspace, never).then(() => grown++);
    await clock.advance(1_000);
    expect(grown).toBe(1);
  });

  it('keep room together for the last writes of what grows in any of them', async () => {
    const { clock, store, write } = setUp();
    const [here, there] = [startProcess(store, clock), startProcess(store, clock)];
    const workspace: Scope = { ...scope, dueMs: 1_000 };
    const owedHere = await Promise.all(Array.from({ length: 3 }, () => here.limiters.owe(workspace, never)));
    const owedThere = await Promise.all(
      Array.from({ length: 2 }, () => there.limiters.owe(workspace, never)),
    );
    // The limit is five: neither may let a sixth grow, nor write what a later state makes up for.
    let grown = 0;
    void here.limiters.owe(workspace, never).then(() => grown++);
    let interims = 0;
    void there.limiters.run(workspace, interim, async () => interims++, never);
    await clock.advance(60_000);
    expect([grown, interims]).toEqual([0, 0]);
    // Room is there for all five at once, and what comes free is seen by the other.
    const lasts = [
      ...owedHere.map(() => here.limiters.run(workspace, urgent, write('here'), never)),
      ...owedThere.map(() => there.limiters.run(workspace, urgent, write('there'), never)),
    ];
    await clock.advance(100);
    await Promise.all(lasts);
    for (const owed of [...owedHere, ...owedThere]) owed.release();
    await clock.advance(10_000);
    expect([grown, interims]).toEqual([1, 1]);
  });

  it('free the room that a dead one kept, and no room of one that lives', async () => {
    const { clock, store } = setUp();
    const lives = startProcess(store, clock);
    await store.owe({
      key: scope.key,
      id: 'of a dead process',
      limit: 5,
      windowMs: 5_000,
      dueMs: 1_000,
      leaseMs: 20_000,
    });
    await Promise.all(Array.from({ length: 4 }, () => lives.limiters.owe(scope, never)));
    let grown = 0;
    for (let more = 0; more < 2; more++) void lives.limiters.owe(scope, never).then(() => grown++);
    await clock.advance(15_000);
    expect(grown).toBe(0);
    await clock.advance(60_000);
    expect(grown).toBe(1);
  });

  it('use nearly all of it together, and never more, whatever a write takes', async () => {
    const { clock, store } = setUp();
    const limiter = createMemoryLimiter(clock);
    let done = 0;
    async function work(awayMs: number) {
      const { limiters } = startProcess(store, clock, awayMs);
      for (let serial = 0; clock.now() < 500_000; serial++) {
        const write = async () => {
          await clock.sleep((serial * 37) % 90);
          limiter.take(scope);
          done++;
        };
        await limiters.run(scope, serial % 3 === 0 ? urgent : interim, write, never);
      }
    }
    const processes = Promise.all([work(0), work(3), work(20)]);
    await clock.advance(600_000);
    await processes;
    expect(limiter.refusals).toBe(0);
    expect(done).toBeGreaterThan(450);
  });

  it('go in turn, however far from the store they are and whoever has more to write', async () => {
    const { clock, store } = setUp();
    const written = [0, 0, 0];
    async function work(index: number, replies: number) {
      const { limiters } = startProcess(store, clock, [1, 7, 30][index]);
      const reply = async () => {
        while (clock.now() < 300_000) {
          await limiters.run(
            scope,
            interim,
            async () => {
              written[index] = (written[index] ?? 0) + 1;
            },
            never,
          );
        }
      };
      await Promise.all(Array.from({ length: replies }, reply));
    }
    const processes = Promise.all([work(0, 10), work(1, 1), work(2, 3)]);
    await clock.advance(400_000);
    await processes;
    for (const count of written) expect(count).toBeGreaterThan(90);
  });

  it('let what is urgent through at once while others’ interim writes use all that is theirs', async () => {
    const { clock, store, log, write } = setUp();
    const [one, two] = [startProcess(store, clock), startProcess(store, clock)];
    for (let serial = 0; serial < 20; serial++) {
      for (const { limiters } of [one, two]) void limiters.run(reserved, interim, write('interim'), never);
    }
    await clock.advance(7_123);
    await Promise.all([one, two].map(({ limiters }) => limiters.run(reserved, urgent, write('last'), never)));
    expect(log.slice(-2)).toEqual([
      { name: 'last', atMs: clock.now() },
      { name: 'last', atMs: clock.now() },
    ]);
    await clock.advance(100_000);
  });

  it('serve the most urgent one first when the wait is over, and the others in the order in which they came', async () => {
    const { clock, store, write, names } = setUp();
    const [one, two] = [startProcess(store, clock), startProcess(store, clock)];
    const others = Array.from({ length: 5 }, () => two.limiters.run(scope, urgent, write('other'), never));
    await Promise.all(others);
    const runs = ['a', 'b', 'c'].map((name) => one.limiters.run(scope, interim, write(name), never));
    await clock.advance(1_000);
    let isLast = false;
    runs.push(one.limiters.run(scope, () => (isLast ? 'last' : 'interim'), write('last'), never));
    runs.push(one.limiters.run(scope, urgent, write('first'), never));
    await clock.advance(1_000);
    isLast = true;
    one.limiters.hurry(scope);
    expect(names()).toHaveLength(5);
    await clock.advance(10_000);
    await Promise.all(runs);
    expect(names().slice(5)).toEqual(['last', 'first', 'a', 'b', 'c']);
  });

  it('ask once for all who wait, and no more before the time that they are told', async () => {
    const { clock, store, write } = setUp();
    const processes = [startProcess(store, clock), startProcess(store, clock)];
    const runs = Array.from({ length: 100 }, (_, index) =>
      processes[index % 2]?.limiters.run(scope, urgent, write('w'), never),
    );
    await clock.advance(100_000);
    await Promise.all(runs);
    const refused = store.asked.filter(({ waitMs }) => waitMs > 0);
    // Each of 20 windows begins with both asking; five go, and each process is refused once more.
    expect(refused.length).toBeLessThanOrEqual(2 * 20);
  });

  it('give back what they were granted for somebody who has left', async () => {
    const { clock, store, write, names } = setUp();
    const single: Scope = { ...scope, limit: 1 };
    const [one, two] = [startProcess(store, clock, 10), startProcess(store, clock)];
    const leaving = new AbortController();
    const left = one.limiters.run(single, urgent, write('left'), leaving.signal);
    left.catch(() => {});
    await clock.advance(5);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await clock.advance(100);
    await two.limiters.run(single, urgent, write('two'), never);
    expect(names()).toEqual(['two']);
  });

  it('wait out together what a 429 says to one of them', async () => {
    const { clock, store, log, write } = setUp();
    const [one, two] = [startProcess(store, clock), startProcess(store, clock)];
    const refused = one.limiters.run(scope, urgent, () => Promise.reject(new RateLimited(7_000)), never);
    await expect(refused).rejects.toThrow(RateLimited);
    const run = two.limiters.run(scope, urgent, write('w'), never);
    await clock.advance(7_000);
    await run;
    expect(log).toEqual([{ name: 'w', atMs: 7_000 }]);
  });

  it('spend a limit that refills at once, and then as fast as it refills', async () => {
    const { clock, store, log, write } = setUp();
    const processes = [startProcess(store, clock), startProcess(store, clock)];
    const bucket: Scope = { ...scope, refills: true };
    const runs = Array.from({ length: 10 }, (_, index) =>
      processes[index % 2]?.limiters.run(bucket, urgent, write('w'), never),
    );
    for (let step = 0; step < 80; step++) await clock.advance(100);
    await Promise.all(runs);
    const seconds = log.map(({ atMs }) => atMs / 1_000);
    expect(seconds.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    for (const [index, second] of seconds.slice(5).entries()) {
      expect(second).toBeGreaterThanOrEqual(index + 1);
      // A process asks again when room may come back.
      expect(second).toBeLessThan(index + 2);
    }
  });

  it('are not led astray by what one of them learns', async () => {
    const { clock, store, log, write } = setUp();
    const [one, two] = [startProcess(store, clock), startProcess(store, clock)];
    await one.limiters.run(scope, urgent, write('one'), never);
    one.limiters.learn(scope.key, { limit: 50, remaining: 49, resetAfterMs: 100 });
    const runs = Array.from({ length: 10 }, () => one.limiters.run(scope, urgent, write('one'), never));
    await clock.advance(1_000);
    expect(log).toHaveLength(5);
    const other = two.limiters.run(scope, urgent, write('two'), never);
    await clock.advance(10_000);
    await Promise.all([...runs, other]);
  });

  it('take what has room at once, and leave the rest', async () => {
    const { clock, store } = setUp();
    const streams: Scope = { ...scope, limit: 2 };
    const [one, two] = [startProcess(store, clock), startProcess(store, clock)];
    const ends = [await one.limiters.enterIfFree(streams), await two.limiters.enterIfFree(streams)];
    expect(ends).toEqual([expect.any(Function), expect.any(Function)]);
    expect(await one.limiters.enterIfFree(streams)).toBeNull();
    ends[1]?.();
    await clock.advance(4_999);
    expect(await one.limiters.enterIfFree(streams)).toBeNull();
    await clock.advance(1);
    expect(await one.limiters.enterIfFree(streams)).not.toBeNull();
    expect(await two.limiters.enterIfFree(streams)).toBeNull();
  });

  it('do not ask where each has the limit to itself', async () => {
    const { clock, store, write } = setUp();
    const { limiters } = startProcess(store, clock);
    await limiters.run({ ...scope, isShared: false }, urgent, write('w'), never);
    await limiters.enterIfFree({ ...scope, isShared: false });
    expect(store.asked).toEqual([]);
  });
});

describe('a store that is late', () => {
  it('lets no process write beyond the shared limit, and holds up no more than its answers take', async () => {
    const { clock, store: memory } = setUp();
    const limiter = createMemoryLimiter(clock);
    const wide: Scope = { ...scope, limit: 50, windowMs: 1_000 };
    const processes = Array.from({ length: 4 }, () => {
      const { frail, store } = createFrailPace(clock, memory);
      return { frail, ...startProcess(store, clock) };
    });
    let done = 0;
    const runs = processes.flatMap(({ frail, limiters }, index) => {
      frail.lateMs = 600 + index * 700;
      const write = async () => {
        limiter.take(wide);
        done++;
      };
      return Array.from({ length: 75 }, () => limiters.run(wide, urgent, write, never));
    });
    await clock.advance(40_000);
    expect([done, limiter.refusals]).toEqual([300, 0]);
    await Promise.all(runs);
  });

  it('is asked for one write after another while it is quick', async () => {
    const { clock, write } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters } = startProcess(store, clock);
    frail.lateMs = 10;
    const runs = [1, 2, 3].map(() => limiters.run(scope, urgent, write('w'), never));
    await clock.advance(5);
    expect(frail.calls).toBe(1);
    await clock.advance(100);
    await Promise.all(runs);
  });
});

describe('a store that fails', () => {
  it('holds nothing up: each process goes by its own count, and says so once', async () => {
    const { clock, write, log } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters, logged } = startProcess(store, clock);
    frail.isFailing = true;
    const runs = Array.from({ length: 8 }, () => limiters.run(scope, urgent, write('w'), never));
    await clock.advance(20_000);
    await Promise.all(runs);
    expect(log.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 0, 0, 5_000, 5_000, 5_000]);
    expect(logged()).toEqual([expect.stringContaining('its own count')]);
  });

  it('is tried once a second, and no write waits for that', async () => {
    const { clock, write } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters, logged } = startProcess(store, clock);
    const wide: Scope = { ...scope, limit: 100 };
    const burst = () => Promise.all([1, 2, 3].map(() => limiters.run(wide, urgent, write('w'), never)));
    frail.isFailing = true;
    await burst();
    expect(frail.calls).toBe(1);
    await clock.advance(999);
    await burst();
    expect(frail.calls).toBe(1);
    await clock.advance(2_001);
    await burst();
    expect(frail.calls).toBe(4);
    frail.isFailing = false;
    await clock.advance(1_000);
    expect(frail.calls).toBe(5);
    await burst();
    expect(frail.calls).toBe(8);
    // No other write takes their ends along.
    await clock.advance(200);
    expect(frail.calls).toBe(9);
    expect(logged()).toEqual([
      expect.stringContaining('its own count'),
      expect.stringContaining('with other processes again'),
    ]);
  });

  it('costs five seconds at most where it says nothing, and the next ones nothing', async () => {
    const { clock, write, log } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters } = startProcess(store, clock);
    frail.lateMs = 60_000;
    const first = limiters.run(scope, urgent, write('first'), never);
    await clock.advance(5_000);
    await first;
    await limiters.run(scope, urgent, write('second'), never);
    expect(log).toEqual([
      { name: 'first', atMs: 5_000 },
      { name: 'second', atMs: 5_000 },
    ]);
  });

  it('learns what was written without it, so that the others leave room for that', async () => {
    const { clock, store: memory, log, write } = setUp();
    const { frail, store } = createFrailPace(clock, memory);
    const [one, two] = [startProcess(store, clock), startProcess(memory, clock)];
    // The end of this one goes with the question that fails.
    await one.limiters.run(scope, urgent, write('one'), never);
    frail.isFailing = true;
    for (let more = 0; more < 4; more++) await one.limiters.run(scope, urgent, write('one'), never);
    await clock.advance(500);
    frail.isFailing = false;
    await clock.advance(500);
    log.length = 0;
    const runs = Array.from({ length: 5 }, () => two.limiters.run(scope, urgent, write('two'), never));
    await clock.advance(10_000);
    await Promise.all(runs);
    expect(log.map(({ atMs }) => atMs)).toEqual([5_000, 5_000, 5_000, 5_000, 5_000]);
  });

  it('learns of the room that was kept without it', async () => {
    const { clock, store: memory } = setUp();
    const { frail, store } = createFrailPace(clock, memory);
    const [one, two] = [startProcess(store, clock), startProcess(memory, clock)];
    frail.isFailing = true;
    await Promise.all(Array.from({ length: 5 }, () => one.limiters.owe(scope, never)));
    frail.isFailing = false;
    await clock.advance(1_000);
    let grown = 0;
    void two.limiters.owe(scope, never).then(() => grown++);
    await clock.advance(60_000);
    expect(grown).toBe(0);
  });

  it('learns of a block that it could not be told', async () => {
    const { clock, store: memory, log, write } = setUp();
    const { frail, store } = createFrailPace(clock, memory);
    const [one, two] = [startProcess(store, clock), startProcess(memory, clock)];
    frail.isFailing = true;
    const refused = one.limiters.run(scope, urgent, () => Promise.reject(new RateLimited(12_000)), never);
    await expect(refused).rejects.toThrow(RateLimited);
    frail.isFailing = false;
    await clock.advance(1_000);
    const run = two.limiters.run(scope, urgent, write('two'), never);
    await clock.advance(60_000);
    await run;
    expect(log).toEqual([{ name: 'two', atMs: 12_000 }]);
  });

  it('hears of the end of a write 200 ms later if no other write follows', async () => {
    const { clock, write } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters } = startProcess(store, clock);
    await limiters.run(scope, urgent, write('one'), never);
    await clock.advance(199);
    expect(frail.calls).toBe(1);
    await clock.advance(1);
    expect(frail.calls).toBe(2);
  });

  it('hears of the ends of writes before the process stops', async () => {
    const { clock, store, write } = setUp();
    const { limiters, shared } = startProcess(store, clock, 100);
    const run = limiters.run(scope, urgent, write('w'), never);
    await clock.advance(200);
    await run;
    let hasStopped = false;
    const stopped = shared.stop().then(() => {
      hasStopped = true;
    });
    await clock.advance(199);
    expect(hasStopped).toBe(false);
    await clock.advance(1);
    await stopped;
  });
});
