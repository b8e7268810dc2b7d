import type { Clock } from '../kit/clock.ts';
import { createPace } from '../kit/rate.ts';
import { waitInLine } from '../kit/waiters.ts';
import { RateLimited } from '../ports/delivery-errors.ts';
import type { RateReport, Scope } from '../ports/scope.ts';
import type { SharedLimiter, SharedWrite } from './shared-limiter.ts';

/**
 * Grants writes under the platform's limits: one queue per scope, shared by all replies that write there. What is
 * urgent (first and last updates) goes first; among the rest, what has waited longest. A scope that the platform counts
 * over all processes is kept together with the others of them.
 */
export interface WriteLimiters {
  /**
   * Runs `write` as soon as the scope allows it. `isUrgent` is asked at the moment of the grant, so that a waiting update
   * can become the last one. Rejects with the signal's reason where it aborts before the grant.
   */
  run<T>(scope: Scope, isUrgent: () => boolean, write: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * Grants what is rather left out than done late: resolves to null where the scope has no room at once, else to what
   * ends it, to be called once.
   */
  take(scope: Scope): Promise<(() => void) | null>;
  /** Takes the platform's own words about a scope; they outrank what the adapter assumed. */
  learn(key: string, report: RateReport): void;
  /** Says that something which waits in the scope has become urgent. */
  hurry(scope: Scope): void;
  /** Scopes that are remembered at this moment. */
  readonly size: number;
}

interface Waiter {
  isUrgent(): boolean;
  /** @param leave ends the write */
  grant(leave: () => void): void;
}

/** Scopes that rest are forgotten once there are so many, and then again at each doubling. */
const SWEEP_AT = 1_000;

/**
 * A 429 within the assumed limit says that the limit is lower or that others draw from it: half as much is used from then on,
 * and the whole of it again only after so many windows.
 */
const RECOVERY_WINDOWS = 30;

/** Nobody else counts it. */
const ALONE: SharedWrite = { end() {} };

/** What a platform asks to wait beyond this is a mistake of its clock or its unit more often than meant; it is asked again. */
const LONGEST_BLOCK_MS = 3_600_000;

/**
 * Interim updates of the whole process. Discord takes two a second of each answer to `/ask`, and nothing of its own bounds the
 * sum: so up to 150 of them at once get all that Discord takes; of 1,000 each is updated every 3.3 s, and whenever it goes on in
 * a new message.
 */
const INTERIMS = { perSecond: 300, atOnce: 20 };

/** @param shared where other processes may draw from the same limits */
export function createWriteLimiters(clock: Clock, shared: SharedLimiter | null = null): WriteLimiters {
  const queue = new Map<string, Lane>();
  const interims = createPace(clock, INTERIMS);
  let sweepAt = SWEEP_AT;

  function laneOf(scope: Scope): Lane {
    const known = queue.get(scope.key);
    if (known) return known;
    if (queue.size >= sweepAt) {
      for (const [key, lane] of queue) if (lane.isIdle()) queue.delete(key);
      sweepAt = Math.max(SWEEP_AT, queue.size * 2);
    }
    const lane = new Lane(scope, clock, scope.isShared ? shared : null);
    queue.set(scope.key, lane);
    return lane;
  }

  /** @param narrowest the scope that the write itself named */
  async function run<T>(
    scope: Scope,
    narrowest: Scope,
    isUrgent: () => boolean,
    write: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const lane = laneOf(scope);
    const leave = await lane.enter(isUrgent, signal);
    try {
      if (scope.within) return await run(scope.within, narrowest, isUrgent, write, signal);
      return await write();
    } catch (error) {
      const isLimited = error instanceof RateLimited && (error.scope ?? narrowest.key) === scope.key;
      if (isLimited) lane.slowDown(error.retryAfterMs);
      throw error;
    } finally {
      leave();
    }
  }

  return {
    async run(scope, isUrgent, write, signal) {
      // First: who waits here must not hold what others could use.
      await interims.enter({ key: scope.key, isUrgent, signal });
      return run(scope, scope, isUrgent, write, signal);
    },
    take: (scope) => laneOf(scope).take(),
    learn: (key, report) => queue.get(key)?.learn(report),
    hurry(scope) {
      interims.hurry(scope.key);
      for (let each: Scope | undefined = scope; each; each = each.within) queue.get(each.key)?.pump();
    },
    get size() {
      return queue.size;
    },
  };
}

/**
 * One scope. A write counts from its grant until a whole window after its end: the platform counted it somewhere in
 * between, so that no window of the platform's, fixed or sliding, ever sees more than `limit`, whatever the network does.
 */
class Lane {
  readonly #scope: Scope;
  readonly #clock: Clock;
  /** Null where no other process draws from the limit. */
  readonly #shared: SharedLimiter | null;
  readonly #reserve: number;
  #limit: number;
  #windowMs: number;
  /** Grants whose writes are under way. */
  #running = 0;
  /** When the writes of the last window ended, oldest first. */
  #endedAtMs: number[] = [];
  /** When an update that is not urgent may go next: they are spread evenly rather than sent in bursts. */
  #nextInterimAtMs = 0;
  #blockedUntilMs = 0;
  /** Until when others use all of the limit. */
  #othersUntilMs = 0;
  #isAsking = false;
  /** How much of the limit was used after the last 429, which came at … */
  #share = 1;
  #slowedAtMs = 0;
  #waiters: Waiter[] = [];
  /** When the next alarm rings; infinity where none is set. */
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(scope: Scope, clock: Clock, shared: SharedLimiter | null) {
    this.#scope = scope;
    this.#clock = clock;
    this.#shared = shared;
    this.#limit = scope.limit;
    this.#windowMs = scope.windowMs;
    this.#reserve = scope.reserve ?? 0;
  }

