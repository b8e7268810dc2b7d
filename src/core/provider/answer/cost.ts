import { MOST_NANO_USD, parseNanoUsd } from '../../kit/money.ts';

/**
 * The cost of an answer in nano-dollars, at most `MOST_NANO_USD`. OpenRouter's charge is the whole cost, unless the account
 * has its own key at the upstream provider (BYOK): then the charge is a fee, and the upstream's price is added. Null if a
 * needed number is missing.
 */
export function costNanoUsd(charge: unknown, isByok: unknown, upstreamCharge: unknown): number | null {
  const nanoUsd = parseNanoUsd(charge);
  if (nanoUsd === null) return null;
  const upstream = isByok === true ? parseNanoUsd(upstreamCharge) : 0;
  return upstream === null ? null : Math.min(nanoUsd + upstream, MOST_NANO_USD);
}
