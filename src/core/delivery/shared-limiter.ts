import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { createRunning } from '../kit/tasks.ts';
import type { Scope } from '../ports/scope.ts';
import { type PaceStore, StoreError } from '../ports/store.ts';

/** Limits that are kept together with other processes, as long as the store answers; without it, each goes by its own count. */
export interface SharedLimiter {
  /**
   * Resolves to a write that may go and counts from now on, or to the milliseconds after which to ask again. With a gap it is
   * an interim update: processes take turns so far apart, and leave the scope's reserve. Never rejects; takes half a
   * second at most.
   */
  begin(scope: Scope, gapMs: number | null): Promise<SharedWrite | number>;
  /** Nothing is to begin for so long: the platform said so. */
  block(scope: Scope, ms: number): void;
  /** Resolves when the store has heard of everything. */
  stop(): Promise<void>;
}

export interface SharedWrite {
  /** It has ended and counts for so long; 0 where it did not happen. */
  end(countsMs: number): void;
}

/** Redis answers within a millisecond or so. No answer's text waits longer for what others write. */
const PATIENCE_MS = 500;
/** After a fault the store is asked again, by one write. */
const RETRY_AFTER_MS = 5_000;
const LONGEST_WRITE_MS = 15_000;

export function createSharedLimiter(
  store: PaceStore,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): SharedLimiter {
  const owner = randomUUID();
  const telling = createRunning();
  /** When the store is asked again; null while all is well. */
  let retryAtMs: number | null = null;

  function failed(error: unknown): void {
    if (retryAtMs === null) {
      log.warn({ err: error }, 'limits cannot be kept with other processes; each goes by its own count');
    }
    retryAtMs = clock.now() + RETRY_AFTER_MS;
  }

  async function ask<T>(answer: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const late = async () => {
      await clock.sleep(PATIENCE_MS, answered.signal);
      // Where this process itself was held up, the answer is there and only has to be read.
      await setImmediate();
      throw new StoreError(`no answer within ${PATIENCE_MS} ms`);
    };
    try {
      return await Promise.race([answer, late()]);
    } finally {
      answered.abort();
    }
  }

  function tell(step: () => Promise<void>): void {
    if (retryAtMs !== null) return;
    telling.add(step().catch(failed));
  }

  return {
    async begin({ key, limit, windowMs, reserve = 0, longestMs: leaseMs = LONGEST_WRITE_MS }, gapMs) {
      const id = randomUUID();
      const write: SharedWrite = { end: (countsMs) => tell(() => store.end(key, id, countsMs)) };
      if (retryAtMs !== null) {
        if (clock.now() < retryAtMs) return write;
        retryAtMs = clock.now() + RETRY_AFTER_MS;
      }
      const rate = { limit: gapMs === null ? limit : Math.max(1, limit - reserve), gapMs };
      try {
        const waitMs = await ask(store.begin({ key, id, owner, windowMs, leaseMs, ...rate }));
        if (retryAtMs !== null) log.info('limits are kept with other processes again');
        retryAtMs = null;
        return waitMs === 0 ? write : waitMs;
      } catch (error) {
        failed(error);
        return write;
      }
    },
    block: ({ key }, ms) => tell(() => store.block(key, ms)),
    stop: () => telling.settled(),
  };
}