  /** Resolves to what ends the write. */
  enter(isUrgent: () => boolean, signal: AbortSignal): Promise<() => void> {
    return waitInLine(signal, (grant) => {
      const waiter: Waiter = { isUrgent, grant };
      this.#waiters.push(waiter);
      this.pump();
      return () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
      };
    });
  }

  async take(): Promise<(() => void) | null> {
    if (this.#freeAtMs(true) > this.#clock.now()) return null;
    this.#running++;
    const write = await this.#begin(true);
    if (write !== null) return () => this.#leave(write);
    this.#running--;
    this.pump();
    return null;
  }

  slowDown(retryAfterMs: number): void {
    const nowMs = this.#clock.now();
    // What comes while the lane is blocked was under way before: it says nothing new.
    if (this.#blockedUntilMs <= nowMs) {
      this.#share = this.#writesPerWindow() / this.#limit / 2;
      this.#slowedAtMs = nowMs;
    }
    this.#block(retryAfterMs);
    this.#shared?.block(this.#scope, this.#blockedUntilMs - nowMs);
  }

  /** Of this process's share alone: the whole stays what the scope says. */
  learn({ limit, remaining, resetAfterMs }: RateReport): void {
    if (limit > 0) this.#limit = limit;
    // The first write of a window is the one that tells how long the window is.
    if (remaining === limit - 1 && resetAfterMs > 0) this.#windowMs = resetAfterMs;
    if (remaining <= 0) this.#block(resetAfterMs);
    this.#share = 1;
    this.#nextInterimAtMs = this.#clock.now() + resetAfterMs / (Math.max(remaining, 0) + 1);
    this.pump();
  }

  isIdle(): boolean {
    this.#forgetOld();
    return (
      this.#waiters.length === 0 &&
      this.#running === 0 &&
      this.#endedAtMs.length === 0 &&
      this.#blockedUntilMs <= this.#clock.now()
    );
  }

  pump(): void {
    while (this.#waiters.length > 0 && !this.#isAsking) {
      const isUrgent = this.#hasUrgent();
      const atMs = this.#freeAtMs(isUrgent);
      const nowMs = this.#clock.now();
      if (atMs > nowMs) {
        this.#wake(atMs, nowMs);
        return;
      }
      this.#running++;
      if (this.#shared === null) this.#grant(ALONE);
      else void this.#ask(isUrgent);
    }
  }

  /**
   * Asks for one write that others count too, whoever it will be for. One at a time: where there is no room, those who
   * wait ask once for all of them.
   */
  async #ask(isUrgent: boolean): Promise<void> {
    this.#isAsking = true;
    const write = await this.#begin(isUrgent);
    this.#isAsking = false;
    const isWanted = isUrgent ? this.#hasUrgent() : this.#waiters.length > 0;
    if (write !== null && isWanted) this.#grant(write);
    else {
      this.#running--;
      write?.end(0);
    }
    this.pump();
  }

  /** Null where others leave no room. */
  async #begin(isUrgent: boolean): Promise<SharedWrite | null> {
    const write = (await this.#shared?.begin(this.#scope, isUrgent)) ?? ALONE;
    if (typeof write !== 'number') return write;
    const untilMs = this.#clock.now() + write;
    if (isUrgent) this.#othersUntilMs = untilMs;
    else this.#nextInterimAtMs = untilMs;
    return null;
  }

  #hasUrgent(): boolean {
    return this.#waiters.some((waiter) => waiter.isUrgent());
  }

