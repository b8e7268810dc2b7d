import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createWebAdapter } from '../src/adapters/web/adapter.ts';
import { createHttpServer } from '../src/app/http/http-server.ts';
import { createPlaygroundHost } from '../src/app/playground-host.ts';
import { commands } from '../src/commands/index.ts';
import { systemClock } from '../src/core/kit/time/clock.ts';
import type { GuildId } from '../src/core/ports/actor.ts';
import { TIERS, type Tier } from '../src/core/ports/tiers.ts';
import { openBehind } from './adapters/discord/harness.ts';
import { connectToSlack, openSlack } from './support/slack/parley.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
} from './support/test-bot.ts';
import { waitUntil } from './support/wait-until.ts';

/**
 * The models of each tier, as the README promises them, written down by hand: nothing here asks the code that is tried. Only the
 * models in the guild's row may reach the provider, whatever way they were asked for.
 */
const FREE = ['meta-llama/llama-3.2-3b-instruct:free', 'google/gemini-2.0-flash-001:free'];
const OPENROUTER = [
  'openai/gpt-4o-mini',
  'anthropic/claude-3.5-sonnet',
  'mistralai/mistral-small-3.2-24b-instruct',
];
const OPENAI = ['openai/gpt-4o'];
const PREMIUM = ['deepseek/deepseek-chat'];
const MODELS = [...FREE, ...OPENROUTER, ...OPENAI, ...PREMIUM];

const ALLOWED: Readonly<Record<Tier, readonly string[]>> = {
  free: FREE,
  openai: [...FREE, ...OPENAI],
  openrouter: [...FREE, ...OPENROUTER],
  premium: MODELS,
};

const CELLS = TIERS.flatMap((tier) =>
  MODELS.map((model) => ({ tier, model, isAllowed: ALLOWED[tier].includes(model) })),
);

/** Many questions, one after the other, on a machine that may be busy. */
const PATIENCE = 180_000;

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
  onTestFinished(bot.close);
});

/** The models that reached the provider while `work` ran; an answer is ready where one should. */
async function reached(work: () => Promise<unknown>, answers: boolean, of = bot): Promise<string[]> {
  const before = of.provider.chats.length;
  if (answers) of.provider.answer('Yes.');
  await work();
  return of.provider.chats.slice(before).map(({ body }) => {
    // No request names other models for the provider to fall back on.
    expect(body.models).toBeUndefined();
    return body.model;
  });
}

let guilds = 0;
const newGuild = (): GuildId => `discord:${++guilds}`;

function ask(guild: GuildId, model: string, of = bot) {
  return of.dispatch.command(
    invocationOf('ask', { prompt: 'Why?', model }, { actor: testActor('mia', { guild }) }),
  );
}

