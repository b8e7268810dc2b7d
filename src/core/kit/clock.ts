import { waitInLine } from './waiters.ts';

/** Time as an argument, so that tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Does not hold the process open. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    waitInLine(signal, (wake) => {
      const timer = setTimeout(wake, ms).unref();
      return () => clearTimeout(timer);
    }),
};

/** As `systemClock`, but it never jumps, whatever is done to the computer's clock: for what counts time and names no date. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };
