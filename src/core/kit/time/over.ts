/** For `abort` if nobody reads the reason: without one, Node creates an exception and its stack, ten times per answer. */
export const OVER = new Error('over');

/** Never aborts: for work that is worth waiting for even while the bot stops. */
export const NEVER = new AbortController().signal;