describe.each(CELLS)('$model, asked for in a guild of tier $tier,', ({ tier, model, isAllowed }) => {
  it(`${isAllowed ? 'reaches' : 'does not reach'} the provider by any way`, {
    timeout: PATIENCE,
  }, async () => {
    const guild = newGuild();
    const admin = testActor('ada', { guild, isAdmin: true });
    const expected = isAllowed ? [model] : [];

    // An option of the question.
    await bot.grant(guild, tier);
    expect(await reached(() => ask(guild, model), isAllowed)).toEqual(expected);

    // Autocomplete offers the value, and the label that a client may send in its place.
    const offered = await bot.dispatch.suggest({
      command: 'ask',
      option: 'model',
      text: model,
      actor: admin,
      place: { guild, channel: 'c1', key: null },
    });
    const suggestion = offered.find(({ value }) => value === model);
    expect(suggestion?.label.startsWith('🔒')).toBe(!isAllowed);
    expect(await reached(() => ask(guild, suggestion?.value ?? ''), isAllowed)).toEqual(expected);
    for (const asked of await reached(() => ask(guild, suggestion?.label ?? ''), false)) {
      expect(expected).toContain(asked);
    }

    // A setting that was made when the tier allowed it, at each place where one can be; then the tier was taken away.
    for (const scope of ['conversation', 'channel', 'guild']) {
      const place = { channel: `channel of ${scope}`, key: `${guild} ${scope}` };
      await bot.grant(guild, 'premium');
      await bot.dispatch.command(invocationOf('model', { model, scope }, { actor: admin, place }));
      await bot.grant(guild, tier);
      const [answering, ...others] = await reached(
        () => bot.dispatch.message(messageOf('Why?', { actor: testActor('mia', { guild }), place })),
        true,
      );
      expect(others).toEqual([]);
      if (isAllowed) expect(answering).toBe(model);
      else expect(ALLOWED[tier]).toContain(answering);
      await bot.dispatch.command(invocationOf('model', { model: 'default', scope }, { actor: admin, place }));
    }

    // A button under an answer of better days, pressed in its guild, and one of another guild.
    await bot.grant(guild, 'premium');
    bot.provider.answer('Yes.');
    const asked = invocationOf('ask', { prompt: 'Why?', model }, { actor: testActor('mia', { guild }) });
    await bot.dispatch.command(asked);
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    await bot.grant(guild, tier);
    const press = pressOf('retry', answerId, { actor: testActor('mia', { guild }) });
    expect(await reached(() => bot.dispatch.press(press), isAllowed)).toEqual(expected);
    const elsewhere = newGuild();
    await bot.grant(elsewhere, tier);
    const forged = pressOf('retry', answerId, { actor: testActor('mia', { guild: elsewhere }) });
    expect(await reached(() => bot.dispatch.press(forged), false)).toEqual([]);
  });

  it('as DEFAULT_MODEL answers where it is allowed alone', { timeout: PATIENCE }, async () => {
    const other = await createTestBot({ defaultModel: model });
    onTestFinished(other.close);
    const guild = newGuild();
    await other.grant(guild, tier);
    const question = messageOf('Why?', { actor: testActor('mia', { guild }) });
    const [answering, ...others] = await reached(() => other.dispatch.message(question), true, other);
    expect(others).toEqual([]);
    if (isAllowed) expect(answering).toBe(model);
    else expect(ALLOWED[tier]).toContain(answering);
  });
});

/** Spellings that a provider, or a careless comparison, would read as the model or as something dearer. */
const TRICKS: readonly ((id: string) => string)[] = [
  ...['online', 'nitro', 'floor', 'free', 'extended', 'thinking', 'exacto', 'beta'].map(
    (suffix) => (id: string) => `${id}:${suffix}`,
  ),
  (id) => id.replace(/:free$/, ''),
  (id) => id.toUpperCase(),
  (id) => ` ${id}\t`,
  (id) => `${id}\n`,
  (id) => `${id}\0`,
  (id) => `${id}\u200b`,
  (id) => `\ufeff${id}`,
  (id) => id.replace('/', '／'),
  (id) => id.replace('/', '//'),
  (id) => id.replace('/', '%2F'),
  (id) => id.replace('o', 'о'),
  (id) => `openrouter/${id}`,
  (id) => `@${id}`,
  (id) => `~${id}`,
  (id) => `${id}@preset/best`,
  (id) => `${id},${PREMIUM[0]}`,
  (id) => `${id} ${PREMIUM[0]}`,
  (id) => JSON.stringify([id]),
  (id) => id.slice(id.indexOf('/') + 1),
];
const STRANGERS = [
  'openrouter/auto',
  'openrouter/auto:online',
  '@preset/best',
  'openai/o1-pro',
  'anthropic/claude-opus-4',
  '__proto__',
  'constructor',
  '',
  '*',
];

