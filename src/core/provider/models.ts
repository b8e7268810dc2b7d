import type { Logger } from 'pino';
import { z } from 'zod';
import { asArray, asObject, type JsonObject } from '../kit/json.ts';
import { parsePicoUsd } from '../kit/money.ts';
import type { ModelFacts, ModelPrices } from '../ports/provider.ts';

const tokens = z.number().int().positive().nullish().catch(null);

/** What may be known of a model: all of it at OpenRouter, `max_model_len` at vLLM, the id alone elsewhere. */
const entrySchema = z.object({
  id: z.string().min(1),
  name: z.string().min(1).optional().catch(undefined),
  context_length: tokens,
  max_model_len: tokens,
  top_provider: z.object({ max_completion_tokens: tokens }).nullish().catch(null),
  architecture: z
    .object({ input_modalities: z.array(z.string()) })
    .nullish()
    .catch(null),
  pricing: z.record(z.string(), z.unknown()).nullish().catch(null),
  expiration_date: z.string().nullish().catch(null),
});

/**
 * The models of a `GET /models` answer. An entry without an id is skipped and counted in the log; a field that cannot
 * be read is null. Null where the answer is no list of models at all.
 */
export function readModels(body: JsonObject, log: Logger): ModelFacts[] | null {
  if (!Array.isArray(body['data'])) return null;
  const entries = asArray(body['data']);
  const models = entries.flatMap((entry) => {
    const parsed = entrySchema.safeParse(entry);
    return parsed.success ? [toFacts(parsed.data)] : [];
  });
  const skipped = entries.length - models.length;
  if (skipped > 0) log.warn({ skipped, models: models.length }, 'skipped models that could not be read');
  return models;
}

function toFacts(entry: z.infer<typeof entrySchema>): ModelFacts {
  return {
    id: entry.id,
    name: entry.name ?? entry.id,
    contextTokens: entry.context_length ?? entry.max_model_len ?? null,
    maxOutputTokens: entry.top_provider?.max_completion_tokens ?? null,
    prices: readPrices(entry.pricing ?? {}),
    inputModalities: entry.architecture?.input_modalities ?? null,
    expiresAt: entry.expiration_date ?? null,
  };
}

/**
 * The dearest price of each kind: `overrides` hold for long prompts or for some hours of the day, and a reservation
 * must cover them. OpenRouter writes -1 where the price depends on the model that a router picks: that is unknown.
 */
function readPrices(pricing: JsonObject): ModelPrices {
  const bands = [pricing, ...asArray(pricing['overrides']).map((band) => asObject(band) ?? {})];
  const dearest = (kind: string): number | null => {
    const prices = bands.map((band) => parsePicoUsd(band[kind])).filter((price) => price !== null);
    return parsePicoUsd(pricing[kind]) === null ? null : Math.max(...prices);
  };
  return {
    promptPicoUsd: dearest('prompt'),
    completionPicoUsd: dearest('completion'),
    requestPicoUsd: dearest('request'),
    imagePicoUsd: dearest('image'),
    webSearchPicoUsd: dearest('web_search'),
  };
}
