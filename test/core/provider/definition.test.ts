import { describe, expect, it } from 'vitest';
import { routingPreferencesSchema } from '../../../src/core/ports/routing.ts';
import {
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
