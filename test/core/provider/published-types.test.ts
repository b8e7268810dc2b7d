import { ApiErrorType } from '@openrouter/sdk/models/apierrortype.js';
import { ChatFinishReasonEnum } from '@openrouter/sdk/models/chatfinishreasonenum.js';
import { Modality, ChatRequest$outboundSchema as Request } from '@openrouter/sdk/models/chatrequest.js';
import { ChatResult$inboundSchema as Result } from '@openrouter/sdk/models/chatresult.js';
import { ChatStreamChunk$inboundSchema as Chunk } from '@openrouter/sdk/models/chatstreamchunk.js';
import { GenerationResponse$inboundSchema as Generation } from '@openrouter/sdk/models/generationresponse.js';
import { ModelsListResponse$inboundSchema as Models } from '@openrouter/sdk/models/modelslistresponse.js';
import { WebSearchEngineEnum } from '@openrouter/sdk/models/websearchengineenum.js';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/kit/json.ts';
import type { ProviderErrorCode } from '../../../src/core/ports/provider-errors.ts';
import { routingPreferencesSchema } from '../../../src/core/ports/routing.ts';
import { AnswerReader } from '../../../src/core/provider/answer/answer.ts';
import { readFinish } from '../../../src/core/provider/answer/finish.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import { readFailure } from '../../../src/core/provider/failure/failure.ts';
import { readModels } from '../../../src/core/provider/models.ts';
import { readPrices } from '../../../src/core/provider/prices.ts';
import { chatBody } from '../../../src/core/provider/wire.ts';
import { errorChunk, finishChunk, textChunk, usageChunk } from '../../support/provider/chunks.ts';
import { createFakeProvider } from '../../support/provider/fake-provider.ts';
import { fieldsOf, pathsOf, sampleOf, watched } from '../../support/provider/published.ts';
import { camelCase } from '../../support/provider/strict-bodies.ts';
import { createTestClient, never, QUESTION } from '../../support/provider/test-client.ts';

/** All that is read of a chunk, and that OpenRouter sends by its published types. */
const CHUNK = [
  'choices',
  'choices.delta',
  'choices.delta.content',
  'choices.delta.reasoning',
  'choices.delta.reasoning_details',
  'choices.delta.refusal',
  'choices.delta.tool_calls',
  'choices.delta.tool_calls.function',
  'choices.delta.tool_calls.function.arguments',
  'choices.delta.tool_calls.function.name',
  'choices.finish_reason',
  'error',
  'error.code',
  'error.message',
  'error.metadata',
  'error.metadata.error_type',
  'id',
  'model',
  'object',
  'usage',
  'usage.completion_tokens',
  'usage.completion_tokens_details',
  'usage.completion_tokens_details.reasoning_tokens',
  'usage.cost',
  'usage.cost_details',
  'usage.cost_details.upstream_inference_cost',
  'usage.is_byok',
  'usage.prompt_tokens',
  'usage.prompt_tokens_details',
  'usage.prompt_tokens_details.cache_write_tokens',
  'usage.prompt_tokens_details.cached_tokens',
  'usage.server_tool_use_details',
  'usage.server_tool_use_details.web_search_requests',
  'usage.total_tokens',
];

/**
 * Fields that could hold text or money and are not read: sound, and logarithms of probabilities, are never asked for; the tokens
 * and costs are parts of others that are read; the rest identifies.
 */
const UNREAD = [
  'choices.delta.audio',
  'choices.delta.role',
  'choices.delta.tool_calls.id',
  'choices.delta.tool_calls.index',
  'choices.delta.tool_calls.type',
  'choices.index',
  'choices.logprobs',
  'error.metadata.provider_code',
  'usage.completion_tokens_details.accepted_prediction_tokens',
  'usage.completion_tokens_details.audio_tokens',
  'usage.completion_tokens_details.rejected_prediction_tokens',
  'usage.cost_details.server_tool_cost',
  'usage.cost_details.upstream_inference_completions_cost',
  'usage.cost_details.upstream_inference_prompt_cost',
  'usage.prompt_tokens_details.audio_tokens',
  'usage.prompt_tokens_details.video_tokens',
  'usage.server_tool_use_details.tool_calls_executed',
  'usage.server_tool_use_details.tool_calls_requested',
];

