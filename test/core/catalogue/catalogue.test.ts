import { describe, expect, it } from 'vitest';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import type { ModelFacts } from '../../../src/core/ports/provider.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import { factsOf, listOf, MODELS_FILE } from '../../support/models.ts';

const OLLAMA = defineProvider({
  id: 'ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  keyless: true,
  free: true,
});
const LLAMA = 'meta-llama/llama-3.2-3b-instruct:free';

function catalogueOf(file: object) {
  return createCatalogue(parseCatalogueFile(JSON.stringify(file)));
}

describe('get', () => {
  const catalogue = createCatalogue(MODELS_FILE);

  it('finds every model by its id', () => {
    for (const { id } of MODELS_FILE.models) expect(catalogue.get(id, 'discord')?.id).toBe(id);
  });

  it.each([
    'gpt-4o',
    'OpenAI/gpt-4o',
    'openai/gpt-4o ',
    'openai/gpt-4o:online',
    '',
    '__proto__',
    'constructor',
  ])('does not find %j', (id) => {
    expect(catalogue.get(id, 'discord')).toBeNull();
  });
});

describe('resolve', () => {
  const catalogue = createCatalogue(MODELS_FILE);

  it.each([
    ['openai/gpt-4o', 'openai/gpt-4o'],
    ['gpt-4o', 'openai/gpt-4o'],
    ['gpt-4o-mini', 'openai/gpt-4o-mini'],
    ['llama-3.2-3b-instruct:free', LLAMA],
    ['llama-3.2-3b-instruct', LLAMA],
  ])('takes %j for %s', (spelling, id) => {
    expect(catalogue.resolve(spelling, 'slack')).toMatchObject({ model: { id }, near: [] });
  });

  it.each([
    'GPT-4o',
    ' gpt-4o',
    'gpt-4o ',
    'gpt-4o:online',
    'openai/gpt-4o:free',
    'meta-llama/llama-3.2-3b-instruct',
    'gpt-4o\u200b',
  ])('takes %j for no model, but knows what may be meant', (spelling) => {
    const { model, near } = catalogue.resolve(spelling, 'slack');
    expect(model).toBeNull();
    expect(near.length).toBeGreaterThan(0);
    expect(near[0]?.id).toMatch(/gpt-4o|llama-3\.2/);
  });

  it.each(['', 'zzzzzz', '???', '__proto__', '/', 'x'.repeat(10_000)])(
    'knows nothing like %j',
    (spelling) => {
      expect(catalogue.resolve(spelling, 'slack')).toEqual({ model: null, near: [] });
    },
  );

  it('offers nothing that is merely alike where names contain what was typed', () => {
    expect(catalogue.resolve('gemini', 'slack').near.map(({ id }) => id)).toEqual([
      'google/gemini-2.0-flash-001:free',
    ]);
    expect(catalogue.resolve('gpt-4p', 'slack').near[0]?.id).toBe('openai/gpt-4o');
  });

  it('offers first what is equal but for case, then what begins so, then what contains it, then what is alike', () => {
    const models = ['a/sonar', 'a/sonata', 'a/xsonat', 'a/sonat-big', 'a/sonat'].map((id) => ({
      id,
      tier: 'free',
    }));
    const near = (typed: string) =>
      catalogueOf({ models })
        .resolve(typed, 'web')
        .near.map(({ id }) => id);
    expect(near('SONAT')).toEqual(['a/sonat', 'a/sonata', 'a/sonat-big']);
    expect(near('Sonat Bug')).toEqual(['a/sonat', 'a/sonat-big', 'a/sonata']);
    expect(catalogueOf({ models: [{ id: 'maker/y', tier: 'free' }] }).resolve('m', 'web').near).toHaveLength(
      1,
    );
  });

  it('offers at most three that may be meant', () => {
    expect(catalogue.resolve('a', 'slack').near.length).toBeLessThanOrEqual(3);
  });

  it('takes a short name that two models share for neither, and names both', () => {
    const twins = catalogueOf({
      models: [
        { id: 'one/model', tier: 'free' },
        { id: 'two/model', tier: 'free' },
        { id: 'two/other', tier: 'free' },
      ],
    });
    const { model, near } = twins.resolve('model', 'web');
    expect(model).toBeNull();
    expect(near.map(({ id }) => id)).toEqual(['one/model', 'two/model']);
  });

  it('takes a name for neither the free nor the paid model where there are both', () => {
    const both = catalogueOf({
      models: [
        { id: 'maker/model', tier: 'openrouter' },
        { id: 'maker/model:free', tier: 'free' },
      ],
    });
    expect(both.resolve('model', 'web').model).toBeNull();
    expect(both.resolve('model:free', 'web').model?.id).toBe('maker/model:free');
    expect(both.resolve('maker/model', 'web').model?.id).toBe('maker/model');
  });
});

