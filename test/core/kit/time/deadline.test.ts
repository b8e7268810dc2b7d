import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { Deadline } from '../../../../src/core/kit/time/deadline.ts';
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
