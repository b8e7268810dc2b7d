import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../src/core/kit/body.ts';
import { asArray, asCount, asObject, asText, parseJson } from '../../../src/core/kit/json.ts';
import { createBatch } from '../../../src/core/kit/scheduling/batch.ts';
import { createKeyedQueue } from '../../../src/core/kit/scheduling/keyed-queue.ts';
import { createRunning, createTasks, TasksInTurn } from '../../../src/core/kit/scheduling/tasks.ts';
import { createThrottle } from '../../../src/core/kit/scheduling/throttle.ts';
import { createLateWrites } from '../../../src/core/kit/scheduling/until-stored.ts';
import { waitInLine } from '../../../src/core/kit/time/waiters.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

function logOf(): { readonly lines: string[]; readonly log: pino.Logger } {
  const lines: string[] = [];
  return { lines, log: pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line).msg) }) };
}

describe('tasks', () => {
  it('stop when everything has ended, also what was started meanwhile, and log faults from before alone', async () => {
    const { lines, log } = logOf();
    const tasks = createTasks(log);
    const ended: string[] = [];
    tasks.run('fetch it', async () => {
      throw new Error('broken');
    });
    tasks.run('wait', async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      tasks.run('say goodbye', async () => {
        await setImmediate();
        ended.push('goodbye');
      });
      throw signal.reason;
    });
    await setImmediate();
    await tasks.stop();
    expect(ended).toEqual(['goodbye']);
    expect(lines).toEqual(['could not fetch it']);
  });

  it('that run are counted, and waited for one by one', async () => {
    const running = createRunning();
    await running.next();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    running.add(first.promise);
    running.add(second.promise);
    expect(running.size).toBe(2);
    let isNext = false;
    const next = running.next().then(() => {
      isNext = true;
    });
    await setImmediate();
    expect(isNext).toBe(false);
    second.resolve();
    await next;
    await setImmediate();
    expect(running.size).toBe(1);
    first.resolve();
    await running.settled();
    expect(running.size).toBe(0);
  });

  it('run in turn wait for the one before, also if that fails', async () => {
    const { lines, log } = logOf();
    const tasks = createTasks(log);
    const inTurn = new TasksInTurn(tasks);
    const first = Promise.withResolvers<void>();
    const done: string[] = [];
    inTurn.run('do the first', () => first.promise);
    inTurn.run('do the second', async () => done.push('second'));
    await setImmediate();
    expect(done).toEqual([]);
    first.reject(new Error('broken'));
    await tasks.settled();
    expect([done, lines]).toEqual([['second'], ['could not do the first']]);
  });
});

describe('a batch', () => {
  it('has the calls of one turn, at most 100 together, and each gets its own result', async () => {
    const sizes: number[] = [];
    const double = createBatch(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items.map((item) => 2 * item);
    });
    const numbers = Array.from({ length: 250 }, (_, index) => index);
    expect(await Promise.all(numbers.map(double))).toEqual(numbers.map((number) => 2 * number));
    expect(sizes).toEqual([100, 100, 50]);
    const afterwards = Promise.resolve().then(() => double(1));
    expect(await Promise.all([double(2), afterwards])).toEqual([4, 2]);
    expect(sizes.slice(3)).toEqual([2]);
  });

  it('fails as a whole, and the next one does not', async () => {
    let isBroken = true;
    const batch = createBatch(async (items: readonly string[]) => {
      if (isBroken) throw new Error('broken');
      return items;
    });
    const failed = await Promise.allSettled([batch('a'), batch('b')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await batch('c')).toBe('c');
  });
});

describe('a queue by key', () => {
  const never = new AbortController().signal;

  it('serves callers of a key in order, and lets no more wait than it may', async () => {
    const queue = createKeyedQueue();
    let waits = 0;
    const enter = (key: string, signal = never) => queue.enter(key, 2, () => waits++, signal);
    const first = await enter('a');
    const other = await enter('b');
    const order: string[] = [];
    const leaving = new AbortController();
    const second = enter('a', leaving.signal);
    const third = enter('a').then((release) => {
      order.push('third');
      return release;
    });
    expect([waits, await enter('a'), waits]).toEqual([2, null, 2]);
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    await expect(enter('c', leaving.signal)).rejects.toThrow('gone');
    const fourth = enter('a');
    expect(order).toEqual([]);
    first?.();
    (await third)?.();
    (await fourth)?.();
    other?.();
    expect(await queue.enter('a', 0, () => waits++, never)).toBeInstanceOf(Function);
    expect(waits).toBe(3);
  });
});

it('a throttle counts calls by key within a window that slides', async () => {
  const clock = createFakeClock();
  const throttle = createThrottle(clock, 2, 1_000);
  expect(throttle.countCall('a')).toBe(0);
  await clock.advance(400);
  expect([
    throttle.countCall('a'),
    throttle.countCall('a'),
    throttle.countCall('b'),
    throttle.countCall(),
  ]).toEqual([0, 600, 0, 0]);
  await clock.advance(599);
  expect(throttle.countCall('a')).toBe(1);
  await clock.advance(1);
  expect([throttle.countCall('a'), throttle.countCall('a')]).toEqual([0, 400]);
});

