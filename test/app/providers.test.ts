import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { createFetch } from '../../src/app/http/http-client.ts';
import { type OpenProvidersOptions, openProviders, type Providers } from '../../src/app/providers.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { systemClock } from '../../src/core/kit/clock.ts';
import { ProviderError } from '../../src/core/ports/provider-errors.ts';
import { explainProviderError } from '../../src/core/provider/explain.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { MODELS_FILE } from '../support/models.ts';
import { createFakeProvider, type FakeProvider, type Reply } from '../support/provider/fake-provider.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';

let providers: Providers;
afterEach(() => providers.close());

async function open(
  environment: Record<string, string> = {},
  {
    file = MODELS_FILE,
    withDemo = false,
    withLocal = false,
    offersLocal = withLocal,
    localPlaces = [],
    fetch = createFetch(),
    clock = createFastClock(),
  }: Partial<
    Pick<
      OpenProvidersOptions,
      'file' | 'withDemo' | 'withLocal' | 'offersLocal' | 'localPlaces' | 'fetch' | 'clock'
    >
  > = {},
): Promise<Providers> {
  providers = await openProviders({
    config: readConfig(environment),
    file,
    keyIn: (variable) => environment[variable],
    fetch,
    withDemo,
    withLocal,
    offersLocal,
    localPlaces,
    clock,
    log: createLogRecorder().log,
  });
  return providers;
}

describe('a server in OpenRouter’s place', () => {
  const request = {
    wireModel: 'a',
    messages: [{ role: 'user' as const, content: 'Hi' }],
    user: 'mia',
    sessionId: 's',
  };

  async function ask(server: FakeProvider): Promise<string> {
    let text = '';
    const client = providers.clients.get('openrouter');
    if (client === undefined) throw new Error('there is no client');
    for await (const event of client.stream(request, AbortSignal.timeout(10_000))) {
      if (event.type === 'text') text += event.delta;
    }
    expect(server.chats.length).toBeGreaterThan(0);
    return text;
  }

  it('that is a plain OpenAI one is asked plainly after its first refusal', async () => {
    const server = await createFakeProvider({ dialect: 'openai' });
    await open({ OPENROUTER_BASE_URL: server.url });
    server.answer('One.');
    server.answer('Two.');
    expect(await ask(server)).toBe('One.');
    expect(await ask(server)).toBe('Two.');
    expect(server.chats.map(({ body }) => 'plugins' in body)).toEqual([true, false, false]);
    await server.close();
  });

  it('that takes all of OpenRouter’s fields gets them, also after a request that was bad in itself', async () => {
    const server = await createFakeProvider();
    await open({ OPENROUTER_BASE_URL: server.url });
    const bad: Reply = (response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 400, message: 'Bad' } }));
    };
    server.script(bad);
    await expect(ask(server)).rejects.toMatchObject({ code: 'bad_request' });
    server.answer('Yes.');
    expect(await ask(server)).toBe('Yes.');
    // Asked plainly it failed as well: so it was no matter of the fields.
    expect(server.chats.map(({ body }) => 'plugins' in body)).toEqual([true, false, true]);
    await server.close();
  });
});

describe('the providers', () => {
  it('that can be paid for are those with a key, and those in whose place another server stands', async () => {
    expect([...(await open()).usable]).toEqual([]);
    expect([...(await open({ OPENAI_API_KEY: 'sk-0123456789' })).usable]).toEqual(['openai']);
    expect([...(await open({ OPENROUTER_BASE_URL: 'http://127.0.0.1:9/v1' })).usable]).toEqual([
      'openrouter',
    ]);
  });

  it('may be called anything', async () => {
    const file = parseCatalogueFile(
      JSON.stringify({
        providers: [{ id: 'constructor', baseUrl: 'http://127.0.0.1:9/v1', keyless: true }],
        models: [{ id: 'a/b', tier: 'free', routes: [{ provider: 'constructor' }] }],
      }),
    );
    const { clients, nameOf } = await open({}, { file });
    expect(nameOf('constructor')).toBe('constructor');
    const failure = await clients
      .get('constructor')
      ?.models(AbortSignal.timeout(10_000))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unreachable', provider: 'constructor' });
  });

  it('of the models file keep their address where a server on this machine is called the same', async () => {
    const served = { dialect: 'compatible', models: [{ id: 'llama3.2:3b', object: 'model' }] } as const;
    const [listed, local] = [await createFakeProvider(served), await createFakeProvider(served)];
    const file = parseCatalogueFile(
      JSON.stringify({
        providers: [{ id: 'ollama', baseUrl: listed.url, keyless: true, free: true }],
        models: [{ id: 'a/b', tier: 'free', routes: [{ provider: 'ollama', model: 'llama3.2:3b' }] }],
      }),
    );
    const localPlaces = [{ id: 'ollama', name: 'Ollama', port: Number(new URL(local.url).port) }];
    const opened = await open({}, { file, withLocal: true, localPlaces });
    await opened.clients.get('ollama')?.models(AbortSignal.timeout(10_000));
    expect(listed.requests).toHaveLength(1);
    expect(opened.local).toEqual([]);
    await listed.close();
    await local.close();
  });

  it('say by name that it is the demo, where it stands in for them', async () => {
    const { clients, usable, isDemo } = await open({}, { withDemo: true });
    expect([isDemo, ...usable]).toEqual([true, 'openrouter']);
    const request = {
      wireModel: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', content: 'Show me an error' }] as const,
      maxOutputTokens: 100,
      user: 'web:local/member',
      sessionId: 'one',
    };
    const failure = await Array.fromAsync(
      clients.get('openrouter')?.stream(request, AbortSignal.timeout(60_000)) ?? [],
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProviderError);
    expect(explainProviderError(failure as ProviderError).what).toBe(
      "Parley's demo is overloaded or unavailable.",
    );
  });

  it('have the demo in their place on chat platforms too, but for guilds that bring a key', async () => {
    const server = await createFakeProvider({ keys: ['sk-guild-own-key'] });
    const fetch = createFetch();
    const opened = await open(
      {},
      {
        withDemo: true,
        fetch: (url, init) => fetch(String(url).replace('https://openrouter.ai/api/v1', server.url), init),
      },
    );
    expect([opened.isDemo, opened.demoLacks]).toEqual([true, 'OPENROUTER_API_KEY']);
    server.answer('From the real one.');
    const client = opened.clients.get('openrouter');
    const request = {
      wireModel: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', content: 'Why?' }] as const,
    };
    const own = await client?.complete(
      { ...request, apiKey: 'sk-guild-own-key' },
      AbortSignal.timeout(10_000),
    );
    const demo = await client?.complete(request, AbortSignal.timeout(10_000));
    expect(own?.text).toBe('From the real one.');
    expect(demo?.text).toContain('demo');
    await server.close();
  });

  it('on this machine are looked for without being offered, where the operator did not say so', async () => {
    const local = await createFakeProvider({
      dialect: 'compatible',
      models: [{ id: 'llama3.2:3b', object: 'model' }],
    });
    const localPlaces = [{ id: 'ollama', name: 'Ollama', port: Number(new URL(local.url).port) }];
    const opened = await open({}, { withLocal: true, offersLocal: false, localPlaces, clock: systemClock });
    expect(opened.found.map(({ definition }) => definition.id)).toEqual(['ollama']);
    expect([opened.local, opened.usable.has('ollama')]).toEqual([[], false]);
    await local.close();
  });
});
