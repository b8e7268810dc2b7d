import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../../src/core/catalogue/catalogue.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import type { Admitted } from '../../../src/core/ledger/admitted-request.ts';
import {
  createModelRequests,
  type ModelRequest,
  type ModelRequests,
  type ModelRequestsOptions,
} from '../../../src/core/ledger/model-requests.ts';
import { UNLIMITED_GUILD } from '../../../src/core/ports/limits.ts';
import type { ChatEvent, ChatProvider, Usage } from '../../../src/core/ports/provider.ts';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import texts from '../../fixtures/tokens/texts.json' with { type: 'json' };
import { factsOf, MODELS_FILE } from '../../support/models.ts';
import { NO_LIMITS } from '../../support/no-limits.ts';
import { textChunk } from '../../support/provider/chunks.ts';
import { answer, createFakeProvider, json } from '../../support/provider/fake-provider.ts';
import { createTestClient } from '../../support/provider/test-client.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testActor } from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';

const payer = { guild: 'discord:1', user: 'mia', payer: 'operator' } as const;
const asker = { guild: 'discord:1', user: 'mia', name: 'Mia', groups: async () => [] } as const;
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

  it('is opened by a look of this second, and by a new one if that is older', async () => {
    const { models } = bot.services;
    const look = await models.look(asker);
    await bot.grant('discord:1', 'free');
    const open = (atMs: number) =>
      models.openRequest({
        id: randomUUID(),
        actor: asker,
        model: 'openai/gpt-4o',
        messages: [{ role: 'user', content: 'Hi' }],
        maxOutputTokens: 10,
        webSearch: false,
        conversation: 'c',
        looked: { ...look, atMs },
      });
    expect(await open(look.atMs)).toMatchObject({ ok: true });
    // A second and a bit: the clock goes on meanwhile.
    expect(await open(systemClock.now() - 1_001)).toMatchObject({ ok: false });
    expect(await open(systemClock.now() - 500)).toMatchObject({ ok: true });
  });

  it('holds the pictures that it brings: as many tokens as the model may count for them', async () => {
    const open = (images: number) => {
      const image = { type: 'image', mediaType: 'image/png', base64: 'AAAA' } as const;
      const content = [{ type: 'text', text: 'Hi' } as const, ...Array.from({ length: images }, () => image)];
      return bot.services.models.openRequest({
        id: randomUUID(),
        actor: asker,
        model,
        messages: [{ role: 'user', content }],
        maxOutputTokens: 10,
        webSearch: false,
        conversation: 'c',
      });
    };
    const costOf = async (images: number) => {
      const before = await spent();
      await open(images);
      return (await spent()) - before;
    };
    const none = await costOf(0);
    // GPT-4o mini counts 2,833 tokens and 5,667 for each of at most 6 tiles, at $0.15 per million.
    expect((await costOf(2)) - none).toBeGreaterThanOrEqual(2 * 36_835 * 150);
  });

  it('holds what each message takes beside its text', async () => {
    const costOf = async (...messages: string[]) => {
      const before = await spent();
      await bot.services.models.openRequest({
        id: randomUUID(),
        actor: asker,
        model,
        messages: messages.map((content) => ({ role: 'user', content })),
        maxOutputTokens: 10,
        webSearch: false,
        conversation: 'c',
      });
      return (await spent()) - before;
    };
    const whole = await costOf('abcdefgh');
    // Role and borders: providers count 3 to 5 tokens for them, at $0.15 per million.
    expect((await costOf(...'abcdefgh')) - whole).toBeGreaterThanOrEqual(7 * 5 * 150);
    expect((await costOf('abcdefgh', '')) - whole).toBe(16 * 150);
  });

  it('follows from tokens and prices where the provider names none', async () => {
    bot.provider.answer('Hello.', { prompt_tokens: 1_000, completion_tokens: 100 });
    await ask();
    expect(await spent()).toBe(1_000 * 150 + 100 * 600);
  });

  it('ends with what was reserved where the server has not heard of the cap', async () => {
    bot.provider.script((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const flood = setInterval(() => response.write(textChunk('For ever and ever. '.repeat(500))), 1);
      response.once('close', () => clearInterval(flood));
    });
    const asked = await ask();
    expect(asked.surface.text.length).toBeLessThan(8_192 * 17);
    expect(asked.surface.shown?.note).toMatch(/^Stopped at the length limit/);
    expect(await bot.provider.chats[0]?.closed).toBe('aborted');
    expect(await spent()).toBeGreaterThan(0);
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

  it('is what was reserved where the connection broke and nobody says what was used', async () => {
    const live = bot.provider.live();
    const asked = invocationOf('ask', { prompt: 'Hi', model });
    const done = bot.dispatch.command(asked);
    await live.request;
    await live.text('Half an answer');
    await waitUntil(() => expect(asked.surface.text).toBe('Half an answer'));
    await live.drop();
    await done;
    expect(asked.surface.shown?.footer).toMatch(/≈ \d+ tokens · at most \$/);
    // The provider is asked in the background; until it says, the reservation stands.
    expect(await spent()).toBeGreaterThan(8_192 * 600);
  });

  it('counts at least the true tokens of an answer that was cut off, and at most twice them, in any script', async () => {
    const live = bot.provider.live();
    const asked = invocationOf('ask', { prompt: texts.hindi, model });
    const done = bot.dispatch.command(asked);
    await live.request;
    await live.text(texts.bengali);
    await waitUntil(() => expect(asked.surface.text).toBe(texts.bengali));
    await live.drop();
    await done;
    const messages: readonly { content: string }[] = bot.provider.chats[0]?.body.messages ?? [];
    const tokens = [...messages.map(({ content }) => content), texts.bengali]
      .map((text) => countTokens(text))
      .reduce((sum, count) => sum + count, 0);
    const [, shown = ''] = /≈ ([\d,]+) tokens/.exec(asked.surface.shown?.footer ?? '') ?? [];
    expect(Number(shown.replace(',', ''))).toBeGreaterThanOrEqual(tokens);
    expect(Number(shown.replace(',', ''))).toBeLessThanOrEqual(2 * tokens);
  });

  it.each([
    ['a cost below nothing', { cost: -1 }],
    ['a cost that is no number', { cost: 'NaN' }],
    ['a cost beyond all numbers', { cost: 1e300 }],
  ])('follows from tokens and prices where the provider names %s', async (_, { cost }) => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 100, cost: cost as number };
    bot.provider.answer('Hello.', usage);
    await ask();
    expect(await spent()).toBe(1_000 * 150 + 100 * 600);
  });

  it('follows from tokens where the provider says that a model with a price was free', async () => {
    bot.provider.answer('Hello.', { prompt_tokens: 1_000, completion_tokens: 100, cost: 0 });
    await ask();
    expect(await spent()).toBe(1_000 * 150 + 100 * 600);
    expect(await requests()).toBe(1);
  });

  it('is at most a million dollars, so that the counters hold whatever a provider says', async () => {
    bot.provider.answer('Hello.', { prompt_tokens: 10, completion_tokens: 10, cost: 9_000_000 });
    bot.provider.answer('Hello.', { prompt_tokens: 8e15, completion_tokens: 1 });
    await ask();
    expect(await spent()).toBe(1e15);
    await ask();
    expect(await spent()).toBe(2e15);
  });

  it('stays readable whatever a provider says', async () => {
    for (let index = 0; index < 10; index++) {
      bot.provider.answer('Hello.', { prompt_tokens: 10, completion_tokens: 10, cost: 1_000_000 });
      await ask();
    }
    expect(await spent()).toBe(Number.MAX_SAFE_INTEGER);
    bot.provider.answer('Still here.');
    expect((await ask()).surface.text).toBe('Still here.');
  });

  it.each([
    ['no tokens at all', { prompt_tokens: 0, completion_tokens: 0 }],
    ['none for an answer that is there', { prompt_tokens: 10, completion_tokens: 0 }],
    ['fewer than none', { prompt_tokens: -1_000, completion_tokens: -1_000 }],
    ['only half of them', { prompt_tokens: 10 }],
    ['more than there are numbers', { prompt_tokens: 1e300, completion_tokens: 2 ** 53 }],
  ])('is the worst price where the provider counts %s', async (_, usage) => {
    bot.provider.answer(
      'An answer of some words.',
      usage as { prompt_tokens: number; completion_tokens: number },
    );
    const asked = await ask();
    expect(asked.surface.shown?.footer).toMatch(/≈ \d+ tokens · at most \$0\.00\d+$/);
    expect(await spent()).toBeGreaterThan(8_192 * 600);
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
      prompt: '0.15',
      completion: '0.6',
      request: '0',
    });
  });
});

