import type { Clock } from '../kit/time/clock.ts';
import { waitInLine } from '../kit/time/waiters.ts';
import { DEFAULT_DUE_MS, type RateReport, type Scope, type Urgency } from '../ports/scope.ts';
import { Debts, type Owed } from './debts.ts';
import type { SharedLimiter, SharedWrite } from './shared-limiter.ts';
import { SlowDown } from './slow-down.ts';
import { WriteWindow } from './write-window.ts';

interface Waiter {
  urgency(): Urgency;
  /** By its urgency on arrival or at the last `hurry`: asking each waiter at each grant would cost the square of their number. */
  rank: number;
  /** @param leave to call when the write has ended */
  grant(leave: () => void): void;
}

const RANKS: Readonly<Record<Urgency, number>> = { last: 0, first: 1, prepare: 2, interim: 3 };

/** For limits that no other process shares. */
const ALONE: SharedWrite = { end() {} };

/**
 * The store is asked for one write after another. If an answer takes longer than this, it is asked for more at once, as if each
 * took this long; up to so many.
 */
const ASKS = { eachMs: 20, atOnce: 16 };

/** A longer wait is usually an error in the platform's clock or unit, so the platform is tried again after this. */
const LONGEST_BLOCK_MS = 3_600_000;

/** One scope: grants its writes by urgency, and keeps room for the last writes of the answers that grow in it. */
export class Lane {
  readonly #scope: Scope;
  readonly #clock: Clock;
  /** Null if no other process draws from the limit. */
  readonly #shared: SharedLimiter | null;
  readonly #window: WriteWindow;
  readonly #slowDown: SlowDown;
  readonly #debts: Debts;
  /** The earliest time of the next interim update. */
  #nextInterimAtMs = 0;
  #blockedUntilMs = 0;
  /** Until then, others use all of the limit. */
  #othersUntilMs = 0;
  /** The questions to the store that are not answered yet, and the time that the last answer took. */
  #asking = 0;
  #answerTookMs = 0;
  #waiters: Waiter[] = [];
  /** The time of the next alarm; infinity if none is set. */
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(scope: Scope, clock: Clock, shared: SharedLimiter | null) {
    this.#scope = scope;
    this.#clock = clock;
    this.#shared = shared;
    this.#window = new WriteWindow(clock, scope);
    this.#slowDown = new SlowDown(clock);
    this.#debts = new Debts({
      scope,
      clock,
      shared,
      affordableAtMs: (owed) => this.#affordableAtMs(owed),
      onChange: () => this.pump(),
      wakeAt: (atMs) => this.#wake(atMs),
    });
  }

  /** Resolves to a function that ends the write. */
  enter(urgency: () => Urgency, signal: AbortSignal): Promise<() => void> {
    return waitInLine(signal, (grant) => {
      const waiter: Waiter = { urgency, rank: RANKS[urgency()], grant };
      this.#waiters.push(waiter);
      this.pump();
      return () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        this.pump();
      };
    });
  }

  async enterIfFree(): Promise<(() => void) | null> {
    if (this.#freeAtMs('first') > this.#clock.now()) return null;
    this.#window.running++;
    const write = await this.#beginWrite('first');
    if (write !== null) return () => this.#leave(write);
    this.#window.running--;
    this.pump();
    return null;
  }

  /** As `Debts.owe`. */
  owe(signal: AbortSignal): Promise<Owed> {
    return this.#debts.owe(signal);
  }

  slowDown(retryAfterMs: number): void {
    this.#slowDown.note(this.#window.lengthMs);
    this.#block(retryAfterMs);
    this.#shared?.block(this.#scope, this.#blockedUntilMs - this.#clock.now());
  }

  /** Changes this process's share only; the whole limit stays as in the scope. */
  learn({ limit, remaining, resetAfterMs }: RateReport): void {
    if (limit > 0) this.#window.limit = limit;
    // The first write of a window shows how long the window is.
    if (remaining === limit - 1 && resetAfterMs > 0) this.#window.lengthMs = resetAfterMs;
    if (remaining <= 0) this.#block(resetAfterMs);
    this.#slowDown.end();
    this.#nextInterimAtMs = this.#clock.now() + resetAfterMs / (Math.max(remaining, 0) + 1);
    this.pump();
  }

  /** A write that waits here became urgent. */
  hurry(): void {
    for (const waiter of this.#waiters) waiter.rank = RANKS[waiter.urgency()];
    this.pump();
  }

  isIdle(): boolean {
    return (
      this.#waiters.length + this.#window.used() === 0 &&
      this.#debts.isIdle() &&
      this.#blockedUntilMs <= this.#clock.now()
    );
  }

  pump(): void {
    while (this.#waiters.length > 0) {
      const urgency = this.#next().urgency();
      if (!this.#mayAsk(urgency)) break;
      const atMs = this.#freeAtMs(urgency);
      if (atMs > this.#clock.now()) {
        this.#wake(atMs);
        break;
      }
      this.#window.running++;
      if (this.#shared === null) this.#grant(ALONE);
      else void this.#ask(urgency);
    }
    this.#debts.admitWaiting();
  }

  /** When all last writes, one more, and everything urgent could be written in time: as `DebtsOptions.affordableAtMs`. */
  #affordableAtMs(owed: number): number {
    const dueMs = this.#scope.dueMs ?? DEFAULT_DUE_MS;
    const { limit, lengthMs } = this.#window;
    const wanted = owed + this.#urgentWaiters() + 1;
    const isWithinDue = dueMs >= lengthMs;
    if (isWithinDue && wanted > (limit * dueMs) / lengthMs) return Number.POSITIVE_INFINITY;
    const roomAtMs = isWithinDue ? 0 : this.#window.freeAtMs(limit - wanted + 1);
    return Math.max(this.#blockedUntilMs, this.#othersUntilMs, roomAtMs) - dueMs;
  }

  /** Only for what is urgent, several questions may be under way. */
  #mayAsk(urgency: Urgency): boolean {
    if (this.#asking === 0) return true;
    if (urgency === 'interim' || this.#asking >= ASKS.atOnce) return false;
    return this.#asking < Math.min(this.#urgentWaiters(), this.#answerTookMs / ASKS.eachMs);
  }

  #urgentWaiters(): number {
    return this.#waiters.reduce((sum, { rank }) => sum + (rank < RANKS.interim ? 1 : 0), 0);
  }

  /** Asks the store for one write, to be used by the most urgent waiter; if there is no room, once for all waiters. */
  async #ask(urgency: Urgency): Promise<void> {
    const askedAtMs = this.#clock.now();
    this.#asking++;
    const write = await this.#beginWrite(urgency);
    this.#asking--;
    this.#answerTookMs = this.#clock.now() - askedAtMs;
    const isWanted =
      this.#waiters.length > 0 && (urgency === 'interim' || this.#next().urgency() !== 'interim');
    if (write !== null && isWanted) this.#grant(write);
    else {
      this.#window.running--;
      write?.end(0);
    }
    this.pump();
  }

  /** Null if other processes leave no room. */
  async #beginWrite(urgency: Urgency): Promise<SharedWrite | null> {
    const isUrgent = urgency !== 'interim';
    const gapMs = isUrgent ? null : this.#interimGapMs();
    const write = (await this.#shared?.beginWrite(this.#scope, gapMs)) ?? ALONE;
    if (typeof write !== 'number') return write;
    const untilMs = this.#clock.now() + write;
    if (isUrgent) this.#othersUntilMs = untilMs;
    else this.#nextInterimAtMs = untilMs;
    return null;
  }

  /** The most urgent waiter; the longest waiting of several. Must not be called without waiters. */
  #next(): Waiter {
    return this.#waiters.reduce((best, waiter) => (waiter.rank < best.rank ? waiter : best));
  }

  #grant(write: SharedWrite): void {
    const waiter = this.#next();
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    this.#nextInterimAtMs = this.#clock.now() + this.#interimGapMs();
    waiter.grant(() => this.#leave(write));
  }

  #leave(write: SharedWrite): void {
    const countsMs = this.#window.end();
    // Others go by the scope, and not by what this process learned.
    write.end(this.#scope.refills ? countsMs : this.#scope.windowMs);
    this.pump();
  }

  /** Infinity if only the end of a running write can make room. */
  #freeAtMs(urgency: Urgency): number {
    const isInterim = urgency === 'interim';
    const { owed } = this.#debts;
    const allowed = isInterim ? Math.max(0, this.#interims() - owed) : this.#window.limit;
    return Math.max(
      this.#blockedUntilMs,
      this.#othersUntilMs,
      isInterim ? this.#nextInterimAtMs : 0,
      this.#window.freeAtMs(allowed),
    );
  }

  /** Interim updates per window, at least 1; may be a fraction while the lane recovers. */
  #interims(): number {
    const { limit, lengthMs } = this.#window;
    return Math.max(1, limit * this.#slowDown.share(lengthMs) - (this.#scope.reserve ?? 0));
  }

  /** No gap while there are savings to spend; then one that can be kept for as long as answers grow. */
  #interimGapMs(): number {
    const { burst: most, burstEach = 0 } = this.#scope;
    const { lengthMs } = this.#window;
    const { owed } = this.#debts;
    const interims = this.#interims();
    const evenMs = lengthMs / interims;
    if (most === undefined) return evenMs;
    const burst = this.#slowDown.burstShare() * (most + burstEach * owed);
    const left = interims - owed - this.#window.used();
    if (left > interims - burst) return 0;
    return Math.max(evenMs, this.#window.lastingGapMs(left));
  }

  #block(ms: number): void {
    const untilMs = this.#clock.now() + Math.min(ms, LONGEST_BLOCK_MS);
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs);
  }

  /** Sets an alarm. An earlier alarm still rings; looking once more does no harm. */
  #wake(atMs: number): void {
    if (atMs >= this.#wakeAtMs || atMs === Number.POSITIVE_INFINITY) return;
    this.#wakeAtMs = atMs;
    void this.#clock.sleep(atMs - this.#clock.now()).then(() => {
      if (this.#wakeAtMs === atMs) this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.pump();
    });
  }
}
