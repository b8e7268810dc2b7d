import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { OVER } from '../kit/over.ts';
import { repeat } from '../kit/repeat.ts';
import { createRunning } from '../kit/tasks.ts';
import { DEFAULT_DUE_MS, type Scope } from '../ports/scope.ts';
import type { EndedWrite, PaceStore } from '../ports/store.ts';

/**
 * Rate limits shared with other processes through the store. An answer that is late delays a write, and lets none go without it.
 * From a failure until the store answers again, each process goes by its own count; then it tells the store what it wrote.
 */
export interface SharedLimiter {
  /**
   * Resolves to a write that may go now and counts from now on, or to the milliseconds after which to ask again. With a gap
   * it is an interim update: processes take turns, that far apart, and leave the scope's reserve. Never rejects; takes as
   * long as the store takes to answer or to fail.
   */
  beginWrite(scope: Scope, gapMs: number | null): Promise<SharedWrite | number>;
  /** Keeps room for a last write, over all processes; or resolves to the milliseconds after which to ask again. As `beginWrite`. */
  owe(scope: Scope): Promise<SharedOwed | number>;
  /** Lets no write begin for `ms`, as the platform asked. */
  block(scope: Scope, ms: number): void;
  /** Resolves when everything has been reported to the store, if that answers. */
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

/** After a failure, the store is told so often what it missed, until it answers. */
const REJOIN_EVERY_MS = 1_000;
const LONGEST_WRITE_MS = 15_000;
/**
 * The end of a write is sent with the next write of its limit, if one begins within this time. It is far below any window, in which
 * the write counts anyway.
 */
const HOLD_ENDS_MS = 200;
/** The room of a dead process is free after this time. */
const OWED_LEASE_MS = 20_000;
const RENEW_OWED_EVERY_MS = 5_000;

/** The end of a write that the store does not know yet, and the time until which the write counts. */
interface UnheardEnd extends Pick<EndedWrite, 'id' | 'refillMs'> {
  readonly untilMs: number;
}

/** @param store answers or fails within a few seconds */
export function createSharedLimiter(
  store: PaceStore,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): SharedLimiter {
  const owner = randomUUID();
  const telling = createRunning();
  const stopping = new AbortController();
  /** Whether the store failed and has not answered since. */
  let isAlone = false;
  /** By limit: the ends that the store does not know yet, and the end of a block that it could not be told. */
  const unheard = new Map<string, readonly UnheardEnd[]>();
  const blocks = new Map<string, number>();
  /** Room that this process keeps, by id. */
  const owed = new Map<string, Scope>();

  function failed(key: string, error: unknown): void {
    // Even without ends, this limit is reported: that shows whether the store answers.
    keep(key, []);
    if (isAlone) return;
    isAlone = true;
    log.warn(
      { err: error },
      'rate limits are not shared with other processes right now; each goes by its own count',
    );
    telling.add(rejoin());
  }

  async function rejoin(): Promise<void> {
    while (isAlone && !stopping.signal.aborted) {
      await clock.sleep(REJOIN_EVERY_MS, stopping.signal).catch(() => {});
      await reportMissed().catch(() => {});
    }
  }

  /** Tells the store what was written without it, so that other processes leave room for that. */
  async function reportMissed(): Promise<void> {
    // Before the blocks, during which the store grants no room.
    await renewOwed();
    const nowMs = clock.now();
    for (const [key, untilMs] of blocks) {
      if (untilMs > nowMs) await store.block(key, untilMs - nowMs);
      blocks.delete(key);
    }
    while (unheard.size > 0) await Promise.all([...unheard.keys()].map(report));
    isAlone = false;
    log.info('rate limits are shared with other processes again');
  }

  function keep(key: string, ends: readonly UnheardEnd[]): void {
    // By then the store has given up a write that it never heard of again.
    const fromMs = clock.now() - LONGEST_WRITE_MS;
    const recent = (unheard.get(key) ?? []).filter(({ untilMs }) => untilMs > fromMs);
    unheard.set(key, [...recent, ...ends]);
  }

  /** Passes the ends of a limit to a step that tells them to the store. If that fails, they stay unheard. */
  async function tellEnds<T>(key: string, step: (ended: readonly EndedWrite[]) => Promise<T>): Promise<T> {
    const ends = unheard.get(key) ?? [];
    unheard.delete(key);
    try {
      return await step(
        ends.map(({ untilMs, ...end }) => ({ ...end, countsMs: Math.max(0, untilMs - clock.now()) })),
      );
    } catch (error) {
      keep(key, ends);
      throw error;
    }
  }

  const report = (key: string) => tellEnds(key, (ended) => store.end(key, ended));

  function tell(key: string, step: () => Promise<void>): void {
    telling.add(step().catch((error: unknown) => failed(key, error)));
  }

  function end(key: string, { countsMs, ...write }: EndedWrite): void {
    const isHeld = countsMs > 0;
    const isFirst = !unheard.has(key);
    keep(key, [{ ...write, untilMs: clock.now() + countsMs }]);
    if (isAlone || (isHeld && !isFirst)) return;
    tell(key, async () => {
      if (isHeld) await clock.sleep(HOLD_ENDS_MS, stopping.signal).catch(() => {});
      if (!isAlone && unheard.has(key)) await report(key);
    });
  }

  const oweFor = (id: string, { key, limit, windowMs, dueMs = DEFAULT_DUE_MS }: Scope) =>
    store.owe({ key, id, limit, windowMs, dueMs, leaseMs: OWED_LEASE_MS });
  async function renewOwed(): Promise<void> {
    await Promise.all([...owed].map(([id, scope]) => oweFor(id, scope)));
  }
  const renewing = repeat(
    'keeping room for last states',
    RENEW_OWED_EVERY_MS,
    async () => {
      if (!isAlone) await renewOwed();
    },
    { clock, log },
  );

  return {
    async owe(scope) {
      const id = randomUUID();
      if (!isAlone) {
        const waitMs = await oweFor(id, scope).catch((error: unknown) => failed(scope.key, error));
        if (waitMs) return waitMs;
      }
      owed.set(id, scope);
      return {
        release() {
          owed.delete(id);
          // Otherwise the room is free when its lease is over.
          if (!isAlone) tell(scope.key, () => store.endDebt(scope.key, id));
        },
      };
    },
    async beginWrite(scope, gapMs) {
      const { key, limit, reserve = 0, longestMs: leaseMs = LONGEST_WRITE_MS, refills } = scope;
      const id = randomUUID();
      const refillMs = scope.windowMs / limit;
      const windowMs = refills ? refillMs : scope.windowMs;
      const refill = refills ? { refillMs } : {};
      const write: SharedWrite = { end: (countsMs) => end(key, { id, countsMs, ...refill }) };
      if (isAlone) return write;
      const rate = { limit: gapMs === null ? limit : Math.max(1, limit - reserve), gapMs };
      try {
        const waitMs = await tellEnds(key, (ended) =>
          store.beginWrite({ key, id, owner, windowMs, leaseMs, ...rate }, ended),
        );
        return waitMs === 0 ? write : waitMs;
      } catch (error) {
        failed(key, error);
        return write;
      }
    },
    block({ key }, ms) {
      const untilMs = clock.now() + ms;
      blocks.set(key, untilMs);
      if (isAlone) return;
      tell(key, async () => {
        await store.block(key, ms);
        if (blocks.get(key) === untilMs) blocks.delete(key);
      });
    },
    async stop() {
      stopping.abort(OVER);
      await renewing.stop();
      await telling.settled();
    },
  };
}
