import { expect } from 'vitest';
import { DONE, event, finishChunk, textChunk, usageChunk } from '../../support/provider/chunks.ts';
import { json, type Reply, raw, stream } from '../../support/provider/fake-provider.ts';
import type { Expected, Row } from '../harness.ts';

const USED = { prompt_tokens: 100, completion_tokens: 10 };
const USED_NANO_USD = 100 * 1_000 + 10 * 10_000;
const ANSWER = stream(textChunk('An inlet.'), finishChunk(), usageChunk(USED), DONE);

/** One request that was refused: nothing is booked. */
function refused(name: string, reply: Reply, note: RegExp): Row {
  return { name, replies: [reply], expect: { text: '', note, status: 'failed', booked: 0, requests: 1 } };
}

/** One request that failed within HTTP 200: it may be billed, so the reservation stands. */
function failed(name: string, reply: Reply, note: RegExp): Row {
  return {
    name,
    replies: [reply],
    expect: { text: '', note, status: 'failed', booked: 'reserved', requests: 1 },
  };
}

/** A request that is answered once a part of it is left out, and again without asking for that part first. */
function conceded(
  name: string,
  status: number,
  error: unknown,
  lacks: (body: Record<string, unknown>) => void,
  more: Partial<Row> = {},
  second: Reply = ANSWER,
): Row {
  const check: Expected['also'] = ({ chats }) => {
    for (const { body } of chats.slice(1)) lacks(body);
  };
  return {
    name,
    questions: ['What is a fjord?', 'And a bay?'],
    replies: [json(status, error), second, second],
    expect: { text: 'An inlet.', note: null, booked: 2 * USED_NANO_USD, requests: 3, also: check },
    ...more,
  };
}

const PRIVACY =
  /^The privacy settings of the account at OpenRouter exclude this model\. .*https:\/\/openrouter\.ai\/settings\/privacy/;
const ADDRESS = /^The bot has a wrong address for The server\. .*`baseUrl` of "server" in models\.json/;
const TOO_LONG =
  /^The conversation is too long for this model\. Pick a model with a longer context, .*`\/new`/;
const KEY = /rejected the bot's API key/;
const CREDIT = /run out of credit/;
const GONE = /no longer offers this model/;
const NOT_HERE = /is not available in the country or region/;
const REFUSED = /^The server rejected the request\./;
const BUSY = /getting too many requests/;

const message = (text: string, more: object = {}) => ({ error: { message: text, ...more } });
const OVERFLOW =
  "This model's maximum context length is 4096 tokens. However, your messages resulted in 9000 tokens.";

