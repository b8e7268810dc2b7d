/** The platform asked to wait. The write did not happen. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited';
  readonly code = 'rate_limited';
  readonly retryAfterMs: number;
  /** The key of the scope whose limit was hit; null for the write's narrowest scope. */
  readonly scope: string | null;

  constructor(
    retryAfterMs: number,
    { scope = null, ...options }: ErrorOptions & Partial<Pick<RateLimited, 'scope'>> = {},
  ) {
    super(`rate limited for ${retryAfterMs} ms`, options);
    this.retryAfterMs = retryAfterMs;
    this.scope = scope;
  }
}

/**
 * The platform did not answer, or failed internally; a retry may work soon. This and `RateLimited` are retried for long;
 * other faults three times within a minute.
 */
export class PassingFault extends Error {
  override readonly name: string = 'PassingFault';
}

/** Nothing can be shown in this place any more: the message, thread or channel is gone, or the permission is. */
export class PlaceGone extends Error {
  override readonly name = 'PlaceGone';
  readonly code = 'place_gone';
  /** `refused`: for a reason that is not known to be temporary. */
  readonly reason: 'deleted' | 'forbidden' | 'archived' | 'expired' | 'refused';
  /** Tells the asker why, and who can change it. Null if nobody needs to be told, or was told already. */
  readonly advice: string | null;
  /** Whether it applies to the whole channel, or only to this thread or message. */
  readonly extent: 'channel' | 'place';

  constructor(
    reason: PlaceGone['reason'],
    {
      advice = null,
      extent = 'place',
      ...options
    }: ErrorOptions & Partial<Pick<PlaceGone, 'advice' | 'extent'>> = {},
  ) {
    super(`the place of the answer is ${reason}`, options);
    this.reason = reason;
    this.advice = advice;
    this.extent = extent;
  }
}

/** Nothing can be shown here until somebody unlocks it and the adapter calls `Dispatch.unlocked`. The answer is kept. */
export class PlaceLocked extends Error {
  override readonly name = 'PlaceLocked';
  readonly code = 'place_locked';
  /** `Place.key` of the locked place. */
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`the place of the answer is locked: ${key}`, options);
    this.key = key;
  }
}

/** The platform refuses this view, and would refuse it again. */
export class Unshowable extends Error {
  override readonly name = 'Unshowable';
  readonly code = 'unshowable';
}
