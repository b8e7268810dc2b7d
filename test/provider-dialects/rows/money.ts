import { expect } from 'vitest';
import {
  DONE,
  errorChunk,
  event,
  finishChunk,
  GENERATION_ID,
  textChunk,
  usageChunk,
} from '../../support/provider/chunks.ts';
import { drop, json, type Reply, raw, silence, stream } from '../../support/provider/fake-provider.ts';
import type { Row, Scene } from '../harness.ts';

const USED = { prompt_tokens: 1_000, completion_tokens: 100 };
const USED_NANO_USD = 1_000 * 1_000 + 100 * 10_000;
const ANSWER = { index: 0, message: { role: 'assistant', content: 'An inlet.' }, finish_reason: 'stop' };

/** A whole answer that ends with this account of what it used. */
function answerWith(usage: object, more: object = {}): Reply {
  return stream(
    textChunk('An inlet.'),
    finishChunk(),
    event({ id: 'gen-1', choices: [], usage, ...more }),
    DONE,
  );
}

/** Pieces of a stream that then hangs. */
function hangs(...pieces: readonly object[]): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(event(piece));
  };
}

const delta = (content: object, more: object = {}) => ({
  id: 'gen-1',
  choices: [{ index: 0, delta: content }],
  ...more,
});
const retried = (status: number): Reply[] => [
  json(status, { error: { code: status, message: 'no' } }),
  answerWith(USED),
];

async function stopsAt({ shows, stop }: Scene): Promise<void> {
  await shows('A fjord');
  await stop();
}

/** Stops an answer that shows nothing, once the provider has it. */
async function stopsUnseen({ bot, stop }: Scene): Promise<void> {
  await expect.poll(() => bot.provider.chats.length, { timeout: 15_000 }).toBe(1);
  await stop();
}