describe('what a provider says', () => {
  it('stands in the place of what the file says, and leaves alone what it does not mention', () => {
    const catalogue = createCatalogue(MODELS_FILE);
    const before = catalogue.get('deepseek/deepseek-chat', 'web');
    const facts = factsOf('deepseek/deepseek-chat', {
      contextTokens: 64_000,
      inputModalities: ['text', 'image', 'audio'],
      prices: { ...factsOf('x').prices, promptPicoUsd: 200_000 },
    });
    catalogue.apply('openrouter', [...listOf('openrouter', ['deepseek/deepseek-chat']), facts]);
    expect(catalogue.get('deepseek/deepseek-chat', 'web')).toMatchObject({
      name: 'DeepSeek Chat',
      contextTokens: 64_000,
      maxOutputTokens: 163_840,
      prices: { promptPicoUsd: 200_000, completionPicoUsd: 1_200_000 },
      input: ['text', 'image'],
      gone: false,
    });
    expect(before?.contextTokens).toBe(163_840);
  });

  it('is believed where a price falls to nothing', () => {
    const catalogue = createCatalogue(MODELS_FILE);
    const nothing = { ...factsOf('x').prices, promptPicoUsd: 0, completionPicoUsd: 0 };
    const rest = listOf('openrouter', ['deepseek/deepseek-chat']);
    catalogue.apply('openrouter', [...rest, factsOf('deepseek/deepseek-chat', { prices: nothing })]);
    expect(catalogue.get('deepseek/deepseek-chat', 'web')?.prices).toEqual(nothing);
  });

  it('makes a model gone that it no longer lists, and back when it does', () => {
    const catalogue = createCatalogue(MODELS_FILE);
    expect(catalogue.apply('openrouter', listOf('openrouter', [LLAMA]))).toEqual({
      believed: true,
      gone: [LLAMA],
      back: [],
      ending: [],
      doubts: [],
    });
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(true);
    expect(catalogue.list('web').map(({ id }) => id)).toContain(LLAMA);

    expect(catalogue.apply('openrouter', listOf('openrouter')).back).toEqual([LLAMA]);
    expect(catalogue.get(LLAMA, 'web')?.gone).toBe(false);
  });

  it('leaves a model there that another provider still has', () => {
    const catalogue = createCatalogue(MODELS_FILE);
    catalogue.apply('openai', listOf('openai', ['gpt-4o']));
    const model = catalogue.get('openai/gpt-4o', 'web');
    expect(model?.gone).toBe(false);
    expect(model?.routes.map(({ provider, gone }) => [provider, gone])).toEqual([
      ['openai', true],
      ['openrouter', false],
    ]);
    const last = factsOf('openai/gpt-4o', { expiresAt: '2026-12-24T12:00:00Z' });
    const rest = listOf('openrouter', ['openai/gpt-4o']);
    expect(catalogue.apply('openrouter', [...rest, last]).ending).toEqual([
      { model: 'openai/gpt-4o', endsOn: '2026-12-24' },
    ]);
    expect(catalogue.apply('openrouter', rest).ending).toEqual([]);
    expect(catalogue.get('openai/gpt-4o', 'web')?.gone).toBe(true);
  });

  it.each([
    ['an empty list', []],
    ['a list of other things', [factsOf('some/other-model'), factsOf('gpt-4o')]],
  ])('is not believed where it is %s', (_, list) => {
    const catalogue = createCatalogue(MODELS_FILE);
    const before = catalogue.list('web');
    expect(catalogue.apply('openrouter', list)).toEqual({
      believed: false,
      gone: [],
      back: [],
      ending: [],
      doubts: [],
    });
    expect(catalogue.list('web')).toEqual(before);
  });

  it('is nothing to doubt where no model is routed to the provider', () => {
    const catalogue = catalogueOf({ models: [{ id: 'maker/model', tier: 'free' }] });
    expect(catalogue.apply('openai', listOf('openai'))).toEqual({
      believed: true,
      gone: [],
      back: [],
      ending: [],
      doubts: [],
    });
  });

  it('adds no model to the catalogue', () => {
    const catalogue = createCatalogue(MODELS_FILE);
    catalogue.apply('openrouter', [...listOf('openrouter'), factsOf('openai/o1-pro')]);
    expect(catalogue.get('openai/o1-pro', 'web')).toBeNull();
    expect(catalogue.list('web')).toHaveLength(7);
  });

  it('counts for a model without a price at the dearest of all', () => {
    const catalogue = createCatalogue(MODELS_FILE);
    expect(catalogue.dearest).toMatchObject({ promptPicoUsd: 6_000_000, completionPicoUsd: 30_000_000 });
    const dear = factsOf('openai/gpt-4o', { prices: { ...factsOf('x').prices, promptPicoUsd: 9_000_000 } });
    catalogue.apply('openrouter', [...listOf('openrouter', ['openai/gpt-4o']), dear]);
    expect(catalogue.dearest.promptPicoUsd).toBe(9_000_000);
  });

  it('counts at the dearest price of each kind, and at $15 and $75 per million if all are free', () => {
    const dearestOf = (...prices: object[]) =>
      catalogueOf({
        models: prices.map((each, at) => ({ id: `maker/model-${at}`, tier: 'free', prices: each })),
      }).dearest;
    expect(
      dearestOf(
        { promptPerMillion: 1, completionPerMillion: 3, request: 0.01, image: 0.02, webSearch: 0.04 },
        { promptPerMillion: 2, completionPerMillion: 1, request: 0.02, image: 0.01, webSearch: 0.03 },
      ),
    ).toEqual({
      promptPicoUsd: 2_000_000,
      completionPicoUsd: 3_000_000,
      requestPicoUsd: 20_000_000_000,
      imagePicoUsd: 20_000_000_000,
      webSearchPicoUsd: 40_000_000_000,
    });
    expect(dearestOf({ promptPerMillion: 0 }, {})).toEqual({
      promptPicoUsd: 15_000_000,
      completionPicoUsd: 75_000_000,
      requestPicoUsd: 0,
      imagePicoUsd: 0,
      webSearchPicoUsd: 0,
    });
  });
});

