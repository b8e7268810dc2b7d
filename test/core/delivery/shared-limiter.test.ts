import { describe, expect, it } from 'vitest';
import { createSharedLimiter } from '../../../src/core/delivery/shared-limiter.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import type { Clock } from '../../../src/core/kit/clock.ts';
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
  const shared = createSharedLimiter(awayMs === 0 ? store : distant(store, clock, awayMs), { clock, log });
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

/** A store that fails or says nothing while it is told to. */
function createFrailPace(clock: Clock) {
  const memory = createMemoryPace(clock);
  const frail = { state: 'well' as 'well' | 'failing' | 'silent', calls: 0 };
  const through = <T>(call: () => Promise<T>): Promise<T> => {
    frail.calls++;
    if (frail.state === 'failing') return Promise.reject(new StoreError('away'));
    return frail.state === 'silent' ? new Promise(() => {}) : call();
  };
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

describe('a store that fails', () => {
  it('holds nothing up: each process goes by its own count, and says so once', async () => {
    const { clock, write, log } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters, logged } = startProcess(store, clock);
    frail.state = 'failing';
    const runs = Array.from({ length: 8 }, () => limiters.run(scope, urgent, write('w'), never));
    await clock.advance(20_000);
    await Promise.all(runs);
    expect(log.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 0, 0, 5_000, 5_000, 5_000]);
    expect(logged()).toEqual([expect.stringContaining('its own count')]);
  });

  it('is asked again after five seconds, by one write', async () => {
    const { clock, write } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters, logged } = startProcess(store, clock);
    const wide: Scope = { ...scope, limit: 100 };
    const burst = () => Promise.all([1, 2, 3].map(() => limiters.run(wide, urgent, write('w'), never)));
    frail.state = 'failing';
    await burst();
    expect(frail.calls).toBe(1);
    await clock.advance(4_999);
    await burst();
    expect(frail.calls).toBe(1);
    await clock.advance(1);
    await burst();
    expect(frail.calls).toBe(2);
    frail.state = 'well';
    await clock.advance(5_000);
    await burst();
    expect(frail.calls).toBe(5);
    // No other write takes their ends along.
    await clock.advance(200);
    expect(frail.calls).toBe(6);
    expect(logged()).toEqual([
      expect.stringContaining('its own count'),
      expect.stringContaining('with other processes again'),
    ]);
  });

  it('costs half a second at most where it says nothing, and the next ones nothing', async () => {
    const { clock, write, log } = setUp();
    const { frail, store } = createFrailPace(clock);
    const { limiters } = startProcess(store, clock);
    frail.state = 'silent';
    const first = limiters.run(scope, urgent, write('first'), never);
    await clock.advance(500);
    await first;
    await limiters.run(scope, urgent, write('second'), never);
    expect(log).toEqual([
      { name: 'first', atMs: 500 },
      { name: 'second', atMs: 500 },
    ]);
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
