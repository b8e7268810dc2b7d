interface RateLimitedOptions extends ErrorOptions {
  readonly scope?: string | null;
}

/** The platform asked to wait. Nothing was shown. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited';
  readonly code = 'rate_limited';
  readonly retryAfterMs: number;
  /** Of the write's scopes the one whose limit it was, by key; the narrowest if nothing is said. */
  readonly scope: string | null;

  constructor(retryAfterMs: number, { scope = null, ...options }: RateLimitedOptions = {}) {
    super(`rate limited for ${retryAfterMs} ms`, options);
    this.retryAfterMs = retryAfterMs;
    this.scope = scope;
  }
}

/**
 * The platform did not answer, or failed inside: the same may work in a moment. Only this and `RateLimited` are tried for long; any
 * other fault is tried three times within a minute.
 */
export class PassingFault extends Error {
  override readonly name: string = 'PassingFault';
}

interface PlaceGoneOptions extends ErrorOptions {
  readonly advice?: string | null;
  readonly extent?: PlaceGone['extent'];
}

/** Nothing can be shown at this place any more: the message, thread or channel is gone, or the permission is. */
export class PlaceGone extends Error {
  override readonly name = 'PlaceGone';
  readonly code = 'place_gone';
  /** `refused`: for a reason that is not known to pass. */
  readonly reason: 'deleted' | 'forbidden' | 'archived' | 'expired' | 'refused';
  /** For the asker: why nothing can be shown, and who can change that. Null if nobody needs to be told, or was told already. */
  readonly advice: string | null;
  /** Whether it holds for all of the channel, or for this thread or message alone. */
  readonly extent: 'channel' | 'place';

  constructor(
    reason: PlaceGone['reason'],
    { advice = null, extent = 'place', ...options }: PlaceGoneOptions = {},
  ) {
    super(`the place of the answer is ${reason}`, options);
    this.reason = reason;
    this.advice = advice;
    this.extent = extent;
  }
}

/** Nothing can be shown at this place until somebody opens it: then the adapter tells `Dispatch.opened`. The answer is kept until then. */
export class PlaceLocked extends Error {
  override readonly name = 'PlaceLocked';
  readonly code = 'place_locked';
  /** `Place.key` of what is locked. */
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`the place of the answer is locked: ${key}`, options);
    this.key = key;
  }
}

/** The platform refuses this very view, and would again. */
export class Unshowable extends Error {
  override readonly name = 'Unshowable';
  readonly code = 'unshowable';
}
