import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withModel, withoutModel } from '../../../src/core/catalogue/edit-file.ts';
import { CatalogueFileError, parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import { NO_BOUNDS } from '../../../src/core/ports/effort.ts';
import { NO_TRAITS } from '../../../src/core/ports/model.ts';
import { type ModelFacts, NO_PRICES } from '../../../src/core/ports/provider.ts';
import { factsOf } from '../../support/models.ts';

function parse(file: object) {
  return parseCatalogueFile(JSON.stringify(file));
}

function faultsOf(file: object | string): readonly string[] {
  try {
    parseCatalogueFile(typeof file === 'string' ? file : JSON.stringify(file));
  } catch (error) {
    if (error instanceof CatalogueFileError) return error.faults;
    throw error;
  }
  return [];
}

const model = { id: 'maker/model', tier: 'free' };

it('reads a file with the mark that some editors put before its text', () => {
  expect(parseCatalogueFile(`\u{FEFF}${JSON.stringify({ models: [model] })}`).models).toHaveLength(1);
});

describe('models.json as it is delivered', () => {
  const { models, providers } = parseCatalogueFile(readFileSync('models.json', 'utf8'));

  it('holds the seven models, each in its tier', () => {
    expect(models.map(({ id, name, tier }) => [id, name, tier])).toEqual([
      ['meta-llama/llama-3.2-3b-instruct:free', 'Llama 3.2 3B (Free)', 'free'],
      ['google/gemini-2.0-flash-001:free', 'Gemini 2.0 Flash (Free)', 'free'],
      ['openai/gpt-4o-mini', 'GPT-4o mini', 'openrouter'],
      ['anthropic/claude-3.5-sonnet', 'Claude 3.5 Sonnet', 'openrouter'],
      ['mistralai/mistral-small-3.2-24b-instruct', 'Mistral Small 24B', 'openrouter'],
      ['openai/gpt-4o', 'GPT-4o', 'openai'],
      ['deepseek/deepseek-chat', 'DeepSeek Chat', 'premium'],
    ]);
  });

  it('sends the model of tier openai to OpenAI first, by the name that it has there', () => {
    expect(models.find(({ id }) => id === 'openai/gpt-4o')?.routes).toEqual([
      { provider: 'openai', wireModel: 'gpt-4o' },
      { provider: 'openrouter', wireModel: 'openai/gpt-4o' },
    ]);
  });

  it('has a price and a context length for each', () => {
    for (const { prices, contextTokens, maxOutputTokens, tier } of models) {
      expect(prices.promptPicoUsd === 0).toBe(tier === 'free');
      expect(prices.completionPicoUsd === 0).toBe(tier === 'free');
      expect(contextTokens).toBeGreaterThan(32_000);
      expect(maxOutputTokens).toBeGreaterThan(1_000);
    }
  });

  it('knows OpenRouter and OpenAI without being told', () => {
    expect(providers.map(({ id, baseUrl, apiKeyVariable }) => [id, baseUrl, apiKeyVariable])).toEqual([
      ['openrouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
      ['openai', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ]);
  });
});

describe('a models file', () => {
  it('needs no more of a model than id and tier', () => {
    expect(parse({ models: [model] }).models).toEqual([
      {
        id: 'maker/model',
        name: 'maker/model',
        tier: 'free',
        routes: [{ provider: 'openrouter', wireModel: 'maker/model' }],
        contextTokens: 8_192,
        maxOutputTokens: null,
        prices: NO_PRICES,
        input: ['text'],
        output: ['text'],
        efforts: null,
        traits: NO_TRAITS,
      },
    ]);
  });

  it('may set everything else of a model', () => {
    const lab = { id: 'lab', baseUrl: 'http://127.0.0.1:1/v1', keyless: true, preset: 'openai' };
    const { models } = parse({
      providers: [lab],
      models: [
        {
          id: 'maker/model',
          name: ' A model ',
          tier: 'premium',
          routes: [{ provider: 'lab', model: 'Model' }, { provider: 'openrouter' }],
          contextTokens: 100_000,
          maxOutputTokens: 9_000,
          answerTokens: 4_000,
          reasoningInText: true,
          firstProgressSec: 600,
          progressSec: 0.5,
          fallbacks: ['maker/other'],
          input: ['text', 'image'],
          output: ['image'],
          efforts: ['low'],
        },
        { id: 'maker/other', tier: 'free' },
      ],
    });
    expect(models[0]).toEqual({
      id: 'maker/model',
      name: 'A model',
      tier: 'premium',
      routes: [
        { provider: 'lab', wireModel: 'Model' },
        { provider: 'openrouter', wireModel: 'maker/model' },
      ],
      contextTokens: 100_000,
      maxOutputTokens: 9_000,
      prices: NO_PRICES,
      input: ['text', 'image'],
      output: ['image'],
      efforts: ['low'],
      traits: {
        answerTokens: 4_000,
        reasoningInText: true,
        firstProgressMs: 600_000,
        progressMs: 500,
        fallbacks: ['maker/other'],
      },
    });
  });

  it.each([
    ['name', 'n'.repeat(80), 'n'.repeat(81), 'must have at most 80 characters'],
    ['name', 'n', ' ', 'must not be empty', 'must be one line of text'],
    ['name', 'a b', 'a\nb', 'must be one line of text'],
    ['contextTokens', 1, 0, 'must be more than 0'],
    ['maxOutputTokens', 1, 1.5, 'must be a whole number'],
    ['answerTokens', 1_000_000, 1_000_001, 'must be at most 1000000'],
    ['firstProgressSec', 86_400, 86_401, 'must be at most 86400'],
    ['progressSec', 0.1, 0, 'must be more than 0'],
    ['reasoningInText', false, 'no', 'must be true or false'],
    ['fallbacks', Array(5).fill('maker/other'), Array(6).fill('maker/other'), 'must have at most 5 entries'],
    ['input', ['image'], [], 'must not be empty'],
    ['output', ['image'], 'image', 'must be a list in [ ]'],
    ['id', `maker/${'m'.repeat(94)}`, `maker/${'m'.repeat(95)}`, 'must have at most 100 characters'],
  ])('bounds %s of a model', (field, good, bad, ...words) => {
    const of = (value: unknown) => ({
      models: [
        { ...model, [field]: value },
        { ...model, id: 'maker/other' },
      ],
    });
    expect(faultsOf(of(good))).toEqual([]);
    const name = field === 'id' ? bad : model.id;
    expect(faultsOf(of(bad))).toEqual(words.map((each) => `models[0].${field} (${name}) ${each}`));
  });

  it('bounds prices, and the names of models at providers', () => {
    const faults = (price: number, name: string) =>
      faultsOf({
        models: [{ ...model, prices: { request: price }, routes: [{ provider: 'openai', model: name }] }],
      });
    expect(faults(1_000, 'n'.repeat(200))).toEqual([]);
    expect(faults(1_001, 'n'.repeat(201))).toEqual([
      'models[0].routes[0].model (maker/model) must have at most 200 characters',
      'models[0].prices.request (maker/model) must be at most 1000',
    ]);
    expect(faults(0, 'a b')).toEqual([
      "models[0].routes[0].model (maker/model) must be the provider's name of the model, without white space",
    ]);
  });

  it('has prices in US dollars, which are kept exactly', () => {
    const prices = {
      promptPerMillion: 0.0375,
      cachedPromptPerMillion: 0.00375,
      cacheWritePerMillion: 0.05,
      reasoningPerMillion: 0.2,
      imageOutputPerMillion: 30,
      completionPerMillion: 0.1,
      request: 0.005,
      image: 0.003613,
      webSearch: 0.01,
    };
    expect(parse({ models: [{ ...model, prices }] }).models[0]?.prices).toEqual({
      promptPicoUsd: 37_500,
      cachedPromptPicoUsd: 3_750,
      cacheWritePicoUsd: 50_000,
      reasoningPicoUsd: 200_000,
      imageOutputPicoUsd: 30_000_000,
      completionPicoUsd: 100_000,
      requestPicoUsd: 5_000_000_000,
      imagePicoUsd: 3_613_000_000,
      webSearchPicoUsd: 10_000_000_000,
    });
  });

  it('may add providers, and models that go there by whatever name', () => {
    const file = parse({
      providers: [
        { id: 'ollama', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', keyless: true, free: true },
      ],
      models: [{ ...model, routes: [{ provider: 'ollama', model: 'Llama3.2:3B' }] }],
    });
    expect(file.providers.at(-1)).toMatchObject({ id: 'ollama', keyless: true, free: true });
    expect(file.models[0]?.routes).toEqual([{ provider: 'ollama', wireModel: 'Llama3.2:3B' }]);
  });

  it('may set limits', () => {
    const { limits } = parse({ models: [model], limits: { free: { usdPerUserPerDay: 0.25 } } });
    expect(limits.tiers.free.nanoUsdPerUserPerDay).toBe(250_000_000);
  });

  it('may bound effort and length of answers by tier', () => {
    const { tiers } = parse({
      models: [model],
      tiers: { free: { maxEffort: 'low', maxAnswerTokens: 2_000 }, premium: { maxEffort: 'xhigh' } },
    });
    expect(tiers).toEqual({
      free: { maxEffort: 'low', maxAnswerTokens: 2_000 },
      openai: NO_BOUNDS,
      openrouter: NO_BOUNDS,
      premium: { maxEffort: 'xhigh', maxAnswerTokens: null },
    });
    expect(parse({ models: [model] }).tiers.free).toEqual(NO_BOUNDS);
  });

  it('may say which efforts a model takes, in any order', () => {
    const { models } = parse({ models: [{ ...model, efforts: ['high', 'none', 'high'] }] });
    expect(models[0]?.efforts).toEqual(['none', 'high']);
  });
});

describe('a model that is added to a models file', () => {
  const file = '{ "models": [{ "id": "maker/first", "tier": "free" }] }';
  const prices = {
    ...NO_PRICES,
    promptPicoUsd: 250_000,
    completionPicoUsd: 0,
    requestPicoUsd: 0,
    imagePicoUsd: 2_000_000_000,
  };
  const added = (facts: Partial<ModelFacts>, id = model.id) =>
    JSON.parse(
      withModel(file, {
        id,
        name: 'Model',
        tier: 'premium',
        provider: 'openai',
        facts: factsOf('maker/model', facts),
      }),
    ).models;

  it('stands last, with what its provider says of it', () => {
    const facts = {
      contextTokens: 64_000,
      maxOutputTokens: 8_000,
      inputModalities: ['text', 'audio', 'image'],
      prices,
    };
    expect(added(facts)).toEqual([
      { id: 'maker/first', tier: 'free' },
      {
        id: 'maker/model',
        name: 'Model',
        tier: 'premium',
        routes: [{ provider: 'openai' }],
        contextTokens: 64_000,
        maxOutputTokens: 8_000,
        prices: { promptPerMillion: 0.25, completionPerMillion: 0, image: 0.002 },
        input: ['text', 'image'],
      },
    ]);
  });

  it('keeps the name that it has at its provider, and says nothing that is not known', () => {
    const rest = { name: 'Model', tier: 'premium', prices: {}, input: ['text'] };
    const routes = [{ provider: 'openai', model: 'maker/model' }];
    expect(added({}, 'mine/model')[1]).toEqual({ ...rest, id: 'mine/model', routes });
    expect(added({ inputModalities: ['audio'] }, 'mine/model')[1].input).toEqual(['text']);
  });

  it('leaves the rest of the file as it is, and goes again without a trace', () => {
    const longer = withModel(file, {
      id: model.id,
      name: 'Model',
      tier: 'free',
      provider: 'openrouter',
      facts: factsOf(model.id),
    });
    expect(withoutModel(longer, 'maker/none')).toBeNull();
    expect(withoutModel(longer, 'maker/first')).toContain('"maker/model"');
    expect(JSON.parse(withoutModel(longer, model.id) ?? '')).toEqual(JSON.parse(file));
  });
});

describe('a fault in a models file', () => {
  it.each([
    'openai/gpt-4o:online',
    'openai/gpt-4o:nitro',
    'openai/gpt-4o:floor',
    'openai/gpt-4o:exacto',
    'openai/gpt-4o:extended',
    'openai/gpt-4o:thinking',
    'openai/gpt-4o:free:free',
    'openai/gpt-4o@preset/mine',
    '@preset/mine',
    'openrouter/auto',
    'openrouter/free',
    'OpenAI/GPT-4o',
    ' openai/gpt-4o',
    'openai/gpt-4o\n',
    'openai/gpt 4o',
    'openai/gpt-4o/',
    '/gpt-4o',
    'gpt-4o',
    'openai//gpt-4o',
    'openai/gpt-4о',
    '../gpt-4o',
    '',
    '__proto__',
    `maker/${'m'.repeat(95)}`,
  ])('is the id %j', (id) => {
    const faults = faultsOf({ models: [{ ...model, id }] });
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(/^models\[0\]\.id/);
  });

  it.each(['openai/gpt-4o:online', 'OpenAI/gpt-4o', 'openrouter/auto', '@preset/mine'])(
    'is the name %j in a route to OpenRouter',
    (name) => {
      const routes = [{ provider: 'openrouter', model: name }];
      expect(faultsOf({ models: [{ ...model, routes }] })).toEqual([
        'models[0].routes[0].model (maker/model) must look like "openai/gpt-4o", with no suffix except ":free"',
      ]);
    },
  );

  it('is named with its path, beside all others', () => {
    const faults = faultsOf({
      providers: [
        { id: 'openai', baseUrl: 'http://127.0.0.1', apiKeyVariable: 'MY_KEY' },
        { id: 'local', baseUrl: 'http://127.0.0.1', keyless: true },
        { id: 'local', baseUrl: 'http://127.0.0.1' },
        { id: 'nowhere' },
      ],
      models: [
        { id: 'a/b', tier: 'gold', contextTokens: -1, prices: { prompt: 1, promptPerMillion: '0.1' } },
        {
          id: 'a/b',
          tier: 'free',
          routes: [{ provider: 'nobody' }, { provider: 'local' }, { provider: 'local' }],
        },
        { tier: 'free', name: 'no id', input: ['audio'] },
        'a/c',
        { id: 'a/d', tier: 'free', routes: [] },
      ],
      limits: { free: { usdPerUserPerDay: -1 }, gold: {} },
      model: [],
    });
    expect(faults.toSorted()).toEqual(
      [
        'providers[0].id (openai) is built in; OPENAI_BASE_URL sets its address',
        'providers[2].id (local) appears twice',
        'providers[2] (local) needs "apiKeyVariable", the environment variable with its key, or "keyless": true',
        'providers[3].baseUrl (nowhere) is needed, for example http://127.0.0.1:11434/v1',
        'models[0].tier (a/b) must be one of free, openai, openrouter, premium',
        'models[0].contextTokens (a/b) must be more than 0',
        'models[0].prices (a/b) has "prompt", which is unknown here',
        'models[0].prices.promptPerMillion (a/b) must be a number',
        'models[1].id (a/b) appears twice',
        'models[1].routes[0].provider (a/b) is not a provider; known are openrouter, openai, local, nowhere',
        'models[1].routes[2] (a/b) names the same provider as an earlier route',
        'models[2].id is missing',
        'models[2].input[0] must be one of text, image',
        'models[3] must be an object in { }',
        'models[4].routes (a/d) must not be empty',
        'limits.free.usdPerUserPerDay must be at least 0',
        'limits has "gold", which is unknown here',
        'the file has "model", which is unknown here',
      ].toSorted(),
    );
  });

  it('is a bound that bounds nothing, or a tier that there is not', () => {
    const tiers = {
      free: { maxEffort: 'evil', maxAnswerTokens: 100 },
      openai: { maxEffort: null, maxAnswerTokens: 'many', effort: 'low' },
      openrouter: { maxAnswerTokens: 1e9 },
      premium: 'high',
      gold: {},
      iron: {},
    };
    expect(faultsOf({ models: [model], tiers }).toSorted()).toEqual(
      [
        'tiers.free.maxEffort must be one of none, minimal, low, medium, high, xhigh, max',
        'tiers.free.maxAnswerTokens must be at least 256',
        'tiers.openai.maxEffort must be one of none, minimal, low, medium, high, xhigh, max',
        'tiers.openai.maxAnswerTokens must be a number',
        'tiers.openai has "effort", which is unknown here',
        'tiers.openrouter.maxAnswerTokens must be at most 1000000',
        'tiers.premium must be an object in { }',
        'tiers has "gold", "iron", which are unknown here',
      ].toSorted(),
    );
  });

  it('is an effort that there is not, or that no server of the model is known to take', () => {
    const lab = { id: 'lab', baseUrl: 'http://127.0.0.1:1/v1', keyless: true };
    const models = [
      { ...model, efforts: ['low', 'evil'] },
      { ...model, id: 'maker/other', routes: [{ provider: 'lab' }], efforts: ['low'] },
    ];
    expect(faultsOf({ providers: [lab], models })).toEqual([
      'models[0].efforts[1] (maker/model) must be one of none, minimal, low, medium, high, xhigh, max',
      'models[1].efforts (maker/other) never reach the model: lab needs "features": { "effortField": "reasoning_effort" }',
    ]);
    const able = { ...lab, features: { effortField: 'reasoning_effort' } };
    expect(parse({ providers: [able], models: models.slice(1) }).models).toHaveLength(1);
    const both = (second: object) =>
      faultsOf({
        providers: [lab, { ...lab, id: 'second', ...second }],
        models: [{ ...model, routes: [{ provider: 'lab' }, { provider: 'second' }], efforts: ['low'] }],
      });
    expect(both({ preset: 'openai' })).toEqual([]);
    expect(both({})).toEqual([
      'models[0].efforts (maker/model) never reach the model: lab, second needs "features": { "effortField": "reasoning_effort" }',
    ]);
  });

  it('is a fallback that is not there, or the model itself', () => {
    const models = [
      { ...model, fallbacks: [model.id, 'maker/other', 'maker/second'] },
      { ...model, id: 'maker/second' },
    ];
    expect(faultsOf({ models })).toEqual([
      'models[0].fallbacks[0] (maker/model) must be another model',
      'models[0].fallbacks[1] (maker/model) is not a model of this file',
    ]);
  });

  it.each([
    ['{"models":[}', /^line 1, column 12 is not JSON: Unexpected token '}'$/],
    [
      '{\n  "models": []\n  "limits": {}\n}',
      /^line 3, column 3 is not JSON: Expected ',' or '}' after property/,
    ],
    [
      `{"models":[\n${'{"id":"a/b"},\n'.repeat(20)}]}`,
      /^line 22, column 1 is not JSON: Unexpected token '\]'$/,
    ],
    ['{"models":[', /^line 1, column 12 is not JSON: Unexpected end of JSON input$/],
    ['x', /^line 1, column 1 is not JSON: Unexpected token 'x'$/],
    ['', /^line 1, column 1 is not JSON: Unexpected end of JSON input$/],
    ['[]', /^the file must be an object/],
    ['null', /^the file must be an object/],
    ['{}', /^models is missing$/],
    ['{"models":[]}', /^models must not be empty$/],
    ['{"models":{}}', /^models must be a list in \[ \]$/],
  ])('%s is said in one line', (file, words) => {
    expect(faultsOf(file)).toEqual([expect.stringMatching(words)]);
  });
});