describe.each(TIERS)('in a guild of tier %s', (tier) => {
  it('no spelling gets more than the tier allows, and none reaches the provider but an id as it is listed', {
    timeout: PATIENCE,
  }, async () => {
    const guild = newGuild();
    await bot.grant(guild, tier);
    const spellings = [...MODELS.flatMap((model) => TRICKS.map((trick) => trick(model))), ...STRANGERS];
    for (const spelling of spellings) {
      // The provider has no answer ready, and refuses; what matters is what it was asked.
      for (const model of await reached(() => ask(guild, spelling), false)) {
        expect(ALLOWED[tier], JSON.stringify(spelling)).toContain(model);
      }
    }
  });
});

/** The owner of the key of a request: the operator, or the guild for OpenRouter or OpenAI. `-` is nobody. */
const PAYERS: Readonly<Record<string, string>> = {
  'sk-openrouter-operator': 'op',
  'sk-or-v1-of-the-guild': 'or',
  'sk-proj-of-the-guild': 'oa',
};
const GUILDS_KEYS = { openrouter: 'sk-or-v1-of-the-guild', openai: 'sk-proj-of-the-guild' } as const;
const COLUMNS = [FREE[0], 'openai/gpt-4o-mini', 'anthropic/claude-3.5-sonnet', 'openai/gpt-4o', PREMIUM[0]];

/**
 * The payer, by the tier that the operator gave and the keys that the guild brought; the operator has a key for OpenRouter alone. Models
 * that own keys add are reached with those keys and no other.
 */
const WHO_PAYS: readonly (readonly [Tier, readonly (keyof typeof GUILDS_KEYS)[], string])[] = [
  // operator gave, guild's keys,        free mini claude gpt-4o deepseek
  ['free', [], 'op - - - -'],
  ['openai', [], 'op - - op -'],
  ['openrouter', [], 'op op op - -'],
  ['premium', [], 'op op op op op'],
  ['free', ['openrouter'], 'or or or - -'],
  ['openai', ['openrouter'], 'or or or or or'],
  ['openrouter', ['openrouter'], 'or or or - -'],
  ['premium', ['openrouter'], 'or or or or or'],
  ['free', ['openai'], 'op - - oa -'],
  ['openai', ['openai'], 'op - - oa -'],
  ['openrouter', ['openai'], 'op op op oa -'],
  ['premium', ['openai'], 'op op op oa op'],
  ['free', ['openrouter', 'openai'], 'or or or oa or'],
  ['openai', ['openrouter', 'openai'], 'or or or oa or'],
  ['openrouter', ['openrouter', 'openai'], 'or or or oa or'],
  ['premium', ['openrouter', 'openai'], 'or or or oa or'],
];

describe.each(WHO_PAYS)('in a guild that was given %s and brought keys for %j', (tier, providers, row) => {
  it('each model goes out with the key that is to pay for it, or not at all', {
    timeout: PATIENCE,
  }, async () => {
    const guild = newGuild();
    await bot.grant(guild, tier);
    const actor = testActor('ada', { guild, isAdmin: true });
    for (const provider of providers) {
      const form = { provider, key: GUILDS_KEYS[provider] };
      await bot.dispatch.command(invocationOf('connect', form, { actor }));
    }
    const payers: string[] = [];
    for (const model of COLUMNS) {
      const before = bot.provider.chats.length;
      bot.provider.answer('Yes.');
      const asked = invocationOf('ask', { prompt: 'Why?', model }, { actor });
      await bot.dispatch.command(asked);
      const answerId = asked.surface.shown?.buttons[0]?.answerId;
      if (answerId !== undefined) {
        bot.provider.answer('Yes, again.');
        await bot.dispatch.press(pressOf('retry', answerId, { actor }));
      }
      const keys = bot.provider.chats
        .slice(before)
        .map(({ headers }) => PAYERS[headers.authorization?.replace('Bearer ', '') ?? ''] ?? 'unknown');
      expect(new Set(keys).size, `${model} is paid for in one way`).toBeLessThanOrEqual(1);
      payers.push(keys[0] ?? '-');
      // A reply that was not asked for must not answer the next question.
      bot.provider.unscript();
    }
    expect(payers.join(' ')).toBe(row);
  });

  it('members and forged forms change nothing of it', async () => {
    const guild = newGuild();
    await bot.grant(guild, tier);
    const member = testActor('mia', { guild });
    const elsewhere = testActor('eve', { guild: newGuild(), isAdmin: true });
    for (const actor of [member, elsewhere]) {
      const form = { provider: 'openrouter', key: GUILDS_KEYS.openrouter, guild, role: 'operator' };
      await bot.dispatch.command(invocationOf('connect', form, { actor }));
    }
    expect(await bot.services.ownKeys.of(guild)).toEqual([]);
    expect((await bot.services.guilds.access(guild)).tier).toBe(tier);
  });
});

