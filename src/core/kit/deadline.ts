import type { Clock } from './clock.ts';
import { OVER } from './over.ts';

/** A limit on waiting that ends the work itself. Starts running at once. */
export interface Deadline {
  /** Aborts with the outer signal's reason, or with the limit's own once it is over. */
  readonly signal: AbortSignal;
  /** Something came: until `restart` or `resume` no time counts, however long the reader takes over it. */
  pause(): void;
  /** The wait goes on, with what is left of its limit. */
  resume(): void;
  /** A new wait begins, with the whole limit before it: the one given, which holds from then on, or else the last one. */
  restart(limitMs?: number): void;
  /** Ends the watch; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/**
 * Watches a wait. Pausing and restarting cost an assignment: a single sleep is pending at any time, and it looks at the
 * newest wait when it wakes, so that a stream of a thousand chunks sets no thousand timers. Only a shorter limit wakes it.
 */
export function startDeadline(
  clock: Clock,
  firstLimitMs: number,
  outer: AbortSignal | null,
  createReason: () => Error,
): Deadline {
  const over = new AbortController();
  let isStopped = false;
  let limitMs = firstLimitMs;
  /** Null while paused. */
  let waitingSinceMs: number | null = clock.now();
  /** Of this wait, before the last pause. */
  let waitedMs = 0;
  let sleep = new AbortController();

  async function watch(): Promise<void> {
    while (!isStopped) {
      const leftMs = waitingSinceMs === null ? limitMs : waitingSinceMs + limitMs - waitedMs - clock.now();
      if (leftMs <= 0) return over.abort(createReason());
      const { signal } = sleep;
      try {
        await clock.sleep(leftMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        sleep = new AbortController();
      }
    }
  }

  const watching = watch();
  return {
    signal: outer === null ? over.signal : AbortSignal.any([outer, over.signal]),
    pause() {
      if (waitingSinceMs !== null) waitedMs += clock.now() - waitingSinceMs;
      waitingSinceMs = null;
    },
    resume() {
      waitingSinceMs ??= clock.now();
    },
    restart(newLimitMs = limitMs) {
      const isShorter = newLimitMs < limitMs;
      limitMs = newLimitMs;
      waitingSinceMs = clock.now();
      waitedMs = 0;
      if (isShorter) sleep.abort(OVER);
    },
    stop() {
      isStopped = true;
      sleep.abort(OVER);
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
    ended.abort(OVER);
  }
}
