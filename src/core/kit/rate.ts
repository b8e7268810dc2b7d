import type { Clock } from './clock.ts';
import { waitInLine } from './waiters.ts';

/** Bounds how often a whole process does something that is cheap once and dear a thousand times: first come, first served. */
export interface Pace {
  /**
   * Resolves when it is the caller's turn, or as soon as it has become urgent: what is urgent neither waits nor counts. Rejects with
   * the signal's reason if it aborts before.
   */
  enter(waiting?: Waiting): Promise<void>;
  /** Says that what waits under this key may have become urgent. */
  hurry(key: string): void;
}

export interface Waiting {
  readonly key: string;
  isUrgent(): boolean;
  readonly signal: AbortSignal;
}

export interface PaceOptions {
  readonly perSecond: number;
  /** So many may go at once, if they come together by chance or the event loop was held up. */
  readonly atOnce: number;
}

interface Waiter {
  readonly waiting: Waiting | undefined;
  grant(): void;
}

export function createPace(clock: Clock, { perSecond, atOnce }: PaceOptions): Pace {
  const gapMs = 1_000 / perSecond;
  const waiters = new Set<Waiter>();
  let nextAtMs = clock.now();
  let isAsleep = false;

  /** Whether there is room now; takes it. */
  function take(): boolean {
    const nowMs = clock.now();
    // A clock that was turned back must not make anybody wait for it.
    nextAtMs = Math.min(Math.max(nextAtMs, nowMs - (atOnce - 1) * gapMs), nowMs + gapMs);
    if (nextAtMs > nowMs) return false;
    nextAtMs += gapMs;
    return true;
  }

  function serve(): void {
    for (const waiter of waiters) {
      if (!waiter.waiting?.isUrgent() && !take()) break;
      waiter.grant();
    }
    if (waiters.size === 0 || isAsleep) return;
    isAsleep = true;
    void clock.sleep(Math.max(0, nextAtMs - clock.now())).then(() => {
      isAsleep = false;
      serve();
    });
  }

  return {
    async enter(waiting) {
      if (waiting?.isUrgent() || (waiters.size === 0 && take())) return;
      await waitInLine(waiting?.signal, (grant) => {
        const waiter: Waiter = {
          waiting,
          grant() {
            waiters.delete(waiter);
            grant();
          },
        };
        waiters.add(waiter);
        serve();
        return () => waiters.delete(waiter);
      });
    },
    hurry(key) {
      for (const waiter of waiters) {
        if (waiter.waiting?.key === key && waiter.waiting.isUrgent()) waiter.grant();
      }
    },
  };
}
