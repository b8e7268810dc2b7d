import type { FirmPrices } from '../catalogue/dearest-prices.ts';
import { type Charge, MOST_NANO_USD, parsePicoUsd, totalNanoUsd } from '../kit/money.ts';
import type { Offer } from '../ports/model.ts';
import type { ModelPrices, Usage } from '../ports/provider.ts';
import type { MaxPrice } from '../ports/routing.ts';

/** The most that a request can come to. */
export interface RequestBounds {
  /** At least what the provider will count; a text has at most as many tokens as UTF-8 bytes. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly webSearches: number;
  readonly images: number;
  /** Whether the request asks for its prompt to be cached: what is written costs more than what is read. */
  readonly cachesPrompt?: boolean;
}

/**
 * A search costs at least that, whatever the model's price says: OpenRouter bills the engine that it picks, on free models
 * too, and lists models without a search of their own at 0. This is Exa's deep search.
 * @see https://openrouter.ai/docs/guides/features/server-tools/web-search
 */
const LEAST_WEB_SEARCH_PICO_USD = picoUsd('0.015');

/** A token that is written into a prompt cache costs a quarter more than one that is read, where no price is named. */
const CACHE_WRITE_FACTOR = { times: 5, over: 4 };

/** What the results of one search add to the prompt: a generous guess at five results of a page or two. */
const WEB_SEARCH_RESULT_TOKENS = 10_000;

/** The worst price of a request that goes to this offer. */
export function worstCostNanoUsd(offer: Offer, bounds: RequestBounds, dearest: FirmPrices): number {
  const prices = reservedPrices(offer, dearest);
  const { promptPicoUsd, cacheWritePicoUsd, cachedPromptPicoUsd } = prices;
  const writes = bounds.cachesPrompt === true || offer.prices.cacheWritePicoUsd !== null;
  const dearestPrompt = Math.max(promptPicoUsd, cachedPromptPicoUsd, writes ? cacheWritePicoUsd : 0);
  // After each search the model is called again, with all that it read before and the results.
  const calls = bounds.webSearches + 1;
  const resultTokens = (WEB_SEARCH_RESULT_TOKENS * calls * bounds.webSearches) / 2;
  return total([
    { units: calls * bounds.promptTokens + resultTokens, picoUsdEach: dearestPrompt },
    {
      units: calls * bounds.outputTokens,
      picoUsdEach: Math.max(prices.completionPicoUsd, prices.reasoningPicoUsd, prices.imageOutputPicoUsd),
    },
    { units: bounds.images * calls, picoUsdEach: prices.imagePicoUsd },
    ...feesFor(prices, bounds.webSearches),
  ]);
}

/**
 * What a request cost by the provider's own account; where it names no price, by its tokens. A price of 0 is believed of a
 * key that pays the upstream provider itself; else it says that nobody counted, and a free model comes to 0 by its tokens.
 */
export function costNanoUsd(offer: Offer, usage: Usage, dearest: FirmPrices): number {
  if (usage.costNanoUsd !== null && namesPrice(usage)) return usage.costNanoUsd;
  const prices = firmPrices(offer.prices, dearest);
  const { promptTokens, cachedPromptTokens, cacheWriteTokens, completionTokens, reasoningTokens } = usage;
  return total([
    { units: promptTokens - cachedPromptTokens - cacheWriteTokens, picoUsdEach: prices.promptPicoUsd },
    { units: cachedPromptTokens, picoUsdEach: prices.cachedPromptPicoUsd },
    { units: cacheWriteTokens, picoUsdEach: prices.cacheWritePicoUsd },
    {
      units: completionTokens - reasoningTokens,
      // How many of them are an image's is not known.
      picoUsdEach: Math.max(prices.completionPicoUsd, prices.imageOutputPicoUsd),
    },
    { units: reasoningTokens, picoUsdEach: prices.reasoningPicoUsd },
    ...feesFor(prices, usage.webSearches),
  ]);
}

/** Whether the provider itself says what the request cost. */
export function namesPrice({ costNanoUsd, isByok }: Usage): boolean {
  return costNanoUsd !== null && (costNanoUsd > 0 || isByok);
}

/** Holds the provider to the prices at which the request was reserved. */
export function maxPrice(offer: Offer, dearest: FirmPrices): MaxPrice {
  const { promptPicoUsd, completionPicoUsd, requestPicoUsd } = reservedPrices(offer, dearest);
  return { promptPicoUsd, completionPicoUsd, requestPicoUsd };
}

function total(charges: readonly Charge[]): number {
  return Math.min(totalNanoUsd(charges), MOST_NANO_USD);
}

function feesFor(prices: FirmPrices, webSearches: number): Charge[] {
  return [
    // After each search the model is called again.
    { units: webSearches + 1, picoUsdEach: prices.requestPicoUsd },
    { units: webSearches, picoUsdEach: Math.max(prices.webSearchPicoUsd, LEAST_WEB_SEARCH_PICO_USD) },
  ];
}

/** Those of a model, with no gap. */
type ModelRates = { readonly [Kind in keyof ModelPrices]: number };

/** Of the believed prices and those that are in doubt, the higher ones. */
function reservedPrices({ prices, doubtedPrices }: Offer, dearest: FirmPrices): ModelRates {
  const believed = firmPrices(prices, dearest);
  if (doubtedPrices === undefined) return believed;
  const higher = Object.entries(believed).map(([kind, price]) => [
    kind,
    Math.max(price, doubtedPrices[kind as keyof ModelPrices] ?? 0),
  ]);
  return Object.fromEntries(higher) as ModelRates;
}

/** A model without a price counts at the dearest of all; one with prices for tokens has no fees but those it names. */
function firmPrices(prices: ModelPrices, dearest: FirmPrices): ModelRates {
  const priced = prices.promptPicoUsd !== null && prices.completionPicoUsd !== null;
  const promptPicoUsd = prices.promptPicoUsd ?? dearest.promptPicoUsd;
  const completionPicoUsd = prices.completionPicoUsd ?? dearest.completionPicoUsd;
  const { times, over } = CACHE_WRITE_FACTOR;
  return {
    promptPicoUsd,
    completionPicoUsd,
    cachedPromptPicoUsd: prices.cachedPromptPicoUsd ?? promptPicoUsd,
    cacheWritePicoUsd: prices.cacheWritePicoUsd ?? Math.ceil((promptPicoUsd * times) / over),
    reasoningPicoUsd: prices.reasoningPicoUsd ?? completionPicoUsd,
    imageOutputPicoUsd: prices.imageOutputPicoUsd ?? completionPicoUsd,
    requestPicoUsd: prices.requestPicoUsd ?? (priced ? 0 : dearest.requestPicoUsd),
    imagePicoUsd: prices.imagePicoUsd ?? (priced ? 0 : dearest.imagePicoUsd),
    webSearchPicoUsd: prices.webSearchPicoUsd ?? dearest.webSearchPicoUsd,
  };
}

function picoUsd(usd: string): number {
  return parsePicoUsd(usd) ?? Number.NaN;
}