describe('a model that thinks', () => {
  const thinksOf = (wireModel: string, facts: Partial<ModelFacts> = {}) => {
    const id = 'lab/model';
    const catalogue = createCatalogue(
      parseCatalogueFile(
        JSON.stringify({
          models: [{ id, tier: 'free', routes: [{ provider: 'openrouter', model: wireModel }] }],
        }),
      ),
    );
    catalogue.apply('openrouter', [factsOf(wireModel, facts)]);
    return catalogue.get(id, 'web')?.thinks;
  };

  it.each([
    ['openai/o3-mini', true],
    ['openai/gpt-5', true],
    ['deepseek/deepseek-r1', true],
    ['google/gemini-2.5-pro', true],
    ['qwen/qwen3-30b-thinking', true],
    ['openai/gpt-4o-mini', false],
    ['qwen/qwen3-30b-non-thinking', false],
    ['anthropic/claude-sonnet-4.5', false],
    ['mistralai/mistral-small-3.2-24b-instruct', false],
    ['meta-llama/llama-3.2-3b-instruct:free', false],
  ])('is known by its name where the provider does not say: %s', (wireModel, thinks) => {
    expect(thinksOf(wireModel)).toBe(thinks);
  });

  it('is what the provider says that it is', () => {
    expect(thinksOf('openai/gpt-4o-mini', { thinks: true })).toBe(true);
    expect(thinksOf('openai/o3-mini', { thinks: false })).toBe(false);
  });
});

