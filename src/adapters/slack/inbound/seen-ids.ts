import type { Clock } from '../../../core/kit/clock.ts';

/** What was seen lately by this process. */
export interface SeenIds {
  /** Whether this is the first time, for as long as it is remembered. */
  isNew(id: string): boolean;
}

const MAX_REMEMBERED = 5_000;

export function createSeenIds(clock: Clock, ttlMs: number): SeenIds {
  const seen = new Map<string, number>();
  return {
    isNew(id) {
      const nowMs = clock.now();
      for (const [oldest, untilMs] of seen) {
        if (untilMs > nowMs && seen.size <= MAX_REMEMBERED) break;
        seen.delete(oldest);
      }
      if (seen.has(id)) return false;
      seen.set(id, nowMs + ttlMs);
      return true;
    },
  };
}