describe('the playground, asked over HTTP by hand', () => {
  /** The real adapter on the real server, over the whole core; resolves to a way to post to it and wait until it is dealt with. */
  async function serve() {
    const running: Promise<void>[] = [];
    const track = <E>(handle: (event: E) => Promise<void>) => {
      return (event: E) => {
        const done = handle(event);
        running.push(done);
        return done;
      };
    };
    const { services, store, log } = bot;
    const adapter = createWebAdapter({
      host: createPlaygroundHost({
        commands,
        services,
        isDemo: false,
        nameOf: (id) => id,
      }),
      store,
      clock: systemClock,
      log,
      maxFileBytes: 1_000,
      retentionMs: 86_400_000,
    });
    const server = createHttpServer(adapter.routes, log);
    const origin = await server.listen('127.0.0.1', 0);
    onTestFinished(() => server.close());
    await adapter.start({
      ...bot.dispatch,
      command: track(bot.dispatch.command),
      message: track(bot.dispatch.message),
      press: track(bot.dispatch.press),
    });
    onTestFinished(() => adapter.stop());
    return async (path: string, body: object): Promise<number> => {
      const { status } = await fetch(`${origin}/playground/api/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      await Promise.all(running.splice(0));
      return status;
    };
  }

  it('lets through what the tier allows, whatever else the request claims', {
    timeout: PATIENCE,
  }, async () => {
    const post = await serve();
    const spot = { channel: 'general', thread: null };
    for (const { tier, model, isAllowed } of CELLS) {
      expect(await post('tier', { tier })).toBe(202);
      const claims = { tier: 'premium', guild: 'discord:1', role: 'operator', payer: 'guild' };
      const command = { ...spot, as: 'member', command: 'ask', text: '/ask Why?', ...claims };
      const options = { prompt: 'Why?', model };
      expect(
        await reached(() => post('command', { ...command, id: randomUUID(), options }), isAllowed),
        `${tier} ${model}`,
      ).toEqual(isAllowed ? [model] : []);
      const more = { ...options, tier: 'premium', models: MODELS.join() };
      expect(
        await reached(() => post('command', { ...command, id: randomUUID(), options: more }), false),
      ).toEqual([]);
      const listed = { ...options, model: [model] };
      expect(
        await reached(() => post('command', { ...command, id: randomUUID(), options: listed }), false),
      ).toEqual([]);
    }
    expect(await post('tier', { tier: 'gold' })).toBe(400);
    expect(
      await post('press', { as: 'member', id: randomUUID(), message: randomUUID(), button: 'retry' }),
    ).toBe(404);
  });

  it('lets no member of it grant a tier by a command', async () => {
    const post = await serve();
    const spot = { channel: 'general', thread: null };
    for (const as of ['member', 'admin']) {
      const options = { action: 'grant', tier: 'premium' };
      await post('command', { ...spot, id: randomUUID(), as, command: 'tier', options, text: '/tier' });
    }
    expect((await bot.services.guilds.access('web:local')).tier).toBe('free');
  });
});

describe('Discord, with the real discord.js,', () => {
  it('lets through what the tier allows, by slash command and by autocomplete', {
    timeout: PATIENCE,
  }, async () => {
    const bench = await openBehind(bot);
    const { guild, channel, ada } = bench;
    for (const { tier, model, isAllowed } of CELLS) {
      await bot.grant(`discord:${guild.id}`, tier);
      const choices = await ada.autocomplete('ask', 'model', model, { channel });
      const value = String(choices.find((choice) => choice.value === model)?.value);
      const asked = await reached(async () => {
        const used = ada.slash('ask', { prompt: 'Why?', model: value }, { channel });
        await bench.discord.until(
          () =>
            used.replies.some(({ buttons, content, thinking }) => {
              const labels = buttons.map(({ label }) => label);
              return labels.includes('Retry…') || (!thinking && content.includes('needs the tier'));
            }),
          `${model} is answered or refused`,
          PATIENCE,
        );
      }, isAllowed);
      expect(asked, `${tier} ${model}`).toEqual(isAllowed ? [model] : []);
    }
  });
});

describe('a form on Discord that nobody was shown', () => {
  it('opens nothing to a member, and to an admin no more than the form would', {
    timeout: PATIENCE,
  }, async () => {
    const bench = await openBehind(bot);
    const { guild, channel, bob } = bench;
    const admin = bench.discord.person('Admin');
    guild.join(admin, ['ManageGuild']);
    const told = async (person: typeof admin, id: string, fields: Record<string, string>) => {
      const forged = person.forgeForm(id, fields, { channel });
      await bench.discord.until(
        () => forged.replies.some(({ thinking }) => !thinking),
        `${id} is dealt with`,
        PATIENCE,
      );
      return forged.replies.map(({ content }) => content).join();
    };
    const key = { provider: 'openrouter', key: GUILDS_KEYS.openrouter };
    expect(await told(bob, 'form:connect', key)).toMatch(/^Only an admin can use/);
    const strange = { tier: { action: 'grant', tier: 'premium' }, ask: { prompt: 'Why?' }, nothing: {} };
    for (const [command, options] of Object.entries(strange)) {
      const forge = async () =>
        expect(await told(admin, `form:${command}`, options)).toMatch(/^This form has expired/);
      expect(await reached(forge, false)).toEqual([]);
    }
    expect(await told(admin, 'form:connect', { ...key, guild: 'discord:1' })).toMatch(
      /has no option `guild`/,
    );
    expect(await told(admin, 'form:connect', { ...key, provider: 'lab' })).toMatch(/must be one of/);
    expect((await bot.services.guilds.access(`discord:${guild.id}`)).tier).toBe('free');
    expect(await told(admin, 'form:connect', key)).toMatch(/is connected/);
    expect((await bot.services.guilds.access(`discord:${guild.id}`)).tier).toBe('openrouter');
  });
});

describe('Slack, with the real Bolt,', () => {
  it('lets through what the tier allows, by slash command', { timeout: PATIENCE }, async () => {
    const slack = await openSlack();
    await connectToSlack(slack, bot);
    const ann = slack.user('Ann');
    for (const [index, { tier, model, isAllowed }] of CELLS.entries()) {
      // A channel each, so that Slack's limit on posts in one holds nothing up.
      const channel = slack.channel(`channel-${index}`, [ann]);
      await bot.grant(`slack:${slack.teamId}`, tier);
      const asked = await reached(async () => {
        const count = bot.provider.chats.length;
        await ann.slash('/ask', `--model ${model} Why?`, { channel });
        const isDealtWith = () => bot.provider.chats.length > count || ann.privateTexts(channel).length > 0;
        await waitUntil(() => expect(isDealtWith()).toBe(true), PATIENCE);
      }, isAllowed);
      expect(asked, `${tier} ${model}`).toEqual(isAllowed ? [model] : []);
    }
  });
});
