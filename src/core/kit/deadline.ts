import type { Clock } from './clock.ts';

/** A limit on waiting that ends the work itself. Starts running at once. */
export interface Deadline {
  /** Aborts with the outer signal's reason, or with the limit's own once it is over. */
  readonly signal: AbortSignal;
  /** Something came: until `restart` no time counts, however long the reader takes over it. */
  pause(): void;
  /** A new wait begins, with the whole limit before it. */
  restart(): void;
  /** Ends the watch; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/**
 * Watches a wait. Pausing and restarting cost an assignment: a single sleep is pending at any time, and it looks at the
 * newest wait when it wakes, so that a stream of a thousand chunks sets no thousand timers.
 */
export function startDeadline(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal | null,
  createReason: () => Error,
): Deadline {
  const over = new AbortController();
  const stopped = new AbortController();
  let waitingSinceMs: number | null = clock.now();

  async function watch(): Promise<void> {
    try {
      for (;;) {
        const leftMs = waitingSinceMs === null ? limitMs : waitingSinceMs + limitMs - clock.now();
        if (leftMs <= 0) return over.abort(createReason());
        await clock.sleep(leftMs, stopped.signal);
      }
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
    }
  }

  const watching = watch();
  return {
    signal: outer === null ? over.signal : AbortSignal.any([outer, over.signal]),
    pause() {
      waitingSinceMs = null;
    },
    restart() {
      waitingSinceMs = clock.now();
    },
    stop() {
      stopped.abort();
      return watching;
    },
  };
}

/** Resolves when the work has ended or `ms` are over, whichever comes first; the work goes on. Rejects where the work does in time. */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([work, clock.sleep(ms, ended.signal).catch(() => {})]);
  } finally {
    ended.abort();
  }
}
