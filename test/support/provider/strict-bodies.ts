import { z } from 'zod';

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string().min(1), detail: z.enum(['auto', 'low', 'high']).optional() }),
});

const messagesOf = (part: typeof textPart) =>
  z
    .array(
      z.strictObject({
        role: z.enum(['system', 'user', 'assistant']),
        content: z.union([z.string(), z.array(z.discriminatedUnion('type', [part, imagePart])).min(1)]),
      }),
    )
    .min(1);

/** Anthropic refuses a mark on an empty part. */
const markedPart = textPart
  .extend({ cache_control: z.strictObject({ type: z.literal('ephemeral') }).optional() })
  .refine((part) => part.cache_control === undefined || part.text !== '', 'an empty part cannot be cached');

const common = {
  model: z
    .string()
    .min(1)
    .refine((model) => !model.endsWith(':online'), 'the :online suffix is retired'),
  messages: messagesOf(textPart),
  stream: z.boolean().optional(),
  user: z.string().max(256).optional(),
  temperature: z.number().min(0).max(2).optional(),
};

/** OpenAI refuses every argument that it does not know. */
const openai = z.strictObject({
  ...common,
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
  max_completion_tokens: z.number().int().positive().optional(),
});

/** @see https://www.npmjs.com/package/@openrouter/sdk (`MaxPrice`) */
const price = z.string();

/** OpenRouter's published schema, as far as this project speaks it; what is retired there is refused here. */
const openrouter = z.strictObject({
  ...common,
  messages: messagesOf(markedPart),
  modalities: z.array(z.enum(['text', 'image', 'audio'])).optional(),
  models: z.array(z.string().min(1)).optional(),
  max_completion_tokens: z.number().int().positive().optional(),
  session_id: z.string().max(256).optional(),
  provider: z
    .strictObject({
      order: z.array(z.string()).optional(),
      only: z.array(z.string()).optional(),
      ignore: z.array(z.string()).optional(),
      allow_fallbacks: z.boolean().optional(),
      require_parameters: z.boolean().optional(),
      data_collection: z.enum(['allow', 'deny']).optional(),
      zdr: z.boolean().optional(),
      enforce_distillable_text: z.boolean().optional(),
      quantizations: z.array(z.string()).optional(),
      sort: z.unknown().optional(),
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
    })
    .optional(),
  plugins: z.array(z.strictObject({ id: z.literal('context-compression'), enabled: z.boolean() })).optional(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('openrouter:web_search'),
        parameters: z
          .strictObject({
            engine: z.enum(['auto', 'native', 'exa', 'parallel', 'firecrawl', 'perplexity']).optional(),
            max_total_results: z.number().int().positive().optional(),
            max_uses: z.number().int().positive().optional(),
            max_results: z.number().int().min(1).max(25).optional(),
          })
          .optional(),
      }),
    )
    .optional(),
});

/** A server such as Ollama: it ignores what it does not know, so a test has to say that nothing of the kind came. */
const compatible = z.strictObject({
  ...common,
  user: z.undefined().optional(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
  max_completion_tokens: z.number().int().positive().optional(),
  max_tokens: z.number().int().positive().optional(),
});

const schemas = { openai, openrouter, compatible };

export type Dialect = keyof typeof schemas;

/** What this dialect's server would say against the body; null where it takes it. */
export function refusalOf(dialect: Dialect, body: unknown): string | null {
  const parsed = schemas[dialect].safeParse(body);
  return parsed.success ? null : z.prettifyError(parsed.error);
}
