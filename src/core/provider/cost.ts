import { parseNanoUsd } from '../money.ts';

/**
 * What an answer cost in nano-dollars. OpenRouter's own charge is all of it, unless the account has a key of its own at
 * the upstream provider (BYOK): then the charge is a fee, and the upstream's price comes on top. Without such a key the
 * upstream's price only repeats the charge.
 */
export function costNanoUsd(charge: unknown, isByok: unknown, upstreamCharge: unknown): number | null {
  const nanoUsd = parseNanoUsd(charge);
  if (nanoUsd === null || isByok !== true) return nanoUsd;
  return nanoUsd + (parseNanoUsd(upstreamCharge) ?? 0);
}
