import type { Clock } from '../kit/time/clock.ts';

/**
 * After a 429, interim updates use half of the limit, and all of it again after `first` windows. If the next 429 comes within
 * twice that time, others draw from the limit permanently: the time doubles then, up to `most` windows.
 */
const RECOVERY_WINDOWS = { first: 5, most: 60 };
/** How long the platform is not tried again with a burst that it refused. */
const BURST_KEPT_MS = 24 * 3_600_000;

/** How much of a limit interim updates use after the platform's 429s. */
export class SlowDown {
  readonly #clock: Clock;
  /** The share of the limit after the last 429, and the time of that. */
  #share = 1;
  #slowedAtMs = Number.NEGATIVE_INFINITY;
  #recoveryWindows: number = RECOVERY_WINDOWS.first;
  /** The share of the burst that the platform accepted last. */
  #burstShare = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The platform answered 429. All 429s of one window have the same cause, and count once. */
  note(windowMs: number): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#slowedAtMs < windowMs) return;
    this.#share = this.share(windowMs) / 2;
    const isEarly = nowMs - this.#slowedAtMs < 2 * this.#recoveryWindows * windowMs;
    this.#recoveryWindows = isEarly
      ? Math.min(2 * this.#recoveryWindows, RECOVERY_WINDOWS.most)
      : RECOVERY_WINDOWS.first;
    this.#burstShare = this.burstShare() / 2;
    this.#slowedAtMs = nowMs;
  }

  /** The platform itself says how much is left: all of that may be used. */
  end(): void {
    this.#share = 1;
  }

  /** The share of the limit now, from 0 to 1. */
  share(windowMs: number): number {
    const back = (this.#clock.now() - this.#slowedAtMs) / (this.#recoveryWindows * windowMs);
    return Math.min(1, this.#share + back);
  }

  /** The share of a burst that may go at once, from 0 to 1. */
  burstShare(): number {
    return this.#clock.now() - this.#slowedAtMs > BURST_KEPT_MS ? 1 : this.#burstShare;
  }
}
