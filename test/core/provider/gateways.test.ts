import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChatEvent } from '../../../src/core/ports/provider.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import { createTestClient, eventsOf } from '../../support/provider/test-client.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** The providers of the examples in docs/models.md, by id. */
const EXAMPLES = new Map(
  [...readFileSync('docs/models.md', 'utf8').matchAll(/```json\n(.*?)```/gs)]
    .map(([, json = '']): unknown => JSON.parse(json))
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter((value) => 'baseUrl' in value)
    .map((value) => [value.id as string, value]),
);

type Body = Readonly<Record<string, unknown>>;

interface Dialect {
  /** Its addresses below the origin. */
  readonly chat: string;
  readonly models: string;
  /** Whether it lets that in. */
  readonly admits: (request: IncomingMessage) => boolean;
  /** Fields that it knows; it refuses others. */
  readonly takes: readonly string[];
  readonly list: unknown;
}

const COMMON = ['model', 'messages', 'stream', 'stream_options'];
const isKeyless = ({ headers }: IncomingMessage) => headers.authorization === undefined;

const DIALECTS: Readonly<Record<string, Dialect>> = {
  // https://learn.microsoft.com/azure/ai-services/openai/reference
  azure: {
    chat: '/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
    models: '/openai/models?api-version=2024-10-21',
    admits: ({ headers }) => headers['api-key'] === 'the-key' && headers.authorization === undefined,
    takes: [...COMMON, 'max_completion_tokens'],
    list: { data: [{ id: 'my gpt', capabilities: { inference: true } }], object: 'list' },
  },
  // https://docs.litellm.ai/docs/proxy/user_keys
  litellm: {
    chat: '/v1/chat/completions',
    models: '/v1/models',
    admits: ({ headers }) => headers.authorization === 'Bearer the-key',
    takes: [...COMMON, 'max_tokens', 'user'],
    list: { data: [{ id: 'my gpt', object: 'model', owned_by: 'openai' }], object: 'list' },
  },
  // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
  vllm: {
    chat: '/v1/chat/completions',
    models: '/v1/models',
    admits: isKeyless,
    takes: [...COMMON, 'max_tokens'],
    list: { object: 'list', data: [{ id: 'my gpt', object: 'model', max_model_len: 32_768 }] },
  },
  // https://docs.ollama.com/api/openai-compatibility
  ollama: {
    chat: '/v1/chat/completions',
    models: '/v1/models',
    admits: isKeyless,
    takes: [...COMMON, 'max_tokens'],
    list: { object: 'list', data: [{ id: 'my gpt', object: 'model', created: 1, owned_by: 'library' }] },
  },
};

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function serve(dialect: Dialect): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (!dialect.admits(request)) return answer(response, 401, { error: { message: 'Access denied' } });
    if (request.url === dialect.models) return answer(response, 200, dialect.list);
    if (request.url !== dialect.chat) return answer(response, 404, { error: { message: request.url } });
    const unknown = Object.keys(JSON.parse(body) as Body).filter((field) => !dialect.takes.includes(field));
    if (unknown.length > 0) return answer(response, 400, { error: { message: `unknown: ${unknown}` } });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const events = [
      { choices: [{ index: 0, delta: { role: 'assistant', content: 'An inlet.' } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } },
    ];
    response.end(`${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an example of a provider in docs/models.md', () => {
  it.each(Object.keys(DIALECTS))(
    '%s streams an answer and lists models from a server that speaks so',
    async (id) => {
      const example = EXAMPLES.get(id);
      const origin = await serve(DIALECTS[id] as Dialect);
      const baseUrl = origin + new URL(example.baseUrl).pathname;
      const definition = defineProvider({ ...example, baseUrl });
      const { provider } = createTestClient(
        { url: baseUrl },
        { preset: 'compatible', definition, apiKey: definition.keyless ? null : 'the-key' },
      );
      const { signal } = new AbortController();
      const events: ChatEvent[] = [];
      const asked = {
        wireModel: 'my gpt',
        messages: [{ role: 'user', content: 'Hi' }],
        maxOutputTokens: 100,
        user: 'u',
      } as const;
      for await (const event of eventsOf(provider, asked, signal)) events.push(event);
      expect(events).toContainEqual({ type: 'text', delta: 'An inlet.' });
      expect(events.at(-1)).toMatchObject({
        type: 'done',
        finish: 'stop',
        usage: { promptTokens: 7, completionTokens: 3 },
      });
      expect((await provider.models(signal)).map((model) => model.id)).toEqual(['my gpt']);
      expect(await provider.checkKey('another-key', signal)).toBe(false);
    },
  );
});
