import { afterEach, describe, expect, it } from 'vitest';
import { parseCatalogueFile } from '../../../../src/core/catalogue/file.ts';
import { UNLIMITED_GUILD } from '../../../../src/core/ports/limits.ts';
import type { QuotedPart } from '../../../../src/core/ports/parts.ts';
import type { Tier } from '../../../../src/core/ports/tiers.ts';
import { NO_LIMITS } from '../../../support/no-limits.ts';
import { json } from '../../../support/provider/fake-provider.ts';
import {
  createTestBot,
  invocationOf,
  pressOf,
  type TestBot,
  type TestEvent,
  testActor,
} from '../../../support/test-bot.ts';

let bot: TestBot;
afterEach(() => bot.close());

const PRICES = { promptPerMillion: 1, completionPerMillion: 10 };
const GPT5 = {
  id: 'openai/gpt-5',
  name: 'GPT-5',
  tier: 'free',
  contextTokens: 400_000,
  maxOutputTokens: 128_000,
  prices: PRICES,
};
/** Thinks only if it is asked to. */
const CLAUDE = {
  ...GPT5,
  id: 'anthropic/claude',
  name: 'Claude',
  efforts: ['none', 'low', 'medium', 'high'],
};
const PLAIN = { ...GPT5, id: 'maker/plain', name: 'Plain' };

/** One nano-dollar is a ten-thousandth of an output token's price. */
const NANO_USD_PER_OUTPUT_TOKEN = 10_000;

async function start(
  parts: { readonly models?: readonly object[]; readonly tiers?: object; readonly tier?: Tier } = {},
): Promise<void> {
  const { models = [GPT5, CLAUDE, PLAIN], tiers = {}, tier = 'free' } = parts;
  bot = await createTestBot({
    file: parseCatalogueFile(JSON.stringify({ models, tiers })),
    defaultTier: tier,
  });
}

const thread = { place: { key: 'thread 1' } };
const asAdmin = { actor: testActor('ada', { isAdmin: true }) };

async function run(command: string, options: Record<string, unknown> = {}, event: TestEvent = thread) {
  const invocation = invocationOf(command, options, event);
  await bot.dispatch.command(invocation);
  return invocation.surface.privateTexts.map(({ text }) => text).join('\n');
}

/** Asks, and resolves to what was shown, sent, and set aside meanwhile. */
async function ask(options: Record<string, unknown> = {}, event: TestEvent = thread) {
  const live = bot.provider.live();
  const asked = invocationOf('ask', { prompt: 'Why?', ...options }, event);
  const done = bot.dispatch.command(asked);
  const { body } = await live.request;
  const levels = await bot.ledger.levels(
    { guild: 'discord:1', user: 'mia', payer: 'operator' },
    UNLIMITED_GUILD,
  );
  const reservedNanoUsd = levels.find(({ limit }) => limit === 'nanoUsdPerGuildPerDay')?.used ?? Number.NaN;
  await live.text('Because.');
  await live.finish({ prompt_tokens: 10, completion_tokens: 10, cost: 0 });
  await done;
  const { note = null, footer = null } = asked.surface.shown ?? {};
  return {
    asked,
    effort: body.reasoning?.effort as string | undefined,
    cap: body.max_completion_tokens as number,
    reservedNanoUsd,
    note,
    footer,
  };
}

