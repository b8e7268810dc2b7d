import { waitInLine } from './waiters.ts';

/** Time as an argument, so that tests control it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `run` after `ms`, unless the returned function is called before. Does not hold the process open. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Does not hold the process open. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A clock whose `sleep` waits for `after`. */
export function clockOf(base: Pick<Clock, 'now' | 'after'>): Clock {
  return { ...base, sleep: (ms, signal) => waitInLine(signal, (wake) => base.after(ms, wake)) };
}

/** The computer's clock. It jumps if somebody sets it. */
export const systemClock = clockOf({
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.max(0, ms)).unref();
    return () => clearTimeout(timer);
  },
});

/** Never jumps, even if the computer's clock is set. For durations, not for dates. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };
