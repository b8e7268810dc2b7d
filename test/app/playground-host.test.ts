import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlaygroundHost } from '../../src/app/playground-host.ts';
import { createTestBot, invocationOf, type TestBot, testActor } from '../support/test-bot.ts';

const mia = testActor('mia', { guild: 'web:local' });
const place = { guild: 'web:local', channel: 'general', key: null } as const;

let bot: TestBot;

beforeEach(async () => {
  bot = await createTestBot({ defaultTier: 'premium' });
});
afterEach(() => bot.close());

async function spent(): Promise<number> {
  const { services } = bot;
  const host = createPlaygroundHost({ commands: [], services, nameOf: () => 'Test', isDemo: false });
  return (await host.status(place, mia)).spentNanoUsd;
}

const ask = (actor = mia) =>
  bot.dispatch.command(invocationOf('ask', { prompt: 'Hi', model: 'openai/gpt-4o-mini' }, { actor }));

describe('what the playground’s bar says was spent today', () => {
  it('is what was booked, and not what is set aside for an answer under way', async () => {
    expect(await spent()).toBe(0);
    const live = bot.provider.live();
    const done = ask();
    await live.request;
    expect(await spent()).toBe(0);
    await live.text('Yes.');
    await live.finish({ prompt_tokens: 10, completion_tokens: 10, cost: 0.0015 });
    await done;
    expect(await spent()).toBe(1_500_000);
  });

  it('is that of the playground alone', async () => {
    bot.provider.answer('Yes.', { prompt_tokens: 10, completion_tokens: 10, cost: 0.0015 });
    await ask(testActor('ben', { guild: 'discord:1' }));
    expect(await spent()).toBe(0);
  });
});
