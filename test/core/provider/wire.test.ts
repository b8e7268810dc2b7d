import { afterEach, describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from '../../../src/core/ports/provider.ts';
import type { RefusedPart } from '../../../src/core/ports/provider-errors.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import { chatBody } from '../../../src/core/provider/wire.ts';
import {
  createFakeProvider,
  type FakeProvider,
  type FakeProviderOptions,
  type RecordedRequest,
} from '../../support/provider/fake-provider.ts';
import type { Dialect } from '../../support/provider/strict-bodies.ts';
import { createTestClient, eventsOf, never, QUESTION, readAll } from '../../support/provider/test-client.ts';

let fake: FakeProvider;
const started: FakeProvider[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.close()));
});

async function start(options?: FakeProviderOptions): Promise<FakeProvider> {
  const provider = await createFakeProvider(options);
  started.push(provider);
  return provider;
}

/** Everything that can be asked for. */
const everything: ChatRequest = {
  wireModel: 'openai/gpt-4o-mini',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is a fjord?' },
    { role: 'assistant', content: 'A valley.' },
    { role: 'user', content: 'And a skerry?' },
  ],
  maxOutputTokens: 500,
  maxPrice: { promptPicoUsd: 150_000, completionPicoUsd: 600_000, requestPicoUsd: 10_000_000_000 },
  user: 'u-1',
  sessionId: 's-1',
  effort: 'high',
  maxWebSearches: 2,
};

const messages = everything.messages;

async function sent(preset: Dialect, request: ChatRequest) {
  fake = await start({ dialect: preset });
  fake.answer('An island.');
  const { provider } = createTestClient(fake, {
    preset,
    preferences: { order: ['OpenAI'], max_price: { completion: '0.5', image: 1 } },
  });
  expect((await readAll(eventsOf(provider, request, never))).error).toBeNull();
  return fake.chats[0] as RecordedRequest;
}

describe('what goes over the wire', () => {
  it('to OpenRouter is all that it knows', async () => {
    const { body, headers } = await sent('openrouter', everything);
    expect(body).toEqual({
      model: 'openai/gpt-4o-mini',
      messages,
      stream: true,
      max_completion_tokens: 500,
      user: 'u-1',
      session_id: 's-1',
      reasoning: { effort: 'high' },
      provider: {
        order: ['OpenAI'],
        max_price: { prompt: '0.15', completion: '0.5', request: '0.01', image: '1' },
      },
      plugins: [{ id: 'context-compression', enabled: false }],
      tools: [
        {
          type: 'openrouter:web_search',
          parameters: { engine: 'exa', max_uses: 2, max_results: 5, max_total_results: 10 },
        },
      ],
    });
    expect(headers).toMatchObject({
      authorization: 'Bearer sk-test-operator-key',
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'http-referer': 'http://localhost',
      'x-openrouter-title': 'Parley',
      'x-openrouter-categories': 'general-chat',
    });
  });

  it('to OpenAI has no field that it would refuse', async () => {
    const { body, headers } = await sent('openai', everything);
    expect(body).toEqual({
      model: 'openai/gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 500,
      reasoning_effort: 'high',
      user: 'u-1',
    });
    expect(headers).not.toHaveProperty('http-referer');
    expect(headers).not.toHaveProperty('x-openrouter-title');
  });

  it('to Ollama and its like caps the answer by the older name, and carries no key', async () => {
    const { body, headers } = await sent('compatible', everything);
    expect(body).toEqual({
      model: 'openai/gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 500,
    });
    expect(headers).not.toHaveProperty('authorization');
  });

  it.each(['reasoning', 'reasoning_effort'] as const)(
    'to a server that is known to take it names the effort in %s',
    async (effortField) => {
      fake = await start({ dialect: 'compatible' });
      fake.answer('An island.');
      const definition = defineProvider({
        id: 'lab',
        baseUrl: fake.url,
        keyless: true,
        features: { effortField },
      });
      const { provider } = createTestClient(fake, { preset: 'compatible', definition });
      await readAll(eventsOf(provider, { ...QUESTION, effort: 'low' }, never));
      const expected = {
        reasoning: { reasoning: { effort: 'low' } },
        reasoning_effort: { reasoning_effort: 'low' },
      };
      expect(fake.chats[0]?.body).toMatchObject(expected[effortField]);
    },
  );

  it('leaves out what the request does not ask for', async () => {
    const { body } = await sent('openai', QUESTION);
    expect(Object.keys(body).sort()).toEqual(['messages', 'model', 'stream', 'stream_options']);
  });

  it("goes out with the guild's own key where there is one, whatever the provider's headers say", async () => {
    fake = await start();
    fake.answer('An island.');
    const headers = { authorization: 'Bearer sk-test-forged', accept: 'text/html', 'x-trace': 't-1' };
    const definition = defineProvider({ id: 'lab', preset: 'openrouter', baseUrl: fake.url, headers });
    const { provider } = createTestClient(fake, { definition });
    await readAll(eventsOf(provider, { ...QUESTION, apiKey: 'sk-test-own' }, never));
    expect(fake.chats[0]?.headers).toMatchObject({
      authorization: 'Bearer sk-test-own',
      accept: 'text/event-stream',
      'x-trace': 't-1',
    });
  });
});