describe("a guild's own key whose credit runs low", () => {
  const poor = (tokens: number) =>
    json(402, {
      error: {
        code: 402,
        message: `This request requires more credits, or fewer max_tokens. You requested up to 8192 tokens, but can only afford ${tokens}.`,
      },
    });

  beforeEach(async () => {
    bot = await createTestBot({ defaultTier: 'premium' });
    const connected = bot.services.ownKeys.connect(
      payer.guild,
      'openrouter',
      'sk-or-v1-of-the-guild',
      { by: 'discord:ada' },
      new AbortController().signal,
    );
    expect(await connected).toBe(true);
  });
  afterEach(() => bot.close());

  it.each([
    ['covers a shorter answer', [poor(300), answer('Short.')], 'Short.', 2],
    ['covers no answer', [poor(100)], '', 1],
  ])('stays the one that is asked with if it %s', async (_, replies, text, sent) => {
    bot.provider.script(...replies, answer('Later.'));
    expect((await ask()).surface.text).toBe(text);
    expect(bot.provider.chats).toHaveLength(sent);
    expect((await ask()).surface.text).toBe('Later.');
    for (const { headers } of bot.provider.chats) {
      expect(headers.authorization).toBe('Bearer sk-or-v1-of-the-guild');
    }
    // Nothing of it is the operator's.
    expect(await spent()).toBe(0);
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
    expect(asked.surface.privateTexts[0]?.text).toMatch(
      /^This question could cost up to \$0\.00\d+, but only \$0\.003 of the daily limit \(\$0\.006 for everyone here\) is left\. It resets <t:\d+:R>\. A cheaper model or a shorter question may still fit\.$/,
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
    expect(again.surface.privateTexts[0]?.text).toMatch(/Daily limit reached \(1 request\)/);
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

describe('admins', () => {
  afterEach(() => bot.close());

  it('are told at 80 % of what was spent, not of what was set aside, and when a limit turns people away', async () => {
    const tier = { ...UNLIMITED_GUILD, nanoUsdPerGuildPerDay: 10_000_000 };
    bot = await createTestBot({
      defaultTier: 'premium',
      limits: { ...NO_LIMITS, tiers: { ...NO_LIMITS.tiers, premium: tier } },
    });
    const cost = (usd: number) =>
      bot.provider.answer('One.', { prompt_tokens: 10, completion_tokens: 10, cost: usd });
    cost(0.004);
    await ask();
    cost(0.0045);
    await ask();
    expect(bot.told).toEqual([]);
    await ask();
    await expect.poll(() => bot.told, { timeout: 15_000 }).toHaveLength(1);
    expect(bot.told[0]?.guild).toBe('discord:1');
    expect(bot.told[0]?.text).toMatch(/Limit reached.*\$0\.0085 of \$0\.01 used/);
    await ask();
    expect(bot.told).toHaveLength(1);
  });
});

describe('an admitted request', () => {
  const never = new AbortController().signal;

  beforeEach(async () => {
    bot = await createTestBot({ defaultTier: 'premium' });
  });
  afterEach(() => bot.close());

  async function admit(more: Partial<ModelRequest> = {}, models = bot.services.models): Promise<Admitted> {
    const request = await models.openRequest({
      id: randomUUID(),
      actor: asker,
      model,
      messages: [{ role: 'user', content: 'Hi' }],
      maxOutputTokens: 100,
      webSearch: false,
      conversation: 'c',
      ...more,
    });
    if (!request.ok) throw new Error(request.text);
    return request;
  }

  /** Over the bot's ledger and guilds, but with this in OpenRouter's place. */
  function modelsOver(
    provider: ChatProvider,
    {
      offer,
      ...more
    }: Partial<Omit<ModelRequestsOptions, 'offer'>> & {
      readonly offer?: Partial<ModelRequestsOptions['offer']>;
    } = {},
  ): ModelRequests {
    const { catalogue, guilds, ownKeys, limits } = bot.services;
    return createModelRequests({
      offer: {
        catalogue,
        providers: new Map([['openrouter', provider]]),
        operatorProviders: new Set(['openrouter']),
        searchProviders: new Set(['openrouter']),
        ...offer,
      },
      guilds,
      ownKeys,
      ledger: bot.ledger,
      limits,
      warnings: { watch() {}, reached() {} },
      clock: systemClock,
      timeZone: 'UTC',
      ...more,
    });
  }

  it('brings the provider what it needs to know, and nothing else', async () => {
    const wires: unknown[] = [];
    const stream: ChatProvider['stream'] = async (wire) => void wires.push(wire);
    const { catalogue } = bot.services;
    const special = catalogue.get(model, 'discord');
    const traits = { reasoningInText: true, firstProgressMs: 5_000, progressMs: 6_000 };
    const [route] = special?.routes ?? [];
    const drawing = { ...route, efforts: ['low'], output: ['text', 'image'] };
    const changed = { ...special, traits: { ...special?.traits, ...traits }, routes: [drawing] };
    const send = async (more: Partial<ModelRequest>, offered: object = catalogue) => {
      const provider = { id: 'openrouter', stream } as unknown as ChatProvider;
      const models = modelsOver(provider, { offer: { catalogue: offered as typeof catalogue } });
      const request = await admit(more, models);
      await request.stream(ignore, never);
      return wires.at(-1);
    };
    const messages = [{ role: 'user', content: 'Hi' }];
    const plain = {
      wireModel: 'openai/gpt-4o-mini',
      messages,
      maxOutputTokens: 100,
      user: 'discord:1/mia',
      sessionId: 'c',
      maxPrice: { promptPicoUsd: 150_000, completionPicoUsd: 600_000, requestPicoUsd: 0 },
      cachedMessages: 0,
      isFree: false,
    };
    expect(await send({})).toEqual(plain);
    expect(await send({ webSearch: true, temperature: 0 })).toEqual({
      ...plain,
      maxWebSearches: 3,
      temperature: 0,
    });
    const asked = { effort: 'low', maxOutputTokens: 9_000 } as const;
    expect(await send(asked, { ...catalogue, get: () => changed })).toEqual({
      ...plain,
      ...traits,
      maxOutputTokens: 8_192,
      effort: 'low',
      modalities: ['text', 'image'],
    });
    const free = await send({ model: 'google/gemini-2.0-flash-001:free' });
    expect(free).toMatchObject({ isFree: true, maxPrice: { promptPicoUsd: 0, completionPicoUsd: 0 } });
    // Automatic tasks do not think, and have a length of their own.
    expect(await send({ ...asked, kind: 'titles' }, { ...catalogue, get: () => changed })).toEqual({
      ...plain,
      ...traits,
      maxOutputTokens: 9_000,
      modalities: ['text', 'image'],
    });
  });

  it('that was never sent costs nothing and is no request', async () => {
    const request = await admit();
    expect(await spent()).toBeGreaterThan(0);
    expect(await request.settle()).toEqual({ costNanoUsd: 0, tokens: 0, exact: true, atMost: false });
    expect(await spent()).toBe(0);
    expect(await requests()).toBe(0);
  });

  it('that was stopped before it was sent is not sent, and costs nothing', async () => {
    const request = await admit();
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(request.stream(ignore, stopped)).rejects.toThrow('stopped');
    await request.settle();
    expect(await spent()).toBe(0);
    expect(bot.provider.chats).toEqual([]);
  });

  it.each([
    ['costs nothing if the provider refuses', json(402, { error: { code: 402, message: 'no' } }), 0],
    ['costs what was reserved if nobody says what was used', json(200, { choices: [] }), null],
  ])('%s', async (_, reply, cost) => {
    bot.provider.script(reply);
    const request = await admit();
    const reservedNanoUsd = await spent();
    await request.stream(ignore, never).catch(() => {});
    await request.settle();
    expect(await spent()).toBe(cost ?? reservedNanoUsd);
  });

  it('that nobody asked for counts as money and as no request', async () => {
    bot.provider.answer('Yes.', { prompt_tokens: 100, completion_tokens: 10, cost: 0.000123 });
    const request = await admit({ kind: 'summaries' });
    await request.stream(ignore, never);
    await request.settle();
    expect([await spent(), await requests(), await useOf('requestsPerUserPerMinute')]).toEqual([
      123_000, 0, 0,
    ]);
  });

  it('goes out once, and not at all once it is settled', async () => {
    bot.provider.answer('Yes.');
    const request = await admit();
    await request.stream(ignore, never);
    await expect(request.stream(ignore, never)).rejects.toThrow(/once/);
    await request.settle();
    const other = await admit();
    await other.settle();
    await expect(other.stream(ignore, never)).rejects.toThrow(/settled/);
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('is ended by its settlement, so that nothing is streamed that nothing is reserved for', async () => {
    const live = bot.provider.live();
    const request = await admit();
    const first = Promise.withResolvers<void>();
    const streaming = request.stream((event) => {
      if (event.type === 'text') first.resolve();
    }, never);
    const isRejected = expect(streaming).rejects.toThrow();
    const { closed } = await live.request;
    await live.text('Some words');
    await first.promise;
    expect((await request.settle()).exact).toBe(false);
    expect(await closed).toBe('aborted');
    await isRejected;
  });

  it('is ended by its signal, and leaves nothing on one that outlives it', async () => {
    const outliving = new AbortController();
    bot.provider.script(answer('Hello.'));
    await (await admit()).stream(() => {}, outliving.signal);
    expect(getEventListeners(outliving.signal, 'abort')).toEqual([]);

    const live = bot.provider.live();
    const stop = new AbortController();
    const streaming = (await admit()).stream((event) => {
      if (event.type === 'text') stop.abort(new Error('stopped'));
    }, stop.signal);
    const isRejected = expect(streaming).rejects.toThrow('stopped');
    const { closed } = await live.request;
    await live.text('Some words');
    await isRejected;
    expect(await closed).toBe('aborted');
  });

  it('is settled once, however often that is asked for', async () => {
    bot.provider.answer('Yes.', { prompt_tokens: 10, completion_tokens: 10, cost: 0.001 });
    const request = await admit();
    await request.stream(ignore, never);
    const bills = await Promise.all([request.settle(), request.settle()]);
    expect(bills[0]).toBe(bills[1]);
    expect(await spent()).toBe(1_000_000);
    expect(await requests()).toBe(1);
  });

  it('is settled after the id is stored by which its cost can be looked up', async () => {
    bot.provider.answer('Yes.', { prompt_tokens: 10, completion_tokens: 10, cost: 0.001 });
    const { annotate } = bot.store.ledger;
    const order: string[] = [];
    Object.assign(bot.store.ledger, {
      async annotate(...generation: Parameters<typeof annotate>) {
        await setTimeout(100);
        await annotate(...generation);
        order.push('stored');
      },
    });
    const request = await admit();
    await request.stream(ignore, never);
    await request.settle();
    order.push('settled');
    expect(order).toEqual(['stored', 'settled']);
  });

  it('that broke off is settled at once where the provider has no word on costs, and else waits for it', async () => {
    const breaksOff = async () => {
      bot.provider.script((response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(
          `data: ${JSON.stringify({ id: 'gen-1', choices: [{ delta: { content: 'Half' } }] })}\n\n`,
        );
      });
      const request = await admit({ model: 'openai/gpt-4o' });
      const worst = await spent();
      await expect(request.stream(ignore, never)).rejects.toThrow();
      const { costNanoUsd } = await request.settle();
      return { worst, costNanoUsd };
    };
    const waiting = await breaksOff();
    expect(await spent()).toBe(waiting.worst);
    await bot.close();
    const provider = await createFakeProvider({ dialect: 'openai' });
    bot = await createTestBot({ defaultTier: 'premium', keys: ['openai'], provider });
    const settled = await breaksOff();
    expect(settled.costNanoUsd).toBe(settled.worst);
    expect(await bot.ledger.openReservations({ guild: payer.guild })).toEqual([]);
    expect(await spent()).toBe(settled.costNanoUsd);
    await provider.close();
  });

  it('that failed after it had reasoned is billed at its worst: how long it reasoned is not known', async () => {
    bot.provider.script((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { reasoning: 'Let me think.' } }] })}\n\n`);
      response.end(`data: ${JSON.stringify({ error: { code: 502, message: 'down' } })}\n\n`);
    });
    const request = await admit();
    await expect(request.stream(ignore, never)).rejects.toThrow();
    const worst = await spent();
    expect(await request.settle()).toMatchObject({ exact: false, atMost: true, costNanoUsd: worst });
  });

  it('that went on after an account of its use is billed at its worst: what came after is not in it', async () => {
    const stream: ChatProvider['stream'] = async (_, take) => {
      await take({ type: 'text', delta: 'One' });
      await take({ type: 'usage', usage: { promptTokens: 10, completionTokens: 1 } as Usage });
      await take({ type: 'text', delta: ' and much more' });
      throw new ProviderError({ code: 'provider_down', provider: 'OpenRouter' });
    };
    const models = modelsOver({ id: 'openrouter', stream } as unknown as ChatProvider);
    const request = await admit({}, models);
    const worst = await spent();
    await expect(request.stream(ignore, never)).rejects.toThrow();
    expect(await request.settle()).toMatchObject({ atMost: true, costNanoUsd: worst });
  });

  it('that answered nothing is billed by its tokens: none for the answer can be true then', async () => {
    const told = { promptTokens: 1_000, completionTokens: 0, reasoningTokens: 0, cachedPromptTokens: 0 };
    const usage: Usage = { ...told, cacheWriteTokens: 0, webSearches: 0, costNanoUsd: null, isByok: false };
    const done: ChatEvent = {
      type: 'done',
      finish: 'stop',
      usage,
      model: null,
      generationId: null,
      skippedLines: 0,
      skippedImages: 0,
      tools: [],
    };
    const stream: ChatProvider['stream'] = async (_, take) => void (await take(done));
    const request = await admit({}, modelsOver({ id: 'openrouter', stream } as unknown as ChatProvider));
    await request.stream(ignore, never);
    expect(await request.settle()).toEqual({
      costNanoUsd: 150_000,
      tokens: 1_000,
      exact: true,
      atMost: false,
    });
  });

  it('that broke off with web search on is booked with all the searches that it was allowed', async () => {
    bot.provider.script((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify({ choices: [{ delta: { content: 'Half' } }] })}\n\n`);
    });
    const request = await admit({ webSearch: true });
    await expect(request.stream(ignore, never)).rejects.toThrow();
    expect((await request.settle()).costNanoUsd).toBeGreaterThanOrEqual(3 * 15_000_000);
  });

  it('with web search on costs no searches where its provider knows of none, and says that there are none', async () => {
    await bot.close();
    const provider = await createFakeProvider({ dialect: 'openai' });
    bot = await createTestBot({ defaultTier: 'premium', keys: ['openai'], provider });
    const breaksOff = async (webSearch: boolean) => {
      bot.provider.script((response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`data: ${JSON.stringify({ choices: [{ delta: { content: 'Half' } }] })}\n\n`);
      });
      const before = await spent();
      const request = await admit({ model: 'openai/gpt-4o', webSearch });
      const reserved = (await spent()) - before;
      await expect(request.stream(ignore, never)).rejects.toThrow();
      return { reserved, bill: await request.settle(), searchesWeb: request.searchesWeb };
    };
    const plain = await breaksOff(false);
    expect(await breaksOff(true)).toEqual(plain);
    expect(plain.searchesWeb).toBe(false);
    const asked = invocationOf('ask', { prompt: 'News?', model: 'openai/gpt-4o', web: true });
    bot.provider.answer('None.');
    await bot.dispatch.command(asked);
    expect(asked.surface.shown?.note).toBe('GPT-4o cannot search the web here. Pick another model for that.');
    await provider.close();
  });

  it('of a model without a price is held to and settled at what was set aside, whatever the catalogue says since', async () => {
    const { models: priced, ...file } = MODELS_FILE;
    const unpriced = priced.map((entry) =>
      entry.id === model ? { ...entry, prices: factsOf('').prices } : entry,
    );
    const catalogue = createCatalogue({ ...file, models: unpriced });
    let reservedNanoUsd = 0;
    const models = modelsOver(createTestClient(bot.provider).provider, {
      offer: { catalogue },
      ledger: {
        ...bot.ledger,
        async reserve(request) {
          reservedNanoUsd = request.worstNanoUsd;
          const result = await bot.ledger.reserve(request);
          const dear = { ...factsOf('').prices, promptPicoUsd: 1e9, completionPicoUsd: 1e9 };
          catalogue.apply('openrouter', [
            factsOf(model),
            factsOf('anthropic/claude-3.5-sonnet', { prices: dear }),
          ]);
          return result;
        },
      },
    });
    bot.provider.answer('Yes.', { prompt_tokens: 2, completion_tokens: 100 });
    const request = await admit({}, models);
    await request.stream(ignore, never);
    expect((await request.settle()).costNanoUsd).toBeLessThanOrEqual(reservedNanoUsd);
    expect(bot.provider.chats[0]?.body.provider).toMatchObject({ max_price: { completion: '30' } });
  });

  it('is refused if the key of the guild that it is paid with is gone by then', async () => {
    const { ownKeys } = bot.services;
    await ownKeys.connect(payer.guild, 'openrouter', 'sk-or-v1-of-the-guild', { by: 'discord:ada' }, never);
    const { provider } = createTestClient(bot.provider);
    const models = modelsOver(provider, { ownKeys: { ...ownKeys, useKey: async () => null } });
    await expect(admit({}, models)).rejects.toThrow(
      'The API key for OpenRouter connected here can no longer be read. An admin can connect it again with `/connect`.',
    );
  });

  it.each([
    ['is refused', { code: 'no_credit', status: 402 }, false],
    ['finds its provider down', { code: 'provider_down', status: 503, mayBeBilled: true }, true],
    ['has no key', { code: 'bad_key' }, false],
    ['finds nobody listening', { code: 'unreachable' }, false],
    ['loses its connection', { code: 'unreachable', mayBeBilled: true }, true],
    ['gets no answer in time', { code: 'timeout', mayBeBilled: true }, true],
    ['is timed out by a gateway', { code: 'timeout', status: 504, mayBeBilled: true }, true],
    ['is cut off', { code: 'cut_off', mayBeBilled: true }, true],
  ] as const)('that %s is billed only where it may have been worked on', async (_, details, isBilled) => {
    const error = new ProviderError({ provider: 'OpenRouter', ...details });
    const models = modelsOver(failingWith(error));
    const request = await admit({}, models);
    await expect(request.stream(ignore, never)).rejects.toBe(error);
    const { costNanoUsd } = await request.settle();
    expect(costNanoUsd > 0).toBe(isBilled);
    expect(await requests()).toBe(isBilled ? 1 : 0);
  });
});

const ignore = () => {};

function failingWith(error: Error): ChatProvider {
  const fail = async () => {
    throw error;
  };
  return {
    id: 'openrouter',
    looksUpCosts: true,
    stream: fail,
    models: fail,
    generationCost: fail,
    checkKey: fail,
  };
}
