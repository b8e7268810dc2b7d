import { asArray, asObject, asText, type JsonObject } from '../kit/json.ts';
import { parsePicoUsd } from '../kit/money.ts';
import { eachPrice, type ModelPrices, NO_PRICES, PRICED, type PriceKind } from '../ports/provider.ts';

/** Units as servers write them: `per_1m_tokens`, `per_token`, `USD per million tokens`, `1K tokens`. */
const UNIT =
  /^(?:usd|\$)?[\s_/-]*(?:per)?[\s_-]*(?<many>1|1k|1000|thousand|k|1m|1000000|million|m)?[\s_-]*tokens?$/;

/** The number of tokens that a price is for; null if unknown. */
function tokensPerPrice(pricing: JsonObject, tokenPrices: boolean): number | null {
  const { unit, currency = 'usd' } = pricing;
  if (asText(currency)?.toLowerCase() !== 'usd') return null;
  if (unit === undefined || unit === null) return tokenPrices ? 1 : null;
  const found = UNIT.exec(asText(unit)?.trim().toLowerCase() ?? '');
  if (found === null) return null;
  const many = found.groups?.['many'] ?? '1';
  if (many === '1') return 1;
  return many.endsWith('m') || many.endsWith('n') || many === '1000000' ? 1e6 : 1e3;
}

/**
 * The field names of each price, OpenRouter's first. A price of 0 for caching, reasoning or images means that there is no
 * separate price.
 */
const NAMES = {
  promptPicoUsd: ['prompt', 'input'],
  cachedPromptPicoUsd: ['input_cache_read', 'cached_input', 'cached_prompt'],
  cacheWritePicoUsd: ['input_cache_write'],
  completionPicoUsd: ['completion', 'output'],
  reasoningPicoUsd: ['internal_reasoning'],
  imageOutputPicoUsd: ['image_output'],
  requestPicoUsd: ['request'],
  imagePicoUsd: ['image'],
  webSearchPicoUsd: ['web_search'],
} as const satisfies Record<PriceKind, readonly string[]>;
const NONE_AT_ZERO = [
  'cachedPromptPicoUsd',
  'cacheWritePicoUsd',
  'reasoningPicoUsd',
  'imageOutputPicoUsd',
] as const;

/**
 * The highest price of each kind. `overrides` apply to long prompts or some hours of the day, and a reservation must cover
 * them. OpenRouter writes -1 if the price depends on the model that a router picks; that counts as unknown. So does every
 * price in an unknown unit: prices per million read as prices per token would be a million times too high.
 */
export function readPrices(pricing: JsonObject, tokenPrices: boolean): ModelPrices {
  const tokens = tokensPerPrice(pricing, tokenPrices);
  if (tokens === null) return NO_PRICES;
  const bands = [pricing, ...asArray(pricing['overrides']).map((band) => asObject(band) ?? {})];
  const dearest = eachPrice((kind) => {
    const name = NAMES[kind].find((each) => pricing[each] !== undefined && pricing[each] !== null);
    if (name === undefined || parsePicoUsd(pricing[name]) === null) return null;
    const prices = bands.map((band) => parsePicoUsd(band[name])).filter((price) => price !== null);
    return Math.ceil(Math.max(...prices) / (PRICED[kind] === 'token' ? tokens : 1));
  });
  if (dearest.promptPicoUsd !== 0) for (const kind of NONE_AT_ZERO) dearest[kind] ||= null;
  return dearest;
}
