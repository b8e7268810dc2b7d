import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { PassingFault, PlaceGone, PlaceLocked, RateLimited, Unshowable } from '../ports/delivery-errors.ts';

/** Tries the writes of one answer: waits out temporary faults, and decides when nothing can be shown any more. */
export interface Attempts {
  /**
   * Runs a write. `refused`: the platform does not accept this view. `again`: failed temporarily, and has waited. `over`: nothing
   * can be shown any more.
   *
   * @param facts about the write, for the log
   */
  attempt(work: () => Promise<void>, facts: () => object): Promise<'done' | 'refused' | 'again' | 'over'>;
  /** Nothing can be shown any more, for this reason. */
  giveUp(reason: unknown): void;
  /** As `Reply.gone`. */
  readonly gone: AbortSignal;
  /** As `Reply.lockedAt`. */
  lockedAt(): string | null;
}

export interface AttemptsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** As `ReplyOptions.unwanted`. */
  readonly unwanted?: AbortSignal;
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

/** Retries a view for at most an hour, or 15 s once nobody wants the answer. */
export function createAttempts({ clock, log, signal, unwanted }: AttemptsOptions): Attempts {
  const gone = new AbortController();
  const rushed = unwanted === undefined ? signal : AbortSignal.any([signal, unwanted]);
  let unwantedAtMs = Number.POSITIVE_INFINITY;
  unwanted?.addEventListener('abort', () => {
    unwantedAtMs = clock.now();
  });

  /** The time since which every try failed, and the number of tries; null if the last one worked. */
  let faultySinceMs: number | null = null;
  let faults = 0;
  /** The number of those faults that are not known to be temporary. */
  let refusals = 0;
  let lockedAt: string | null = null;

  /** The reason to give up after this fault; null to retry. */
  function endAfter(error: unknown, sinceMs: number): unknown {
    if (error instanceof PlaceGone) return error;
    if (!isPassing(error)) {
      return refusals < REFUSAL_RETRIES_MS.length ? null : new PlaceGone('refused', { cause: error });
    }
    const nowMs = clock.now();
    const isStale =
      unwantedAtMs <= nowMs && nowMs - Math.max(sinceMs, unwantedAtMs) > GIVE_UP_STOPPED_AFTER_MS;
    return isStale || nowMs - sinceMs > GIVE_UP_AFTER_MS ? error : null;
  }

  async function waitAfter(error: unknown): Promise<void> {
    if (error instanceof RateLimited) return; // The limiter waits.
    log.warn({ err: error, faults }, 'could not show an answer; retrying');
    const waitMs = isPassing(error)
      ? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** faults++)
      : (REFUSAL_RETRIES_MS[refusals++] ?? 0);
    // The next attempt sees the abort. Once nobody wants the answer, later waits are not shortened.
    await clock.sleep(waitMs, unwanted?.aborted ? signal : rushed).catch(() => {});
  }

  return {
    gone: gone.signal,
    lockedAt: () => lockedAt,
    giveUp: (reason) => gone.abort(reason),

    async attempt(work, facts) {
      try {
        await work();
        faultySinceMs = null;
        return 'done';
      } catch (error) {
        if (signal.aborted) return 'over';
        if (error instanceof Unshowable) {
          log.error({ err: error, ...facts() }, 'the platform refused a state of an answer');
          faultySinceMs = null;
          return 'refused';
        }
        if (error instanceof PlaceLocked) {
          log.info({ place: error.key }, 'an answer waits for its place to be unlocked');
          lockedAt = error.key;
          return 'over';
        }
        if (faultySinceMs === null) faults = refusals = 0;
        faultySinceMs ??= clock.now();
        const end = endAfter(error, faultySinceMs);
        if (end !== null) {
          log.warn({ err: error, faults }, 'gave up showing an answer');
          gone.abort(end);
          return 'over';
        }
        await waitAfter(error);
        return 'again';
      }
    },
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof PassingFault || error instanceof RateLimited;
}