describe('a body without what the provider refuses', () => {
  const openrouter = defineProvider({ id: 'openrouter', preset: 'openrouter' });
  const openai = defineProvider({ id: 'openai', preset: 'openai' });
  const lab = defineProvider({ id: 'lab', baseUrl: 'http://x/v1' });
  const asked: ChatRequest = { ...everything, temperature: 0.5, modalities: ['image', 'text'] };
  const bodyOf = (definition: typeof lab, request: ChatRequest, ...without: RefusedPart[]) =>
    chatBody(definition, request, undefined, new Set(without));

  it.each<[RefusedPart, typeof lab, object]>([
    ['stream', openai, { stream: undefined, stream_options: undefined }],
    ['stream_options', openai, { stream_options: undefined }],
    ['temperature', openai, { temperature: undefined }],
    ['reasoning_effort', openai, { reasoning_effort: undefined }],
    ['reasoning_effort', openrouter, { reasoning: undefined }],
    ['max_completion_tokens', openai, { max_completion_tokens: undefined, max_tokens: 500 }],
    ['max_tokens', lab, { max_tokens: undefined, max_completion_tokens: 500 }],
    ['max_tokens', openai, {}],
  ])('differs in nothing else without %s', (part, definition, change) => {
    const whole = bodyOf(definition, asked);
    const changed = Object.entries({ ...whole, ...change }).filter(([, value]) => value !== undefined);
    expect(bodyOf(definition, asked, part)).toEqual(Object.fromEntries(changed));
    expect(whole).toMatchObject({ stream: true, temperature: 0.5 });
  });

  it('asks for images where a provider knows how', () => {
    expect(bodyOf(openrouter, asked)).toMatchObject({ modalities: ['image', 'text'] });
    expect(bodyOf(openai, asked)).not.toHaveProperty('modalities');
  });

  it('has the words of the system before the first question', () => {
    const image = { type: 'image', mediaType: 'image/png', base64: 'QQ==' } as const;
    const before = [
      { role: 'system', content: 'Be brief.' },
      { role: 'system', content: 'Be kind.' },
      { role: 'assistant', content: 'Hello.' },
    ] as const;
    const sent = (content: ChatMessage['content']) =>
      bodyOf(lab, { wireModel: 'm', messages: [...before, { role: 'user', content }] }, 'system')['messages'];
    expect(sent('Why?')).toEqual([
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Be brief.\n\nBe kind.\n\nWhy?' },
    ]);
    expect(sent([image])).toMatchObject([
      { role: 'assistant' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Be brief.\n\nBe kind.\n\n' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,QQ==' } },
        ],
      },
    ]);
    const plain = { wireModel: 'm', messages: [{ role: 'user', content: 'Why?' }] } as const;
    expect(bodyOf(lab, plain, 'system')['messages']).toEqual(plain.messages);
  });

  it('marks the end of what is cached, also without the words of the system', () => {
    const cached = { ...asked, cachedMessages: 3 };
    const mark = { cache_control: { type: 'ephemeral' } };
    const answer = { role: 'assistant', content: [{ type: 'text', text: 'A valley.', ...mark }] };
    expect(bodyOf(openrouter, cached)['messages']).toEqual([messages[0], messages[1], answer, messages[3]]);
    expect(bodyOf(openrouter, cached, 'system')['messages']).toEqual([
      { role: 'user', content: 'Be brief.\n\nWhat is a fjord?' },
      answer,
      messages[3],
    ]);
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b\ud800' },
    ] as const;
    const one = { wireModel: 'm', messages: [{ role: 'user', content: parts }], cachedMessages: 1 } as const;
    expect(bodyOf(openrouter, one)['messages']).toEqual([
      { role: 'user', content: [parts[0], { type: 'text', text: 'b\ufffd', ...mark }] },
    ]);
    expect(bodyOf(openai, cached)['messages']).toEqual(messages);
  });
});

describe('without a key that can be sent', () => {
  it.each([
    ['no key at all', null, undefined],
    ['a key with a line break', null, 'sk-test\nX-Evil: 1'],
    ['a key with a space', 'sk test', undefined],
    ['an empty key', 'sk-test-good', ''],
  ])('fails as a bad key, and sends nothing, with %s', async (_, apiKey, ownKey) => {
    fake = await start();
    const { provider } = createTestClient(fake, { apiKey });
    const request = ownKey === undefined ? QUESTION : { ...QUESTION, apiKey: ownKey };
    const { error } = await readAll(eventsOf(provider, request, never));
    expect(error).toMatchObject({ code: 'bad_key', ownKey: ownKey !== undefined });
    expect(fake.requests).toEqual([]);
  });
});

describe('the loopback provider of the tests', () => {
  it.each([
    ['openai', { ...everything, session_id: 's' }],
    ['openai', { model: 'm', messages, provider: {} }],
    ['openai', { model: 'm', messages, max_tokens: 5 }],
    ['openrouter', { model: 'm', messages, provider: { ordr: [] } }],
    ['openrouter', { model: 'm:online', messages }],
    ['openrouter', { model: 'm', messages, plugins: [{ id: 'web' }] }],
    ['openrouter', { model: 'm', messages: [] }],
    ['openrouter', { model: 'm', messages, max_tokns: 5 }],
    ['openrouter', { model: 'm', messages, max_tokens: '5' }],
    ['openrouter', { model: 'm', messages, provider: { max_price: { prompt: 1 } } }],
    ['openrouter', { model: 'm', messages, provider: { max_price: { words: '1' } } }],
    ['openrouter', { model: 'm', messages, session: 's' }],
    [
      'openrouter',
      { model: 'm', messages, tools: [{ type: 'openrouter:web_search', parameters: { max: 1 } }] },
    ],
    ['compatible', { model: 'm', messages, user: 'u' }],
  ] as const)('refuses, as %s would, a body that is wrong (%#)', async (dialect, body) => {
    fake = await start({ dialect });
    const response = await fetch(`${fake.url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('queued');
  });
});
