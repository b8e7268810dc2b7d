import { asArray, asObject, asText, type JsonObject } from '../kit/json.ts';
import { parsePicoUsd } from '../kit/money.ts';
import { type ModelPrices, NO_PRICES } from '../ports/provider.ts';

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
} as const satisfies Partial<Record<keyof ModelPrices, readonly string[]>>;
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
  const dearest = (names: readonly string[], per: number): number | null => {
    const name = names.find((each) => pricing[each] !== undefined && pricing[each] !== null);
    if (name === undefined || parsePicoUsd(pricing[name]) === null) return null;
    const prices = bands.map((band) => parsePicoUsd(band[name])).filter((price) => price !== null);
    return Math.ceil(Math.max(...prices) / per);
  };
  const perToken = Object.fromEntries(
    Object.entries(NAMES).map(([kind, names]) => [kind, dearest(names, tokens)]),
  ) as Record<keyof typeof NAMES, number | null>;
  if (perToken.promptPicoUsd !== 0) for (const kind of NONE_AT_ZERO) perToken[kind] ||= null;
  return {
    ...perToken,
    requestPicoUsd: dearest(['request'], 1),
    imagePicoUsd: dearest(['image'], 1),
    webSearchPicoUsd: dearest(['web_search'], 1),
  };
}
