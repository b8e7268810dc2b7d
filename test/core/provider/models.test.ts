import { describe, expect, it } from 'vitest';
import { EFFORTS } from '../../../src/core/ports/effort.ts';
import { NO_PRICES } from '../../../src/core/ports/provider.ts';
import { readModels } from '../../../src/core/provider/models.ts';
import { factsOf } from '../../support/models.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

function read(...data: unknown[]) {
  const { log, lines } = createLogRecorder();
  return { models: readModels({ data }, true, log), logged: lines.join('') };
}

describe('readModels', () => {
  it('reads what OpenRouter says of a model', () => {
    const { models } = read({
      id: 'openai/gpt-4o-mini',
      canonical_slug: 'openai/gpt-4o-mini',
      name: 'OpenAI: GPT-4o-mini',
      context_length: 128_000,
      architecture: {
        modality: 'text+image->text',
        input_modalities: ['text', 'image'],
        output_modalities: ['text'],
      },
      pricing: {
        prompt: '0.00000015',
        completion: '0.0000006',
        request: '0',
        image: '0.000217',
        web_search: '0.01',
      },
      top_provider: { context_length: 128_000, max_completion_tokens: 16_384, is_moderated: true },
      expiration_date: '2027-01-31',
    });
    expect(models).toEqual([
      {
        id: 'openai/gpt-4o-mini',
        name: 'OpenAI: GPT-4o-mini',
        contextTokens: 128_000,
        maxOutputTokens: 16_384,
        prices: {
          ...NO_PRICES,
          promptPicoUsd: 150_000,
          completionPicoUsd: 600_000,
          requestPicoUsd: 0,
          imagePicoUsd: 217_000_000,
          webSearchPicoUsd: 10_000_000_000,
        },
        inputModalities: ['text', 'image'],
        outputModalities: ['text'],
        thinks: null,
        efforts: null,
        defaultEffort: null,
        expiresAt: '2027-01-31',
      },
    ]);
  });

  it('knows the id alone where a server says no more', () => {
    const { models } = read({ id: 'gpt-4o', object: 'model', created: 1, owned_by: 'openai' });
    expect(models).toEqual([factsOf('gpt-4o')]);
  });

  it('reads the context length that vLLM names', () => {
    expect(read({ id: 'm', max_model_len: 32_768 }).models).toMatchObject([{ contextTokens: 32_768 }]);
  });

  it('takes the dearest price where long prompts cost more', () => {
    const pricing = {
      prompt: '0.000001',
      completion: '0.00001',
      overrides: [{ min_prompt_tokens: 200_000, prompt: '0.000002' }],
    };
    expect(read({ id: 'm', pricing }).models?.[0]?.prices).toMatchObject({
      promptPicoUsd: 2_000_000,
      completionPicoUsd: 10_000_000,
    });
  });

  it('takes the negative price of a router for unknown, never for free', () => {
    const pricing = { prompt: '-1', completion: '-1' };
    expect(read({ id: 'openrouter/auto', pricing }).models?.[0]?.prices).toEqual(NO_PRICES);
  });

  it('skips and counts what is no model, and keeps a model of which a field is wrong', () => {
    const wrong = {
      id: 'odd',
      name: 7,
      context_length: 'many',
      pricing: 'cheap',
      top_provider: [],
      architecture: { input_modalities: 'text' },
      expiration_date: 20_270_131,
    };
    const { models, logged } = read({ id: 'good' }, null, 'text', { name: 'no id' }, { id: '' }, wrong);
    expect(models?.map(({ id }) => id)).toEqual(['good', 'odd']);
    expect(models?.[1]).toEqual({ ...models?.[0], id: 'odd', name: 'odd' });
    expect(JSON.parse(logged)).toMatchObject({ skipped: 4 });
  });

  it('reads whether a model thinks unless it is asked not to', () => {
    const { models } = read(
      { id: 'a', reasoning: { mandatory: true } },
      { id: 'b', reasoning: { mandatory: false, default_enabled: true } },
      { id: 'c', reasoning: { mandatory: false } },
      { id: 'd' },
    );
    expect(models?.map(({ thinks }) => thinks)).toEqual([true, true, false, null]);
  });

  it('reads which efforts a model takes: all without a list, and never none where it always thinks', () => {
    const { models } = read(
      {
        id: 'a',
        reasoning: { mandatory: true, default_effort: 'medium', supported_efforts: ['high', 'low', 'none'] },
      },
      { id: 'b', reasoning: { mandatory: false, supported_efforts: null } },
      {
        id: 'c',
        reasoning: { mandatory: false, default_effort: 'evil', supported_efforts: ['evil', 7, null] },
      },
      { id: 'd', reasoning: { mandatory: false, supported_efforts: 'high' } },
      { id: 'e' },
    );
    expect(models?.map(({ efforts, defaultEffort }) => [efforts, defaultEffort])).toEqual([
      [['low', 'high'], 'medium'],
      [EFFORTS, null],
      [[], null],
      [null, null],
      [null, null],
    ]);
  });

  it('reads a bare list, as Together sends it', () => {
    const { log: silent } = createLogRecorder();
    const entries = [{ id: 'a/one', context_length: 8_192 }, { id: 'a/two' }, { object: 'model' }];
    const bare = readModels(entries, true, silent);
    expect(bare?.map(({ id, contextTokens }) => [id, contextTokens])).toEqual([
      ['a/one', 8_192],
      ['a/two', null],
    ]);
    expect(bare).toEqual(readModels({ data: entries }, true, silent));
  });

  it('reads no models from what is no list', () => {
    const { log } = createLogRecorder();
    expect(readModels({ hello: 'world' }, true, log)).toBeNull();
    expect(readModels({ data: null }, true, log)).toBeNull();
  });
});
