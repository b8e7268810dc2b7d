import type { Clock } from '../kit/clock.ts';
import { waitInLine } from '../kit/waiters.ts';
import { DEFAULT_DUE_MS, type RateReport, type Scope, type Urgency } from '../ports/scope.ts';
import type { SharedLimiter, SharedOwed, SharedWrite } from './shared-limiter.ts';

/** Room that a lane keeps for a last write. */
export interface Owed {
  /** Ends it: the write was granted, or is not needed. Further calls do nothing. */
  release(): void;
}

interface Waiter {
  urgency(): Urgency;
  /** @param leave to call when the write has ended */
  grant(leave: () => void): void;
}

const RANKS: Readonly<Record<Urgency, number>> = { last: 0, first: 1, prepare: 2, interim: 3 };

/**
 * After a 429, interim updates use half of the limit, and all of it again after `first` windows. If the next 429 comes within
 * twice that time, others draw from the limit permanently: the time doubles then, up to `most` windows.
 */
const RECOVERY_WINDOWS = { first: 5, most: 60 };
/** How long the platform is not tried again with a burst that it refused. */
const BURST_KEPT_MS = 24 * 3_600_000;

/** For limits that no other process shares. */
const ALONE: SharedWrite = { end() {} };

/** A longer wait is usually an error in the platform's clock or unit, so the platform is tried again after this. */
const LONGEST_BLOCK_MS = 3_600_000;

/**
 * One scope. A write counts from its grant until one whole window after its end. The platform counts it somewhere in between,
 * so no fixed or sliding window of the platform ever contains more than `limit`, whatever the network does.
 */
export class Lane {
  readonly #scope: Scope;
  readonly #clock: Clock;
  /** Null if no other process draws from the limit. */
  readonly #shared: SharedLimiter | null;
  #limit: number;
  #windowMs: number;
  /** Granted writes that are running. */
  #running = 0;
  /** The ends of the last window's writes, oldest first. */
  #endedAtMs: number[] = [];
  /** Last writes of the answers that grow here, and the answers that wait to grow. */
  #owed = 0;
  #debtors: ((shared: SharedOwed | null) => void)[] = [];
  /** Whether the store is being asked for room, and the time before which it is not asked again. */
  #isOwing = false;
  #owesFromMs = 0;
  /** The earliest time of the next interim update. */
  #nextInterimAtMs = 0;
  #blockedUntilMs = 0;
  /** Until then, others use all of the limit. */
  #othersUntilMs = 0;
  #isAsking = false;
  /** The share of the limit for interim updates after the last 429, and the time of that. */
  #share = 1;
  #slowedAtMs = Number.NEGATIVE_INFINITY;
  #recoveryWindows: number = RECOVERY_WINDOWS.first;
  /** The share of the burst that the platform accepted last. */
  #burstShare = 1;
  #waiters: Waiter[] = [];
  /** The time of the next alarm; infinity if none is set. */
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(scope: Scope, clock: Clock, shared: SharedLimiter | null) {
    this.#scope = scope;
    this.#clock = clock;
    this.#shared = shared;
    this.#limit = scope.limit;
    this.#windowMs = scope.windowMs;
  }

