import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_LIMITS, UNLIMITED_GUILD } from '../../src/core/limits.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testActor } from '../support/test-bot.ts';

const payer = { guild: 'discord:1', user: 'mia', payer: 'operator' } as const;
const model = 'openai/gpt-4o-mini';

let bot: TestBot;

async function useOf(limit: string): Promise<number> {
  const levels = await bot.ledger.levels(payer, UNLIMITED_GUILD);
  return levels.find((level) => level.limit === limit)?.used ?? Number.NaN;
}
const spent = () => useOf('nanoUsdPerGuildPerDay');
const requests = () => useOf('requestsPerUserPerDay');

async function ask(prompt = 'Hi') {
  const asked = invocationOf('ask', { prompt, model });
  await bot.dispatch.command(asked);
  return asked;
}

describe('what a request costs', () => {
  beforeEach(async () => {
    bot = await createTestBot({ defaultTier: 'premium' });
  });
  afterEach(() => bot.close());

  it('is reserved at its worst while it runs, and settled at the provider’s own figure', async () => {
    const live = bot.provider.live();
    const done = ask();
    await live.request;
    // 8,192 tokens of output at $0.60 per million, and the prompt by its bytes.
    expect(await spent()).toBeGreaterThan(8_192 * 600);
    await live.text('Hello.');
    await live.finish({ prompt_tokens: 100, completion_tokens: 10, cost: 0.000123 });
    const asked = await done;
    expect(await spent()).toBe(123_000);
    expect(await requests()).toBe(1);
    expect(asked.surface.shown?.footer).toMatch(/110 tokens · \$0\.0001$/);
  });

  it('follows from tokens and prices where the provider names none', async () => {
    bot.provider.answer('Hello.', { prompt_tokens: 1_000, completion_tokens: 100 });
    await ask();
    expect(await spent()).toBe(1_000 * 150 + 100 * 600);
  });

  it('is nothing, and no request, where the provider refused', async () => {
    bot.provider.script((response) => {
      response.writeHead(402, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 402, message: 'Insufficient credits' } }));
    });
    const asked = await ask();
    expect(asked.surface.shown?.note).toMatch(/run out of credit/);
    expect(await spent()).toBe(0);
    expect(await requests()).toBe(0);
  });

  it('is what had been sent, by estimate, where the connection broke and nobody can say', async () => {
    const live = bot.provider.live();
    const asked = invocationOf('ask', { prompt: 'Hi', model });
    const done = bot.dispatch.command(asked);
    await live.request;
    await live.text('Half an answer');
    await vi.waitFor(() => expect(asked.surface.text).toBe('Half an answer'));
    await live.drop();
    await done;
    expect(asked.surface.shown?.footer).toMatch(/≈/);
    // The provider is asked in the background; until it says, the reservation stands.
    expect(await spent()).toBeGreaterThan(0);
  });

  it('counts the fees of a web search', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 10, server_tool_use: { web_search_requests: 2 } };
    bot.provider.answer('Found.', usage);
    await bot.dispatch.command(invocationOf('ask', { prompt: 'News?', web: true, model }));
    expect(await spent()).toBeGreaterThanOrEqual(2 * 15_000_000);
  });

  it('is held to the catalogue’s prices on the wire', async () => {
    bot.provider.answer('Hello.');
    await ask();
    expect(bot.provider.chats[0]?.body.provider.max_price).toEqual({
      prompt: 0.15,
      completion: 0.6,
      request: 0,
    });
  });
});

describe('a limit', () => {
  afterEach(() => bot.close());

  it('on money refuses before anything leaves, and names limit, use, price and renewal', async () => {
    const tier = { ...UNLIMITED_GUILD, nanoUsdPerGuildPerDay: 6_000_000 };
    bot = await createTestBot({
      defaultTier: 'premium',
      limits: { ...NO_LIMITS, tiers: { ...NO_LIMITS.tiers, premium: tier } },
    });
    bot.provider.answer('One.', { prompt_tokens: 10, completion_tokens: 10, cost: 0.003 });
    await ask();
    const asked = await ask();
    expect(asked.surface.whispers[0]?.text).toMatch(
      /This place has used \$0\.003 of \$0\.006 for today\. This question could cost up to \$0\.00\d+\. That renews at 00:00 \(UTC\), in \d+ (hours?|minutes)/,
    );
    expect(bot.provider.chats).toHaveLength(1);
    expect(asked.surface.messages).toEqual([]);
  });

  it('on requests holds for one person and not for others', async () => {
    const tier = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 1 };
    bot = await createTestBot({ limits: { ...NO_LIMITS, tiers: { ...NO_LIMITS.tiers, free: tier } } });
    bot.provider.answer('One.');
    bot.provider.answer('Two.');
    await bot.dispatch.message(messageOf('Hi', {}));
    const again = messageOf('Hi again', {});
    await bot.dispatch.message(again);
    const other = messageOf('Hi', { actor: testActor('ben') });
    await bot.dispatch.message(other);
    expect(again.surface.whispers[0]?.text).toMatch(/You have used 1 of 1 request for today/);
    expect(other.surface.text).toBe('Two.');
  });

  it('is held by many at once: exactly as many leave as it admits', async () => {
    const tier = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 7 };
    bot = await createTestBot({ limits: { ...NO_LIMITS, tiers: { ...NO_LIMITS.tiers, free: tier } } });
    for (let index = 0; index < 30; index++) bot.provider.answer('Yes.');
    await Promise.all(Array.from({ length: 30 }, () => bot.dispatch.message(messageOf('Hi', {}))));
    expect(bot.provider.chats).toHaveLength(7);
  });
});
