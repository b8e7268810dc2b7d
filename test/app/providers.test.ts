import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { createFetch } from '../../src/app/http/http-client.ts';
import { type Offer, type OfferOptions, openOffer } from '../../src/app/offer.ts';
import { createProviders, type Providers } from '../../src/app/providers/providers.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import type { ChatProvider, ChatRequest } from '../../src/core/ports/provider.ts';
import { ProviderError } from '../../src/core/ports/provider-errors.ts';
import { explainProviderError } from '../../src/core/provider/failure/explain.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { MODELS_FILE } from '../support/models.ts';
import { NO_LIMITS } from '../support/no-limits.ts';
import { textChunk } from '../support/provider/chunks.ts';
import { createFakeProvider, type FakeProvider, type Reply } from '../support/provider/fake-provider.ts';
import { createLogRecorder, eventsOf, QUESTION, readAll, textOf } from '../support/provider/test-client.ts';

let closing: AsyncDisposableStack;
beforeEach(() => {
  closing = new AsyncDisposableStack();
});
afterEach(() => closing.disposeAsync());

type Means = Partial<Pick<OfferOptions, 'file' | 'localPlaces' | 'fetch' | 'clock'>>;

function meansOf(environment: Record<string, string>, means: Means) {
  return {
    config: readConfig(environment),
    file: MODELS_FILE,
    keyIn: (variable: string) => environment[variable],
    fetch: createFetch(),
    clock: createFastClock(),
    log: createLogRecorder().log,
    localPlaces: [],
    ...means,
  };
}

/** The providers of the models file alone. */
function listed(environment: Record<string, string> = {}, given: Means = {}): Providers {
  const means = meansOf(environment, given);
  return createProviders(means);
}

/** With servers on this machine, and the demo if there is nothing else. */
function offered(environment: Record<string, string> = {}, given: Means = {}): Promise<Offer> {
  const means = meansOf(environment, given);
  return openOffer({ ...means, readModels: async () => means.file }, closing);
}

describe('a server in OpenRouter’s place', () => {
  const request = {
    wireModel: 'a',
    messages: [{ role: 'user' as const, content: 'Hi' }],
    user: 'mia',
    sessionId: 's',
  };

  async function ask(server: FakeProvider, { clients }: Providers): Promise<string> {
    let text = '';
    const client = clients.get('openrouter');
    if (client === undefined) throw new Error('there is no client');
    for await (const event of eventsOf(client, request, AbortSignal.timeout(10_000))) {
      if (event.type === 'text') text += event.delta;
    }
    expect(server.chats.length).toBeGreaterThan(0);
    return text;
  }

  it('that is a plain OpenAI one is asked plainly after its first refusal', async () => {
    const server = await createFakeProvider({ dialect: 'openai' });
    const providers = listed({ OPENROUTER_BASE_URL: server.url });
    server.answer('One.');
    server.answer('Two.');
    expect(await ask(server, providers)).toBe('One.');
    expect(await ask(server, providers)).toBe('Two.');
    expect(server.chats.map(({ body }) => 'plugins' in body)).toEqual([true, false, false]);
    await server.close();
  });

  it('that takes all of OpenRouter’s fields gets them, also after a request that was bad in itself', async () => {
    const server = await createFakeProvider();
    const providers = listed({ OPENROUTER_BASE_URL: server.url });
    const bad: Reply = (response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 400, message: 'Bad' } }));
    };
    server.script(bad);
    await expect(ask(server, providers)).rejects.toMatchObject({ code: 'bad_request' });
    server.answer('Yes.');
    expect(await ask(server, providers)).toBe('Yes.');
    // Asked plainly it failed as well: so it was no matter of the fields.
    expect(server.chats.map(({ body }) => 'plugins' in body)).toEqual([true, false, true]);
    await server.close();
  });
});

