import type { Logger } from 'pino';
import { z } from 'zod';
import { asObject } from '../kit/json.ts';
import type { ModelFacts } from '../ports/provider.ts';
import { readPrices } from './prices.ts';

const modalities = z.array(z.string()).nullish().catch(null);
const tokens = z.number().int().positive().nullish().catch(null);

/** What may be known of a model: all of it at OpenRouter, `max_model_len` at vLLM, the id alone elsewhere. */
const entrySchema = z.object({
  id: z.string().min(1),
  name: z.string().min(1).optional().catch(undefined),
  context_length: tokens,
  max_model_len: tokens,
  top_provider: z.object({ max_completion_tokens: tokens }).nullish().catch(null),
  architecture: z
    .object({ input_modalities: modalities, output_modalities: modalities })
    .nullish()
    .catch(null),
  pricing: z.record(z.string(), z.unknown()).nullish().catch(null),
  reasoning: z
    .object({ mandatory: z.boolean().optional(), default_enabled: z.boolean().optional() })
    .nullish()
    .catch(null),
  expiration_date: z.string().nullish().catch(null),
});

/**
 * The models of a `GET /models` answer. An entry without an id is skipped and counted in the log; a field that cannot
 * be read is null. Null if the answer is no list of models at all.
 * @param tokenPrices prices that name no unit are in dollars per token; else they are not known
 */
export function readModels(body: unknown, tokenPrices: boolean, log: Logger): ModelFacts[] | null {
  // Together sends the list bare.
  const entries = Array.isArray(body) ? body : asObject(body)?.['data'];
  if (!Array.isArray(entries)) return null;
  const models = entries.flatMap((entry) => {
    const parsed = entrySchema.safeParse(entry);
    return parsed.success ? [toFacts(parsed.data, tokenPrices)] : [];
  });
  const skipped = entries.length - models.length;
  if (skipped > 0) log.warn({ skipped, models: models.length }, 'skipped models that could not be read');
  return models;
}

function toFacts(entry: z.infer<typeof entrySchema>, tokenPrices: boolean): ModelFacts {
  return {
    id: entry.id,
    name: entry.name ?? entry.id,
    contextTokens: entry.context_length ?? entry.max_model_len ?? null,
    maxOutputTokens: entry.top_provider?.max_completion_tokens ?? null,
    prices: readPrices(entry.pricing ?? {}, tokenPrices),
    inputModalities: entry.architecture?.input_modalities ?? null,
    outputModalities: entry.architecture?.output_modalities ?? null,
    thinks: entry.reasoning ? (entry.reasoning.mandatory || entry.reasoning.default_enabled) === true : null,
    expiresAt: entry.expiration_date ?? null,
  };
}
