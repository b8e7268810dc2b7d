import type { Logger } from 'pino';
import type { Clock } from '../kit/time/clock.ts';
import { OVER } from '../kit/time/over.ts';
import { PassingFault, PlaceGone, PlaceLocked, RateLimited, Unshowable } from '../ports/delivery-errors.ts';

export interface AttemptsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** As `ReplyOptions.onGone`. */
  readonly onGone?: () => void;
}

/** The first wait after a temporary fault; it doubles each time … */
const FIRST_RETRY_MS = 500;
/** … up to this … */
const LONGEST_RETRY_MS = 30_000;
/** … for at most this time per view. Platforms' outages last minutes; nearly all end within an hour. */
const GIVE_UP_AFTER_MS = 3_600_000;

/** The same, after somebody stopped the answer. */
const GIVE_UP_STOPPED_AFTER_MS = 15_000;
/** Waits after a fault that is not known to be temporary; after these the place counts as gone. */
const REFUSAL_RETRIES_MS: readonly number[] = [5_000, 20_000];

/**
 * Tries the writes of one answer: waits out temporary faults, and decides when nothing can be shown any more. A view is retried
 * for at most an hour, or 15 s once nobody wants the answer.
 */
export class Attempts {
  readonly #options: AttemptsOptions;
  /** As `Reply.gone`. */
  gone: unknown = null;
  /** As `Reply.lockedAt`. */
  lockedAt: string | null = null;
  #unwantedAtMs = Number.POSITIVE_INFINITY;
  /** Ends the present wait; null if there is none, or none that may be cut short. */
  #waiting: AbortController | null = null;
  /** The time since which every try failed, and the number of tries; null if the last one worked. */
  #faultySinceMs: number | null = null;
  #faults = 0;
  /** The number of those faults that are not known to be temporary. */
  #refusals = 0;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** As `Reply.unwanted`. */
  unwanted(): void {
    this.#unwantedAtMs = this.#options.clock.now();
    this.#waiting?.abort(OVER);
  }

  /** Nothing can be shown any more, for this reason. */
  giveUp(reason: unknown): void {
    if (this.gone !== null) return;
    this.gone = reason;
    this.#options.onGone?.();
  }

  /**
   * Runs a write. `refused`: the platform does not accept this view. `again`: failed temporarily, and has waited. `over`: nothing
   * can be shown any more.
   *
   * @param facts about the write, for the log
   */
  async attempt(
    work: () => Promise<void>,
    facts: () => object,
  ): Promise<'done' | 'refused' | 'again' | 'over'> {
    const { clock, log, signal } = this.#options;
    try {
      await work();
      this.#faultySinceMs = null;
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'over';
      if (error instanceof Unshowable) {
        log.error({ err: error, ...facts() }, 'the platform refused a state of an answer');
        this.#faultySinceMs = null;
        return 'refused';
      }
      if (error instanceof PlaceLocked) {
        log.info({ place: error.key }, 'an answer waits for its place to be unlocked');
        this.lockedAt = error.key;
        return 'over';
      }
      if (this.#faultySinceMs === null) this.#faults = this.#refusals = 0;
      this.#faultySinceMs ??= clock.now();
      const end = this.#endAfter(error, this.#faultySinceMs);
      if (end !== null) {
        log.warn({ err: error, faults: this.#faults }, 'gave up showing an answer');
        this.giveUp(end);
        return 'over';
      }
      await this.#waitAfter(error);
      return 'again';
    }
  }

  /** The reason to give up after this fault; null to retry. */
  #endAfter(error: unknown, sinceMs: number): unknown {
    if (error instanceof PlaceGone) return error;
    if (!isPassing(error)) {
      return this.#refusals < REFUSAL_RETRIES_MS.length ? null : new PlaceGone('refused', { cause: error });
    }
    const nowMs = this.#options.clock.now();
    const isStale =
      this.#unwantedAtMs <= nowMs && nowMs - Math.max(sinceMs, this.#unwantedAtMs) > GIVE_UP_STOPPED_AFTER_MS;
    return isStale || nowMs - sinceMs > GIVE_UP_AFTER_MS ? error : null;
  }

  async #waitAfter(error: unknown): Promise<void> {
    if (error instanceof RateLimited) return; // The limiter waits.
    const { clock, log, signal } = this.#options;
    log.warn({ err: error, faults: this.#faults }, 'could not show an answer; retrying');
    const waitMs = isPassing(error)
      ? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#faults++)
      : (REFUSAL_RETRIES_MS[this.#refusals++] ?? 0);
    // Once nobody wants the answer, later waits are not cut short.
    const waiting = this.#unwantedAtMs === Number.POSITIVE_INFINITY ? new AbortController() : null;
    this.#waiting = waiting;
    // The next attempt sees the abort.
    await clock.sleep(waitMs, waiting ? AbortSignal.any([signal, waiting.signal]) : signal).catch(() => {});
    this.#waiting = null;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof PassingFault || error instanceof RateLimited;
}
