import { describe, expect, it } from 'vitest';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { RateLimited } from '../../../src/core/ports/delivery-errors.ts';
import type { Scope } from '../../../src/core/ports/scope.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createMemoryLimiter } from '../../support/memory-surface.ts';

const scope: Scope = { key: 'channel', limit: 5, windowMs: 5_000 };
const never = new AbortController().signal;
const urgent = () => 'last' as const;
const interim = () => 'interim' as const;

function setUp() {
  const clock = createFakeClock(0);
  const limiters = createWriteLimiters(clock);
  const log: { name: string; atMs: number }[] = [];
  const write =
    (name: string, latencyMs = 0) =>
    async () => {
      log.push({ name, atMs: clock.now() });
      if (latencyMs > 0) await clock.sleep(latencyMs);
    };
  const names = () => log.map((entry) => entry.name);
  const times = () => log.map((entry) => entry.atMs);
  return { clock, limiters, log, write, names, times };
}

describe('limiters', () => {
  it('lets the first write through at once', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(scope, interim, write('a'), never);
    expect(times()).toEqual([clock.now()]);
  });

  it('spreads interim writes evenly over the window', async () => {
    const { clock, limiters, write, times } = setUp();
    const runs = ['a', 'b', 'c', 'd'].map((name) => limiters.run(scope, interim, write(name), never));
    await clock.advance(10_000);
    await Promise.all(runs);
    expect(times()).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('never starts more than the limit within any window, counted from where each write ended', async () => {
    const { clock, limiters, write, log } = setUp();
    const runs = Array.from({ length: 40 }, (_, index) =>
      limiters.run(scope, index % 3 === 0 ? urgent : interim, write(`w${index}`, (index * 37) % 400), never),
    );
    await clock.advance(120_000);
    await Promise.all(runs);
    expect(log).toHaveLength(40);
    for (const { atMs } of log) {
      const within = log.filter((other) => other.atMs >= atMs && other.atMs < atMs + 5_000);
      expect(within.length).toBeLessThanOrEqual(5);
    }
  });

  it('keeps a reserve for what is urgent', async () => {
    const { clock, limiters, write, log } = setUp();
    const reserved = { ...scope, reserve: 2 };
    const interims = Array.from({ length: 6 }, (_, index) =>
      limiters.run(reserved, interim, write(`interim ${index}`), never),
    );
    await clock.advance(4_000);
    expect(log.map(({ name }) => name)).toEqual(['interim 0', 'interim 1', 'interim 2']);
    await Promise.all([1, 2].map((last) => limiters.run(reserved, urgent, write(`last ${last}`), never)));
    expect(log.slice(3)).toEqual([
      { name: 'last 1', atMs: clock.now() },
      { name: 'last 2', atMs: clock.now() },
    ]);
    await clock.advance(30_000);
    await Promise.all(interims);
  });

  it('serves urgent writes before interim ones, and those in the order in which they came', async () => {
    const { clock, limiters, write, names } = setUp();
    const runs = [
      limiters.run(scope, interim, write('first'), never),
      limiters.run(scope, interim, write('interim 1'), never),
      limiters.run(scope, interim, write('interim 2'), never),
      limiters.run(scope, urgent, write('urgent'), never),
    ];
    await clock.advance(5_000);
    await Promise.all(runs);
    expect(names()).toEqual(['first', 'urgent', 'interim 1', 'interim 2']);
  });

  it('lets a waiting update through at once when it has become the last one', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(scope, interim, write('a'), never);
    let isLast = false;
    const run = limiters.run(scope, () => (isLast ? 'last' : 'interim'), write('b'), never);
    await clock.advance(300);
    isLast = true;
    limiters.hurry(scope);
    await run;
    expect(times()).toEqual([0, 300]);
  });

  it('does not let an earlier alarm hide a later one', async () => {
    const { clock, limiters, write, names } = setUp();
    for (let burst = 0; burst < 5; burst++) await limiters.run(scope, urgent, write('burst'), never);
    const late = limiters.run(scope, interim, write('interim'), never);
    const early = limiters.run(scope, urgent, write('urgent'), never);
    await clock.advance(4_999);
    expect(names()).toHaveLength(5);
    await clock.advance(1);
    await early;
    await clock.advance(5_000);
    await late;
    expect(names().slice(5)).toEqual(['urgent', 'interim']);
  });

  it('waits as long as a 429 says, for every write of the scope and of no other', async () => {
    const { clock, limiters, write, times, names } = setUp();
    const refused = limiters.run(scope, urgent, () => Promise.reject(new RateLimited(7_000)), never);
    await expect(refused).rejects.toThrow(RateLimited);
    const here = limiters.run(scope, urgent, write('here'), never);
    await limiters.run({ ...scope, key: 'elsewhere' }, urgent, write('elsewhere'), never);
    await clock.advance(6_999);
    expect(names()).toEqual(['elsewhere']);
    await clock.advance(1);
    await here;
    expect(times()).toEqual([0, 7_000]);
  });

  it('finds its share of a limit that others draw from too, with few 429s and little left unused', async () => {
    const clock = createFakeClock(0);
    const limiter = createMemoryLimiter(clock);
    let done = 0;
    /** A process of its own that always has something to write. */
    async function work() {
      const limiters = createWriteLimiters(clock);
      while (clock.now() < 1_000_000) {
        const write = async () => limiter.take(scope);
        const written = await limiters.run(scope, interim, write, never).catch(() => 'refused');
        if (written !== 'refused') done++;
      }
    }
    const processes = Promise.all([work(), work()]);
    await clock.advance(1_010_000);
    await processes;
    expect(done).toBeGreaterThan(700);
    expect(limiter.refusals).toBeLessThan(done / 20);
  });

  it('asks again after an hour, whatever a 429 says', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(scope, urgent, () => Promise.reject(new RateLimited(1e12)), never).catch(() => {});
    const again = limiters.run(scope, urgent, write('again'), never);
    await clock.advance(3_600_000);
    await again;
    expect(times()).toEqual([3_600_000]);
  });

  it('takes 429s that come together for one, and the longest wait of them', async () => {
    const { clock, limiters, write, times } = setUp();
    const wide: Scope = { key: 'wide', limit: 8, windowMs: 5_000 };
    const refused = [10_000, 1_000].map((ms) =>
      limiters.run(wide, urgent, () => Promise.reject(new RateLimited(ms)), never).catch(() => {}),
    );
    await Promise.all(refused);
    const runs = Array.from({ length: 5 }, () => limiters.run(wide, urgent, write('w'), never));
    await clock.advance(20_000);
    await Promise.all(runs);
    // Urgent writes obey `Retry-After` alone.
    expect(times()).toEqual([10_000, 10_000, 10_000, 10_000, 10_000]);
  });

  it('believes the platform that the whole limit is there again', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(scope, urgent, () => Promise.reject(new RateLimited(1_000)), never).catch(() => {});
    await clock.advance(10_000);
    await limiters.run(scope, interim, write('a'), never);
    limiters.learn(scope.key, { limit: 5, remaining: 4, resetAfterMs: 5_000 });
    const runs = ['b', 'c', 'd'].map((name) => limiters.run(scope, interim, write(name), never));
    await clock.advance(5_000);
    await Promise.all(runs);
    expect(times()).toEqual([10_000, 11_000, 12_000, 13_000]);
  });

  it('uses the whole limit again five windows after a 429 that did not come back', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(scope, urgent, () => Promise.reject(new RateLimited(0)), never).catch(() => {});
    await clock.advance(25_000);
    const runs = ['a', 'b', 'c'].map((name) => limiters.run(scope, interim, write(name), never));
    await clock.advance(3_000);
    await Promise.all(runs);
    expect(times()).toEqual([25_000, 26_000, 27_000]);
  });

  it('learns limit, window and what is left from the platform', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(scope, interim, write('a'), never);
    limiters.learn(scope.key, { limit: 2, remaining: 1, resetAfterMs: 1_000 });
    const runs = ['b', 'c'].map((name) => limiters.run(scope, interim, write(name), never));
    await clock.advance(2_000);
    await Promise.all(runs);
    expect(times()).toEqual([0, 500, 1_000]);

    limiters.learn(scope.key, { limit: 2, remaining: 0, resetAfterMs: 3_000 });
    const last = limiters.run(scope, urgent, write('d'), never);
    await clock.advance(3_000);
    await last;
    expect(times().at(-1)).toBe(5_000);
  });

  it('waits for the wider limit too, and then shows what is newest', async () => {
    const { clock, limiters, write, times } = setUp();
    const wider: Scope = { key: 'everywhere', limit: 1, windowMs: 1_000 };
    const here = (key: string): Scope => ({ key, limit: 5, windowMs: 5_000, within: wider });
    const runs = ['a', 'b', 'c'].map((key) => limiters.run(here(key), interim, write(key), never));
    await clock.advance(5_000);
    await Promise.all(runs);
    expect(times()).toEqual([0, 1_000, 2_000]);
  });

  it('lets what became urgent go first in the wider limit as well', async () => {
    const { clock, limiters, write, names } = setUp();
    const wider: Scope = { key: 'everywhere', limit: 1, windowMs: 1_000 };
    const here = (key: string): Scope => ({ key, limit: 5, windowMs: 5_000, within: wider });
    let isOver = false;
    const runs = [
      limiters.run(here('a'), interim, write('a'), never),
      limiters.run(here('b'), interim, write('b'), never),
      limiters.run(here('c'), () => (isOver ? 'last' : 'interim'), write('c'), never),
    ];
    await clock.advance(500);
    isOver = true;
    limiters.hurry(here('c'));
    await clock.advance(5_000);
    await Promise.all(runs);
    expect(names()).toEqual(['a', 'c', 'b']);
  });

  it('slows the limit that was run into, the wider or the narrower one', async () => {
    const { clock, limiters, write, log } = setUp();
    const wider: Scope = { key: 'everywhere', limit: 100, windowMs: 1_000 };
    const here = (key: string): Scope => ({ key, limit: 5, windowMs: 5_000, within: wider });
    const fail = (key: string, error: Error) =>
      limiters.run(here(key), urgent, () => Promise.reject(error), never).catch(() => {});
    await fail('a', new RateLimited(2_000));
    const runs = ['a', 'b'].map((key) => limiters.run(here(key), urgent, write(key), never));
    await clock.advance(2_000);
    await Promise.all(runs);
    await fail('c', new RateLimited(3_000, { scope: wider.key }));
    const later = ['a', 'b'].map((key) => limiters.run(here(key), urgent, write(key), never));
    await clock.advance(10_000);
    await Promise.all(later);
    expect(log).toEqual([
      { name: 'b', atMs: 0 },
      { name: 'a', atMs: 2_000 },
      { name: 'a', atMs: 5_000 },
      { name: 'b', atMs: 5_000 },
    ]);
  });

  it('bounds the interim updates of a process, and neither first nor last ones', async () => {
    const { clock, limiters, write, log } = setUp();
    const own = (key: string): Scope => ({ key, limit: 5, windowMs: 2_000 });
    const answers = Array.from({ length: 1_000 }, (_, index) => own(`answer ${index}`));
    await clock.advance(1_000);
    await Promise.all(answers.map((scope) => limiters.run(scope, urgent, write('first'), never)));
    expect(log).toHaveLength(1_000);
    const isOver = new Set<Scope>();
    const runs = answers.map((scope) =>
      limiters.run(scope, () => (isOver.has(scope) ? 'last' : 'interim'), write('interim'), never),
    );
    await clock.advance(2_000);
    const interims = log.length - 1_000;
    expect(interims).toBeGreaterThan(500);
    expect(interims).toBeLessThanOrEqual(20 + 2 * 300);
    const last = answers.at(-1) as Scope;
    isOver.add(last);
    limiters.hurry(last);
    await clock.advance(0);
    expect(log.length - 1_000).toBe(interims + 1);
    await clock.advance(60_000);
    await Promise.all(runs);
  });

  it('takes what has room at once, before what waits, and until a window after its end', async () => {
    const { clock, limiters, write, times } = setUp();
    const pair = { ...scope, limit: 2 };
    const end = await limiters.enterIfFree(pair);
    expect(await limiters.enterIfFree(pair)).not.toBeNull();
    expect(await limiters.enterIfFree(pair)).toBeNull();
    const run = limiters.run(pair, urgent, write('w'), never);
    await clock.advance(9_000);
    end?.();
    await clock.advance(5_000);
    await run;
    expect(times()).toEqual([14_000]);
    expect(await limiters.enterIfFree(pair)).toBeNull();
  });

  it('gives up the place in the queue when the signal aborts', async () => {
    const { clock, limiters, write, names } = setUp();
    await limiters.run(scope, interim, write('a'), never);
    const leaving = new AbortController();
    const left = limiters.run(scope, interim, write('b'), leaving.signal);
    const stays = limiters.run(scope, interim, write('c'), never);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await clock.advance(1_000);
    await stays;
    expect(names()).toEqual(['a', 'c']);
  });

  it('forgets scopes that rest', async () => {
    const { clock, limiters, write } = setUp();
    for (let index = 0; index < 1_000; index++) {
      await limiters.run({ ...scope, key: `scope ${index}` }, urgent, write('w'), never);
    }
    expect(limiters.size).toBe(1_000);
    await clock.advance(5_000);
    await limiters.run({ ...scope, key: 'one more' }, urgent, write('w'), never);
    expect(limiters.size).toBe(1);
  });
});

