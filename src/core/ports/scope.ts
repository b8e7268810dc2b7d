/**
 * A limit of the platform that writes share. Writes with the same key draw from one limiter. The numbers are the
 * platform's; the rest is how Parley spends them.
 */
export interface Scope {
  readonly key: string;
  /** So many writes … */
  readonly limit: number;
  /** … in so many milliseconds, until the platform's own words (`WriteLimiters.learn`) say otherwise. */
  readonly windowMs: number;
  /** So many of them are kept for first and last states, so that those need not wait for a window to pass. Default 0. */
  readonly reserve?: number;
  /**
   * So many interim updates may go as soon as somebody wants them, if that much was saved up; what is left is spread until
   * writes come free again. Default 0: interim updates are spread evenly over the window.
   */
  readonly burst?: number;
  /** So many more for each answer that grows here. Default 0. */
  readonly burstEach?: number;
  /**
   * An answer may begin to grow only if the last states of all that grow here could be written within so many
   * milliseconds. Default `DEFAULT_DUE_MS`.
   */
  readonly dueMs?: number;
  /** A wider limit, which these writes draw from as well: they wait for both before it is decided what is written. */
  readonly within?: Scope;
  /** Whether the platform counts what all processes write together. */
  readonly isShared?: boolean;
  /**
   * No write takes longer, in milliseconds. If a process dies, others take its writes for ended then. Default 15,000: no
   * adapter waits longer for an answer.
   */
  readonly longestMs?: number;
}

export const DEFAULT_DUE_MS = 1_000;

/**
 * What a write is for, the most urgent first. `last`: it ends a message, so that no later state makes up for it. `first`: it
 * opens a message. `prepare`: it has to happen before a message can be opened, as opening a thread. `interim`: the next
 * state makes up for it; it waits for its turn.
 */
export type Urgency = 'last' | 'first' | 'prepare' | 'interim';

/** What the platform said about a scope's limit after a write. */
export interface RateReport {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
}
