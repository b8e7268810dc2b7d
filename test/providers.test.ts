import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { parseCatalogueFile } from '../src/core/catalogue/catalogue-file.ts';
import { ProviderError } from '../src/core/provider/errors.ts';
import { explainProviderError } from '../src/core/provider/explain.ts';
import { openProviders, type Providers } from '../src/providers.ts';
import { createFastClock } from './support/fast-clock.ts';
import { MODELS_FILE } from './support/models.ts';
import { createLogRecorder } from './support/provider/test-client.ts';

let providers: Providers;
afterEach(() => providers.close());

async function open(
  environment: Record<string, string> = {},
  { file = MODELS_FILE, withPlayground = false } = {},
): Promise<Providers> {
  providers = await openProviders({
    config: readConfig(environment),
    file,
    keyIn: (variable) => environment[variable],
    withPlayground,
    clock: createFastClock(),
    log: createLogRecorder().log,
  });
  return providers;
}

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

  it('say by name that it is the demo, where it stands in for them', async () => {
    const { clients, usable, isDemo } = await open({}, { withPlayground: true });
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
      "Parley's demo is overloaded or out of order.",
    );
  });
});
