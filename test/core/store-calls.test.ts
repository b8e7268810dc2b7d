import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import type { Place } from '../../src/core/ports/events.ts';
import { keyIn, type Store, StoreError } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { MemorySurface } from '../support/memory-surface.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
  testSurface,
} from '../support/test-bot.ts';

/** Not calls that end with their promise. */
const LISTS = ['keys', 'records.query'];

/** The same store or part of one; `around` makes each call, by its name. */
function tapCalls<T extends object>(part: T, around: Around, path = ''): T {
  return new Proxy(part, {
    get(_, name) {
      const value: unknown = Reflect.get(part, name, part);
      const call = `${path}${String(name)}`;
      if (typeof value === 'object' && value !== null) return tapCalls(value, around, `${call}.`);
      if (typeof value !== 'function' || LISTS.includes(call)) return value;
      return (...args: unknown[]) => around(call, () => value.apply(part, args));
    },
  });
}

/** A thread in a guild of its own, with one question of its admin and the answer. */
interface Scene {
  readonly place: Place;
  readonly actor: ReturnType<typeof testActor>;
  readonly answerId: string;
  readonly messageId: string;
}

type Deed = (bot: TestBot, scene: Scene) => Promise<MemorySurface>;

const command =
  (name: string, options: Record<string, unknown> = {}): Deed =>
  async (bot, { actor, place }) => {
    const invocation = invocationOf(name, options, { actor, place });
    await bot.dispatch.command(invocation);
    return invocation.surface;
  };

const press =
  (button: Parameters<typeof pressOf>[0], given = {}): Deed =>
  async (bot, { actor, place, answerId }) => {
    const pressed = pressOf(button, answerId, { actor, place, given });
    await bot.dispatch.press(pressed);
    return pressed.surface;
  };

const DEEDS: Readonly<Record<string, Deed>> = {
  'a message': async (bot, { actor, place }) => {
    const asked = messageOf('And at night?', { actor, place });
    await bot.dispatch.message(asked);
    return asked.surface;
  },
  'an edited message': async (bot, { actor, place, messageId }) => {
    const message = messageOf('The sea?', { id: messageId, actor, place });
    await bot.dispatch.edited({ message, editedAt: '2' });
    return message.surface;
  },
  'Retry…': press('retry'),
  'In a thread': press('continue'),
  '👎': press('bad', { reason: 'It is grey.' }),
  '/model here': command('model', { model: 'default' }),
  '/model of the guild': command('model', { effort: 'low', scope: 'guild' }),
  '/instructions': command('instructions', { text: 'Be brief.', scope: 'channel' }),
  '/persona': command('persona', { action: 'add', name: 'Pirate', instructions: 'Talk like one.' }),
  '/context': command('context', { threads: 'off' }),
  '/new': command('new'),
  '/answers': command('answers', { show: 'whole' }),
  '/automatic': command('automatic', { what: 'titles', state: 'off' }),
  '/limits': command('limits', { limit: 'requests-per-day', to: '9' }),
  '/channel': command('channel', { mention: 'not-needed' }),
  '/access': command('access', { list: 'deny', user: '<@123456789012345678>' }),
  '/tier': command('tier', { action: 'grant', tier: 'premium', reason: 'why not' }),
  '/connect': command('connect', { provider: 'openrouter', key: `sk-or-v1-${'a'.repeat(64)}` }),
  '/forget a conversation': command('forget'),
  '/forget a person': command('forget', { what: 'myself', sure: 'yes' }),
  '/forget a guild': command('forget', { what: 'guild', sure: 'yes' }),
};

/** Without a claim it is left to the next look at what was missed, and nobody is told. */
const MISSED: Readonly<Record<string, Deed>> = {
  'a message that was missed': async (bot, { actor, place }) => {
    const message = messageOf('And at night?', { actor, place });
    await bot.dispatch.missed([{ message, atMs: systemClock.now() }]);
    return message.surface;
  },
};

