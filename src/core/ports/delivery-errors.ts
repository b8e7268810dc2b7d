interface RateLimitedOptions extends ErrorOptions {
  readonly scope?: string | null;
}

/** The platform asked to wait. Nothing was shown. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited';
  readonly code = 'rate_limited';
  readonly retryAfterMs: number;
  /** Of the write's scopes the one whose limit it was, by key; the narrowest where nothing is said. */
  readonly scope: string | null;

  constructor(retryAfterMs: number, { scope = null, ...options }: RateLimitedOptions = {}) {
    super(`rate limited for ${retryAfterMs} ms`, options);
    this.retryAfterMs = retryAfterMs;
    this.scope = scope;
  }
}

/** Nothing can be shown at this place any more: the message, thread or channel is gone, or the permission is. */
export class PlaceGone extends Error {
  override readonly name = 'PlaceGone';
  readonly code = 'place_gone';
  readonly reason: 'deleted' | 'forbidden' | 'archived' | 'expired';

  constructor(reason: PlaceGone['reason'], options?: ErrorOptions) {
    super(`the place of the answer is ${reason}`, options);
    this.reason = reason;
  }
}

/** The platform refuses this very view, and would again. */
export class Unshowable extends Error {
  override readonly name = 'Unshowable';
  readonly code = 'unshowable';
}
