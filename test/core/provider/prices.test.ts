import { describe, expect, it } from 'vitest';
import { NO_PRICES } from '../../../src/core/ports/provider.ts';
import { readPrices } from '../../../src/core/provider/prices.ts';

const perMillion = { prompt: 3.2664, completion: 16.332 };
const read = { promptPicoUsd: 3_266_400, completionPicoUsd: 16_332_000 };

describe('prices in a list of models', () => {
  it.each(['per_1m_tokens', 'per_million_tokens', 'USD per 1M tokens', '1m tokens', 'usd/1M tokens'])(
    'are for a million tokens where they say %s, whoever sends them',
    (unit) => {
      expect(readPrices({ ...perMillion, unit }, false)).toEqual({ ...NO_PRICES, ...read });
      expect(readPrices({ ...perMillion, unit }, true)).toEqual({ ...NO_PRICES, ...read });
    },
  );

  it('are for a thousand, or for one, where they say so', () => {
    expect(readPrices({ input: '0.003', output: '0.015', unit: 'per_1k_tokens' }, false)).toMatchObject({
      promptPicoUsd: 3_000_000,
      completionPicoUsd: 15_000_000,
    });
    expect(readPrices({ prompt: '0.000003', unit: 'per_token' }, false).promptPicoUsd).toBe(3_000_000);
  });

  it('are not known without a unit, but of a server that has OpenRouter’s', () => {
    expect(readPrices(perMillion, false)).toEqual(NO_PRICES);
    expect(readPrices({ prompt: '0.000003' }, true).promptPicoUsd).toBe(3_000_000);
  });

  it.each([{ unit: 'per_character' }, { unit: 7 }, { unit: 'per_1m_tokens', currency: 'CNY' }])(
    'are not known where they say %o',
    (more) => {
      expect(readPrices({ ...perMillion, ...more }, true)).toEqual(NO_PRICES);
    },
  );

  it('have a cache and reasoning, which at 0 have no price of their own', () => {
    const openRouter = {
      prompt: '0.000003',
      completion: '0.000015',
      input_cache_read: '0.0000003',
      input_cache_write: '0.00000375',
      internal_reasoning: '0',
      image_output: '0.00003',
    };
    expect(readPrices(openRouter, true)).toMatchObject({
      cachedPromptPicoUsd: 300_000,
      cacheWritePicoUsd: 3_750_000,
      reasoningPicoUsd: null,
      imageOutputPicoUsd: 30_000_000,
    });
    expect(readPrices({ ...openRouter, input_cache_read: '0' }, true).cachedPromptPicoUsd).toBeNull();
    expect(readPrices({ prompt: '0', input_cache_read: '0' }, true).cachedPromptPicoUsd).toBe(0);
  });
});