const READS = /^values\.get|^ledger\.(read|open|abandoned)|^claims\.(renew|underWay|journals)/;

type Around = (call: string, make: () => unknown) => Promise<unknown>;
const straight: Around = async (_, make) => make();

let around = straight;
let store: Store;
let bot: TestBot;
let guilds = 0;

beforeEach(async () => {
  around = straight;
  bot = await createTestBot({ operators: ['discord:ada'], store: await tappedStore() });
});
afterEach(async () => {
  await bot.close();
  await store.close();
});

async function tappedStore(): Promise<Store> {
  store = await openStore('memory:', { clock: systemClock, log: createLogRecorder().log });
  return tapCalls(store, (call, make) => around(call, make));
}

async function begin(): Promise<Scene> {
  const guild = `discord:${++guilds}` as const;
  const actor = testActor('ada', { guild, isAdmin: true });
  const place = { guild, channel: 'c1', key: `thread ${guilds}` };
  const asked = messageOf('The sky?', { actor, place });
  bot.provider.answer('Blue.');
  await bot.dispatch.message(asked);
  const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
  return { place, actor, answerId, messageId: asked.id };
}

/** All that a person was shown and told, without numbers. */
const seenOn = ({ text, privateTexts }: MemorySurface) =>
  [text, ...privateTexts.map((told) => told.text)].join('\n').replaceAll(/\d+/g, '#');

async function doIt(run: Deed, scene: Scene): Promise<string> {
  bot.provider.answer('Black.');
  const surface = await run(bot, scene);
  around = straight;
  bot.provider.unscript();
  return seenOn(surface);
}

it.each(Object.entries({ ...DEEDS, ...MISSED }))(
  '%s has everything stored before it is over, and holds no claim after it',
  async (_, run) => {
    const scene = await begin();
    const pending: string[] = [];
    const late: string[] = [];
    let isOver = false;
    around = async (call, make) => {
      if (READS.test(call)) return make();
      if (isOver) late.push(call);
      pending.push(call);
      await systemClock.sleep(2);
      return Promise.resolve(make()).finally(() => pending.splice(pending.indexOf(call), 1));
    };
    bot.provider.answer('Black.');
    await run(bot, scene);
    isOver = true;
    expect(pending).toEqual([]);
    await systemClock.sleep(10);
    expect(late).toEqual([]);
    expect(await store.claims.underWay(0)).toEqual([]);
  },
);

/** Does it again and again, each time with another call that changes something failing. Resolves to the faults. */
async function withEachFault(
  run: Deed,
  afterwards: (seen: string, scene: Scene) => Promise<void> = async () => {},
): Promise<string[]> {
  const faults: string[] = [];
  for (;;) {
    const scene = await begin();
    const fault = `no room for write ${faults.length}`;
    let calls = 0;
    around = async (call, make) => {
      if (READS.test(call) || calls++ !== faults.length) return make();
      throw new StoreError(fault);
    };
    const seen = await doIt(run, scene);
    if (calls <= faults.length) return faults;
    faults.push(fault);
    await afterwards(seen, scene);
  }
}

it.each(Object.entries(DEEDS))(
  '%s does not care which call to the store fails, or says that it did',
  async (_, run) => {
    const usual = await doIt(run, await begin());
    const faults = await withEachFault(run, async (seen, scene) => {
      if (seen !== usual) expect(seen).toMatch(/cannot reach its database/);
      bot.provider.answer('It is next.');
      const next = messageOf('Next?', scene);
      await bot.dispatch.message(next);
      expect(next.surface.text).toBe('It is next.');
      bot.provider.unscript();
    });
    await bot.services.chat.drain(0);
    expect(faults.filter((fault) => !bot.logged().includes(fault))).toEqual([]);
    expect(await store.ledger.openReservations()).toEqual([]);
  },
);

/** In a thread where people could talk with the bot beside the answer. */
const inThread = (isOpen: boolean): Deed => {
  return async (_, { actor, place }) => {
    const obstacle = async () => (isOpen ? null : 'I may not post here.');
    const surface = Object.assign(testSurface({ isOverheard: true }), { obstacle });
    await bot.dispatch.message(messageOf('And at night?', { actor, place, surface }));
    return surface;
  };
};

