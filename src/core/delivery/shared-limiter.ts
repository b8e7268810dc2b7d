import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { OVER } from '../kit/over.ts';
import { repeat } from '../kit/repeat.ts';
import { createRunning } from '../kit/tasks.ts';
import { DEFAULT_DUE_MS, type Scope } from '../ports/scope.ts';
import { type EndedWrite, type PaceStore, StoreError } from '../ports/store.ts';

/**
 * Rate limits shared with other processes through the store. While the store does not answer, each process goes by its own
 * count.
 */
export interface SharedLimiter {
  /**
   * Resolves to a write that may go now and counts from now on, or to the milliseconds after which to ask again. With a gap
   * it is an interim update: processes take turns, that far apart, and leave the scope's reserve. Never rejects; takes at
   * most half a second.
   */
  beginWrite(scope: Scope, gapMs: number | null): Promise<SharedWrite | number>;
  /**
   * Keeps room for a last write, over all processes; or resolves to the milliseconds after which to ask again. Never rejects;
   * takes at most half a second.
   */
  owe(scope: Scope): Promise<SharedOwed | number>;
  /** Lets no write begin for `ms`, as the platform asked. */
  block(scope: Scope, ms: number): void;
  /** Resolves when everything has been reported to the store. */
  stop(): Promise<void>;
}

export interface SharedWrite {
  /** Ends the write, which counts for `countsMs` more; 0 if it did not happen. */
  end(countsMs: number): void;
}

export interface SharedOwed {
  /** The room is used, or not needed. */
  release(): void;
}

/** Redis answers within about a millisecond. No answer waits longer than this for others' writes. */
const PATIENCE_MS = 500;
/** After a fault, one write asks the store again after this time. */
const RETRY_AFTER_MS = 5_000;
const LONGEST_WRITE_MS = 15_000;
/**
 * The end of a write is sent with the next write of its limit, if one begins within this time. It is far below any window, in which
 * the write counts anyway.
 */
const HOLD_ENDS_MS = 200;
/** The room of a dead process is free after this time. */
const OWED_LEASE_MS = 20_000;
const RENEW_OWED_EVERY_MS = 5_000;

export function createSharedLimiter(
  store: PaceStore,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): SharedLimiter {
  const owner = randomUUID();
  const telling = createRunning();
  /** The time to ask the store again; null while all is well. */
  let retryAtMs: number | null = null;

  function failed(error: unknown): void {
    if (retryAtMs === null) {
      log.warn(
        { err: error },
        'rate limits are not shared with other processes right now; each goes by its own count',
      );
    }
    retryAtMs = clock.now() + RETRY_AFTER_MS;
    unheard.clear();
  }

  async function ask<T>(answer: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const late = async () => {
      await clock.sleep(PATIENCE_MS, answered.signal);
      // If this process itself was blocked, the store's answer is here and only has to be read.
      await setImmediate();
      throw new StoreError(`no answer within ${PATIENCE_MS} ms`);
    };
    try {
      return await Promise.race([answer, late()]);
    } finally {
      answered.abort(OVER);
    }
  }

  function tell(step: () => Promise<void>): void {
    if (retryAtMs !== null) return;
    telling.add(step().catch(failed));
  }

  const stopping = new AbortController();
  /** Ends of writes that the store does not know yet, by limit. */
  const unheard = new Map<string, { readonly id: string; readonly untilMs: number }[]>();

  function endsOf(key: string): EndedWrite[] {
    const ends = unheard.get(key) ?? [];
    unheard.delete(key);
    return ends.map(({ id, untilMs }) => ({ id, countsMs: Math.max(0, untilMs - clock.now()) }));
  }

  function end(key: string, id: string, countsMs: number): void {
    if (countsMs === 0) {
      tell(() => store.end(key, [{ id, countsMs }]));
      return;
    }
    const ends = unheard.get(key) ?? [];
    ends.push({ id, untilMs: clock.now() + countsMs });
    if (ends.length > 1) return;
    unheard.set(key, ends);
    tell(async () => {
      await clock.sleep(HOLD_ENDS_MS, stopping.signal).catch(() => {});
      const left = endsOf(key);
      if (left.length > 0) await store.end(key, left);
    });
  }

  /** Room that this process keeps, by id. */
  const owed = new Map<string, Scope>();
  const oweFor = (id: string, { key, limit, windowMs, dueMs = DEFAULT_DUE_MS }: Scope) =>
    store.owe({ key, id, limit, windowMs, dueMs, leaseMs: OWED_LEASE_MS });
  const renewing = repeat(
    'keeping room for last states',
    RENEW_OWED_EVERY_MS,
    async () => {
      if (retryAtMs === null) await Promise.all([...owed].map(([id, scope]) => oweFor(id, scope)));
    },
    { clock, log },
  );

  return {
    async owe(scope) {
      const id = randomUUID();
      if (retryAtMs !== null) return { release() {} };
      const waitMs = await ask(oweFor(id, scope)).catch((error: unknown) => {
        failed(error);
        return 0;
      });
      if (waitMs > 0) return waitMs;
      owed.set(id, scope);
      return {
        release() {
          owed.delete(id);
          tell(() => store.endDebt(scope.key, id));
        },
      };
    },
    async beginWrite({ key, limit, windowMs, reserve = 0, longestMs: leaseMs = LONGEST_WRITE_MS }, gapMs) {
      const id = randomUUID();
      const write: SharedWrite = { end: (countsMs) => end(key, id, countsMs) };
      if (retryAtMs !== null) {
        if (clock.now() < retryAtMs) return write;
        retryAtMs = clock.now() + RETRY_AFTER_MS;
      }
      const rate = { limit: gapMs === null ? limit : Math.max(1, limit - reserve), gapMs };
      try {
        const waitMs = await ask(
          store.beginWrite({ key, id, owner, windowMs, leaseMs, ...rate }, endsOf(key)),
        );
        if (retryAtMs !== null) log.info('rate limits are shared with other processes again');
        retryAtMs = null;
        return waitMs === 0 ? write : waitMs;
      } catch (error) {
        failed(error);
        return write;
      }
    },
    block: ({ key }, ms) => tell(() => store.block(key, ms)),
    async stop() {
      stopping.abort(OVER);
      await renewing.stop();
      await telling.settled();
    },
  };
}
