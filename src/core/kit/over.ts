/**
 * A shared reason for `abort` when nobody reads the reason. Without a reason, Node creates an exception with its stack at
 * each abort, about ten times per answer.
 */
export const OVER = new Error('over');

/** Never aborts: for work that is worth waiting for even while the bot stops. */
export const NEVER = new AbortController().signal;
