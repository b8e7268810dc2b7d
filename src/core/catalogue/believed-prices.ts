import type { ModelPrices } from '../ports/provider.ts';

type PriceKind = keyof ModelPrices;

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
const PER_TOKEN: ReadonlySet<PriceKind> = new Set<PriceKind>([
  'promptPicoUsd',
  'cachedPromptPicoUsd',
  'cacheWritePicoUsd',
  'completionPicoUsd',
  'reasoningPicoUsd',
  'imageOutputPicoUsd',
]);

/**
 * Compares a provider's prices with those of `models.json`. The provider's count, unless one is not a price or differs by a
 * factor of more than 20. A change between 0 and a price is believed only of a provider whose prices are the bill
 * (OpenRouter).
 */
export function weighPrices(own: ModelPrices, said: ModelPrices, isBiller: boolean): WeighedPrices {
  const doubts: PriceDoubt[] = [];
  const prices: Partial<Record<PriceKind, number | null>> = {};
  const doubted: Partial<Record<PriceKind, number | null>> = {};
  for (const kind of Object.keys(own) as PriceKind[]) {
    const [held, claim] = [own[kind], said[kind]];
    const isAbsurd = claim !== null && PER_TOKEN.has(kind) && claim > MOST_PER_TOKEN_PICO_USD;
    const isBelieved = claim !== null && !isAbsurd && (held === null || isNear(held, claim, isBiller));
    prices[kind] = isBelieved ? claim : held;
    doubted[kind] = isBelieved || isAbsurd ? null : claim;
    if (claim !== null && !isBelieved) doubts.push({ kind, said: claim, held });
  }
  const mayBeTrue = Object.values(doubted).some((price) => price !== null);
  return {
    prices: prices as ModelPrices,
    doubtedPrices: mayBeTrue ? (doubted as ModelPrices) : null,
    doubts,
  };
}

function isNear(held: number, claim: number, isBiller: boolean): boolean {
  if (held === 0 || claim === 0) return held === claim || isBiller;
  return claim <= held * FURTHEST && held <= claim * FURTHEST;
}
