import { afterEach, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { type CatalogueRefreshOptions, startCatalogueRefresh } from '../../../src/core/catalogue/refresh.ts';
import type { Background } from '../../../src/core/kit/time/repeat.ts';
import { type ModelFacts, NO_PRICES } from '../../../src/core/ports/provider.ts';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { factsOf, listOf, MODELS_FILE } from '../../support/models.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const LLAMA = 'meta-llama/llama-3.2-3b-instruct:free';
const HOUR_MS = 3_600_000;

/** A provider that tells whatever it is set to, and remembers being asked. */
function fakeProvider(id: string, list: ModelFacts[] | Error = listOf(id)) {
  return {
    id,
    list,
    asked: 0,
    async models(): Promise<ModelFacts[]> {
      this.asked += 1;
      if (this.list instanceof Error) throw this.list;
      return this.list;
    },
  };
}

/** A provider that never answers. */
function hangingProvider() {
  return {
    id: 'openrouter',
    aborted: false,
    models(signal: AbortSignal) {
      return new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          this.aborted = true;
          reject(signal.reason);
        });
      });
    },
  };
}

const running: Background[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((refresh) => refresh.stop()));
});

function start(...providers: CatalogueRefreshOptions['providers']) {
  const clock = createFakeClock();
  const { log, lines } = createLogRecorder();
  const catalogue = createCatalogue(MODELS_FILE);
  const refresh = startCatalogueRefresh({ catalogue, providers, clock, random: () => 0.5, log });
  running.push(refresh);
  return { catalogue, clock, lines, refresh };
}

