import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { createRunning } from './tasks.ts';

/** Writes that have to stand in the end, however long a store is away. A fault that `mayRetry` turns down ends a write at once. */
export interface LateWrites {
  /** Aborts on `stop`. */
  readonly signal: AbortSignal;
  /** Tries once while the caller waits, and goes on in the background. @throws what `mayRetry` turns down */
  write(id: string, write: () => Promise<unknown>): Promise<void>;
  /** Runs in the background what ends with such a write. */
  inBackground(id: string, work: () => Promise<void>): void;
  /** Tries until the write stands; after `stop` once more, and no longer. @throws what it failed of last */
  untilStored(write: () => Promise<unknown>): Promise<void>;
  /** Sleeps, at most until `stop`. Never rejects. */
  pause(ms: number): Promise<void>;
  /** Tries once more what is under way, and resolves when nothing is. */
  stop(): Promise<void>;
}

export interface LateWritesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** All faults by default. */
  readonly mayRetry?: (error: unknown) => boolean;
  /** Logged with the id: a warning with the first fault, an error with the last. */
  readonly words: { readonly retried: string; readonly givenUp: string };
}

/** Doubled with each try. */
const RETRY_AFTER_MS = { first: 1_000, most: 30_000 };

export function createLateWrites({
  clock,
  log,
  mayRetry = () => true,
  words,
}: LateWritesOptions): LateWrites {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = createRunning();

  const pause = (ms: number) => clock.sleep(ms, signal).catch(() => {});

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

  function inBackground(id: string, work: () => Promise<void>): void {
    running.add(work().catch((error: unknown) => log.error({ err: error, id }, words.givenUp)));
  }

  return {
    signal,
    pause,
    untilStored,
    inBackground,
    async write(id, write) {
      try {
        await write();
      } catch (error) {
        if (!mayRetry(error)) throw error;
        log.warn({ err: error, id }, words.retried);
        inBackground(id, () => untilStored(write));
      }
    },
    async stop() {
      stopping.abort();
      await running.settled();
    },
  };
}
