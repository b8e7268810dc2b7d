import type { Clock } from '../kit/time/clock.ts';
import type { Scope } from '../ports/scope.ts';

/**
 * The writes that count against one limit. A write counts from its grant until one whole window after its end. The platform
 * counts it somewhere in between, so no fixed or sliding window of the platform ever contains more than `limit`, whatever the
 * network does. If the limit refills, the writes that have ended stop counting one by one, as tokens come back to a bucket.
 */
export class WriteWindow {
  readonly #clock: Clock;
  readonly #refills: boolean;
  /** The ends of the writes that count, oldest first. If the limit refills, they are put off to its pace. */
  #endedAtMs: number[] = [];
  limit: number;
  lengthMs: number;
  /** Granted writes that are running. */
  running = 0;

  constructor(clock: Clock, { limit, windowMs, refills = false }: Scope) {
    this.#clock = clock;
    this.#refills = refills;
    this.limit = limit;
    this.lengthMs = windowMs;
  }

  /** Counts the end of a running write. Returns for how many milliseconds it counts. */
  end(): number {
    this.running--;
    const nowMs = this.#clock.now();
    const fullAtMs = nowMs - this.lengthMs;
    const lastMs = Math.max(this.#endedAtMs.at(-1) ?? fullAtMs, fullAtMs);
    const endedAtMs = this.#refills ? lastMs + this.lengthMs / this.limit : nowMs;
    this.#endedAtMs.push(endedAtMs);
    return endedAtMs + this.lengthMs - nowMs;
  }

  /** Writes that count now, the running ones included. */
  used(): number {
    this.#forgetOld();
    return this.#endedAtMs.length + this.running;
  }

  /**
   * The smallest gap between writes that always leaves room for the next one, if `left` writes are possible now. Those must last until
   * the oldest write stops counting, and with it until the next one does, and so on.
   */
  lastingGapMs(left: number): number {
    this.#forgetOld();
    const countsFromMs = this.#clock.now() - this.lengthMs;
    return this.#endedAtMs.reduce((gapMs, endedAtMs, freed) => {
      const writes = left + freed;
      return writes < 1 ? gapMs : Math.max(gapMs, (endedAtMs - countsFromMs) / writes);
    }, 0);
  }

  /** When fewer than `allowed` writes count: 0 for now, infinity if only the end of a running write can make room. */
  freeAtMs(allowed: number): number {
    const over = this.used() - Math.floor(allowed);
    if (over < 0) return 0;
    const ended = this.#endedAtMs[over];
    return ended === undefined ? Number.POSITIVE_INFINITY : ended + this.lengthMs;
  }

  #forgetOld(): void {
    const beforeMs = this.#clock.now() - this.lengthMs;
    while (this.#endedAtMs[0] !== undefined && this.#endedAtMs[0] <= beforeMs) this.#endedAtMs.shift();
  }
}