describe('an effort that is asked for', () => {
  it('goes to the model, stands in the footer, and is left to the model otherwise', async () => {
    await start();
    expect(await ask({ effort: 'low' })).toMatchObject({
      effort: 'low',
      cap: 8_192,
      note: null,
      footer: expect.stringMatching(/^GPT-5 · effort low · /),
    });
    expect(await ask()).toMatchObject({ effort: undefined, footer: expect.not.stringContaining('effort') });
  });

  it('from high on has room for thinking beside the words, and that much more is reserved', async () => {
    await start();
    const usual = await ask();
    const high = await ask({ effort: 'high' });
    expect([usual.cap, high.cap]).toEqual([8_192, 16_384]);
    const extra = high.reservedNanoUsd - usual.reservedNanoUsd;
    // The prompt grew by a short turn, and the first answer has cost something.
    expect(extra).toBeGreaterThan(8_192 * NANO_USD_PER_OUTPUT_TOKEN);
    expect(extra).toBeLessThan(8_192 * NANO_USD_PER_OUTPUT_TOKEN * 1.05);
    // A quarter of the context at most.
    await bot.close();
    await start({ models: [{ ...GPT5, contextTokens: 64_000 }] });
    expect((await ask({ effort: 'high' })).cap).toBe(16_000);
  });

  it('that passes a limit on spending is refused with a word on a lower one, which fits', async () => {
    const { tiers, ...others } = NO_LIMITS;
    const free = { ...tiers.free, nanoUsdPerUserPerDay: 100_000_000 };
    bot = await createTestBot({
      file: parseCatalogueFile(JSON.stringify({ models: [GPT5] })),
      limits: { ...others, tiers: { ...tiers, free } },
    });
    const refused = await run('ask', { prompt: 'Why?', effort: 'high' });
    expect(refused).toMatch(/limit.* A lower `effort` may fit: less is set aside for it\.$/);
    expect((await ask({ effort: 'medium' })).effort).toBe('medium');
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('becomes the nearest that the model takes, and the asker reads that', async () => {
    await start();
    expect(await ask({ effort: 'max' })).toMatchObject({
      effort: 'high',
      note: 'GPT-5 takes no `effort:max`, so I asked for `effort:high`.',
    });
    expect(await ask({ effort: 'none' })).toMatchObject({
      effort: 'minimal',
      note: 'GPT-5 takes no `effort:none`, so I asked for `effort:minimal`.',
    });
  });

  it('is left out for a model that takes none, with one line', async () => {
    await start();
    const { effort, note, cap } = await ask({ effort: 'high', model: PLAIN.id });
    expect([effort, cap]).toEqual([undefined, 8_192]);
    expect(note).toBe('Plain does not support `effort`, so it uses its default.');
  });

  it('that the provider does not take is left out, with one line', async () => {
    await start();
    const refusal = { message: 'reasoning_effort is not supported', param: 'reasoning_effort' };
    bot.provider.script(json(400, { error: { code: 400, ...refusal } }));
    const { effort, note, footer } = await ask({ effort: 'high' });
    expect(effort).toBeUndefined();
    expect(note).toBe('GPT-5 does not support `effort`, so it used its default.');
    expect(footer).not.toContain('effort');
  });

  it.each(['evil', 'HIGH', '__proto__', '', 'high; drop'])('is refused as %j', async (effort) => {
    await start();
    const asked = invocationOf('ask', { prompt: 'Why?', effort });
    await bot.dispatch.command(asked);
    expect(asked.surface.privateTexts.map(({ text }) => text)).toEqual([
      '`effort` must be one of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.',
    ]);
    expect(bot.provider.chats).toEqual([]);
  });

  it('goes with Retry, also to another model, which is asked for what it has', async () => {
    await start();
    const { asked } = await ask({ effort: 'minimal' });
    const id = asked.surface.shown?.buttons.find(({ kind }) => kind === 'retry')?.answerId ?? '';
    bot.provider.answer('Again.');
    const press = pressOf('retry', id, { ...thread, given: { model: CLAUDE.id } });
    await bot.dispatch.press(press);
    expect(bot.provider.chats.at(-1)?.body).toMatchObject({
      model: CLAUDE.id,
      reasoning: { effort: 'none' },
    });
    expect(press.surface.shown?.note).toBe('Claude takes no `effort:minimal`, so I asked for `effort:none`.');
    const again = press.surface.shown?.buttons.find(({ kind }) => kind === 'retry')?.answerId ?? '';
    bot.provider.answer('Again.');
    const other = pressOf('retry', again, { ...thread, given: { model: PLAIN.id } });
    await bot.dispatch.press(other);
    expect(bot.provider.chats.at(-1)?.body).not.toHaveProperty('reasoning');
    expect(other.surface.shown?.note).toMatch(/^Plain does not support `effort`/);
  });

  it('is fitted to a fallback that answers in place of a model that is gone', async () => {
    await start({ models: [{ ...GPT5, fallbacks: [PLAIN.id] }, PLAIN] });
    bot.provider.script(
      json(404, { error: { code: 404, message: 'gone', metadata: { error_type: 'model_not_found' } } }),
    );
    const { effort, cap, note } = await ask({ effort: 'high' });
    expect([effort, cap]).toEqual([undefined, 8_192]);
    expect(note).toContain('Plain does not support `effort`');
  });
});

describe('an effort that is chosen for a place', () => {
  it('counts where it is set, the narrowest alone, until it is taken back', async () => {
    await start();
    expect(await run('model', { effort: 'low', scope: 'guild' })).toMatch(/Only an admin/);
    expect(await run('model', { effort: 'low', scope: 'guild' }, asAdmin)).toBe(
      'Effort for all channels: `low`.',
    );
    expect((await ask()).effort).toBe('low');
    expect(await run('channel', { effort: 'medium' }, asAdmin)).toContain('- Effort: `medium`');
    expect((await ask()).effort).toBe('medium');
    expect(await run('model', { effort: 'minimal' })).toBe('Effort for this conversation: `minimal`.');
    expect((await ask()).effort).toBe('minimal');
    expect((await ask({ effort: 'high' })).effort).toBe('high');
    expect((await ask({}, { place: { key: 'thread 2' } })).effort).toBe('medium');
    expect(await run('model')).toBe(
      '**GPT-5** (`openai/gpt-5`) answers here: the default. Effort: `minimal`, chosen for this conversation.',
    );
    expect(await run('model', { effort: 'default' })).toMatch(/reset to the default/);
    expect((await ask()).effort).toBe('medium');
    await run('channel', { effort: 'default' }, asAdmin);
    await run('model', { effort: 'default', scope: 'guild' }, asAdmin);
    expect((await ask()).effort).toBeUndefined();
  });

  it('is fitted to the model that answers without a word, and can be set together with it', async () => {
    await start();
    expect(await run('model', { model: PLAIN.id, effort: 'high' })).toBe(
      '**Plain** now answers in this conversation. Effort for this conversation: `high`. **Plain** does not support effort; `high` applies to models that do.',
    );
    expect(await ask()).toMatchObject({ effort: undefined, note: null });
    expect(await ask({ model: GPT5.id })).toMatchObject({ effort: 'high', note: null });
    expect(await run('context')).toContain('- Effort: `high` was chosen, but this model does not support it');
  });

  it('comes with a persona, at the level where that is set', async () => {
    await start();
    const sage = { action: 'add', name: 'Sage', instructions: 'Think.', effort: 'high' };
    expect(await run('persona', sage, asAdmin)).toMatch(/is added/);
    expect(await run('persona')).toContain('effort high');
    await run('persona', { action: 'use', name: 'Sage' });
    expect((await ask()).effort).toBe('high');
    expect(await run('model')).toContain('Effort: `high`, chosen by the persona Sage in this conversation.');
    await run('model', { effort: 'low' });
    expect((await ask()).effort).toBe('low');
  });

  it('is shown by /context with the price of the longest answer', async () => {
    await start();
    const priceOf = (text: string) => Number(/at most \$([\d.]+)/.exec(text)?.[1]);
    const before = await run('context');
    expect(before).toContain('- Effort: the model’s default\n');
    const usual = priceOf(before);
    expect(await run('model', { effort: 'high' })).toBe(
      'Effort for this conversation: `high`. An answer may cost up to 2 times as much.',
    );
    const text = await run('context');
    expect(text).toContain('- Effort: `high`');
    expect(priceOf(text) - usual).toBeCloseTo(0.08, 2);
    await run('model', { model: PLAIN.id, effort: 'default' });
    expect(await run('context')).not.toContain('Effort');
  });
});

describe('what a tier allows', () => {
  it('lowers an effort and says so, whatever asks for it', async () => {
    await start({ tiers: { free: { maxEffort: 'low' } } });
    expect(await ask({ effort: 'high' })).toMatchObject({
      effort: 'low',
      cap: 8_192,
      note: 'The tier `free` allows GPT-5 at most `effort:low`, so I asked for that.',
    });
    expect(await run('model', { effort: 'high' })).toBe(
      'The tier `free` allows at most `effort:low` here. Nothing was changed.',
    );
    expect(await run('channel', { effort: 'high' }, asAdmin)).toMatch(/Nothing was changed/);
    expect(await run('models')).toContain(
      'effort minimal, low (all that `free` allows): an answer up to $0.08',
    );
    expect(await run('tier')).toContain('Answers here: effort at most `low`');
  });

  it('holds what was chosen while the tier allowed it', async () => {
    await start({ tiers: { free: { maxEffort: 'low' } }, tier: 'premium' });
    await run('model', { effort: 'high' });
    expect((await ask()).effort).toBe('high');
    await bot.grant('discord:1', 'free');
    expect(await ask()).toMatchObject({ effort: 'low', note: null });
  });

  it('holds for a model that would think more unasked, and asks nothing of one that would not', async () => {
    await start({ tiers: { free: { maxEffort: 'low' } } });
    expect((await ask()).effort).toBe('low');
    expect((await ask({ model: CLAUDE.id })).effort).toBeUndefined();
    expect((await ask({ model: PLAIN.id })).effort).toBeUndefined();
  });

  it('bounds the length of an answer, thinking included, and the reserve with it', async () => {
    await start({ tiers: { free: { maxAnswerTokens: 3_000 } } });
    const bounded = await ask({ effort: 'high' });
    expect(bounded.cap).toBe(3_000);
    expect(bounded.reservedNanoUsd).toBeGreaterThan(3_000 * NANO_USD_PER_OUTPUT_TOKEN);
    expect(bounded.reservedNanoUsd).toBeLessThan(3_500 * NANO_USD_PER_OUTPUT_TOKEN);
    expect(await run('tier')).toContain('Answers here: at most 3,000 tokens');
    await bot.grant('discord:1', 'openrouter');
    expect((await ask({ effort: 'high' })).cap).toBe(16_384);
  });

  it('holds for every request, however much of an answer it asks for', async () => {
    await start({ tiers: { free: { maxEffort: 'low', maxAnswerTokens: 3_000 } } });
    const request = await bot.services.models.openRequest({
      id: 'request',
      actor: { guild: 'discord:1', user: 'mia', name: 'Mia', groups: async () => [] },
      model: GPT5.id,
      messages: [{ role: 'user', content: 'Hi' }],
      maxOutputTokens: 1_000_000,
      effort: 'max',
      webSearch: false,
      conversation: 'c',
    });
    expect(request).toMatchObject({ ok: true, effort: 'low', maxOutputTokens: 3_000 });
  });

  it('asks no model to think in fewer tokens than it needs for that', async () => {
    await start({ tiers: { free: { maxAnswerTokens: 1_000 } } });
    const { effort, cap, note } = await ask({ effort: 'high', model: CLAUDE.id });
    expect([effort, cap]).toEqual([undefined, 1_000]);
    expect(note).toMatch(/^Answers are too short here for Claude to think with `effort:high`/);
    expect((await ask({ effort: 'none', model: CLAUDE.id })).effort).toBe('none');
  });

  it('does not bound what a guild pays for itself', async () => {
    await start({ tiers: { free: { maxEffort: 'low', maxAnswerTokens: 3_000 } } });
    await run('connect', { provider: 'openrouter', key: 'sk-or-own-key-of-the-guild-1234' }, asAdmin);
    expect(await ask({ effort: 'high' })).toMatchObject({ effort: 'high', cap: 16_384 });
  });
});

describe('/models', () => {
  it('names the efforts of each model, and what the longest answer may cost', async () => {
    await start();
    const text = await run('models');
    expect(text).toMatch(
      /GPT-5.* · 400k context · effort minimal, low, medium, high: an answer up to \$0\.0819, up to 2 times that with high/,
    );
    expect(text).toMatch(/Plain.* · 400k context$/m);
    expect(text).toContain('thinking is paid for as output');
  });

  it('names no price for what is free', async () => {
    const prices = { promptPerMillion: 0, completionPerMillion: 0 };
    await start({ models: [{ ...GPT5, prices }] });
    expect(await run('models')).toMatch(/400k context · effort minimal, low, medium, high$/m);
  });
});

describe('/summarise', () => {
  it('leaves to the model how much it thinks, whatever is chosen', async () => {
    await start();
    await run('model', { effort: 'high' });
    bot.provider.answer('Nothing was said.');
    const author = { user: 'ben', name: 'Ben' };
    const said: QuotedPart = { type: 'quoted', why: 'thread', author, text: 'Hello', files: [] };
    const readThread = async () => ({ messages: [said], problem: null });
    await bot.dispatch.command({ ...invocationOf('summarise', {}, thread), readThread });
    expect(bot.provider.chats).toHaveLength(1);
    expect(bot.provider.chats[0]?.body).not.toHaveProperty('reasoning');
  });
});

describe('what runs by itself', () => {
  it('does not think, and has lengths of its own', async () => {
    await start({ models: [CLAUDE], tiers: { free: { maxAnswerTokens: 256 } } });
    const request = await bot.services.models.openRequest({
      id: 'summary',
      kind: 'summaries',
      actor: { guild: 'discord:1', user: 'mia', name: 'Mia', groups: async () => [] },
      model: CLAUDE.id,
      messages: [{ role: 'user', content: 'Hi' }],
      maxOutputTokens: 2_000,
      effort: 'high',
      webSearch: false,
      conversation: 'c',
    });
    expect(request).toMatchObject({ ok: true, effort: null, maxOutputTokens: 2_000 });
  });
});
