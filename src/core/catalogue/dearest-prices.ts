import { parsePicoUsd } from '../kit/money.ts';
import type { Offer } from '../ports/model.ts';

/** A complete set of prices, in pico-dollars per token or piece. Requests are reserved at them and held to them. */
export interface FirmPrices {
  readonly promptPicoUsd: number;
  readonly completionPicoUsd: number;
  readonly requestPicoUsd: number;
  readonly imagePicoUsd: number;
  readonly webSearchPicoUsd: number;
}

/** Used if every model with a price is free: the prices of the most expensive models in common use. */
const UNPRICED = { promptPicoUsd: picoUsd('0.000015'), completionPicoUsd: picoUsd('0.000075') };

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

function picoUsd(usd: string): number {
  return parsePicoUsd(usd) ?? Number.NaN;
}
