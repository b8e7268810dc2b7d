import { parsePicoUsd } from '../kit/money.ts';
import type { Offer } from '../ports/model.ts';

/** Prices with no gap, in pico-dollars: per token, and each. What a request is reserved at and held to. */
export interface FirmPrices {
  readonly promptPicoUsd: number;
  readonly completionPicoUsd: number;
  readonly requestPicoUsd: number;
  readonly imagePicoUsd: number;
  readonly webSearchPicoUsd: number;
}

/** What counts if all models with a price are free: as much as the dearest models in common use. */
const UNPRICED = { promptPicoUsd: picoUsd('0.000015'), completionPicoUsd: picoUsd('0.000075') };

/** The dearest price of each kind among what is on offer. */
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