/** Bills that are told in tokens. */
const COUNTS: readonly Row[] = [
  {
    name: 'thinks for longer than an answer without effort may be',
    provider: 'openrouter',
    model: { efforts: ['low', 'high'] },
    effort: 'high',
    replies: [
      answerWith({
        prompt_tokens: 1_000,
        completion_tokens: 12_000,
        completion_tokens_details: { reasoning_tokens: 11_900 },
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: 1_000 * 1_000 + 12_000 * 10_000, requests: 1 },
  },
  {
    name: 'does not say what it used with an effort: the reserve had room for it',
    provider: 'openrouter',
    model: { efforts: ['low', 'high'] },
    effort: 'high',
    replies: [stream(textChunk('An inlet.'), finishChunk(), DONE)],
    expect: { text: 'An inlet.', note: null, booked: 'reserved', requests: 1 },
  },
  {
    name: 'names tokens and no price',
    replies: [answerWith(USED)],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'counts reasoning in the total alone',
    replies: [answerWith({ prompt_tokens: 1_000, completion_tokens: 2, total_tokens: 4_002 })],
    expect: { text: 'An inlet.', note: null, booked: 1_000_000 + 3_002 * 10_000, requests: 1 },
  },
  {
    name: 'counts reasoning in the details alone',
    replies: [
      answerWith({
        prompt_tokens: 1_000,
        completion_tokens: 2,
        completion_tokens_details: { reasoning_tokens: 3_000 },
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: 1_000_000 + 3_002 * 10_000, requests: 1 },
  },
  {
    name: 'counts reasoning within the completion',
    replies: [
      answerWith({
        prompt_tokens: 1_000,
        completion_tokens: 3_002,
        total_tokens: 4_002,
        completion_tokens_details: { reasoning_tokens: 3_000 },
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: 1_000_000 + 3_002 * 10_000, requests: 1 },
  },
  {
    name: 'counts the prompt and the total, and no completion',
    replies: [answerWith({ prompt_tokens: 1_000, total_tokens: 1_100 })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'has its usage in the choice',
    replies: [
      stream(
        textChunk('An inlet.'),
        event({
          id: 'gen-1',
          choices: [
            {
              index: 0,
              delta: {},
              finish_reason: 'stop',
              usage: { prompt_tokens: 5_000, completion_tokens: 700, total_tokens: 5_700 },
            },
          ],
        }),
        DONE,
      ),
    ],
    expect: { text: 'An inlet.', note: null, booked: 12_000_000, requests: 1 },
  },
  {
    name: 'has its usage under x_groq',
    replies: [
      stream(
        textChunk('An inlet.'),
        finishChunk(),
        event({ id: 'gen-1', choices: [], x_groq: { usage: USED } }),
        DONE,
      ),
    ],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'calls tokens input and output',
    replies: [answerWith({ input_tokens: 1_000, output_tokens: 100 })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'tells its usage in one piece',
    replies: [json(200, { id: 'gen-1', choices: [ANSWER], usage: USED })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'counts as it goes, and is stopped: the last count stands',
    replies: [
      hangs(
        delta({ content: 'A ' }, { usage: { prompt_tokens: 1_000, completion_tokens: 1 } }),
        delta({ content: 'fjord' }, { usage: { prompt_tokens: 1_000, completion_tokens: 100 } }),
      ),
    ],
    meanwhile: stopsAt,
    expect: { text: 'A fjord', note: 'Stopped by Mia.', booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'counts once at the beginning, and is stopped: nobody knows the rest',
    replies: [
      hangs(
        delta({ content: 'A ' }, { usage: { prompt_tokens: 10, completion_tokens: 1 } }),
        delta({ content: 'fjord' }),
      ),
    ],
    meanwhile: stopsAt,
    expect: { text: 'A fjord', note: 'Stopped by Mia.', booked: 'reserved', requests: 1 },
  },
  {
    name: 'counts as it goes, and breaks off',
    replies: [drop(event(delta({ content: 'A fjord' }, { usage: USED })))],
    expect: { text: 'A fjord', note: /cut off/, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'counts nothing',
    replies: [stream(textChunk('An inlet.'), finishChunk(), DONE)],
    expect: { text: 'An inlet.', note: null, booked: 'reserved', requests: 1 },
  },
  {
    name: 'counts zeros',
    replies: [answerWith({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })],
    expect: { text: 'An inlet.', note: null, booked: 'reserved', requests: 1 },
  },
  {
    name: 'counts beyond all numbers',
    replies: [answerWith({ prompt_tokens: 2 ** 53, completion_tokens: 1e300 })],
    expect: { text: 'An inlet.', note: null, booked: 'reserved', requests: 1 },
  },
  {
    name: 'counts two numbers of which the sum is none',
    replies: [answerWith({ prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 })],
    expect: { text: 'An inlet.', note: null, booked: 'reserved', requests: 1 },
  },
];

/** Bills that are told in dollars. */
const PRICES: readonly Row[] = [
  {
    name: 'names its price in an object',
    replies: [
      answerWith({
        ...USED,
        cost: { input_tokens_cost: 0.001, output_tokens_cost: 0.002, total_cost: 0.003 },
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: 3_000_000, requests: 1 },
  },
  {
    name: 'says 0 for what has a price',
    replies: [answerWith({ ...USED, cost: 0 })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'says an object with 0 for what has a price',
    replies: [answerWith({ ...USED, cost: { total_cost: 0 } })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'says 0 and is declared free',
    definition: { free: true },
    replies: [answerWith({ ...USED, cost: 0 })],
    expect: { text: 'An inlet.', note: null, booked: 0, requests: 1, counted: 1 },
  },
  {
    name: 'says 0 for a model that is free',
    model: { prices: { promptPerMillion: 0, completionPerMillion: 0 } },
    replies: [answerWith({ ...USED, cost: 0 })],
    expect: { text: 'An inlet.', note: null, booked: 0, requests: 1, counted: 1 },
  },
  {
    name: 'says 0 where the account has a key of its own upstream, which says 0 too',
    provider: 'openrouter',
    replies: [answerWith({ ...USED, cost: 0, is_byok: true, cost_details: { upstream_inference_cost: 0 } })],
    expect: { text: 'An inlet.', note: null, booked: 0, requests: 1, counted: 1 },
  },
  {
    name: 'names a fee and what the upstream takes',
    provider: 'openrouter',
    replies: [
      answerWith({ ...USED, cost: 0.000_1, is_byok: true, cost_details: { upstream_inference_cost: 0.002 } }),
    ],
    expect: { text: 'An inlet.', note: null, booked: 2_100_000, requests: 1 },
  },
  {
    name: 'names no price of its upstream',
    provider: 'openrouter',
    replies: [answerWith({ ...USED, cost: 0, is_byok: true })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'has 99 of 100 prompt tokens in its cache, at a tenth',
    model: { prices: { promptPerMillion: 1, cachedPromptPerMillion: 0.1, completionPerMillion: 10 } },
    replies: [
      answerWith({
        prompt_tokens: 100_000,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 99_000 },
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: 1_000_000 + 9_900_000 + 10_000, requests: 1 },
  },
  {
    name: 'has prompt tokens in its cache, at a price that nobody knows',
    replies: [
      answerWith({
        prompt_tokens: 1_000,
        completion_tokens: 100,
        prompt_tokens_details: { cached_tokens: 900 },
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'counts cache hits at the top, as DeepSeek does',
    model: { prices: { promptPerMillion: 1, cachedPromptPerMillion: 0.5, completionPerMillion: 10 } },
    replies: [answerWith({ ...USED, prompt_cache_hit_tokens: 800, prompt_cache_miss_tokens: 200 })],
    expect: { text: 'An inlet.', note: null, booked: 200_000 + 400_000 + 1_000_000, requests: 1 },
  },
  {
    name: 'searched by itself, at a fee for each search',
    model: { prices: { promptPerMillion: 1, completionPerMillion: 10, webSearch: 0.02 } },
    replies: [answerWith({ ...USED, num_search_queries: 2 })],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD + 40_000_000, requests: 1 },
  },
  {
    name: 'takes a fee for each request and another price for reasoning',
    model: {
      prices: { promptPerMillion: 1, completionPerMillion: 10, reasoningPerMillion: 3, request: 0.005 },
    },
    replies: [answerWith({ ...USED, completion_tokens_details: { reasoning_tokens: 60 } })],
    expect: {
      text: 'An inlet.',
      note: null,
      booked: 5_000_000 + 1_000_000 + 40 * 10_000 + 60 * 3_000,
      requests: 1,
    },
  },
];

/** Requests that may be billed though no answer came. */
const UNKNOWN: readonly Row[] = [
  {
    name: 'reasons out of sight until it is stopped',
    replies: [hangs(delta({ content: '' }))],
    meanwhile: stopsUnseen,
    expect: { text: '', note: 'Stopped by Mia.', booked: 'reserved', requests: 1 },
  },
  {
    name: 'reasons in sight until it breaks off',
    replies: [drop(event(delta({ reasoning: 'Let me think.' })))],
    expect: { text: '', note: /cut off/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'says nothing until time is up',
    idleSec: 30,
    replies: [silence],
    expect: { text: '', note: /too long/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'tells the price of a stopped answer later',
    provider: 'openrouter',
    generations: { [GENERATION_ID]: { total_cost: 0.000_5 } },
    replies: [
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'x-generation-id': GENERATION_ID });
        response.write(textChunk('A fjord'));
      },
    ],
    meanwhile: stopsAt,
    expect: { text: 'A fjord', note: 'Stopped by Mia.', booked: 500_000, requests: 1 },
  },
  {
    name: 'answers 200 with a page',
    replies: [raw(200, '<!doctype html><p>Welcome</p>', { 'content-type': 'text/html' })],
    expect: { text: '', note: /.+/, status: 'failed', booked: 'reserved', requests: 1 },
  },
  {
    name: 'answers 200 with JSON that is cut short',
    replies: [raw(200, '{"id":"gen-1","choices":[{"index":0,"mess', { 'content-type': 'application/json' })],
    expect: { text: '', note: /.+/, status: 'failed', booked: 'reserved', requests: 1 },
  },
  {
    name: 'answers 200 with an error and an id, and is not asked again',
    provider: 'openrouter',
    replies: [stream(errorChunk(502, 'provider_unavailable')), answerWith(USED)],
    expect: { text: '', note: /overloaded or unavailable/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'reports an error with its account',
    replies: [
      stream(
        event({
          id: 'gen-1',
          error: { code: 502, message: 'upstream' },
          choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
          usage: USED,
        }),
      ),
    ],
    expect: { text: '', note: /overloaded or unavailable/, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'closes the connection after it has read the question',
    replies: [drop(), answerWith(USED)],
    expect: { text: '', note: /could not reach/, booked: 'reserved', requests: 1 },
  },
  ...[408, 500, 502, 503, 504, 524, 529].map(
    (status): Row => ({
      name: `answers HTTP ${status}, which may be billed, and is not asked again`,
      replies: retried(status),
      expect: { text: '', note: /.+/, status: 'failed', booked: 'reserved', requests: 1 },
    }),
  ),
];

/** Requests that are not billed. */
const REFUSED: readonly Row[] = [
  {
    name: 'answers HTTP 429, which is not billed, and is asked again',
    replies: [...retried(429).slice(0, 1), ...retried(429)],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 3 },
  },
  ...[307, 400, 401, 403, 404, 413, 422].map(
    (status): Row => ({
      name: `answers HTTP ${status}, which is not billed, and is not asked again`,
      replies: retried(status),
      expect: { text: '', note: /.+/, status: 'failed', booked: 0, requests: 1 },
    }),
  ),
  {
    name: 'is down and costs nothing, and is asked again',
    definition: { free: true },
    replies: retried(503),
    expect: { text: 'An inlet.', note: null, booked: 0, requests: 2, counted: 1 },
  },
];

const AFFORDS = (tokens: number) =>
  json(402, {
    error: {
      code: 402,
      message: `This request requires more credits, or fewer max_tokens. You requested up to 8192 tokens, but can only afford ${tokens}. To increase, visit https://openrouter.ai/settings/credits`,
    },
  });

/** Requests on low credit. */
const CREDIT: readonly Row[] = [
  {
    name: 'can only afford a shorter answer, which fits',
    provider: 'openrouter',
    replies: [AFFORDS(1_234), answerWith({ ...USED, cost: 0.002 })],
    expect: {
      text: 'An inlet.',
      note: null,
      booked: 2_000_000,
      requests: 2,
      also: ({ chats }) =>
        expect(chats.map(({ body }) => body.max_completion_tokens)).toEqual([8_192, 1_234]),
    },
  },
  {
    name: 'can only afford a shorter answer, which does not fit',
    provider: 'openrouter',
    replies: [
      AFFORDS(1_234),
      stream(textChunk('An inl'), finishChunk('length'), usageChunk({ ...USED, cost: 0.002 }), DONE),
    ],
    expect: {
      text: 'An inl',
      note: 'Stopped at 1,234 tokens: the provider account has no credit for more.',
      booked: 2_000_000,
      requests: 2,
    },
  },
  {
    name: 'can only afford what is no answer',
    provider: 'openrouter',
    replies: [AFFORDS(255), answerWith(USED)],
    expect: {
      text: '',
      note: /OpenRouter account has too little credit/,
      booked: 0,
      requests: 1,
    },
  },
  {
    name: 'can afford less each time it is asked',
    provider: 'openrouter',
    replies: [AFFORDS(1_234), AFFORDS(1_000), answerWith(USED)],
    expect: { text: '', note: /has too little credit for an answer/, booked: 0, requests: 2 },
  },
];

/** The amounts that are booked. */
export const MONEY: readonly Row[] = [...COUNTS, ...PRICES, ...UNKNOWN, ...REFUSED, ...CREDIT];