/** Fields that others send, or OpenRouter by its guides and not by its types: `annotations`, `images` of a delta, `metadata.raw`. */
const OTHERS = [
  'choices.annotations',
  'choices.delta.annotations',
  'choices.delta.function_call',
  'choices.delta.images',
  'choices.error',
  'choices.usage',
  'citations',
  'detail',
  'error.availability',
  'error.detail',
  'error.details',
  'error.innererror',
  'error.metadata.headers',
  'error.metadata.patterns',
  'error.metadata.raw',
  'error.metadata.reasons',
  'error.status',
  'error.type',
  'message',
  'search_results',
  'x_groq',
];

/** The code of each published type of error. Types that name no fault of their own go by the status of the test, 400. */
const ERROR_TYPES: Readonly<Record<string, ProviderErrorCode>> = {
  authentication: 'bad_key',
  content_policy_violation: 'moderated',
  context_length_exceeded: 'context_too_long',
  image_download_failed: 'bad_request',
  image_not_found: 'bad_request',
  image_too_large: 'bad_request',
  image_too_small: 'bad_request',
  invalid_image: 'bad_request',
  invalid_prompt: 'bad_request',
  invalid_request: 'bad_request',
  max_tokens_exceeded: 'bad_request',
  not_found: 'bad_request',
  payload_too_large: 'context_too_long',
  payment_required: 'no_credit',
  permission_denied: 'forbidden',
  precondition_failed: 'bad_request',
  provider_overloaded: 'provider_down',
  provider_unavailable: 'provider_down',
  rate_limit_exceeded: 'rate_limited',
  refusal: 'moderated',
  server: 'provider_down',
  string_too_long: 'context_too_long',
  timeout: 'timeout',
  token_limit_exceeded: 'no_credit',
  unmapped: 'provider_down',
  unprocessable: 'bad_request',
  unsupported_image_format: 'bad_request',
};

/** The paths that the reader of answers looks at in a document with every published field. */
function readOf(schema: typeof Chunk | typeof Result) {
  const { value, paths } = watched(sampleOf(schema) as JsonObject);
  const failed = new AnswerReader(null).read(value);
  if (failed !== null) readFailure(null, failed, new Headers(), 0);
  const published = pathsOf(schema);
  // A part of something that is not read is not read either.
  const isUnread = (path: string) => !paths.has(path);
  return {
    read: [...paths].filter((path) => published.has(path)).sort(),
    unread: [...published]
      .filter((path) => isUnread(path) && /^(choices|usage|error)\b/.test(path))
      .filter((path) => !isUnread(path.replace(/\.[^.]*$/, '')))
      .sort(),
    others: [...paths].filter((path) => !published.has(path)).sort(),
  };
}