  /** To who is the most urgent by now. */
  #grant(write: SharedWrite): void {
    const urgent = this.#waiters.findIndex((waiter) => waiter.isUrgent());
    const [waiter] = this.#waiters.splice(Math.max(urgent, 0), 1);
    this.#nextInterimAtMs = this.#clock.now() + this.#windowMs / this.#interimsPerWindow();
    waiter?.grant(() => this.#leave(write));
  }

  #leave(write: SharedWrite): void {
    this.#running--;
    this.#endedAtMs.push(this.#clock.now());
    write.end(this.#scope.windowMs);
    this.pump();
  }

  /** Infinity where only the end of a running write can make room. */
  #freeAtMs(urgent: boolean): number {
    this.#forgetOld();
    let atMs = Math.max(this.#blockedUntilMs, this.#othersUntilMs);
    if (!urgent) atMs = Math.max(atMs, this.#nextInterimAtMs);
    const allowed = urgent ? this.#writesPerWindow() : this.#interimsPerWindow();
    const over = this.#endedAtMs.length + this.#running - Math.floor(allowed);
    if (over >= 0) {
      const ended = this.#endedAtMs[over];
      if (ended === undefined) return Number.POSITIVE_INFINITY;
      atMs = Math.max(atMs, ended + this.#windowMs);
    }
    return atMs;
  }

  /** At least 1, at most the limit; not a whole number while the lane recovers. */
  #writesPerWindow(): number {
    const recovered = (this.#clock.now() - this.#slowedAtMs) / (RECOVERY_WINDOWS * this.#windowMs);
    return Math.max(1, this.#limit * Math.min(1, this.#share + recovered));
  }

  #interimsPerWindow(): number {
    return Math.max(1, this.#writesPerWindow() - this.#reserve);
  }

  #block(ms: number): void {
    const untilMs = this.#clock.now() + Math.min(ms, LONGEST_BLOCK_MS);
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, untilMs);
  }

  #forgetOld(): void {
    const beforeMs = this.#clock.now() - this.#windowMs;
    while (this.#endedAtMs[0] !== undefined && this.#endedAtMs[0] <= beforeMs) this.#endedAtMs.shift();
  }

  /** Looks again at that time. An alarm that an earlier one has overtaken still rings: to look once more harms nothing. */
  #wake(atMs: number, nowMs: number): void {
    if (atMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    void this.#clock.sleep(atMs - nowMs).then(() => {
      if (this.#wakeAtMs === atMs) this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.pump();
    });
  }
}
