import { z } from 'zod';
import { usdPerMillion } from '../kit/money.ts';

const price = z.union([z.number().nonnegative(), z.string().regex(/^\d+(\.\d+)?$/)]);
const names = z.array(z.string().min(1));

/**
 * OpenRouter's routing preferences, the `provider` field of a request. Strict, because OpenRouter rejects requests with
 * unknown fields, and it is better to say so at the start than to every asker.
 * @see https://openrouter.ai/docs/guides/routing/provider-selection
 */
export const routingPreferencesSchema = z.strictObject({
  order: names.optional(),
  only: names.optional(),
  ignore: names.optional(),
  allow_fallbacks: z.boolean().optional(),
  require_parameters: z.boolean().optional(),
  data_collection: z.enum(['allow', 'deny']).optional(),
  zdr: z.boolean().optional(),
  enforce_distillable_text: z.boolean().optional(),
  quantizations: names.optional(),
  sort: z.union([z.string(), z.looseObject({ by: z.string() })]).optional(),
  /** USD per million tokens for `prompt` and `completion`, USD each for the rest. */
  max_price: z
    .strictObject({
      prompt: price.optional(),
      completion: price.optional(),
      request: price.optional(),
      image: price.optional(),
      audio: price.optional(),
    })
    .optional(),
  preferred_max_latency: z.unknown().optional(),
  preferred_min_throughput: z.unknown().optional(),
});

export type RoutingPreferences = z.infer<typeof routingPreferencesSchema>;

/** The highest prices that a request accepts, in pico-dollars per token, request and image. */
export interface MaxPrice {
  readonly promptPicoUsd?: number;
  readonly completionPicoUsd?: number;
  readonly requestPicoUsd?: number;
  readonly imagePicoUsd?: number;
}

/** Adds a request's price caps to the preferences; if both have one, the lower counts. */
export function withMaxPrice(
  preferences: RoutingPreferences | undefined,
  maxPrice: MaxPrice | undefined,
): RoutingPreferences | undefined {
  if (maxPrice === undefined) return preferences;
  const own = preferences?.max_price;
  const limits = {
    prompt: lower(own?.prompt, maxPrice.promptPicoUsd, usdPerMillion),
    completion: lower(own?.completion, maxPrice.completionPicoUsd, usdPerMillion),
    request: lower(own?.request, maxPrice.requestPicoUsd, usd),
    image: lower(own?.image, maxPrice.imagePicoUsd, usd),
    audio: own?.audio === undefined ? undefined : decimal(Number(own.audio)),
  };
  const named = Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
  return { ...preferences, max_price: named };
}

function lower(
  own: number | string | undefined,
  picoUsd: number | undefined,
  toUnit: (picoUsd: number) => number,
): string | undefined {
  if (picoUsd === undefined) return own === undefined ? undefined : decimal(Number(own));
  const limit = toUnit(picoUsd);
  return decimal(own !== undefined && Number(own) < limit ? Number(own) : limit);
}

/** The published schema writes prices as strings without an exponent. */
function decimal(value: number): string {
  return value.toFixed(12).replace(/\.?0+$/, '');
}

function usd(picoUsd: number): number {
  return picoUsd / 1e12;
}
