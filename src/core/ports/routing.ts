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

/** The highest prices that a request accepts, in pico-dollars per token and per request. */
export type MaxPrice = Readonly<Record<'promptPicoUsd' | 'completionPicoUsd' | 'requestPicoUsd', number>>;

/** Adds a request's price caps to the preferences; if both have one, the lower counts. */
export function withMaxPrice(
  preferences: RoutingPreferences | undefined,
  { promptPicoUsd, completionPicoUsd, requestPicoUsd }: MaxPrice,
): RoutingPreferences {
  const own = preferences?.max_price ?? {};
  const lower = (cap: string | number | undefined, most: number) => Math.min(Number(cap ?? most), most);
  const limits = {
    ...own,
    prompt: lower(own.prompt, usdPerMillion(promptPicoUsd)),
    completion: lower(own.completion, usdPerMillion(completionPicoUsd)),
    request: lower(own.request, requestPicoUsd / 1e12),
  };
  const named = Object.entries(limits).map(([kind, limit]) => [kind, decimal(Number(limit))]);
  return { ...preferences, max_price: Object.fromEntries(named) };
}

/** The published schema writes prices as strings without an exponent. */
function decimal(value: number): string {
  return value.toFixed(12).replace(/\.?0+$/, '');
}
