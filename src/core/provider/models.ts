import type { Logger } from 'pino';
import { z } from 'zod';
import { asObject } from '../kit/json.ts';
import { EFFORTS, type Effort } from '../ports/effort.ts';
import type { ModelFacts } from '../ports/provider.ts';
import { readPrices } from './prices.ts';

const modalities = z.array(z.string()).nullish().catch(null);
const tokens = z.number().int().positive().nullish().catch(null);

/** The fields of a model: OpenRouter sends all, vLLM `max_model_len`, others only the id. */
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
    .object({
      mandatory: z.boolean().optional(),
      default_enabled: z.boolean().optional(),
      default_effort: z.string().nullish(),
      supported_efforts: z.array(z.unknown()).nullish(),
    })
    .nullish()
    .catch(null),
  expiration_date: z.string().nullish().catch(null),
});

/**
 * The models in a `GET /models` response; null if it is not a list of models. Skips entries without an id and logs their
 * number; an unreadable field is null.
 * @param tokenPrices whether prices without a unit are in dollars per token; otherwise they are unknown
 */
export function readModels(body: unknown, tokenPrices: boolean, log: Logger): ModelFacts[] | null {
  // Together sends a bare list.
  const entries = Array.isArray(body) ? body : asObject(body)?.['data'];
  if (!Array.isArray(entries)) return null;
  const models = entries.flatMap((entry) => {
    const parsed = entrySchema.safeParse(entry);
    return parsed.success ? [toFacts(parsed.data, tokenPrices)] : [];
  });
  const skipped = entries.length - models.length;
  if (skipped > 0) log.warn({ skipped, models: models.length }, 'skipped unreadable models');
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
    efforts: entry.reasoning ? effortsOf(entry.reasoning) : null,
    defaultEffort: EFFORTS.find((effort) => effort === entry.reasoning?.default_effort) ?? null,
    expiresAt: entry.expiration_date ?? null,
  };
}

type Reasoning = NonNullable<z.infer<typeof entrySchema>['reasoning']>;

/** Without a list OpenRouter takes every effort; a model that always thinks refuses `none`. */
function effortsOf({ supported_efforts: supported, mandatory }: Reasoning): Effort[] {
  return EFFORTS.filter(
    (effort) => (supported?.includes(effort) ?? true) && !(mandatory === true && effort === 'none'),
  );
}