  /** Resolves to a function that ends the write. */
  enter(urgency: () => Urgency, signal: AbortSignal): Promise<() => void> {
    return waitInLine(signal, (grant) => {
      const waiter: Waiter = { urgency, grant };
      this.#waiters.push(waiter);
      this.pump();
      return () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
      };
    });
  }

  async enterIfFree(): Promise<(() => void) | null> {
    if (this.#freeAtMs('first') > this.#clock.now()) return null;
    this.#running++;
    const write = await this.#begin('first');
    if (write !== null) return () => this.#leave(write);
    this.#running--;
    this.pump();
    return null;
  }

  /** Resolves once one more last write is affordable, in order of arrival. */
  owe(signal: AbortSignal): Promise<Owed> {
    return waitInLine<Owed>(signal, (grant) => {
      const debtor = (shared: SharedOwed | null) => {
        this.#owed++;
        let isOpen = true;
        grant({
          release: () => {
            if (!isOpen) return;
            isOpen = false;
            this.#owed--;
            shared?.release();
            this.pump();
          },
        });
      };
      this.#debtors.push(debtor);
      this.pump();
      return () => {
        this.#debtors = this.#debtors.filter((other) => other !== debtor);
      };
    });
  }

  slowDown(retryAfterMs: number): void {
    const nowMs = this.#clock.now();
    // All 429s of one window have the same cause.
    if (nowMs - this.#slowedAtMs >= this.#windowMs) {
      this.#share = this.#recovered() / 2;
      const isEarly = nowMs - this.#slowedAtMs < 2 * this.#recoveryWindows * this.#windowMs;
      this.#recoveryWindows = isEarly
        ? Math.min(2 * this.#recoveryWindows, RECOVERY_WINDOWS.most)
        : RECOVERY_WINDOWS.first;
      this.#burstShare = this.#burstNow() / 2;
      this.#slowedAtMs = nowMs;
    }
    this.#block(retryAfterMs);
    this.#shared?.block(this.#scope, this.#blockedUntilMs - nowMs);
  }

  /** Changes this process's share only; the whole limit stays as in the scope. */
  learn({ limit, remaining, resetAfterMs }: RateReport): void {
    if (limit > 0) this.#limit = limit;
    // The first write of a window shows how long the window is.
    if (remaining === limit - 1 && resetAfterMs > 0) this.#windowMs = resetAfterMs;
    if (remaining <= 0) this.#block(resetAfterMs);
    this.#share = 1;
    this.#nextInterimAtMs = this.#clock.now() + resetAfterMs / (Math.max(remaining, 0) + 1);
    this.pump();
  }

  isIdle(): boolean {
    this.#forgetOld();
    return (
      this.#waiters.length + this.#debtors.length + this.#running + this.#owed === 0 &&
      this.#endedAtMs.length === 0 &&
      this.#blockedUntilMs <= this.#clock.now()
    );
  }

  pump(): void {
    while (this.#waiters.length > 0 && !this.#isAsking) {
      const urgency = this.#next().urgency();
      const atMs = this.#freeAtMs(urgency);
      const nowMs = this.#clock.now();
      if (atMs > nowMs) {
        this.#wake(atMs, nowMs);
        break;
      }
      this.#running++;
      if (this.#shared === null) this.#grant(ALONE);
      else void this.#ask(urgency);
    }
    this.#admitDebtors();
  }

  #admitDebtors(): void {
    while (this.#debtors.length > 0 && !this.#isOwing) {
      if (this.#owesFromMs > this.#clock.now()) {
        this.#wake(this.#owesFromMs, this.#clock.now());
        return;
      }
      if (!this.#canOwe()) {
        const oldest = this.#endedAtMs[0];
        const nowMs = this.#clock.now();
        const dueMs = this.#scope.dueMs ?? DEFAULT_DUE_MS;
        if (oldest !== undefined) this.#wake(Math.max(nowMs + 1, oldest + this.#windowMs - dueMs), nowMs);
        return;
      }
      if (this.#shared === null) this.#debtors.shift()?.(null);
      else void this.#askForRoom(this.#shared);
    }
  }

  /** Reserves room over all processes, for the caller that has waited longest by then. */
  async #askForRoom(shared: SharedLimiter): Promise<void> {
    this.#isOwing = true;
    const owed = await shared.owe(this.#scope);
    this.#isOwing = false;
    if (typeof owed === 'number') this.#owesFromMs = this.#clock.now() + owed;
    else {
      const debtor = this.#debtors.shift();
      if (debtor === undefined) owed.release();
      else debtor(owed);
    }
    this.pump();
  }

  /** Whether all last writes, one more, and everything urgent could be written in time. */
  #canOwe(): boolean {
    this.#forgetOld();
    const nowMs = this.#clock.now();
    const dueMs = this.#scope.dueMs ?? DEFAULT_DUE_MS;
    const byMs = nowMs + dueMs;
    if (Math.max(this.#blockedUntilMs, this.#othersUntilMs) > byMs) return false;
    const urgent = this.#waiters.filter((waiter) => waiter.urgency() !== 'interim').length;
    const wanted = this.#owed + urgent + 1;
    if (dueMs >= this.#windowMs) return wanted <= (this.#limit * dueMs) / this.#windowMs;
    const stillUsed = this.#endedAtMs.filter((endedAtMs) => endedAtMs + this.#windowMs > byMs).length;
    return wanted <= this.#limit - this.#running - stillUsed;
  }

  /**
   * Asks the store for one write, to be used by the most urgent waiter. Asks once at a time, and if there is no room, once
   * for all waiters.
   */
  async #ask(urgency: Urgency): Promise<void> {
    this.#isAsking = true;
    const write = await this.#begin(urgency);
    this.#isAsking = false;
    const isWanted =
      this.#waiters.length > 0 && (urgency === 'interim' || this.#next().urgency() !== 'interim');
    if (write !== null && isWanted) this.#grant(write);
    else {
      this.#running--;
      write?.end(0);
    }
    this.pump();
  }

  /** Null if other processes leave no room. */
  async #begin(urgency: Urgency): Promise<SharedWrite | null> {
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
    return this.#waiters.reduce((best, waiter) =>
      RANKS[waiter.urgency()] < RANKS[best.urgency()] ? waiter : best,
    );
  }

  #grant(write: SharedWrite): void {
    const waiter = this.#next();
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    this.#nextInterimAtMs = this.#clock.now() + this.#interimGapMs();
    waiter.grant(() => this.#leave(write));
  }

  #leave(write: SharedWrite): void {
    this.#running--;
    this.#endedAtMs.push(this.#clock.now());
    write.end(this.#scope.windowMs);
    this.pump();
  }

  /** Infinity if only the end of a running write can make room. */
  #freeAtMs(urgency: Urgency): number {
    this.#forgetOld();
    const isInterim = urgency === 'interim';
    let atMs = Math.max(this.#blockedUntilMs, this.#othersUntilMs);
    if (isInterim) atMs = Math.max(atMs, this.#nextInterimAtMs);
    const allowed = isInterim
      ? Math.max(this.#owed === 0 ? 1 : 0, this.#interims() - this.#owed)
      : this.#limit;
    const over = this.#endedAtMs.length + this.#running - Math.floor(allowed);
    if (over >= 0) {
      const ended = this.#endedAtMs[over];
      if (ended === undefined) return Number.POSITIVE_INFINITY;
      atMs = Math.max(atMs, ended + this.#windowMs);
    }
    return atMs;
  }

  /** Interim updates per window, at least 1; may be a fraction while the lane recovers. */
  #interims(): number {
    return Math.max(1, this.#limit * this.#recovered() - (this.#scope.reserve ?? 0));
  }

  #recovered(): number {
    const back = (this.#clock.now() - this.#slowedAtMs) / (this.#recoveryWindows * this.#windowMs);
    return Math.min(1, this.#share + back);
  }

  /** The share of the scope's burst that may go at once, from 0 to 1. */
  #burstNow(): number {
    if (this.#scope.burst === undefined) return 0;
    return this.#clock.now() - this.#slowedAtMs > BURST_KEPT_MS ? 1 : this.#burstShare;
  }

  /** No gap while there are savings to spend; the rest is spread until writes come free again. */
  #interimGapMs(): number {
    const interims = this.#interims();
    const evenMs = this.#windowMs / interims;
    const share = this.#burstNow();
    if (share === 0) return evenMs;
    const burst = share * ((this.#scope.burst ?? 0) + (this.#scope.burstEach ?? 0) * this.#owed);
    const left = interims - this.#owed - this.#endedAtMs.length - this.#running;
    if (left > interims - burst) return 0;
    const oldest = this.#endedAtMs[0] ?? this.#clock.now();
    const untilFreeMs = oldest + this.#windowMs - this.#clock.now();
    return Math.max(evenMs, untilFreeMs / Math.max(1, left));
  }

  #block(ms: number): void {
    const untilMs = this.#clock.now() + Math.min(ms, LONGEST_BLOCK_MS);
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs);
  }

  #forgetOld(): void {
    const beforeMs = this.#clock.now() - this.#windowMs;
    while (this.#endedAtMs[0] !== undefined && this.#endedAtMs[0] <= beforeMs) this.#endedAtMs.shift();
  }

  /** Sets an alarm. An earlier alarm still rings; looking once more does no harm. */
  #wake(atMs: number, nowMs: number): void {
    if (atMs >= this.#wakeAtMs || atMs === Number.POSITIVE_INFINITY) return;
    this.#wakeAtMs = atMs;
    void this.#clock.sleep(atMs - nowMs).then(() => {
      if (this.#wakeAtMs === atMs) this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.pump();
    });
  }
}