it('each write that the store refuses around an answer is in the log, with what it is about', async () => {
  for (const run of [inThread(true), inThread(false)]) await withEachFault(run);
  await bot.services.chat.drain(0);
  const lines = bot
    .logged()
    .split('\n')
    .filter((line) => line.includes('no room for write'));
  const inWords = lines.map((line) => {
    const { level, msg, time: _, pid: __, hostname: ___, err: ____, ...about } = JSON.parse(line);
    return `${level === 50 ? 'error' : 'warn'}: ${msg} (${Object.keys(about)})`;
  });
  expect([...new Set(inWords)].toSorted()).toEqual([
    'error: a message could not be tied to its answer (answer)',
    'error: a message may count as asked although it has no answer (answer)',
    'error: could not connect a place to its conversation (answer)',
    'error: could not handle an event (event,guild)',
    'error: could not store an answer (answer)',
    'error: could not store whether the bot listens in a thread (answer)',
    'error: the bot may be listening where it did not answer (event)',
    'warn: could not store a settlement; retrying (id)',
    'warn: could not store the end of an event; retrying (id)',
    'warn: could not store the id of a generation (id)',
    'warn: could not store the release of a lock; retrying (id)',
    'warn: could not write the journal (event)',
  ]);
});

const AWAY = expect.stringMatching(/cannot reach its database/);
const joining = (guild: Place['guild']) =>
  ({
    guild,
    id: 'club',
    atMs: systemClock.now(),
    where: 'to **Club**',
    introduce: async () => true,
  }) as const;

/** By question of a platform: how it is asked, its answer while the store does not answer, and the entry in the log. */
const ASKED: Readonly<
  Record<string, readonly [(bot: TestBot['dispatch'], scene: Scene) => Promise<unknown>, unknown, string]>
> = {
  'whether a form may be opened': [
    (dispatch, scene) => dispatch.refusalOfCommand({ command: 'ask', ...scene }),
    AWAY,
    'could not decide whether a person may do something',
  ],
  'whether a form may be opened by a button': [
    (dispatch, scene) => dispatch.refusalOfPress({ button: 'bad', ...scene }),
    AWAY,
    'could not decide whether a person may do something',
  ],
  'what a command shows': [
    (dispatch, scene) => dispatch.view({ command: 'model', ...scene }),
    AWAY,
    "could not show a command's output",
  ],
  'whether the bot listens': [
    (dispatch, { place }) => dispatch.hears({ ...place, channel: 'unknown' }),
    false,
    'could not look up a conversation',
  ],
  'the rules of a channel': [
    (dispatch, { place }) => dispatch.channelRules({ ...place, channel: 'unknown' }),
    { hearsAll: false, inThread: null },
    'could not read the settings of a channel',
  ],
  'models to choose from': [
    (dispatch, scene) => dispatch.suggest({ command: 'ask', option: 'model', text: '', ...scene }),
    [],
    'could not make suggestions',
  ],
  'to greet a new place': [
    (dispatch, { place }) => dispatch.joined(joining(place.guild)),
    undefined,
    'could not read whether the bot is new to a place',
  ],
  'to note that it is connected': [
    (dispatch) => dispatch.alive('discord/0/1'),
    undefined,
    'could not store the time of the last events',
  ],
  'since when it was away': [
    (dispatch) => dispatch.away('discord', 'discord/0/1'),
    null,
    'could not catch up missed messages: the store does not answer',
  ],
  'to keep what was bought': [
    (dispatch, { place }) =>
      dispatch.purchases('discord', new Map([[place.guild, [{ sku: '1', endsAtMs: null }]]]), 'these'),
    undefined,
    "could not store a platform's purchases",
  ],
  'to handle what was missed': [
    (dispatch, { actor, place }) =>
      dispatch.missed([{ message: messageOf('And at night?', { actor, place }), atMs: systemClock.now() }]),
    undefined,
    'could not handle missed messages',
  ],
};

