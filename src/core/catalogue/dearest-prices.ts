import type { Offer } from '../ports/model.ts';

/** A complete set of prices, in pico-dollars per token or piece. Requests are reserved at them and held to them. */
export interface FirmPrices {
  readonly promptPicoUsd: number;
  readonly completionPicoUsd: number;
  readonly requestPicoUsd: number;
  readonly imagePicoUsd: number;
  readonly webSearchPicoUsd: number;
}

/** Used if every model with a price is free: $15 and $75 per million, as the most expensive models in common use. */
const UNPRICED = { promptPicoUsd: 15e6, completionPicoUsd: 75e6 };

/** The highest price of each kind among the offers. */
export function dearestPrices(offers: readonly Offer[]): FirmPrices {
  const dearest = (kind: keyof FirmPrices, unpriced: number) => {
    const most = Math.max(0, ...offers.map(({ prices }) => prices[kind] ?? 0));
    return most === 0 ? unpriced : most;
  };
  return {
    promptPicoUsd: dearest('promptPicoUsd', UNPRICED.promptPicoUsd),
    completionPicoUsd: dearest('completionPicoUsd', UNPRICED.completionPicoUsd),
    requestPicoUsd: dearest('requestPicoUsd', 0),
    imagePicoUsd: dearest('imagePicoUsd', 0),
    webSearchPicoUsd: dearest('webSearchPicoUsd', 0),
  };
}
