import type { Clock } from '../../../core/kit/clock.ts';

/** So many in any window, and none that waits: for what is left out rather than done late. */
export interface Allowance {
  take(): boolean;
}

export function createAllowance(clock: Clock, limit: number, windowMs: number): Allowance {
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