// Request bodies are held against the published types by the fake provider, in all tests (`strict-bodies.ts`).
describe("OpenRouter's published types", () => {
  it('have every preference that models.json and the environment may hold', () => {
    expect(fieldsOf(Request, 'provider')).toEqual(
      expect.arrayContaining(Object.keys(routingPreferencesSchema.shape).map(camelCase)),
    );
  });

  it('have the search engine and the modalities that are asked for', () => {
    const definition = defineProvider({ id: 'openrouter', preset: 'openrouter' });
    const asked = { ...QUESTION, maxWebSearches: 1, modalities: ['text', 'image'] } as const;
    const body = chatBody(definition, asked, undefined, new Set());
    const [tool] = body['tools'] as { parameters: { engine: string } }[];
    expect(Object.values(WebSearchEngineEnum)).toContain(tool?.parameters.engine);
    expect(Object.values(Modality)).toEqual(expect.arrayContaining(body['modalities'] as string[]));
  });

  it.each([
    ['text', textChunk('A valley.')],
    ['the finish', finishChunk()],
    ['the use', usageChunk({ prompt_tokens: 1, completion_tokens: 2, cost: 0.1 })],
    ['an error', errorChunk(502, 'provider_unavailable')],
  ])('take the chunk of %s that the tests are made of', (_, line) => {
    Chunk.parse(JSON.parse(line.replace(/^data: /, '')));
  });

  it('have every field of a chunk that is read, but for the dialects of others', () => {
    expect(readOf(Chunk)).toEqual({ read: CHUNK, unread: UNREAD, others: OTHERS });
  });

  it('have every field of a whole answer that is read, but for the dialects of others', () => {
    const inDelta = (path: string) => path.replace('choices.message', 'choices.delta');
    const { read, unread, others } = readOf(Result);
    expect(read.map(inDelta).filter((path) => !CHUNK.includes(path))).toEqual([
      'choices.delta.images',
      'choices.delta.images.image_url',
      'choices.delta.images.image_url.url',
    ]);
    expect(CHUNK.filter((path) => !read.map(inDelta).includes(path) && !path.startsWith('error'))).toEqual(
      [],
    );
    expect(unread.map(inDelta).filter((path) => !UNREAD.includes(path))).toEqual([
      'choices.delta.model',
      'choices.delta.name',
    ]);
    expect(others.map(inDelta).filter((path) => !OTHERS.includes(path))).toEqual(['choices.delta', 'error']);
  });

  it('have no finish reason that is not known here', () => {
    const known = Object.values(ChatFinishReasonEnum).map(readFinish);
    expect(known).toEqual(['tool_calls', 'stop', 'length', 'content_filter', 'error']);
  });

  it('have no type of error that is not looked at here', () => {
    const read = Object.values(ApiErrorType).map((type) => {
      const error = { code: 400, message: 'Provider returned error', metadata: { error_type: type } };
      return [type, readFailure(null, { error }, new Headers(), 0).code];
    });
    expect(Object.fromEntries(read)).toEqual(ERROR_TYPES);
  });

  it('have every field of a model that is read, but for the dialects of others', () => {
    const { value, paths } = watched(sampleOf(Models));
    readModels(value, true, pino({ level: 'silent' }));
    const read = [...paths].filter((path) => !path.startsWith('data.pricing.'));
    expect(read.filter((path) => !pathsOf(Models).has(path))).toEqual(['data.max_model_len']);
    expect(read).toEqual(expect.arrayContaining(['data.context_length', 'data.expiration_date']));
  });

  it('have every price that is read, but for the names of others', () => {
    const sample = sampleOf(Models) as { data: { pricing: Record<string, unknown> }[] };
    const { value, paths } = watched(sample.data[0]?.pricing);
    readPrices(value as Record<string, unknown>, true);
    const published = new Set(fieldsOf(Models, 'data', 'pricing'));
    const read = [...paths].filter((path) => !path.includes('.'));
    expect(read.filter((path) => !published.has(path)).sort()).toEqual(['currency', 'unit']);
    // Audio is not asked for; an image is reserved by its tokens at the price of the prompt, or by its own.
    expect([...published].filter((path) => !paths.has(path)).sort()).toEqual([
      'audio',
      'audio_output',
      'discount',
      'image_token',
      'input_audio_cache',
      'input_cache_write_1h',
    ]);
  });

  it('have what a look-up of a cost reads', async () => {
    const sample = sampleOf(Generation) as { data: object };
    const known = { ...sample.data, total_cost: 0.5, is_byok: false };
    expect(Generation.safeParse({ data: known }).error).toBeUndefined();
    const fake = await createFakeProvider({ generations: { 'gen-1': known } });
    const { provider } = createTestClient(fake);
    try {
      expect(await provider.generationCost('gen-1', undefined, never)).toBe(500_000_000);
    } finally {
      await fake.close();
    }
    expect(fieldsOf(Generation, 'data')).toEqual(
      expect.arrayContaining(['total_cost', 'is_byok', 'upstream_inference_cost']),
    );
  });
});
