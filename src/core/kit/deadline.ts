import type { Clock } from './clock.ts';
import { OVER } from './over.ts';

export type Deadline = ReturnType<typeof startDeadline>;

/**
 * Starts a time limit on waiting, which ends the work itself. Pausing and restarting only assign variables: a single sleep is
 * pending at any time, and it checks the newest wait when it wakes. So a stream of a thousand chunks sets no thousand timers.
 * Only a shorter limit wakes it early.
 *
 * @param createReason makes the abort reason when the time is up
 */
export function startDeadline(
  clock: Clock,
  firstLimitMs: number,
  outer: AbortSignal | null,
  createReason: () => Error,
) {
  const over = new AbortController();
  let isStopped = false;
  let limitMs = firstLimitMs;
  /** Null while paused. */
  let waitingSinceMs: number | null = clock.now();
  /** Time of this wait before the last pause. */
  let waitedMs = 0;
  let sleep = new AbortController();
  // Not `AbortSignal.any`: its sets, weak references and finalizers cost more than all else here.
  const follow = () => over.abort(outer?.reason);
  if (outer?.aborted) follow();
  else outer?.addEventListener('abort', follow, { once: true });

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
    /** Aborts with the outer signal's reason, or with the deadline's own when the time is up. Not after `stop`. */
    signal: over.signal,
    /** Stops the time until `restart` or `resume`: something arrived, and its reader may take as long as it likes. */
    pause(): void {
      if (waitingSinceMs !== null) waitedMs += clock.now() - waitingSinceMs;
      waitingSinceMs = null;
    },
    /** Continues the wait with the time that is left. */
    resume(): void {
      waitingSinceMs ??= clock.now();
    },
    /** Starts a new wait with the full limit. A `limitMs` given here replaces the limit from now on. */
    restart(newLimitMs = limitMs): void {
      const isShorter = newLimitMs < limitMs;
      limitMs = newLimitMs;
      waitingSinceMs = clock.now();
      waitedMs = 0;
      if (isShorter) sleep.abort(OVER);
    },
    /** Ends the deadline; resolves when its timer is gone. */
    stop(): Promise<void> {
      isStopped = true;
      outer?.removeEventListener('abort', follow);
      sleep.abort(OVER);
      return watching;
    },
  };
}

/**
 * Resolves to the work's result, or to undefined after `ms`, whichever comes first; the work goes on. Rejects if the work
 * fails in time.
 */
export async function waitAtMost<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  const ended = new AbortController();
  try {
    return await Promise.race([
      work,
      clock
        .sleep(ms, ended.signal)
        .catch(() => {})
        .then(() => undefined),
    ]);
  } finally {
    ended.abort(OVER);
  }
}
