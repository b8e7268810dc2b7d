import type { ModelPrices } from '../ports/provider.ts';

type PriceKind = keyof ModelPrices;

/** A price that a provider names and that is not believed, in pico-dollars. */
export interface PriceDoubt {
  readonly kind: PriceKind;
  readonly said: number;
  /** What counts instead: that of `models.json`, or none. */
  readonly held: number | null;
}

export interface WeighedPrices {
  readonly prices: ModelPrices;
  /** Those that may be true all the same: a reservation covers them. Null if there are none. */
  readonly doubtedPrices: ModelPrices | null;
  readonly doubts: readonly PriceDoubt[];
}

/** A price that moves further than that is a slip of units, or of somebody's pen. */
const FURTHEST = 20;
/** $1,000 per million: the dearest model there is costs $600. What is above is in another unit. */
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
 * What a provider says of its prices, held against those of `models.json`. What it says counts, unless it is no price at
 * all, or more than 20 times away. From 0 to a price and back is believed of a provider whose prices are the bill
 * (OpenRouter) alone.
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
