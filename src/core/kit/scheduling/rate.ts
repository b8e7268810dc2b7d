import type { Clock } from '../time/clock.ts';
import { waitInLine } from '../time/waiters.ts';

export interface Waiting {
  readonly key: string;
  isUrgent(): boolean;
  readonly signal: AbortSignal;
}

export interface RateOptions {
  readonly perSecond: number;
  /** Callers that may pass at once, if they arrive together or the event loop was blocked. At least 1. */
  readonly atOnce: number;
}

interface Waiter {
  readonly waiting: Waiting | undefined;
  grant(): void;
}

export type Rate = ReturnType<typeof createRate>;

/**
 * Process-wide rate limit, first come, first served; urgent callers skip the queue. For work that is cheap once and
 * expensive a thousand times.
 *
 * @param options `perSecond`: callers per second, on average
 */
export function createRate(clock: Clock, { perSecond, atOnce }: RateOptions) {
  const gapMs = 1_000 / perSecond;
  const waiters = new Set<Waiter>();
  let nextAtMs = clock.now();
  let isAsleep = false;

  /** Takes a place if one is free now. */
  function takePlace(): boolean {
    const nowMs = clock.now();
    // A clock that was set back must not delay anybody.
    nextAtMs = Math.min(Math.max(nextAtMs, nowMs - (atOnce - 1) * gapMs), nowMs + gapMs);
    if (nextAtMs > nowMs) return false;
    nextAtMs += gapMs;
    return true;
  }

  function letGo(waiter: Waiter): void {
    waiters.delete(waiter);
    waiter.grant();
  }

  function serve(): void {
    for (const waiter of waiters) {
      if (!waiter.waiting?.isUrgent() && !takePlace()) break;
      letGo(waiter);
    }
    if (waiters.size === 0 || isAsleep) return;
    isAsleep = true;
    void clock.sleep(Math.max(0, nextAtMs - clock.now())).then(() => {
      isAsleep = false;
      serve();
    });
  }

  return {
    /**
     * Resolves when it is the caller's turn. An urgent caller resolves at once and does not count, even if it became urgent
     * while waiting. Rejects with the signal's reason if that aborts first.
     */
    enter(waiting?: Waiting): Promise<void> {
      if (waiting?.isUrgent() || (waiters.size === 0 && takePlace())) return Promise.resolve();
      return waitInLine(waiting?.signal, (grant) => {
        const waiter: Waiter = { waiting, grant };
        waiters.add(waiter);
        serve();
        return () => waiters.delete(waiter);
      });
    },
    /** Lets callers that wait under this key check again whether they are urgent. */
    hurry(key: string): void {
      for (const waiter of waiters) {
        if (waiter.waiting?.key === key && waiter.waiting.isUrgent()) letGo(waiter);
      }
    },
  };
}