describe('room for last states', () => {
  const updates: Scope = { key: 'updates', limit: 5, windowMs: 60_000, reserve: 1, burst: 2, burstEach: 1 };

  it('is given to as many answers as can all be ended at once, and to the next when one has ended', async () => {
    const { clock, limiters, write, times } = setUp();
    const rooms = await Promise.all(Array.from({ length: 5 }, () => limiters.owe(updates, never)));
    const admitted: number[] = [];
    const next = limiters.owe(updates, never).then(() => admitted.push(clock.now()));
    await clock.advance(1_000);
    expect(admitted).toEqual([]);
    // It ends without having used its write.
    rooms[0]?.release();
    rooms[0]?.release();
    await next;
    expect(admitted).toEqual([1_000]);
    await Promise.all(
      rooms.slice(1).map((_, index) => limiters.run(updates, urgent, write(`${index}`), never)),
    );
    expect(times()).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  it('is not taken by interim updates', async () => {
    const { clock, limiters, write, names, log } = setUp();
    const rooms = await Promise.all([1, 2].map(() => limiters.owe(updates, never)));
    const interims = ['a', 'b', 'c', 'd'].map((name) => limiters.run(updates, interim, write(name), never));
    await clock.advance(50_000);
    expect(names()).toEqual(['a', 'b']);
    for (const room of rooms) room.release();
    await Promise.all(rooms.map(() => limiters.run(updates, urgent, write('last'), never)));
    const lasts = log.filter(({ name }) => name === 'last');
    expect(lasts.map(({ atMs }) => atMs)).toEqual([50_000, 50_000]);
    await clock.advance(200_000);
    await Promise.all(interims);
  });

  it('is not taken by an update that was due before it was given', async () => {
    const { clock, limiters, write, names, times } = setUp();
    const wide = { ...updates, burst: 4 };
    await limiters.run(wide, interim, write('a'), never);
    const rooms = await Promise.all([1, 2, 3, 4].map(() => limiters.owe(wide, never)));
    const late = limiters.run(wide, interim, write('b'), never);
    await clock.advance(1_000);
    expect(names()).toEqual(['a']);
    await Promise.all(rooms.map(() => limiters.run(wide, urgent, write('last'), never)));
    expect(times().slice(1)).toEqual([1_000, 1_000, 1_000, 1_000]);
    for (const room of rooms) room.release();
    await clock.advance(200_000);
    await late;
  });

  it('is looked for in the widest limit, and given up with the signal', async () => {
    const { clock, limiters } = setUp();
    const within: Scope = { key: 'message', limit: 1, windowMs: 1_000, within: { ...updates, limit: 1 } };
    const room = await limiters.owe(within, never);
    const leaving = new AbortController();
    const left = limiters.owe({ ...within, key: 'another message' }, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    room.release();
    await limiters.owe({ ...within, key: 'a third' }, never);
    await clock.advance(0);
  });

  it('comes back with the window', async () => {
    const { clock, limiters, write } = setUp();
    await Promise.all(Array.from({ length: 5 }, () => limiters.run(updates, urgent, write('last'), never)));
    let atMs = 0;
    const room = limiters.owe(updates, never).then(() => {
      atMs = clock.now();
    });
    await clock.advance(60_000);
    await room;
    expect(atMs).toBeGreaterThan(58_000);
  });
});

describe('whoever waits for room', () => {
  const updates: Scope = { key: 'updates', limit: 2, windowMs: 5_000 };

  it('gets it after a block that outlasts every write', async () => {
    const { clock, limiters } = setUp();
    await limiters.run(updates, urgent, () => Promise.reject(new RateLimited(60_000)), never).catch(() => {});
    let grown = 0;
    void limiters.owe(updates, never).then(() => grown++);
    await clock.advance(58_999);
    expect(grown).toBe(0);
    await clock.advance(1);
    expect(grown).toBe(1);
  });

  it('gets it when what is urgent no longer wants it', async () => {
    const { clock, limiters } = setUp();
    await limiters.enterIfFree(updates);
    // So that what is urgent waits, and room could be kept meanwhile.
    limiters.learn('updates', { limit: 2, remaining: 0, resetAfterMs: 900 });
    const leaving = new AbortController();
    const left = limiters.run(updates, urgent, async () => {}, leaving.signal);
    left.catch(() => {});
    await clock.advance(0);
    let grown = 0;
    void limiters.owe(updates, never).then(() => grown++);
    await clock.advance(100);
    expect(grown).toBe(0);
    leaving.abort(new Error('left'));
    await clock.advance(0);
    expect(grown).toBe(1);
  });
});

describe('a burst', () => {
  const updates: Scope = { key: 'updates', limit: 10, windowMs: 60_000, reserve: 2, burst: 4 };

  it('spends what was saved up at once, and spreads the rest until writes come free again', async () => {
    const { clock, limiters, write, times } = setUp();
    await clock.advance(1_000);
    const runs = Array.from({ length: 8 }, (_, index) =>
      limiters.run(updates, interim, write(`${index}`), never),
    );
    await clock.advance(61_000);
    await Promise.all(runs);
    expect(times().slice(0, 4)).toEqual([1_000, 1_000, 1_000, 1_000]);
    const gaps = times()
      .slice(4)
      .map((atMs, index) => atMs - (times()[index + 3] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(7_500);
    expect(times().at(-1)).toBeLessThanOrEqual(61_000);
  });

  it('is followed by a pace that can be kept, whenever what was written before comes free', async () => {
    const { clock, limiters, write, times } = setUp();
    await limiters.run(updates, interim, write('long before'), never);
    await clock.advance(30_000);
    const runs = Array.from({ length: 10 }, (_, index) =>
      limiters.run(updates, interim, write(`${index}`), never),
    );
    await clock.advance(150_000);
    await Promise.all(runs);
    const spread = times().slice(4);
    const gaps = spread.slice(1).map((atMs, index) => atMs - (spread[index] ?? 0));
    // Paced by the first one alone, it would stand still for 29 s once that has come free.
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(16_000);
  });

  it('is halved for a day by a 429, while last states obey the wait alone', async () => {
    const { clock, limiters, write, log } = setUp();
    const refuse = () => Promise.reject(new RateLimited(1_000));
    await Promise.all([1, 2, 3].map(() => limiters.run(updates, urgent, refuse, never).catch(() => {})));
    const last = limiters.run(updates, urgent, write('last'), never);
    await clock.advance(1_000);
    await last;
    expect(log).toEqual([{ name: 'last', atMs: 1_000 }]);
    // Five windows later the even rate is whole again; the burst is not.
    await clock.advance(20 * 60_000);
    const inOneGo = async () => {
      log.length = 0;
      const runs = Array.from({ length: 8 }, () => limiters.run(updates, interim, write('interim'), never));
      await clock.advance(70_000);
      await Promise.all(runs);
      return log.filter(({ atMs }) => atMs === log[0]?.atMs).length;
    };
    expect(await inOneGo()).toBe(2);
    await clock.advance(24 * 3_600_000);
    expect(await inOneGo()).toBe(4);
  });
});
