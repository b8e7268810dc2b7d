import { isDeepStrictEqual } from 'node:util';
import { ChatRequest$outboundSchema } from '@openrouter/sdk/models/chatrequest.js';
import { z } from 'zod';
import { EFFORTS } from '../../../src/core/ports/effort.ts';

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

/** Which of them a model takes is for its server to say. */
const effort = z.enum(EFFORTS).optional();

/** OpenAI refuses every argument that it does not know. */
const openai = z.strictObject({
  ...common,
  reasoning_effort: effort,
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
  max_completion_tokens: z.number().int().positive().optional(),
});

/** Refuses fields that are retired, or refused by an upstream, though the published types have them; `published` checks the rest. */
const openrouter = z.looseObject({
  model: common.model,
  messages: messagesOf(markedPart),
  user: z.string().max(256).optional(),
  session_id: z.string().max(256).optional(),
  temperature: common.temperature,
  // The plugin for web search is retired.
  plugins: z.array(z.strictObject({ id: z.literal('context-compression'), enabled: z.boolean() })).optional(),
});

/**
 * The published types leave out fields that they do not know, and rename the others: a body that comes back the same
 * has neither an unknown field nor a wrong type in it.
 */
const published = z.unknown().superRefine((body, context) => {
  const parsed = ChatRequest$outboundSchema.safeParse(inCamelCase(body));
  if (!parsed.success) context.addIssue(z.prettifyError(parsed.error));
  else if (!isDeepStrictEqual({ stream: false, ...(body as object) }, parsed.data))
    context.addIssue(`the published types know only this of it: ${JSON.stringify(parsed.data)}`);
});

/** As `@openrouter/sdk` names a field of a request; on the wire it is in snake case. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [camelCase(name), inCamelCase(field)]),
  );
}

/** A server such as Ollama: it ignores what it does not know, so a test has to say that nothing of the kind came. */
const compatible = z.strictObject({
  ...common,
  user: z.undefined().optional(),
  // Ollama knows both fields.
  reasoning_effort: effort,
  reasoning: z.strictObject({ effort }).optional(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
  max_completion_tokens: z.number().int().positive().optional(),
  max_tokens: z.number().int().positive().optional(),
});

const schemas = { openai, openrouter: openrouter.and(published), compatible };

export type Dialect = keyof typeof schemas;

/** The reason why this dialect's server would refuse the body; null if it takes it. */
export function refusalOf(dialect: Dialect, body: unknown): string | null {
  const parsed = schemas[dialect].safeParse(body);
  return parsed.success ? null : z.prettifyError(parsed.error);
}
