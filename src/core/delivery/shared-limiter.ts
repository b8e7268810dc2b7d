import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createRunning } from '../kit/scheduling/tasks.ts';
import type { Clock } from '../kit/time/clock.ts';
import { OVER } from '../kit/time/over.ts';
import { type Background, repeat } from '../kit/time/repeat.ts';
import { DEFAULT_DUE_MS, type Scope } from '../ports/scope.ts';
import type { EndedWrite, PaceStore } from '../ports/store.ts';
import { UnheardEnds } from './unheard-ends.ts';

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
 * The end of a write is sent with the next write of its limit, if one begins within this time. A window, in which the write
 * counts anyway, is far longer.
 */
const HOLD_ENDS_MS = 200;
/** The room of a dead process is free after this time. */
const OWED_LEASE_MS = 20_000;
const RENEW_OWED_EVERY_MS = 5_000;

/**
 * Rate limits shared with other processes through the store. An answer that is late delays a write, and lets none go without it.
 * From a failure until the store answers again, each process goes by its own count; then it tells the store what it wrote.
 */
export class SharedLimiter {
  readonly #store: PaceStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #owner = randomUUID();
  readonly #telling = createRunning();
  readonly #stopping = new AbortController();
  readonly #renewing: Background;
  readonly #unheard: UnheardEnds;
  /** Whether the store failed and has not answered since. */
  #isAlone = false;
  /** By limit: the end of a block that the store could not be told. */
  readonly #blocks = new Map<string, number>();
  /** Room that this process keeps, by id. */
  readonly #owed = new Map<string, Scope>();

  /** @param store answers or fails within a few seconds */
  constructor(store: PaceStore, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#unheard = new UnheardEnds(clock, LONGEST_WRITE_MS);
    const renew = async () => {
      if (!this.#isAlone) await this.#renewOwed();
    };
    this.#renewing = repeat('keeping room for last states', RENEW_OWED_EVERY_MS, renew, { clock, log });
  }

  /**
   * Resolves to a write that may go now and counts from now on, or to the milliseconds after which to ask again. With a gap
   * it is an interim update: processes take turns, that far apart, and leave the scope's reserve. Never rejects; takes as
   * long as the store takes to answer or to fail.
   */
  async beginWrite(scope: Scope, gapMs: number | null): Promise<SharedWrite | number> {
    const { key, limit, reserve = 0, longestMs: leaseMs = LONGEST_WRITE_MS, refills } = scope;
    const id = randomUUID();
    const refillMs = scope.windowMs / limit;
    const windowMs = refills ? refillMs : scope.windowMs;
    const refill = refills ? { refillMs } : {};
    const write: SharedWrite = { end: (countsMs) => this.#end(key, { id, countsMs, ...refill }) };
    if (this.#isAlone) return write;
    const rate = { limit: gapMs === null ? limit : Math.max(1, limit - reserve), gapMs };
    const begun = { key, id, owner: this.#owner, windowMs, leaseMs, ...rate };
    try {
      const waitMs = await this.#unheard.tell(key, (ended) => this.#store.beginWrite(begun, ended));
      return waitMs === 0 ? write : waitMs;
    } catch (error) {
      this.#failed(key, error);
      return write;
    }
  }

  #end(key: string, write: EndedWrite): void {
    const isHeld = write.countsMs > 0;
    const isFirst = !this.#unheard.has(key);
    this.#unheard.note(key, write);
    if (this.#isAlone || (isHeld && !isFirst)) return;
    this.#tell(key, async () => {
      if (isHeld) await this.#clock.sleep(HOLD_ENDS_MS, this.#stopping.signal).catch(() => {});
      if (!this.#isAlone && this.#unheard.has(key)) await this.#report(key);
    });
  }

  /** Keeps room for a last write, over all processes; or resolves to the milliseconds after which to ask again. As `beginWrite`. */
  async owe(scope: Scope): Promise<SharedOwed | number> {
    const id = randomUUID();
    if (!this.#isAlone) {
      const failed = (error: unknown) => this.#failed(scope.key, error);
      const waitMs = await this.#oweFor(id, scope).catch(failed);
      if (waitMs) return waitMs;
    }
    this.#owed.set(id, scope);
    return {
      release: () => {
        this.#owed.delete(id);
        // Otherwise the room is free when its lease is over.
        if (!this.#isAlone) this.#tell(scope.key, () => this.#store.endDebt(scope.key, id));
      },
    };
  }

  #oweFor(id: string, { key, limit, windowMs, dueMs = DEFAULT_DUE_MS }: Scope): Promise<number> {
    return this.#store.owe({ key, id, limit, windowMs, dueMs, leaseMs: OWED_LEASE_MS });
  }

  async #renewOwed(): Promise<void> {
    await Promise.all([...this.#owed].map(([id, scope]) => this.#oweFor(id, scope)));
  }

  /** Lets no write begin for `ms`, as the platform asked. */
  block({ key }: Scope, ms: number): void {
    const untilMs = this.#clock.now() + ms;
    this.#blocks.set(key, untilMs);
    if (this.#isAlone) return;
    this.#tell(key, async () => {
      await this.#store.block(key, ms);
      if (this.#blocks.get(key) === untilMs) this.#blocks.delete(key);
    });
  }

  /** Resolves when everything has been reported to the store, if that answers. */
  async stop(): Promise<void> {
    this.#stopping.abort(OVER);
    await this.#renewing.stop();
    await this.#telling.settled();
  }

  #tell(key: string, step: () => Promise<void>): void {
    this.#telling.add(step().catch((error: unknown) => this.#failed(key, error)));
  }

  #report(key: string): Promise<void> {
    return this.#unheard.tell(key, (ended) => this.#store.end(key, ended));
  }

  #failed(key: string, error: unknown): void {
    // Even without ends, this limit is reported: that shows whether the store answers.
    this.#unheard.noteLimit(key);
    if (this.#isAlone) return;
    this.#isAlone = true;
    this.#log.warn(
      { err: error },
      'rate limits are not shared with other processes right now; each goes by its own count',
    );
    this.#telling.add(this.#rejoin());
  }

  async #rejoin(): Promise<void> {
    while (this.#isAlone && !this.#stopping.signal.aborted) {
      await this.#clock.sleep(REJOIN_EVERY_MS, this.#stopping.signal).catch(() => {});
      await this.#reportMissed().catch(() => {});
    }
  }

  /** Tells the store what was written without it, so that other processes leave room for that. */
  async #reportMissed(): Promise<void> {
    // Before the blocks, during which the store grants no room.
    await this.#renewOwed();
    const nowMs = this.#clock.now();
    for (const [key, untilMs] of this.#blocks) {
      if (untilMs > nowMs) await this.#store.block(key, untilMs - nowMs);
      this.#blocks.delete(key);
    }
    for (let keys = this.#unheard.limits(); keys.length > 0; keys = this.#unheard.limits()) {
      await Promise.all(keys.map((key) => this.#report(key)));
    }
    this.#isAlone = false;
    this.#log.info('rate limits are shared with other processes again');
  }
}