describe('a write that must succeed', () => {
  function setUp(mayRetry?: (error: unknown) => boolean) {
    const clock = createFakeClock();
    const logged: object[] = [];
    const log = pino({}, { write: (line) => void logged.push(JSON.parse(line)) });
    const words = { retried: 'retrying', givenUp: 'gave up' };
    const writes = createLateWrites({ clock, log, words, ...(mayRetry && { mayRetry }) });
    const startMs = clock.now();
    const times: number[] = [];
    let failures = Number.POSITIVE_INFINITY;
    const write = async () => {
      times.push(clock.now() - startMs);
      if (times.length <= failures) throw new Error('no store');
    };
    const failFor = (count: number) => {
      failures = count;
    };
    return { clock, logged, writes, write, times, failFor };
  }

  it('is tried again after 1, 2, 4, … and at most 30 seconds, and logged once', async () => {
    const { clock, logged, writes, write, times, failFor } = setUp();
    failFor(8);
    await writes.write('w1', write);
    await clock.advance(300_000);
    // The first try of the background comes at once.
    expect(times.map((ms) => ms / 1_000)).toEqual([0, 0, 1, 3, 7, 15, 31, 61, 91]);
    expect(logged).toMatchObject([{ level: 40, id: 'w1', msg: 'retrying', err: { message: 'no store' } }]);
    expect(clock.pending).toBe(0);
    await writes.stop();
  });

  it('is tried once more when the process stops, and given up then', async () => {
    const { clock, logged, writes, write, times } = setUp();
    await writes.write('w1', write);
    await clock.advance(0);
    expect(writes.signal.aborted).toBe(false);
    await writes.stop();
    expect(times).toHaveLength(3);
    expect(logged.at(-1)).toMatchObject({
      level: 50,
      id: 'w1',
      msg: 'gave up',
      err: { message: 'no store' },
    });
    await writes.pause(1_000);
    expect(clock.pending).toBe(0);
  });

  it('is not tried again after a fault that may not pass', async () => {
    const { logged, writes, write, times } = setUp(() => false);
    await expect(writes.write('w1', write)).rejects.toThrow('no store');
    await expect(writes.untilStored(write)).rejects.toThrow('no store');
    expect([times.length, logged]).toEqual([2, []]);
  });
});

describe('waitInLine', () => {
  it('leaves the line when the signal aborts, and never after the grant', async () => {
    const line: (() => void)[] = [];
    const join = (grant: () => void) => {
      line.push(grant);
      return () => line.splice(line.indexOf(grant), 1);
    };
    const first = new AbortController();
    const second = new AbortController();
    const granted = waitInLine(first.signal, join);
    const left = waitInLine(second.signal, join);
    second.abort('gone');
    await expect(left).rejects.toBe('gone');
    expect(line).toHaveLength(1);
    line[0]?.();
    first.abort();
    await expect(granted).resolves.toBeUndefined();
    expect(line).toHaveLength(1);
    await expect(waitInLine(first.signal, join)).rejects.toBe(first.signal.reason);
    expect(line).toHaveLength(1);
  });

  it('may be granted while it joins', async () => {
    await expect(
      waitInLine<number>(undefined, (grant) => {
        grant(7);
        return () => {};
      }),
    ).resolves.toBe(7);
  });
});

describe('readBody', () => {
  async function* parts(...texts: Buffer[]): AsyncGenerator<Buffer> {
    yield* texts;
  }

  it('joins characters that came in pieces, and takes no more than it may', async () => {
    const bytes = Buffer.from('a€😀');
    const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(await readBody(parts(...pieces), 8)).toBe('a€😀');
    expect(await readBody(parts(...pieces), 7)).toBeNull();
    expect(await readBody(parts(), 7)).toBe('');
  });
});

it.each([
  ['an object', asObject, [{}, { a: 1 }], [null, [], 'a', 1]],
  ['an array', asArray, [[1], ['a', null]], []],
  ['text', asText, ['a', ' '], ['', 1, null, {}]],
  ['a count', asCount, [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, 2 ** 53, Number.NaN, '1', null]],
])('%s is taken from JSON if it is one', (_, read: (value: unknown) => unknown, good, bad) => {
  expect(good.map(read)).toEqual(good);
  for (const value of bad) expect(read(value)).toBeNull();
});

it('JSON that does not parse is undefined, and what is no array an empty one', () => {
  expect([parseJson('{"a":[1]}'), parseJson('{')]).toEqual([{ a: [1] }, undefined]);
  expect([asArray('a'), asArray({ length: 1 })]).toEqual([[], []]);
});
