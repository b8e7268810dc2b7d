import { waitInLine } from './waiters.ts';

/** Time as an argument, so that tests control it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Does not hold the process open. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The computer's clock. It jumps if somebody sets it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    waitInLine(signal, (wake) => {
      const timer = setTimeout(wake, Math.max(0, ms)).unref();
      return () => clearTimeout(timer);
    }),
};

/** Never jumps, even if the computer's clock is set. For durations, not for dates. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };
