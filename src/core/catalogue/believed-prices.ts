import { eachPrice, type ModelPrices, PRICED, type PriceKind } from '../ports/provider.ts';

/** A provider's price that looks wrong, in pico-dollars. */
export interface PriceDoubt {
  readonly kind: PriceKind;
  readonly said: number;
  /** The price used instead, from `models.json`; null if there is none. */
  readonly held: number | null;
}

export interface WeighedPrices {
  readonly prices: ModelPrices;
  /** Doubted prices that may be right all the same, so that reservations cover them. Null if there are none. */
  readonly doubtedPrices: ModelPrices | null;
  readonly doubts: readonly PriceDoubt[];
}

/** A price that is off by a larger factor is a mistake in units or figures. */
const FURTHEST = 20;
/** $1,000 per million tokens. The most expensive model costs $600; a higher price is in another unit. */
const MOST_PER_TOKEN_PICO_USD = 1e9;

/**
 * Compares a provider's prices with those of `models.json`. The provider's count, unless one is not a price or differs by a
 * factor of more than 20. A change between 0 and a price is believed only of a provider whose prices are the bill
 * (OpenRouter).
 */
export function weighPrices(own: ModelPrices, said: ModelPrices, isBiller: boolean): WeighedPrices {
  const doubts: PriceDoubt[] = [];
  const doubted = eachPrice((): number | null => null);
  const prices = eachPrice((kind) => {
    const [held, claim] = [own[kind], said[kind]];
    if (claim === null) return held;
    const isAbsurd = PRICED[kind] === 'token' && claim > MOST_PER_TOKEN_PICO_USD;
    if (!isAbsurd && (held === null || isNear(held, claim, isBiller))) return claim;
    doubts.push({ kind, said: claim, held });
    if (!isAbsurd) doubted[kind] = claim;
    return held;
  });
  const mayBeTrue = Object.values(doubted).some((price) => price !== null);
  return { prices, doubtedPrices: mayBeTrue ? doubted : null, doubts };
}

function isNear(held: number, claim: number, isBiller: boolean): boolean {
  if (held === 0 || claim === 0) return held === claim || isBiller;
  return claim <= held * FURTHEST && held <= claim * FURTHEST;
}
