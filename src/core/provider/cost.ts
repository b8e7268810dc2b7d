import { MOST_NANO_USD, parseNanoUsd } from '../kit/money.ts';

/**
 * What an answer cost in nano-dollars. OpenRouter's own charge is all of it, unless the account has a key of its own at
 * the upstream provider (BYOK): then the charge is a fee, and the upstream's price comes on top. Without such a key the
 * upstream's price only repeats the charge. At most `MOST_NANO_USD`; null if either of the two that count is missing.
 */
export function costNanoUsd(charge: unknown, isByok: unknown, upstreamCharge: unknown): number | null {
  const nanoUsd = parseNanoUsd(charge);
  if (nanoUsd === null) return null;
  const upstream = isByok === true ? parseNanoUsd(upstreamCharge) : 0;
  return upstream === null ? null : Math.min(nanoUsd + upstream, MOST_NANO_USD);
}
