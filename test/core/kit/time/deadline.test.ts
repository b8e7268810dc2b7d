import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { steadyClock, systemClock } from '../../../../src/core/kit/time/clock.ts';
import { Deadline, waitAtMost } from '../../../../src/core/kit/time/deadline.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

it('a deadline that has ended leaves neither a timer nor a listener to the signal around it', () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const deadline = new Deadline(clock, 1_000, signal, () => new Error('late'));
  deadline.stop();
  expect(clock.pending).toBe(0);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  deadline.restart(1);
  deadline.restart(-1 - clock.now());
  expect(clock.pending).toBe(0);
  expect(deadline.signal.aborted).toBe(false);
});

it('a deadline ends the work after its limit, which a pause stops and a restart sets anew', async () => {
  const clock = createFakeClock();
  const deadline = new Deadline(clock, 1_000, null, () => new Error('late'));
  const { signal } = deadline;
  await clock.advance(400);
  expect(deadline.pause()).toBe(400);
  await clock.advance(5_000);
  deadline.restart();
  await clock.advance(999);
  expect([signal.aborted, clock.pending]).toEqual([false, 1]);
  deadline.restart(300);
  await clock.advance(299);
  expect(signal.aborted).toBe(false);
  deadline.restart();
  await clock.advance(299);
  expect(signal.aborted).toBe(false);
  await clock.advance(1);
  expect([signal.aborted, signal.reason.message, clock.pending]).toEqual([true, 'late', 0]);
});

it('a deadline ends with the signal around it, and at once if that has ended', () => {
  const clock = createFakeClock();
  const outer = new AbortController();
  const [before, stopped] = [0, 1].map(
    () => new Deadline(clock, 1_000, outer.signal, () => new Error('late')),
  );
  stopped?.stop();
  outer.abort('over');
  const after = new Deadline(clock, 1_000, outer.signal, () => new Error('late'));
  expect([before, stopped, after].map((each) => each?.signal.reason)).toEqual(['over', undefined, 'over']);
  const none = new Deadline(clock, 0, null, () => new Error('late'));
  expect(none.signal.reason.message).toBe('late');
});

it('work is waited for until it ends or the time is up, and no timer is left', async () => {
  const clock = createFakeClock();
  expect(await waitAtMost(clock, 100, Promise.resolve('done'))).toBe('done');
  await expect(waitAtMost(clock, 100, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(clock.pending).toBe(0);
  const waiting = waitAtMost(clock, 100, new Promise(() => {}));
  await clock.advance(99);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect(await waiting).toBeUndefined();
});

it("the computer's clock tells the time since 1970, the steady one since the start, and both wait", async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  expect(Math.abs(steadyClock.now() - performance.now())).toBeLessThan(1_000);
  const order: string[] = [];
  const sleep = async (ms: number) => {
    await systemClock.sleep(ms);
    order.push(String(ms));
  };
  await Promise.all([sleep(20), sleep(-5)]);
  expect(order).toEqual(['-5', '20']);
});
