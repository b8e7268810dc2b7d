import type { Logger } from 'pino';
import type { Clock } from '../time/clock.ts';
import { createRunning } from './tasks.ts';

export interface LateWritesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a fault may pass. By default all may. */
  readonly mayRetry?: (error: unknown) => boolean;
  /** Log messages: `retried` is a warning at the first fault, `givenUp` an error at the last. */
  readonly words: { readonly retried: string; readonly givenUp: string };
}

/** The wait doubles with each try. */
const RETRY_AFTER_MS = { first: 1_000, most: 30_000 };

export type LateWrites = ReturnType<typeof createLateWrites>;

/** Writes that must succeed in the end, however long the store is away. A fault that `mayRetry` rejects ends one at once. */
export function createLateWrites({ clock, log, mayRetry = () => true, words }: LateWritesOptions) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = createRunning();

  const pause = (ms: number) => clock.sleep(ms, signal).catch(() => {});

  /**
   * Tries until the write succeeds. After `stop` it tries once more.
   * @throws the last fault, after `stop` or if `mayRetry` rejects it
   */
  async function untilStored(write: () => Promise<unknown>): Promise<void> {
    for (let waitMs = RETRY_AFTER_MS.first; ; waitMs = Math.min(2 * waitMs, RETRY_AFTER_MS.most)) {
      const last = signal.aborted;
      try {
        await write();
        return;
      } catch (error) {
        if (last || !mayRetry(error)) throw error;
      }
      await pause(waitMs);
    }
  }

  /** Runs work that ends with such a write in the background. */
  function inBackground(id: string, work: () => Promise<void>): void {
    running.add(work().catch((error: unknown) => log.error({ err: error, id }, words.givenUp)));
  }

  return {
    /** Aborts on `stop`. */
    signal,
    /** Sleeps for `ms` or until `stop`, whichever comes first. Never rejects. */
    pause,
    untilStored,
    inBackground,
    /**
     * Tries once while the caller waits, then goes on in the background.
     * @throws a fault of the first try that `mayRetry` rejects
     */
    async write(id: string, write: () => Promise<unknown>): Promise<void> {
      try {
        await write();
      } catch (error) {
        if (!mayRetry(error)) throw error;
        log.warn({ err: error, id }, words.retried);
        inBackground(id, () => untilStored(write));
      }
    },
    /** Tries everything that is pending once more; resolves when nothing is left. */
    async stop(): Promise<void> {
      stopping.abort();
      await running.settled();
    },
  };
}