it.each(Object.entries(ASKED))(
  'a platform that asks %s has an answer while the store has none, and the log has the fault',
  async (_, [ask, answer, logged]) => {
    const scene = await begin();
    around = async () => {
      throw new StoreError('disk I/O error');
    };
    expect(await ask(bot.dispatch, scene)).toEqual(answer);
    around = straight;
    const lines = bot.logged().split('\n');
    expect(lines.find((line) => line.includes(logged))).toContain('disk I/O error');
  },
);

it('a person whose missed message is claimed is told that the store failed after that', async () => {
  const { actor, place } = await begin();
  const message = messageOf('And at night?', { actor, place });
  around = async (call, make) => {
    if (call.startsWith('values.get')) throw new StoreError('disk I/O error');
    return make();
  };
  await bot.dispatch.missed([{ message, atMs: systemClock.now() }]);
  expect(message.surface.privateTexts).toEqual([{ text: AWAY }]);
});

/** Deeds of admins that the audit log names. */
const LOGGED: Readonly<Record<string, Deed>> = {
  '/instructions': command('instructions', { text: 'Be brief.', scope: 'guild' }),
  '/persona action:add': command('persona', { action: 'add', name: 'Cook', instructions: 'Talk like one.' }),
  '/persona action:remove': command('persona', { action: 'remove', name: 'Pirate' }),
  '/persona action:use': command('persona', { action: 'use', name: 'Pirate', scope: 'channel' }),
  '/channel': command('channel', { mention: 'not-needed', show: 'whole' }),
  '/model': command('model', { model: 'gemini-2.0-flash-001:free', scope: 'channel' }),
  '/model fallback': command('model', { fallback: 'gemini-2.0-flash-001:free' }),
  '/context': command('context', { threads: 'off' }),
  '/automatic': command('automatic', { what: 'titles', state: 'off' }),
  '/limits': command('limits', { limit: 'requests-per-day', to: '9' }),
  '/access': command('access', { list: 'deny', user: '<@123456789012345678>' }),
  '/tier': command('tier', { action: 'grant', tier: 'premium', reason: 'why not' }),
  '/connect': command('connect', { provider: 'openrouter', key: `sk-or-v1-${'a'.repeat(64)}` }),
  'a pause': async (bot, scene) => {
    await bot.services.pauses.pause(`Back at ${guilds}.`, 'the operator').catch(() => {});
    return invocationOf('help', {}, scene).surface;
  },
};

/** Everything in the store that an admin has set. */
async function settingsOf(of: Store): Promise<string> {
  const found: unknown[] = [];
  for (const namespace of ['settings', 'personas', 'limits', 'guilds', 'keys', 'pause'])
    for await (const key of of.keys(namespace, ''))
      found.push(key, await of.values.get(keyIn(namespace, key)));
  return JSON.stringify(found);
}

it.each(Object.entries(LOGGED))(
  '%s and its entry in the audit log are stored in one step',
  async (_, run) => {
    const setUp = command('persona', { action: 'add', name: 'Pirate', instructions: 'Talk like one.' });
    const entries = async () => (await Array.fromAsync(bot.services.audit.query({}))).length;
    let made = 0;
    for (let failing = 0, calls = 1; calls >= failing; failing++) {
      const scene = await begin();
      await doIt(setUp, scene);
      const before = { settings: await settingsOf(store), entries: await entries() };
      calls = 0;
      around = async (call, make) => {
        if (READS.test(call) || calls++ !== failing) return make();
        throw new StoreError('no room');
      };
      await doIt(run, scene);
      const isSet = (await settingsOf(store)) !== before.settings;
      const isLogged = (await entries()) > before.entries;
      expect({ failing, isLogged }).toEqual({ failing, isLogged: isSet });
      if (isSet) made++;
    }
    expect(made).toBeGreaterThan(0);
  },
);
