/**
 * For `abort` if nobody asks for the reason: what waited need not wait any more. Without a reason Node makes an exception
 * and its stack at each abort, ten times in an answer.
 */
export const OVER = new Error('over');