describe('the refresh of the catalogue', () => {
  it('says once all were asked what is gone, and what is most like it', async () => {
    const { catalogue, clock, refresh } = start(
      fakeProvider('openrouter', [
        ...listOf('openrouter', [LLAMA]),
        factsOf('meta-llama/llama-4-3b-instruct:free'),
      ]),
    );
    await clock.advance(0);
    expect(await refresh.first).toEqual([{ id: LLAMA, instead: 'meta-llama/llama-4-3b-instruct:free' }]);
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(true);
  });

  it('logs which models are gone or back, where, and what could replace them', async () => {
    const rest = listOf('openai', ['gpt-4o']);
    const openai = fakeProvider('openai', [...rest, factsOf('gpt-4.1')]);
    const openrouter = fakeProvider('openrouter', listOf('openrouter', ['openai/gpt-4o']));
    const { clock, lines } = start(openrouter, openai);
    const logged = () =>
      lines.splice(0).map((line) => {
        const { provider, models, instead, msg } = JSON.parse(line);
        return { provider, models, instead, msg };
      });
    await clock.advance(0);
    expect(logged()).toEqual([
      { provider: 'openai', models: ['openai/gpt-4o'], instead: ['gpt-4.1'], msg: 'models are gone' },
    ]);
    openai.list = listOf('openai');
    await clock.advance(7 * HOUR_MS);
    expect(logged()).toEqual([{ provider: 'openai', models: ['openai/gpt-4o'], msg: 'models are back' }]);
    await clock.advance(7 * HOUR_MS);
    expect(logged()).toEqual([]);
  });

  it('logs a model that a server on this machine no longer serves', async () => {
    const ollama = fakeProvider('ollama', [factsOf('one'), factsOf('two')]);
    const clock = createFakeClock();
    const { log, lines } = createLogRecorder();
    const definition = defineProvider({ id: 'ollama', baseUrl: 'http://127.0.0.1:1/v1', keyless: true });
    const catalogue = createCatalogue({ ...MODELS_FILE, localProviders: [definition] });
    running.push(startCatalogueRefresh({ catalogue, providers: [ollama], clock, random: () => 0, log }));
    await clock.advance(0);
    ollama.list = [factsOf('two')];
    await clock.advance(7 * HOUR_MS);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ models: ['ollama/one'], instead: [null] });
  });

  it('logs a fault of its own with its stack', async () => {
    const { clock, lines } = start(fakeProvider('openrouter', new TypeError('x is not a function')));
    await clock.advance(0);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      provider: 'openrouter',
      err: { message: 'x is not a function', stack: expect.stringContaining('refresh.test.ts') },
    });
  });

  it('asks each provider at once, and again every 6 to 7 hours', async () => {
    const openrouter = fakeProvider('openrouter', listOf('openrouter', [LLAMA]));
    const openai = fakeProvider('openai');
    const { catalogue, clock } = start(openrouter, openai);
    await clock.advance(0);
    expect([openrouter.asked, openai.asked]).toEqual([1, 1]);
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(true);

    await clock.advance(6 * HOUR_MS);
    expect(openrouter.asked).toBe(1);
    openrouter.list = listOf('openrouter');
    await clock.advance(HOUR_MS);
    expect([openrouter.asked, openai.asked]).toEqual([2, 2]);
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(false);
  });

  it('keeps what there is where a provider does not answer, logs it once, and asks again soon', async () => {
    const openrouter = fakeProvider('openrouter', new Error('no network'));
    const { catalogue, clock, lines } = start(openrouter);
    const before = catalogue.list('web');
    await clock.advance(HOUR_MS);
    expect(openrouter.asked).toBeGreaterThan(2);
    expect(catalogue.list('web')).toEqual(before);
    expect(lines.filter((line) => line.includes('ignored the list'))).toHaveLength(1);

    openrouter.list = listOf('openrouter', [LLAMA]);
    await clock.advance(HOUR_MS);
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(true);
    openrouter.list = new Error('no network again');
    await clock.advance(24 * HOUR_MS);
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(true);
    expect(lines.filter((line) => line.includes('ignored the list'))).toHaveLength(2);
  });

  it('logs what a provider says in one line', async () => {
    const refused = new ProviderError({ code: 'bad_key', provider: 'OpenRouter', status: 401 });
    const { clock, lines } = start(fakeProvider('openrouter', refused));
    await clock.advance(0);
    expect(lines[0]).toContain('OpenRouter: bad_key (HTTP 401)');
    expect(lines[0]).not.toMatch(/stack|at file:/);
  });

  it.each([
    ['is empty', []],
    ['names nothing that is routed there', [factsOf('another/model')]],
  ])('does not believe a list that %s', async (_, list) => {
    const { catalogue, clock, lines } = start(fakeProvider('openrouter', list));
    await clock.advance(0);
    expect(catalogue.list('web').filter(({ gone }) => gone)).toEqual([]);
    expect(lines.filter((line) => line.includes('ignored the list'))).toHaveLength(1);
  });

  it('reports once a price that it does not believe, and again only if another one is doubtful', async () => {
    const [cheap, other, ...rest] = listOf('openrouter').map(({ id }) => id);
    const priced = (id: string | undefined, promptPicoUsd: number) =>
      factsOf(id as string, { prices: { ...NO_PRICES, promptPicoUsd } });
    // $5,000 per million.
    const doubtful = 5e9;
    const openrouter = fakeProvider('openrouter', [
      priced(cheap, doubtful),
      ...[other as string, ...rest].map((id) => factsOf(id)),
    ]);
    const { clock, lines } = start(openrouter);
    const reports = () =>
      lines.filter((line) => line.includes('implausible prices')).map((line) => JSON.parse(line));
    await clock.advance(21 * HOUR_MS);
    expect(openrouter.asked).toBeGreaterThan(3);
    expect(reports()).toMatchObject([
      { level: 40, provider: 'openrouter', prices: [{ kind: 'promptPicoUsd', said: doubtful }] },
    ]);
    openrouter.list = [priced(cheap, doubtful), priced(other, doubtful), ...rest.map((id) => factsOf(id))];
    await clock.advance(21 * HOUR_MS);
    expect(reports()).toHaveLength(2);
    expect(reports()[1].prices).toHaveLength(1);
  });

  it('warns once of a model that goes within 30 days, and of no other', async () => {
    const ends = (id: string, days: number) =>
      factsOf(id, { expiresAt: new Date(clock.now() + days * 24 * HOUR_MS).toISOString() });
    const provider = fakeProvider('openrouter');
    const { clock, lines } = start(provider);
    await clock.advance(0);
    // The third one can be had elsewhere too.
    const [soon, later, spared, ...others] = listOf('openrouter').map(({ id }) => id);
    provider.list = [
      ends(spared as string, 20),
      ends(soon as string, 20),
      ends(later as string, 60),
      ...others.map((id) => factsOf(id)),
    ];
    await clock.advance(7 * HOUR_MS);
    await clock.advance(7 * HOUR_MS);
    const warnings = lines.filter((line) => line.includes('will remove these models soon'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({ models: [{ model: soon }] });
  });

  it('logs what lies behind a connection that fails', async () => {
    const cause = new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND proxy') });
    const error = new ProviderError({ code: 'unreachable', provider: 'OpenRouter', cause });
    const { clock, lines } = start(fakeProvider('openrouter', error as never));
    await clock.advance(0);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      cause: ['fetch failed', 'getaddrinfo ENOTFOUND proxy'],
    });
  });

  it('is not held up at one provider by another that hangs', async () => {
    const openai = fakeProvider('openai', listOf('openai', ['gpt-4o']));
    const { catalogue, clock } = start(hangingProvider(), openai);
    await clock.advance(0);
    expect(catalogue.get('openai/gpt-4o', 'web')?.routes[0]?.gone).toBe(true);
  });

  it('ends its requests when it is stopped, and says nothing of it', async () => {
    const hanging = hangingProvider();
    const { clock, lines, refresh } = start(hanging);
    await refresh.stop();
    expect(hanging.aborted).toBe(true);
    expect(lines).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('ends between two rounds when it is stopped', async () => {
    const openai = fakeProvider('openai');
    const { clock, refresh } = start(openai);
    await clock.advance(0);
    await refresh.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(24 * HOUR_MS);
    expect(openai.asked).toBe(1);
  });
});
