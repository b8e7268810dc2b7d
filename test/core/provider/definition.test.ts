import { describe, expect, it } from 'vitest';
import { routingPreferencesSchema } from '../../../src/core/ports/routing.ts';
import {
  addressSetting,
  baseUrlSchema,
  defineProvider,
  providerDefinitionSchema,
} from '../../../src/core/provider/definition.ts';

function faultsOf(input: unknown): string[] {
  const parsed = providerDefinitionSchema.safeParse(input);
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a provider definition', () => {
  it('knows OpenRouter and OpenAI by their presets', () => {
    expect(defineProvider({ id: 'openrouter', preset: 'openrouter' })).toMatchObject({
      name: 'OpenRouter',
      baseUrl: 'https://openrouter.ai/api/v1',
      keyless: false,
      features: { webSearch: true, maxTokensField: 'max_completion_tokens' },
    });
    expect(defineProvider({ id: 'openai', preset: 'openai' })).toMatchObject({
      baseUrl: 'https://api.openai.com/v1',
      features: { webSearch: false, user: true },
    });
  });

  it.each([
    [
      'openrouter',
      'max_completion_tokens',
      'reasoning',
      'routing sessionId plugins cacheControl tokenPrices webSearch modalities attribution generationLookup keyLookup user',
    ],
    ['openai', 'max_completion_tokens', 'reasoning_effort', 'streamUsageOption user'],
    ['compatible', 'max_tokens', null, 'streamUsageOption'],
  ] as const)('has these features with the preset %s', (preset, maxTokensField, effortField, flags) => {
    const { features } = defineProvider({ id: 'lab', preset, baseUrl: 'http://x/v1' });
    const { maxTokensField: cap, effortField: effort, ...others } = features;
    expect([cap, effort]).toEqual([maxTokensField, effortField]);
    const set = Object.entries(others).filter(([, isSet]) => isSet);
    expect(set.map(([name]) => name).toSorted()).toEqual(flags.split(' ').toSorted());
    expect(Object.keys(others)).toHaveLength(12);
  });

  it('keeps all that is said, and has a default for all that is not', () => {
    const { features: _, ...defaults } = defineProvider({ id: 'lab', preset: 'openai' });
    expect(defaults).toEqual({
      id: 'lab',
      name: 'OpenAI',
      baseUrl: 'https://api.openai.com/v1',
      keyless: false,
      free: false,
      apiKeyVariable: null,
      keyHeader: null,
      headers: {},
      query: {},
      chatPath: '/chat/completions',
      modelsPath: '/models',
    });
    const own = {
      id: 'lab',
      name: 'The lab',
      baseUrl: 'http://x/v1',
      keyless: true,
      free: true,
      apiKeyVariable: 'LAB_KEY',
      keyHeader: 'api-key',
      headers: { 'x-lab': '1' },
      query: { 'api-version': '2' },
      chatPath: '/chat/{model}',
      modelsPath: '/list',
    };
    expect(defineProvider(own)).toMatchObject(own);
  });

  it.each([
    ['id', '9lab', 'must be lower-case letters, digits and dashes'],
    ['id', 'l'.repeat(33), 'must be lower-case letters, digits and dashes'],
    ['baseUrl', 'ftp://x', 'must be an http:// or https:// address'],
    [
      'baseUrl',
      'http://user@x/v1',
      'must not contain a user name, password, query or fragment; put a key into its environment variable',
    ],
    ['apiKeyVariable', 'lab-key', 'must be the name of an environment variable'],
    ['keyHeader', 'api key', 'must be a header name'],
    ['chatPath', 'chat', 'must begin with / and have no query'],
    ['modelsPath', '/models?all=1', 'must begin with / and have no query'],
  ])('says what is wrong with %s %s', (field, value, words) => {
    const input = { id: 'lab', baseUrl: 'http://x/v1', [field]: value };
    expect(faultsOf(input)).toContain(`${field}: ${words}`);
  });

  it('names the setting with its address', () => {
    const setting = (id: string) => addressSetting(defineProvider({ id, baseUrl: 'http://x/v1' }));
    expect(['openrouter', 'openai', 'lab'].map(setting)).toEqual([
      'OPENROUTER_BASE_URL',
      'OPENAI_BASE_URL',
      '`baseUrl` of "lab" in models.json',
    ]);
  });

  it('takes any other server by its address, with single features on', () => {
    const definition = defineProvider({
      id: 'lab',
      baseUrl: 'http://10.0.0.5:8000/v1/',
      keyless: true,
      free: true,
      features: { user: true },
    });
    expect(definition).toMatchObject({
      name: 'lab',
      baseUrl: 'http://10.0.0.5:8000/v1',
      keyless: true,
      free: true,
    });
    expect(definition.features).toMatchObject({ user: true, routing: false, maxTokensField: 'max_tokens' });
  });

  it('names each fault with its path', () => {
    expect(faultsOf({ id: 'lab' })).toEqual(['baseUrl: is needed, for example http://127.0.0.1:11434/v1']);
    expect(faultsOf({ id: 'My Lab', preset: 'openai' })).toEqual([
      'id: must be lower-case letters, digits and dashes',
    ]);
    expect(faultsOf({ id: 'lab', baseUrl: 'http://x/v1', features: { usr: true } })).toEqual([
      'features: Unrecognized key: "usr"',
    ]);
  });

  it.each([
    'localhost:11434',
    'ftp://host/v1',
    'http://user:pass@host/v1',
    'http://host/v1?key=1',
    'http://host/v1#x',
  ])('refuses %s as an address', (url) => {
    expect(baseUrlSchema.safeParse(url).success).toBe(false);
  });
});

describe('routing preferences', () => {
  it('take what OpenRouter documents, and nothing else', () => {
    const known = { order: ['OpenAI'], allow_fallbacks: true, max_price: { prompt: 1, completion: '2' } };
    expect(routingPreferencesSchema.parse(known)).toEqual(known);
    expect(routingPreferencesSchema.safeParse({ allow_fallback: true }).success).toBe(false);
  });
});
