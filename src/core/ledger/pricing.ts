import type { FirmPrices } from '../catalogue/dearest-prices.ts';
import { type Charge, MOST_NANO_USD, totalNanoUsd } from '../kit/money.ts';
import type { Offer } from '../ports/model.ts';
import { eachPrice, type ModelPrices, type PriceKind, type Usage } from '../ports/provider.ts';
import type { MaxPrice } from '../ports/routing.ts';

/** The largest size of a request. */
export interface RequestBounds {
  /** At least the provider's count. A text has at most as many tokens as UTF-8 bytes. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly webSearches: number;
  readonly images: number;
  /** Whether the prompt is to be cached; writing to the cache costs more than reading. Default false. */
  readonly cachesPrompt?: boolean;
}

/**
 * The least price of a search, whatever the model's price says: OpenRouter bills the search engine that it picks, even on
 * free models, and lists models without their own search at 0. $0.015 is the price of Exa's deep search.
 * @see https://openrouter.ai/docs/guides/features/server-tools/web-search
 */
const LEAST_WEB_SEARCH_PICO_USD = 15e9;

/** Without a price of its own, a prompt token written to the cache costs a quarter more than a normal one. */
const CACHE_WRITE_FACTOR = { times: 5, over: 4 };

/** Prompt tokens that the results of one search add: a generous guess of five results with a page or two each. */
const WEB_SEARCH_RESULT_TOKENS = 10_000;

/** The highest cost of a request to this offer, in nano-dollars. */
export function worstCostNanoUsd(offer: Offer, bounds: RequestBounds, dearest: FirmPrices): number {
  const prices = reservedPrices(offer, dearest);
  const { promptPicoUsd, cacheWritePicoUsd, cachedPromptPicoUsd } = prices;
  const writes = bounds.cachesPrompt === true || offer.prices.cacheWritePicoUsd !== null;
  const dearestPrompt = Math.max(promptPicoUsd, cachedPromptPicoUsd, writes ? cacheWritePicoUsd : 0);
  // After each search the model is called again with everything so far and the results.
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
 * The cost of a request in nano-dollars, as the provider reports it, or else by its tokens. A reported 0 is believed only if
 * the key pays the upstream provider itself; otherwise it means that nobody counted, and a free model comes to 0 by its
 * tokens anyway.
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
      // The number of image tokens among them is unknown.
      picoUsdEach: Math.max(prices.completionPicoUsd, prices.imageOutputPicoUsd),
    },
    { units: reasoningTokens, picoUsdEach: prices.reasoningPicoUsd },
    ...feesFor(prices, usage.webSearches),
  ]);
}

/** Whether the provider reports the cost itself. */
export function namesPrice({ costNanoUsd, isByok }: Usage): boolean {
  return costNanoUsd !== null && (costNanoUsd > 0 || isByok);
}

/** The price caps that hold the provider to the prices of the reservation. */
export function maxPrice(offer: Offer, dearest: FirmPrices): MaxPrice {
  const { promptPicoUsd, completionPicoUsd, requestPicoUsd } = reservedPrices(offer, dearest);
  return { promptPicoUsd, completionPicoUsd, requestPicoUsd };
}

function total(charges: readonly Charge[]): number {
  return Math.min(totalNanoUsd(charges), MOST_NANO_USD);
}

function feesFor(prices: FirmPrices, webSearches: number): Charge[] {
  return [
    // The model is called again after each search.
    { units: webSearches + 1, picoUsdEach: prices.requestPicoUsd },
    { units: webSearches, picoUsdEach: Math.max(prices.webSearchPicoUsd, LEAST_WEB_SEARCH_PICO_USD) },
  ];
}

/** A model's prices without gaps. */
type ModelRates = Readonly<Record<PriceKind, number>>;

/** The higher of the believed and the doubted price of each kind. */
function reservedPrices({ prices, doubtedPrices }: Offer, dearest: FirmPrices): ModelRates {
  const believed = firmPrices(prices, dearest);
  return doubtedPrices ? eachPrice((kind) => Math.max(believed[kind], doubtedPrices[kind] ?? 0)) : believed;
}

/** Fills gaps: a model without prices has the catalogue's highest; one with token prices has only the fees it lists. */
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
