import type { Clock } from '../time/clock.ts';

/** Allows `limit` calls per key within a sliding window of `windowMs` milliseconds. Callers never wait. */
export function createThrottle(clock: Clock, limit: number, windowMs: number) {
  const taken = new Map<string, number[]>();
  return {
    /** Counts a call and returns 0; if none is left, returns the milliseconds until one is. */
    countCall(key = ''): number {
      const nowMs = clock.now();
      for (const [each, times] of taken) {
        const inWindow = times.filter((atMs) => atMs > nowMs - windowMs);
        if (inWindow.length === 0) taken.delete(each);
        else taken.set(each, inWindow);
      }
      const times = taken.get(key) ?? [];
      const [oldest] = times;
      if (oldest !== undefined && times.length >= limit) return oldest + windowMs - nowMs;
      taken.set(key, [...times, nowMs]);
      return 0;
    },
  };
}
