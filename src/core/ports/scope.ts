/**
 * A platform's rate limit. Writes with the same key share one limiter. `limit` and `windowMs` are the platform's numbers; the
 * rest is how Parley spends them.
 */
export interface Scope {
  readonly key: string;
  /** Writes per window. */
  readonly limit: number;
  /** The window in milliseconds, until the platform reports another (`WriteLimiters.learn`). */
  readonly windowMs: number;
  /** Whether room for one write comes back each `windowMs / limit`, as in a bucket. By default a window's writes count. */
  readonly refills?: boolean;
  /** The part of `limit` for first and last states alone, so that they need not wait for a window. Default 0. */
  readonly reserve?: number;
  /**
   * Interim updates that may go at once if that many were saved up; the rest is spread over the time until writes come free.
   * Default 0: interim updates are spread evenly over the window.
   */
  readonly burst?: number;
  /** Added to `burst` for each answer that grows here. Default 0. */
  readonly burstEach?: number;
  /** An answer may grow only if all last states here could be written within this time. Default `DEFAULT_DUE_MS`. */
  readonly dueMs?: number;
  /** A wider limit from which these writes draw too. A write waits for both before its content is chosen. */
  readonly within?: Scope;
  /** Whether the platform counts the writes of all processes together. Default false. */
  readonly isShared?: boolean;
  /** The longest write in milliseconds, after which a dead process's count as over. Default 15,000; timeouts are shorter. */
  readonly longestMs?: number;
}

export const DEFAULT_DUE_MS = 1_000;

/**
 * The purpose of a write, most urgent first. `last`: ends a message, so no later state replaces it. `first`: opens a message.
 * `prepare`: must happen before a message can open, such as opening a thread. `interim`: the next state replaces it, so it
 * can wait.
 */
export type Urgency = 'last' | 'first' | 'prepare' | 'interim';

/** The platform's report on a limit after a write. */
export interface RateReport {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
}