describe('the efforts of a model', () => {
  const LAB = { id: 'lab', baseUrl: 'http://127.0.0.1:1/v1', keyless: true };

  function effortsOf(entry: object, facts: Partial<ModelFacts> | null = null, features = {}) {
    const model = { id: 'maker/model', tier: 'free', ...entry };
    const catalogue = catalogueOf({ providers: [{ ...LAB, features }], models: [model] });
    const [route] = catalogue.get('maker/model', 'slack')?.routes ?? [];
    if (facts !== null && route) catalogue.apply(route.provider, [factsOf(route.wireModel, facts)]);
    const found = catalogue.get('maker/model', 'slack');
    return [found?.efforts, found?.defaultEffort];
  }
  const at = (provider: string, model: string) => ({ routes: [{ provider, model }] });

  it.each([
    ['gpt-5', ['minimal', 'low', 'medium', 'high'], 'medium'],
    ['gpt-5-mini', ['minimal', 'low', 'medium', 'high'], 'medium'],
    ['gpt-5-pro', ['high'], 'high'],
    ['gpt-5.1', ['none', 'low', 'medium', 'high'], 'none'],
    ['gpt-5.1-codex', ['low', 'medium', 'high'], 'medium'],
    ['gpt-5.4-mini', ['none', 'low', 'medium', 'high', 'xhigh'], 'none'],
    ['gpt-5.4-pro', ['medium', 'high', 'xhigh'], 'high'],
    ['o3-mini', ['low', 'medium', 'high'], 'medium'],
    ['o4-mini-2025-04-16', ['low', 'medium', 'high'], 'medium'],
    ['gpt-5.1-chat-latest', [], null],
    ['gpt-4o', [], null],
    ['foo3', [], null],
  ])('are known by the name of %s at OpenAI', (name, efforts, defaultEffort) => {
    expect(effortsOf(at('openai', name))).toEqual([efforts, defaultEffort]);
  });

  it('are what the provider says, else what the file says, else what the name says', () => {
    const said = { efforts: ['low', 'high'], defaultEffort: 'high' } as const;
    const entry = { ...at('openrouter', 'openai/gpt-5'), efforts: ['medium', 'none'] };
    expect(effortsOf(entry, said)).toEqual([['low', 'high'], 'high']);
    expect(effortsOf(entry, {})).toEqual([['none', 'medium'], 'medium']);
  });

  it('are none at a server of which it is not known how it takes one', () => {
    expect(effortsOf(at('lab', 'gpt-oss-20b'))).toEqual([[], 'medium']);
    const features = { effortField: 'reasoning_effort' };
    expect(effortsOf(at('lab', 'gpt-oss-20b'), null, features)).toEqual([
      ['low', 'medium', 'high'],
      'medium',
    ]);
    expect(effortsOf({ ...at('lab', 'qwen3'), efforts: ['none', 'high'] }, null, features)[0]).toEqual([
      'none',
      'high',
    ]);
  });
});

describe('a provider that is free', () => {
  it('makes every price 0, whatever its list or the file says', () => {
    const catalogue = catalogueOf({
      providers: [{ id: 'mine', baseUrl: 'http://127.0.0.1:1/v1', keyless: true, free: true }],
      models: [
        { id: 'maker/model', tier: 'free', routes: [{ provider: 'mine' }], prices: { promptPerMillion: 3 } },
      ],
    });
    const prices = { ...factsOf('x').prices, promptPicoUsd: 1, completionPicoUsd: 5 };
    expect(catalogue.apply('mine', [factsOf('maker/model', { prices })]).doubts).toEqual([]);
    expect(Object.values(catalogue.get('maker/model', 'slack')?.prices ?? {})).toEqual(Array(9).fill(0));
  });
});

