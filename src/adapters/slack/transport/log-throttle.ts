import type { Clock } from '../../../core/kit/clock.ts';

/** So many in any window, and none that waits: for what is left out rather than done late. */
export interface LogThrottle {
  take(): boolean;
}

export function createLogThrottle(clock: Clock, limit: number, windowMs: number): LogThrottle {
  const takenAtMs: number[] = [];
  return {
    take() {
      const beforeMs = clock.now() - windowMs;
      while (takenAtMs[0] !== undefined && takenAtMs[0] <= beforeMs) takenAtMs.shift();
      if (takenAtMs.length >= limit) return false;
      takenAtMs.push(clock.now());
      return true;
    },
  };
}
