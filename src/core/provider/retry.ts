import { ProviderError } from '../ports/provider-errors.ts';

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 800;
const MAX_DELAY_MS = 8_000;
/** A longer wait than this is for the person to decide upon, not to sit through. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * How long to wait before the request is made again; null if it must not be. What the provider asks for wins;
 * else 0.8 s, doubling, at most 8 s, shortened by up to a quarter so that those who failed together do not return together.
 * A request that may be billed is not made again: one reservation covers one billable request.
 * @param retries how many retries there have been
 * @param random in [0, 1)
 * @param isFree nothing can be billed, so that nothing speaks against another try
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
