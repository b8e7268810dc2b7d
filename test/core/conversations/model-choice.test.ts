import { afterEach, describe, expect, it } from 'vitest';
import { parseCatalogueFile } from '../../../src/core/catalogue/file.ts';
import { factsOf } from '../../support/models.ts';
import {
  createTestBot,
  invocationOf,
  type TestBot,
  type TestBotOptions,
  testActor,
} from '../../support/test-bot.ts';

let bot: TestBot;
afterEach(() => bot.close());

const place = { guild: 'discord:1', channel: 'c', key: null } as const;

const model = (id: string, tier: string) => ({
  id,
  tier,
  contextTokens: 128_000,
  prices: { promptPerMillion: 1, completionPerMillion: 10 },
});

async function chosen(options: TestBotOptions, setting?: string): Promise<string> {
  bot = await createTestBot(options);
  const { choose, settings } = bot.services;
  if (setting !== undefined)
    await settings.change('guild', { place, conversation: null }, { model: setting });
  const { model } = await settings.at({ place, conversation: null });
  const choice = await choose({ whose: place.guild, setting: model, asked: null });
  return choice.ok ? choice.model.id : choice.text;
}

describe('the model where nobody chose one', () => {
  it('is the first free one', async () => {
    expect(await chosen({ defaultTier: 'premium' })).toBe('meta-llama/llama-3.2-3b-instruct:free');
  });

  it('is a free one, although a model that the guild may use stands before it', async () => {
    const models = [model('maker/paid', 'premium'), model('maker/free', 'free')];
    const file = parseCatalogueFile(JSON.stringify({ models }));
    expect(await chosen({ defaultTier: 'premium', file })).toBe('maker/free');
  });

  it('is the default of the installation, where the guild may use it', async () => {
    const defaultModel = 'openai/gpt-4o-mini';
    expect(await chosen({ defaultModel, defaultTier: 'openrouter' })).toBe(defaultModel);
    await bot.close();
    expect(await chosen({ defaultModel, defaultTier: 'free' })).toMatch(/:free$/);
  });

  it('is one that a key leads to, where the free ones cannot be reached', async () => {
    expect(await chosen({ keys: ['openai'], defaultTier: 'openai' })).toBe('openai/gpt-4o');
  });

  it('is none where nothing can be reached, and that is said', async () => {
    expect(await chosen({ keys: [] })).toBe(
      'No language model is set up yet. The operator must add an API key.',
    );
  });
});

describe('if no model can be used, people learn whether', () => {
  it('a tier is missing', async () => {
    const file = parseCatalogueFile(JSON.stringify({ models: [model('maker/paid', 'premium')] }));
    expect(await chosen({ file })).toMatch(
      /^No model is available in this server yet\. The operator can grant a tier/,
    );
  });

  it('the providers have none of the models any more', async () => {
    const fileOf = (...ids: string[]) =>
      parseCatalogueFile(JSON.stringify({ models: ids.map((id) => model(id, 'free')) }));
    expect(await chosen({ file: fileOf('maker/old', 'maker/new') })).toBe('maker/old');
    bot.services.catalogue.apply('openrouter', [factsOf('maker/new')]);
    bot.services.catalogue.replace(fileOf('maker/old'));
    const ask = invocationOf('ask', { prompt: 'Hi' }, { actor: testActor('ada', { isAdmin: true }) });
    await bot.dispatch.command(ask);
    expect(ask.surface.privateTexts[0]?.text).toBe(
      'The providers no longer offer any of the models here. Please tell the operator. `npm run doctor` suggests others for `models.json`.',
    );
  });
});

describe('a choice that no longer holds', () => {
  it('gives way to the default, not to the next that is like it', async () => {
    expect(await chosen({ defaultTier: 'openrouter' }, 'openai/gpt-4o')).toMatch(/:free$/);
    await bot.close();
    const defaultModel = 'mistralai/mistral-small-3.2-24b-instruct';
    expect(await chosen({ defaultTier: 'openrouter', defaultModel }, 'openai/gpt-4o')).toBe(defaultModel);
  });
});
