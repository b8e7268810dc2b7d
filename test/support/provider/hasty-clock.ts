import { type Clock, clockOf } from '../../../src/core/kit/time/clock.ts';

/** A clock on which waits of up to 30 s pass at once, and are recorded; longer ones last until they are aborted. */
export interface HastyClock extends Clock {
  /** The waits that passed, in milliseconds. */
  readonly waits: readonly number[];
}

const LONGEST_WAIT_MS = 30_000;

export function createHastyClock(startMs = Date.UTC(2026, 0, 1)): HastyClock {
  let nowMs = startMs;
  const waits: number[] = [];
  const clock = clockOf({
    now: () => nowMs,
    after(ms, run) {
      if (ms > LONGEST_WAIT_MS) return () => {};
      waits.push(ms);
      nowMs += ms;
      run();
      return () => {};
    },
  });
  return { ...clock, waits };
}