describe('a server on this machine', () => {
  const start = () => createCatalogue({ ...MODELS_FILE, localProviders: [OLLAMA] });

  it('offers what it serves for free, in the playground alone', () => {
    const catalogue = start();
    const change = catalogue.apply('ollama', [factsOf('llama3.2:3b'), factsOf('qwen2.5-coder:7b')]);
    expect(change.back).toEqual(['ollama/llama3.2:3b', 'ollama/qwen2.5-coder:7b']);
    expect(catalogue.get('ollama/llama3.2:3b', 'web')).toMatchObject({
      name: 'llama3.2:3b',
      tier: 'free',
      onlyOn: 'web',
      contextTokens: 8_192,
      maxOutputTokens: null,
      input: ['text'],
      output: ['text'],
      prices: { promptPicoUsd: 0, completionPicoUsd: 0 },
      routes: [{ provider: 'ollama', wireModel: 'llama3.2:3b' }],
    });
    expect(catalogue.resolve('llama3.2:3b', 'web').model?.id).toBe('ollama/llama3.2:3b');
    for (const platform of ['discord', 'slack'] as const) {
      expect(catalogue.get('ollama/llama3.2:3b', platform)).toBeNull();
      expect(catalogue.resolve('llama3.2:3b', platform).model).toBeNull();
      expect(catalogue.list(platform)).toHaveLength(7);
    }
  });

  it('offers it on all platforms if the operator says so', () => {
    const catalogue = createCatalogue({ ...MODELS_FILE, localProviders: [OLLAMA], localEverywhere: true });
    catalogue.apply('ollama', [factsOf('llama3.2:3b')]);
    expect(catalogue.get('ollama/llama3.2:3b', 'discord')).toMatchObject({ tier: 'free', onlyOn: null });
    expect(catalogue.list('slack')).toHaveLength(8);
  });

  it('names a model by its file, in the letters of an id', () => {
    const catalogue = start();
    catalogue.apply('ollama', [factsOf('/models/My Model (Q4).gguf')]);
    expect(catalogue.list('web').at(-1)).toMatchObject({
      id: 'ollama/My-Model--Q4-.gguf',
      name: 'My Model (Q4).gguf',
      routes: [{ wireModel: '/models/My Model (Q4).gguf' }],
    });
  });

  it('offers all models that end alike, by their full names', () => {
    const catalogue = start();
    catalogue.apply('ollama', [factsOf('hf.co/aa/x'), factsOf('hf.co/bb/x'), factsOf('hf.co/bb/y')]);
    const served = catalogue.list('web').slice(7);
    expect(served.map(({ id, name }) => [id, name])).toEqual([
      ['ollama/hf.co-aa-x', 'hf.co/aa/x'],
      ['ollama/hf.co-bb-x', 'hf.co/bb/x'],
      ['ollama/y', 'y'],
    ]);
  });

  it('keeps ids short enough for menus, and gives each to one model', () => {
    const catalogue = start();
    catalogue.apply('ollama', [factsOf(`${'m'.repeat(200)}1`), factsOf(`${'m'.repeat(200)}2`)]);
    const ids = catalogue
      .list('web')
      .slice(7)
      .map(({ id }) => id);
    expect(ids).toHaveLength(1);
    expect(ids[0]).toHaveLength(100);
  });

  it('gives back what it no longer serves', () => {
    const catalogue = start();
    catalogue.apply('ollama', [factsOf('one'), factsOf('two')]);
    expect(catalogue.apply('ollama', [factsOf('two')])).toEqual({
      believed: true,
      gone: ['ollama/one'],
      back: [],
      ending: [],
      doubts: [],
    });
    expect(catalogue.get('ollama/one', 'web')).toBeNull();
    expect(catalogue.apply('ollama', []).believed).toBe(false);
    expect(catalogue.get('ollama/two', 'web')).not.toBeNull();
  });

  it('does not open a model that the file gives to a higher tier', () => {
    const file = parseCatalogueFile(
      JSON.stringify({
        providers: [{ id: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1', keyless: true, free: true }],
        models: [{ id: 'local/big', tier: 'premium', routes: [{ provider: 'ollama', model: 'big:70b' }] }],
      }),
    );
    const catalogue = createCatalogue({ ...file, localProviders: [OLLAMA] });
    catalogue.apply('ollama', [factsOf('big:70b'), factsOf('small:1b')]);
    expect(catalogue.list('web').map(({ id, tier }) => [id, tier])).toEqual([
      ['local/big', 'premium'],
      ['ollama/small:1b', 'free'],
    ]);
  });
});