describe('the providers', () => {
  it('that can be paid for are those with a key, and those in whose place another server stands', async () => {
    expect([...listed().usable]).toEqual([]);
    expect([...listed({ OPENAI_API_KEY: 'sk-0123456789' }).usable]).toEqual(['openai']);
    expect([...listed({ OPENROUTER_BASE_URL: 'http://127.0.0.1:9/v1' }).usable]).toEqual(['openrouter']);
  });

  it('may be called anything', async () => {
    const file = parseCatalogueFile(
      JSON.stringify({
        providers: [{ id: 'constructor', baseUrl: 'http://127.0.0.1:9/v1', keyless: true }],
        models: [{ id: 'a/b', tier: 'free', routes: [{ provider: 'constructor' }] }],
      }),
    );
    const { clients, nameOf } = listed({}, { file });
    expect(nameOf('constructor')).toBe('constructor');
    const failure = await clients
      .get('constructor')
      ?.models(AbortSignal.timeout(10_000))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unreachable', provider: 'constructor' });
  });

  it('of the models file keep their address where a server on this machine is called the same', async () => {
    const served = { dialect: 'compatible', models: [{ id: 'llama3.2:3b', object: 'model' }] } as const;
    const [ours, local] = [await createFakeProvider(served), await createFakeProvider(served)];
    const file = parseCatalogueFile(
      JSON.stringify({
        providers: [{ id: 'ollama', baseUrl: ours.url, keyless: true, free: true }],
        models: [{ id: 'a/b', tier: 'free', routes: [{ provider: 'ollama', model: 'llama3.2:3b' }] }],
      }),
    );
    const localPlaces = [{ id: 'ollama', name: 'Ollama', port: Number(new URL(local.url).port) }];
    const {
      providers,
      gone,
      found,
      local: open,
    } = await offered({}, { file, localPlaces, clock: systemClock });
    await gone;
    const known = ours.requests.length;
    await providers.clients.get('ollama')?.models(AbortSignal.timeout(10_000));
    expect(ours.requests).toHaveLength(known + 1);
    expect([found, open]).toEqual([[], []]);
    await ours.close();
    await local.close();
  });

  it('say by name that it is the demo, where it stands in for them', async () => {
    const { providers, demoLacks } = await offered();
    const { clients, usable, nameOf } = providers;
    expect([demoLacks, ...usable]).toEqual(['OPENROUTER_API_KEY', 'openrouter']);
    expect(nameOf('openrouter')).toBe("Parley's demo");
    const request = {
      wireModel: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', content: 'Show me an error' }] as const,
      maxOutputTokens: 100,
      user: 'web:local/member',
      sessionId: 'one',
    };
    const failure = await clients
      .get('openrouter')
      ?.stream(request, () => {}, AbortSignal.timeout(60_000))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProviderError);
    expect(explainProviderError(failure as ProviderError).what).toBe(
      "Parley's demo is overloaded or unavailable.",
    );
  });

  it('have the demo in their place on chat platforms too, but for guilds that bring a key', async () => {
    const server = await createFakeProvider({ keys: ['sk-guild-own-key'] });
    const fetch = createFetch();
    const { providers } = await offered(
      {},
      { fetch: (url, init) => fetch(String(url).replace('https://openrouter.ai/api/v1', server.url), init) },
    );
    server.answer('From the real one.');
    const client = providers.clients.get('openrouter');
    if (client === undefined) throw new Error('there is no client');
    const request = {
      wireModel: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', content: 'Why?' }] as const,
    };
    const answerTo = async (asked: ChatRequest) =>
      textOf((await readAll(eventsOf(client, asked, AbortSignal.timeout(10_000)))).events);
    expect(await answerTo({ ...request, apiKey: 'sk-guild-own-key' })).toBe('From the real one.');
    expect(await answerTo(request)).toContain('demo');
    await server.close();
  });

  it('on this machine are looked for without being offered, where the operator did not say so', async () => {
    const local = await createFakeProvider({
      dialect: 'compatible',
      models: [{ id: 'llama3.2:3b', object: 'model' }],
    });
    const localPlaces = [{ id: 'ollama', name: 'Ollama', port: Number(new URL(local.url).port) }];
    const opened = await offered({ PLAYGROUND: 'off' }, { localPlaces, clock: systemClock });
    expect(opened.found.map(({ definition }) => definition.id)).toEqual(['ollama']);
    expect([opened.local, opened.providers.usable.has('ollama')]).toEqual([[], false]);
    await local.close();
  });
});

type Wait = (client: ChatProvider, signal: AbortSignal) => Promise<unknown>;

describe('a time limit of the settings', () => {
  const list: Wait = (client, signal) => client.models(signal);
  const answer: Wait = (client, signal) =>
    readAll(eventsOf(client, QUESTION, signal)).then(({ error }) => Promise.reject(error));

  it.each([
    ['OPENROUTER_TIMEOUT_SEC', list, ''],
    ['STREAM_IDLE_TIMEOUT_SEC', answer, ''],
    ['STREAM_FIRST_PROGRESS_SEC', answer, ''],
    ['STREAM_PROGRESS_SEC', answer, textChunk('so far')],
  ] as const)('is %s in seconds', async (variable, wait, sent) => {
    const clock = createFakeClock();
    const fetch = async (_: unknown, { signal }: RequestInit = {}) =>
      new Response(
        new ReadableStream({
          start(body) {
            body.enqueue(Buffer.from(sent));
            signal?.addEventListener('abort', () => body.error(signal.reason));
          },
        }),
      );
    const others = {
      OPENROUTER_TIMEOUT_SEC: '1000',
      STREAM_IDLE_TIMEOUT_SEC: '1000',
      STREAM_FIRST_PROGRESS_SEC: '1000',
      STREAM_PROGRESS_SEC: '1000',
    };
    const { clients } = listed(
      { OPENAI_API_KEY: 'sk-0123456789', ...others, [variable]: '7' },
      { fetch, clock },
    );
    let failure: unknown = null;
    const client = clients.get('openai') as ChatProvider;
    wait(client, AbortSignal.timeout(10_000)).catch((error: unknown) => {
      failure = error;
    });
    await clock.advance(6_999);
    expect(failure).toBeNull();
    await clock.advance(1);
    expect(failure).toMatchObject({ code: 'timeout' });
  });
});

it('nothing waits any more once the offer is closed', async () => {
  const clock = createFakeClock();
  const server = await createFakeProvider({ keys: ['sk-or-v1-key'] });
  const offer = await offered(
    { OPENROUTER_API_KEY: 'sk-or-v1-key', OPENROUTER_BASE_URL: server.url },
    { clock },
  );
  await clock.advance(2_000);
  await offer.gone;
  expect(clock.pending).toBeGreaterThan(0);
  await closing.disposeAsync();
  expect(clock.pending).toBe(0);
  await server.close();
});

it('limits that change in the models file apply once it is read again', async () => {
  const means = meansOf({ OPENROUTER_API_KEY: 'sk-or-v1-key' }, {});
  let { file } = means;
  const offer = await openOffer({ ...means, readModels: async () => file }, closing);
  const { limits } = offer;
  expect(limits).not.toEqual(NO_LIMITS);
  file = { ...file, limits: NO_LIMITS };
  await offer.reloadModels();
  expect(limits).toEqual(NO_LIMITS);
});
