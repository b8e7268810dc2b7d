import { z } from 'zod';
import { asObject } from '../kit/json.ts';
import { parsePicoUsd } from '../kit/money.ts';
import { EFFORTS, type TierBounds } from '../ports/effort.ts';
import { type LimitsConfig, limitsSchema } from '../ports/limits.ts';
import { eachPrice, PRICED, type PriceKind } from '../ports/provider.ts';
import { TIERS, type Tier } from '../ports/tiers.ts';
import { defineProvider, type ProviderDefinition, providerDefinitionSchema } from '../provider/definition.ts';
import { parseJsonFile } from './json-file.ts';
import { schemaWords } from './schema-words.ts';

/** A model in `models.json`, before any provider was asked. `efforts` is null to go by what is known of its name. */
export type ModelEntry = Readonly<ReturnType<typeof entryOf>>;

export interface CatalogueFile {
  /** The built-in providers and those of the file. */
  readonly providers: readonly ProviderDefinition[];
  readonly models: readonly ModelEntry[];
  readonly limits: LimitsConfig;
  /** The limits of one answer by the tier that the operator granted. */
  readonly tiers: Readonly<Record<Tier, TierBounds>>;
}

/** All faults of the models file, each with its place. */
export class CatalogueFileError extends Error {
  override readonly name = 'CatalogueFileError';
  readonly code = 'catalogue_file';
  readonly faults: readonly string[];

  constructor(path: string, faults: readonly string[]) {
    super(`The models file ${path} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:
${faults.map((fault) => `  - ${fault}`).join('\n')}
Correct it and restart Parley; docs/models.md describes the format.`);
    this.faults = faults;
  }
}

/** Assumed context length if neither file nor provider gives one. */
export const UNKNOWN_CONTEXT_TOKENS = 8_192;

/** The routes of a model that names none. */
const DEFAULT_ROUTES = [{ provider: 'openrouter' }];

const BUILT_IN: readonly ProviderDefinition[] = [
  defineProvider({ id: 'openrouter', preset: 'openrouter', apiKeyVariable: 'OPENROUTER_API_KEY' }),
  defineProvider({ id: 'openai', preset: 'openai', apiKeyVariable: 'OPENAI_API_KEY' }),
];

/**
 * Ids that OpenRouter reads as exactly one model. Its other suffixes change price or upstream, `@preset` and its
 * `openrouter/…` routers pick a model themselves, and it ignores case.
 */
const MODEL_ID = /^(?!openrouter\/)[a-z0-9][a-z0-9._-]*\/[a-z0-9][a-z0-9._-]*(:free)?$/;

/** Discord's limit for the value of a choice, which is the id. */
export const MAX_ID_CHARS = 100;

const modelId = z.string().max(MAX_ID_CHARS).regex(MODEL_ID, {
  error:
    'must look like "openai/gpt-4o": lower case, one slash, no suffix except ":free", no router (openrouter/…). If a provider uses another name, put it into "model" of the route',
});

const wireModel = z
  .string()
  .max(200)
  .regex(/^[!-~]+$/, { error: "must be the provider's name of the model, without white space" });

const usd = z.number().nonnegative().max(1_000);
const tokens = z.int().positive();
const seconds = z.number().positive().max(86_400);

const modalities = z
  .array(z.enum(['text', 'image']))
  .min(1)
  .default(['text']);

/** The names of prices in the file, in US dollars: per million tokens, and per request, image or web search. */
export const PRICE_SETTINGS = {
  promptPicoUsd: 'promptPerMillion',
  cachedPromptPicoUsd: 'cachedPromptPerMillion',
  cacheWritePicoUsd: 'cacheWritePerMillion',
  completionPicoUsd: 'completionPerMillion',
  reasoningPicoUsd: 'reasoningPerMillion',
  imageOutputPicoUsd: 'imageOutputPerMillion',
  requestPicoUsd: 'request',
  imagePicoUsd: 'image',
  webSearchPicoUsd: 'webSearch',
} as const satisfies Record<PriceKind, string>;

const pricesSchema = z.strictObject(
  Object.fromEntries(Object.values(PRICE_SETTINGS).map((name) => [name, usd.optional()])),
);

