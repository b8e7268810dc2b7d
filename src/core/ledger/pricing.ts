import type { FirmPrices } from '../catalogue/dearest-prices.ts';
import { type Charge, MOST_NANO_USD, parsePicoUsd, totalNanoUsd } from '../kit/money.ts';
import type { Offer } from '../ports/model.ts';
import type { Usage } from '../ports/provider.ts';
import type { MaxPrice } from '../ports/routing.ts';

/** The most that a request can come to. */
export interface RequestBounds {
  /** At least what the provider will count; a text has at most as many tokens as UTF-8 bytes. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly webSearches: number;
  readonly images: number;
}

/**
 * A search costs at least that, whatever the model's price says: OpenRouter bills the engine that it picks, on free models
 * too, and lists models without a search of their own at 0. This is Exa's deep search.
 * @see https://openrouter.ai/docs/guides/features/server-tools/web-search
 */
const LEAST_WEB_SEARCH_PICO_USD = picoUsd('0.015');

/** What the results of one search add to the prompt: a generous guess at five results of a page or two. */
const WEB_SEARCH_RESULT_TOKENS = 10_000;

/** The worst price of a request that goes to this offer. */
export function worstCostNanoUsd(offer: Offer, bounds: RequestBounds, dearest: FirmPrices): number {
  const prices = firmPrices(offer, dearest);
  // After each search the model is called again, with all that it read before and the results.
  const calls = bounds.webSearches + 1;
  const resultTokens = (WEB_SEARCH_RESULT_TOKENS * calls * bounds.webSearches) / 2;
  return total([
    { units: calls * bounds.promptTokens + resultTokens, picoUsdEach: prices.promptPicoUsd },
    { units: calls * bounds.outputTokens, picoUsdEach: prices.completionPicoUsd },
    { units: bounds.images * calls, picoUsdEach: prices.imagePicoUsd },
    ...feesFor(prices, bounds.webSearches),
  ]);
}

/** What a request cost by the provider's own account; where it names no price, by its tokens. */
export function costNanoUsd(offer: Offer, usage: Usage, dearest: FirmPrices): number {
  if (usage.costNanoUsd !== null) return usage.costNanoUsd;
  const prices = firmPrices(offer, dearest);
  return total([
    { units: usage.promptTokens, picoUsdEach: prices.promptPicoUsd },
    { units: usage.completionTokens, picoUsdEach: prices.completionPicoUsd },
    ...feesFor(prices, usage.webSearches),
  ]);
}

/** Holds the provider to the prices at which the request was reserved. */
export function maxPrice(offer: Offer, dearest: FirmPrices): MaxPrice {
  const { promptPicoUsd, completionPicoUsd, requestPicoUsd } = firmPrices(offer, dearest);
  return { promptPicoUsd, completionPicoUsd, requestPicoUsd };
}

function total(charges: readonly Charge[]): number {
  return Math.min(totalNanoUsd(charges), MOST_NANO_USD);
}

function feesFor(prices: FirmPrices, webSearches: number): Charge[] {
  return [
    { units: 1, picoUsdEach: prices.requestPicoUsd },
    { units: webSearches, picoUsdEach: Math.max(prices.webSearchPicoUsd, LEAST_WEB_SEARCH_PICO_USD) },
  ];
}

/** A model without a price counts at the dearest of all; one with prices for tokens has no fees but those it names. */
function firmPrices({ prices }: Offer, dearest: FirmPrices): FirmPrices {
  const priced = prices.promptPicoUsd !== null && prices.completionPicoUsd !== null;
  return {
    promptPicoUsd: prices.promptPicoUsd ?? dearest.promptPicoUsd,
    completionPicoUsd: prices.completionPicoUsd ?? dearest.completionPicoUsd,
    requestPicoUsd: prices.requestPicoUsd ?? (priced ? 0 : dearest.requestPicoUsd),
    imagePicoUsd: prices.imagePicoUsd ?? (priced ? 0 : dearest.imagePicoUsd),
    webSearchPicoUsd: prices.webSearchPicoUsd ?? dearest.webSearchPicoUsd,
  };
}

function picoUsd(usd: string): number {
  return parsePicoUsd(usd) ?? Number.NaN;
}