/** Failures, and the words that the asker reads. */
export const FAILURES: readonly Row[] = [
  refused(
    'has no money left behind the key',
    json(402, { error: { code: 402, message: 'Insufficient credits' } }),
    CREDIT,
  ),

  // The destination of the request.
  {
    ...refused(
      'has nobody to serve the model under the data policy',
      json(
        404,
        message('No endpoints found matching your data policy (Free model publication).', { code: 404 }),
      ),
      PRIVACY,
    ),
    provider: 'openrouter',
  },
  {
    ...refused(
      'restricts the model by privacy settings, and says so in an identifier',
      json(404, message('x', { code: 404, availability: { code: 'privacy_restricted', retryable: false } })),
      PRIVACY,
    ),
    provider: 'openrouter',
  },
  refused(
    'knows no such URL',
    json(404, message('Invalid URL (POST /v1/v1/chat/completions)', { type: 'invalid_request_error' })),
    ADDRESS,
  ),
  refused('answers 404 with a page', raw(404, '<html><body>404 Not Found</body></html>'), ADDRESS),
  refused('answers 404 in plain words', raw(404, '404 page not found'), ADDRESS),
  refused('takes no POST there', raw(405, 'Method Not Allowed'), ADDRESS),
  refused('has moved', raw(308, '', { location: 'https://example.org/v1/chat/completions' }), ADDRESS),
  failed(
    'knows no such endpoint, with 200',
    json(200, { error: 'Unexpected endpoint or method. (POST /chat/completions)' }),
    ADDRESS,
  ),
  refused(
    'has no such model',
    json(404, message('model "llama9" not found, try pulling it first', { type: 'api_error' })),
    GONE,
  ),
  refused(
    'retired the model',
    json(400, message('The model `llama2-70b` has been decommissioned.', { code: 'model_decommissioned' })),
    GONE,
  ),

  // Too long: one request, whatever the status.
  refused('finds it too long, without a code', json(400, message(OVERFLOW)), TOO_LONG),
  failed('finds it too long within a stream', stream(event(message(OVERFLOW, { code: 400 }))), TOO_LONG),
  refused(
    'passes on that it is too long',
    json(
      400,
      message('Provider returned error', {
        code: 400,
        metadata: { raw: JSON.stringify(message(OVERFLOW)), provider_name: 'Lab' },
      }),
    ),
    TOO_LONG,
  ),
  refused(
    'passes on in plain words that it is too long',
    json(
      400,
      message('Provider returned error', {
        metadata: { raw: 'prompt is too long: 210000 tokens > 200000 maximum' },
      }),
    ),
    TOO_LONG,
  ),
  refused('finds it too long with 413', raw(413, ''), TOO_LONG),
  refused(
    'finds it too large for a minute',
    json(
      429,
      message(
        'Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7123, please reduce your message size.',
        { type: 'tokens', code: 'rate_limit_exceeded' },
      ),
    ),
    TOO_LONG,
  ),
  refused(
    "finds it too long in Gemini's words",
    json(400, [
      message('The input token count (1048580) exceeds the maximum number of tokens allowed (1048576).', {
        code: 400,
        status: 'INVALID_ARGUMENT',
      }),
    ]),
    TOO_LONG,
  ),

  // Key and money.
  refused(
    'refuses the key with 400 and a string',
    json(400, {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***. You can obtain an API key from https://console.x.ai.',
    }),
    KEY,
  ),
  refused(
    'refuses the key with 400 in an array',
    json(400, [
      message('API key not valid. Please pass a valid API key.', {
        code: 400,
        status: 'INVALID_ARGUMENT',
        details: [{ reason: 'API_KEY_INVALID' }],
      }),
    ]),
    KEY,
  ),
  refused('refuses the key in plain words', raw(401, 'Unauthorized'), KEY),
  refused(
    'has too little credit, with 400',
    json(400, {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'Your credit balance is too low to access the Anthropic API.',
      },
    }),
    CREDIT,
  ),
  refused('has too little balance, with 403', json(403, message('Insufficient account balance')), CREDIT),

  // Refused, and not here.
  refused('takes no such media type', raw(415, 'Unsupported Media Type'), REFUSED),
  refused('may not answer for legal reasons', raw(451, ''), NOT_HERE),
  refused(
    'does not serve the country',
    json(
      403,
      message('Country, region, or territory not supported', {
        code: 'unsupported_country_region_territory',
      }),
    ),
    NOT_HERE,
  ),
  refused(
    'does not serve the place',
    json(400, message('User location is not supported for the API use.', { status: 'FAILED_PRECONDITION' })),
    NOT_HERE,
  ),
  {
    ...refused(
      'is busy for longer than anybody would wait',
      json(429, message('Rate limit reached: Limit 6000, Used 5900, Requested 700.'), {
        'retry-after': '90',
      }),
      BUSY,
    ),
  },

  // How an answer ended.
  {
    name: 'filters the answer before it begins',
    replies: [stream(finishChunk('content_filter'), usageChunk(USED), DONE)],
    expect: {
      text: '',
      note: /^The provider's content filter stopped the answer\./,
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: "filters the answer, in Gemini's words",
    replies: [stream(textChunk('An'), finishChunk('SAFETY'), usageChunk(USED), DONE)],
    expect: {
      text: 'An',
      note: /^The provider's content filter ended the answer here\./,
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: 'comes to the limit with nothing that can be shown',
    replies: [stream(finishChunk('length'), usageChunk(USED), DONE)],
    expect: {
      text: '',
      note: /^The model used all 8,192 tokens but wrote nothing that can be shown\./,
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: 'thinks until the limit',
    replies: [
      stream(
        event({ choices: [{ delta: { reasoning_content: 'Hm. ' } }] }),
        finishChunk('length'),
        usageChunk(USED),
        DONE,
      ),
    ],
    expect: {
      text: '',
      note: /^The model used all 8,192 tokens for thinking and wrote no answer\. .*`answerTokens` in models\.json/,
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: 'thinks until the limit with an effort that has more room',
    provider: 'openrouter',
    model: { efforts: ['low', 'high'] },
    effort: 'high',
    replies: [
      stream(
        event({ choices: [{ delta: { reasoning: 'Hm. ' } }] }),
        finishChunk('length'),
        usageChunk(USED),
        DONE,
      ),
    ],
    expect: {
      text: '',
      note: /^The model used all 16,384 tokens for thinking .*use less `effort`/,
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
      also: ({ chats }) =>
        expect(chats[0]?.body).toMatchObject({
          reasoning: { effort: 'high' },
          max_completion_tokens: 16_384,
        }),
    },
  },
  {
    name: "refuses the effort, in OpenAI's words",
    provider: 'openai',
    model: { routes: [{ provider: 'openai', model: 'gpt-5' }] },
    effort: 'minimal',
    replies: [
      json(400, {
        error: {
          message: "Unsupported value: 'minimal' is not supported with the 'gpt-5' model.",
          type: 'invalid_request_error',
          param: 'reasoning_effort',
          code: 'unsupported_value',
        },
      }),
      ANSWER,
    ],
    expect: {
      text: 'An inlet.',
      note: 'Test model does not support `effort`, so it used its default.',
      booked: USED_NANO_USD,
      requests: 2,
      also: ({ chats }) =>
        expect(chats.map(({ body }) => body.reasoning_effort)).toEqual(['minimal', undefined]),
    },
  },
  {
    name: "cannot think at all, in Ollama's words",
    definition: { features: { effortField: 'reasoning_effort' } },
    model: { efforts: ['none', 'high'] },
    effort: 'high',
    replies: [json(400, message('"llama3.2:3b" does not support thinking')), ANSWER],
    expect: {
      text: 'An inlet.',
      note: 'Test model does not support `effort`, so it used its default.',
      booked: USED_NANO_USD,
      requests: 2,
    },
  },
  {
    name: 'is not known to take an effort, and is sent none',
    effort: 'high',
    replies: [ANSWER],
    expect: {
      text: 'An inlet.',
      note: 'Test model does not support `effort`, so it uses its default.',
      booked: USED_NANO_USD,
      requests: 1,
      also: ({ chats }) => {
        expect(chats[0]?.body).not.toHaveProperty('reasoning');
        expect(chats[0]?.body).not.toHaveProperty('reasoning_effort');
      },
    },
  },
  {
    name: 'gives text and usage and no finish reason',
    replies: [stream(textChunk('An inlet.'), usageChunk(USED))],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  ...['MAX_TOKENS', 'max_tokens', 'model_length'].map(
    (reason): Row => ({
      name: `ends with ${reason}`,
      replies: [stream(textChunk('An inlet.'), finishChunk(reason), usageChunk(USED), DONE)],
      expect: {
        text: 'An inlet.',
        note: /^Stopped at the length limit/,
        status: 'complete',
        booked: USED_NANO_USD,
        requests: 1,
      },
    }),
  ),

  // Asked once more without that, and remembered.
  conceded(
    'streams to verified organisations alone',
    400,
    message('Your organization must be verified to stream this model.', {
      type: 'invalid_request_error',
      param: 'stream',
      code: 'unsupported_value',
    }),
    (body) => expect(body).not.toHaveProperty('stream'),
    {},
    json(200, { choices: [{ message: { content: 'An inlet.' }, finish_reason: 'stop' }], usage: USED }),
  ),
  conceded('knows no role of the system', 400, message('System role not supported'), (body) =>
    expect(JSON.stringify(body['messages'])).not.toContain('"system"'),
  ),
  conceded(
    "knows no role of the system, in Google's words",
    400,
    [
      message('Developer instruction is not enabled for models/gemma-3-27b-it', {
        status: 'INVALID_ARGUMENT',
      }),
    ],
    (body) => expect(JSON.stringify(body['messages'])).not.toContain('"system"'),
  ),
  conceded(
    'knows no stream_options',
    422,
    {
      detail: [
        { type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' },
      ],
    },
    (body) => expect(body).not.toHaveProperty('stream_options'),
  ),
  conceded(
    'knows no max_tokens',
    400,
    message(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { param: 'max_tokens', code: 'unsupported_parameter' },
    ),
    (body) => {
      expect(body).not.toHaveProperty('max_tokens');
      expect(body).toHaveProperty('max_completion_tokens', 8_192);
    },
  ),
];