const modelSchema = z.strictObject({
  id: modelId,
  /** For people. Default: the id. */
  name: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .regex(/^[^\p{C}]+$/u, { error: 'must be one line of text' })
    .optional(),
  tier: z.enum(TIERS),
  routes: z
    .array(z.strictObject({ provider: z.string(), model: wireModel.optional() }))
    .min(1)
    .default(DEFAULT_ROUTES),
  contextTokens: tokens.default(UNKNOWN_CONTEXT_TOKENS),
  maxOutputTokens: tokens.optional(),
  /** The longest answer to ask for. */
  answerTokens: tokens.max(1_000_000).optional(),
  /** Writes its reasoning before the answer, ended by `</think>` without an opening tag. */
  reasoningInText: z.boolean().optional(),
  /** Overrides STREAM_FIRST_PROGRESS_SEC and STREAM_PROGRESS_SEC. */
  firstProgressSec: seconds.optional(),
  progressSec: seconds.optional(),
  /** Models that answer instead if it fails before its first word, best first. */
  fallbacks: z.array(modelId).max(5).default([]),
  prices: pricesSchema.default({}),
  input: modalities,
  output: modalities,
  /** How much it can be asked to think, if its provider does not say and its name does not tell. */
  efforts: z.array(z.enum(EFFORTS)).optional(),
});

/** Fewer words are no answer. */
const LEAST_ANSWER_TOKENS = 256;

const boundsSchema = z.strictObject({
  /** The most that a model is asked to think. */
  maxEffort: z.enum(EFFORTS).optional(),
  /** The longest answer, thinking included. */
  maxAnswerTokens: tokens.min(LEAST_ANSWER_TOKENS).max(1_000_000).optional(),
});

const tiersSchema = z
  .strictObject(Object.fromEntries(TIERS.map((tier) => [tier, boundsSchema.prefault({})])))
  .prefault({})
  .transform((tiers) => {
    const bounds = TIERS.map((tier): [Tier, TierBounds] => {
      const { maxEffort = null, maxAnswerTokens = null } = tiers[tier] ?? {};
      return [tier, { maxEffort, maxAnswerTokens }];
    });
    return Object.fromEntries(bounds) as Record<Tier, TierBounds>;
  });

const providerSchema = providerDefinitionSchema.refine(
  ({ keyless, apiKeyVariable }) => keyless || apiKeyVariable !== null,
  { error: 'needs "apiKeyVariable", the environment variable with its key, or "keyless": true' },
);

const fileSchema = z.strictObject({
  providers: z.array(providerSchema).default([]),
  models: z.array(modelSchema).min(1),
  limits: limitsSchema,
  tiers: tiersSchema,
});

/**
 * @param path the file's path, for error messages
 * @throws CatalogueFileError
 */
