import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../src/core/kit/body.ts';
import { asArray, asCount, asObject, asText, parseJson } from '../../../src/core/kit/json.ts';
import { createTasks, TasksInTurn } from '../../../src/core/kit/scheduling/tasks.ts';
import { waitInLine } from '../../../src/core/kit/time/waiters.ts';

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
