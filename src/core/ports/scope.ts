/** A limit of the platform that writes share. Writes with the same key draw from one limiter. */
export interface Scope {
  readonly key: string;
  /** So many writes … */
  readonly limit: number;
  /** … in so many milliseconds, until the platform's own words (`WriteLimiters.learn`) say otherwise. */
  readonly windowMs: number;
  /** So many of them are kept for what is urgent, so that endings need not wait for a window to pass. Default 0. */
  readonly reserve?: number;
  /** A wider limit, which these writes draw from as well: they wait for both before it is decided what is written. */
  readonly within?: Scope;
  /** Whether the platform counts what all processes write together. */
  readonly isShared?: boolean;
  /**
   * No write takes longer. Where a process dies, others take its writes for ended then. 15,000 by default: no adapter
   * waits longer for an answer.
   */
  readonly longestMs?: number;
}

/** What the platform said about a scope's limit after a write. */
export interface RateReport {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
}