export function parseCatalogueFile(text: string, path = 'models.json'): CatalogueFile {
  // Some editors write a byte order mark, which JSON does not allow.
  const read = parseJsonFile(text.replace(/^\u{FEFF}/u, ''));
  if ('fault' in read) throw new CatalogueFileError(path, [read.fault]);
  const json = read.value;
  const outline = outlineSchema.parse(json);
  const parsed = fileSchema.safeParse(json, { error: schemaWords });
  const faults = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${pathIn(outline, path)} ${message}`),
    ...contradictions(outline),
  ];
  if (!parsed.success || faults.length > 0) throw new CatalogueFileError(path, faults);
  const { providers, models, ...rest } = parsed.data;
  return { ...rest, providers: [...BUILT_IN, ...providers], models: models.map(entryOf) };
}

function entryOf({ prices, ...model }: z.output<typeof modelSchema>) {
  const { id, name = id, tier, contextTokens, maxOutputTokens = null, input, output } = model;
  return {
    id,
    name,
    tier,
    routes: model.routes.map(({ provider, model: wireModel = id }) => ({ provider, wireModel })),
    contextTokens,
    maxOutputTokens,
    prices: eachPrice((kind) => {
      const picoUsd = parsePicoUsd(prices[PRICE_SETTINGS[kind]]);
      return picoUsd !== null && PRICED[kind] === 'token' ? Math.ceil(picoUsd / 1e6) : picoUsd;
    }),
    input,
    output,
    efforts: model.efforts === undefined ? null : EFFORTS.filter((effort) => model.efforts?.includes(effort)),
    traits: {
      answerTokens: model.answerTokens ?? null,
      reasoningInText: model.reasoningInText ?? false,
      firstProgressMs: milliseconds(model.firstProgressSec),
      progressMs: milliseconds(model.progressSec),
      fallbacks: model.fallbacks,
    },
  };
}

function milliseconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * 1_000;
}

const text = z.string().catch('');
const listOf = <S extends z.ZodType>(item: S) => z.array(item).catch([]);
const looseObject = <S extends z.ZodRawShape>(shape: S) =>
  z.preprocess((value) => asObject(value) ?? {}, z.object(shape));

/** The readable parts of a file that may be wrong anywhere, so that all faults are reported at once. */
const outlineSchema = looseObject({
  providers: listOf(looseObject({ id: text, preset: text, features: looseObject({ effortField: text }) })),
  models: listOf(
    looseObject({
      id: text,
      routes: listOf(z.object({ provider: text, model: text })),
      fallbacks: listOf(text),
      efforts: listOf(text),
    }),
  ),
});

type Outline = z.output<typeof outlineSchema>;

/** Faults between parts that are valid by themselves. */
function contradictions(outline: Outline): string[] {
  const faults: string[] = [];
  const fault = (path: readonly PropertyKey[], words: string) =>
    faults.push(`${pathIn(outline, path)} ${words}`);
  const builtIn = new Map(BUILT_IN.map((provider) => [provider.id, provider]));
  const known = new Set([...builtIn.keys(), ...outline.providers.map(({ id }) => id).filter(Boolean)]);

  for (const [index, { id }] of outline.providers.entries()) {
    const path = ['providers', index, 'id'];
    if (builtIn.has(id)) fault(path, `is built in; ${id.toUpperCase()}_BASE_URL sets its address`);
    else if (isRepeated(outline.providers, index)) fault(path, 'appears twice');
  }
  const takesEffort = new Set([
    ...[...builtIn.values()].filter(({ features }) => features.effortField !== null).map(({ id }) => id),
    ...outline.providers
      .filter(
        ({ preset, features }) => (preset || 'compatible') !== 'compatible' || features.effortField !== '',
      )
      .map(({ id }) => id),
  ]);
  for (const [index, { id, routes, fallbacks, efforts }] of outline.models.entries()) {
    const path = ['models', index];
    const servers = routes.map(({ provider }) => provider);
    if (efforts.length > 0 && servers.length > 0 && !servers.some((server) => takesEffort.has(server))) {
      fault(
        [...path, 'efforts'],
        `never reach the model: ${servers.join(', ')} needs "features": { "effortField": "reasoning_effort" }`,
      );
    }
    for (const [at, fallback] of fallbacks.entries()) {
      const place = [...path, 'fallbacks', at];
      if (fallback === '') continue;
      if (fallback === id) fault(place, 'must be another model');
      else if (outline.models.every((other) => other.id !== fallback))
        fault(place, 'is not a model of this file');
    }
    if (isRepeated(outline.models, index)) fault([...path, 'id'], 'appears twice');
    for (const [at, { provider, model }] of routes.entries()) {
      const route = [...path, 'routes', at];
      if (provider !== '' && !known.has(provider)) {
        fault([...route, 'provider'], `is not a provider; known are ${[...known].join(', ')}`);
      }
      if (routes.findIndex((other) => other.provider === provider) < at) {
        fault(route, 'names the same provider as an earlier route');
      }
      if (builtIn.get(provider)?.features.routing && model !== '' && !MODEL_ID.test(model)) {
        fault([...route, 'model'], 'must look like "openai/gpt-4o", with no suffix except ":free"');
      }
    }
  }
  return faults;
}

function isRepeated(items: readonly { readonly id: string }[], index: number): boolean {
  const id = items[index]?.id ?? '';
  return id !== '' && items.findIndex((other) => other.id === id) < index;
}

/** The place of a fault and the name by which its author knows it: `models[2].tier (openai/gpt-4o)`. */
function pathIn(outline: Outline, path: readonly PropertyKey[]): string {
  const [list, index] = path;
  if (list === undefined) return 'the file';
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  const items = list === 'models' || list === 'providers' ? outline[list] : [];
  const id = typeof index === 'number' ? (items[index]?.id ?? '') : '';
  return `${place.slice(1)}${id === '' ? '' : ` (${id})`}`;
}
