import { ProviderError } from '../../ports/provider-errors.ts';

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 800;
const MAX_DELAY_MS = 8_000;
/** The person should decide about longer waits rather than sit through them. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * The wait before a retry in milliseconds; null if there must be none. The provider's own wait counts first. Otherwise 0.8 s,
 * doubling up to 8 s, shortened by up to a quarter so that requests that failed together do not return together. A request
 * that may be billed is not retried, because one reservation covers one billable request.
 * @param retries the number of retries so far
 * @param random in [0, 1)
 * @param isFree whether nothing can be billed, so that any request may be retried
 */
export function retryDelayMs(
  error: unknown,
  retries: number,
  random: () => number,
  isFree = false,
): number | null {
  if (!(error instanceof ProviderError) || !error.transient || retries >= MAX_RETRIES) return null;
  if (error.mayBeBilled && !isFree) return null;
  if (error.retryAfterMs !== null) {
    return error.retryAfterMs <= MAX_RETRY_AFTER_MS ? error.retryAfterMs : null;
  }
  return Math.min(FIRST_DELAY_MS * 2 ** retries, MAX_DELAY_MS) * (1 - random() / 4);
}
