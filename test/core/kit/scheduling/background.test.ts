import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBackground } from '../../../../src/core/kit/scheduling/background.ts';

function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('a background queue', () => {
  it('runs jobs in their order, all within one turn if there is time', async () => {
    const ran: number[] = [];
    const queue = createBackground<number>(1_000, (job) => ran.push(job));
    for (const job of [1, 2, 3]) queue(job);
    expect(ran).toEqual([]);
    await nextTurn();
    expect(ran).toEqual([1, 2, 3]);
  });

  it('leaves what exceeds the budget to later turns, in which other work comes first', async () => {
    const ran: string[] = [];
    const queue = createBackground<string>(5, (job) => {
      ran.push(job);
      work(10);
    });
    for (const job of ['a', 'b', 'c']) queue(job);
    for (const turn of ['turn 1', 'turn 2', 'turn 3']) {
      await nextTurn();
      ran.push(turn);
    }
    expect(ran).toEqual(['a', 'turn 1', 'b', 'turn 2', 'c', 'turn 3']);
  });

  it('counts what continues after a job, however many promises later', async () => {
    const ran: string[] = [];
    const queue = createBackground<() => void>(5, (resolve) => resolve());
    const begin = async (name: string) => {
      await new Promise<void>(queue);
      await Promise.resolve().then(() => {});
      ran.push(name);
      work(10);
    };
    const all = Promise.all(['a', 'b'].map(begin));
    await nextTurn();
    expect(ran).toEqual(['a']);
    await all;
    expect(ran).toEqual(['a', 'b']);
  });

  it('runs a job once that the only one before it queues', async () => {
    const ran: string[] = [];
    const queue = createBackground<string>(1_000, (job) => {
      ran.push(job);
      if (job === 'a') queue('b');
    });
    queue('a');
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    expect(ran).toEqual(['a', 'b']);
  });

  it('keeps a job that is queued meanwhile for the next turn', async () => {
    const ran: string[] = [];
    const queue = createBackground<string>(1_000, (job) => {
      ran.push(job);
      if (job === 'a') queue('later');
    });
    queue('a');
    queue('b');
    await nextTurn();
    expect(ran).toEqual(['a', 'b']);
    await nextTurn();
    expect(ran).toEqual(['a', 'b', 'later']);
  });
});
