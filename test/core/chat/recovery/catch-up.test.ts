import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCatchUp } from '../../../../src/core/chat/recovery/catch-up.ts';
import { systemClock } from '../../../../src/core/kit/time/clock.ts';
import type { MissedMessage } from '../../../../src/core/ports/events.ts';
import type { QuotedPart } from '../../../../src/core/ports/parts.ts';
import { StoreError } from '../../../../src/core/ports/store.ts';
import { openStore } from '../../../../src/store/open-store.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { withoutDay } from '../../../support/said.ts';
import { tapStore } from '../../../support/tapped-store.ts';
import {
  createTestBot,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
  testSurface,
} from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function missed(text: string, user: string, event: Parameters<typeof messageOf>[1] = {}, agoMs = MINUTE_MS) {
  const surface = testSurface({ isOverheard: true });
  const message = messageOf(text, { actor: testActor(user), place: { key: 'thread' }, surface, ...event });
  return { message, atMs: systemClock.now() - agoMs } satisfies MissedMessage;
}

const asked = () => bot.provider.chats.map(({ body }) => withoutDay(body.messages.at(-1)?.content));

describe('what people wrote while the bot was away', () => {
  it('is one question for each place, with the names of those who wrote it', async () => {
    bot.provider.answer('One.');
    bot.provider.answer('Two.');
    const dm = { place: { key: 'dm' } };
    await bot.dispatch.missed([
      missed('What is it?', 'mia'),
      missed('I mean the sky.', 'ben'),
      missed('Hello?', 'eve', dm),
      missed('Are you there?', 'eve', dm),
    ]);
    expect(asked().toSorted()).toEqual(['Hello?\nAre you there?', 'Mia: What is it?\nBen: I mean the sky.']);
    const lines = bot.logged().split('\n');
    expect(lines.filter((line) => line.includes('"missed":2,'))).toHaveLength(2);
  });

  it('is answered once, by one of two processes, whatever comes by itself as well', async () => {
    const other = await createTestBot({ store: bot.store, provider: bot.provider });
    for (let count = 0; count < 30; count++) bot.provider.answer('Yes.');
    const found = Array.from({ length: 20 }, (_, index) =>
      missed(`Question ${index}?`, `p${index}`, { id: `event ${index}`, place: { key: `place ${index}` } }),
    );
    await Promise.all([
      bot.dispatch.missed(found),
      other.dispatch.missed(found),
      ...found.map(({ message }) => other.dispatch.message(message)),
    ]);
    await bot.dispatch.missed(found);
    expect(asked().toSorted()).toEqual(found.map((_, index) => `Question ${index}?`).toSorted());
    await other.close();
  });

  it('is not the word that was written for the setup, nor is that when a bot runs beside it', async () => {
    bot.provider.answer('Yes.');
    await bot.dispatch.message(missed('parley-123456', 'mia').message);
    await bot.dispatch.missed([missed('parley-123456', 'mia'), missed('What is parley-123456?', 'mia')]);
    expect(asked()).toEqual(['What is parley-123456?']);
  });

  it('is not what was seen already, before the bot listened there', async () => {
    bot.provider.answer('One.');
    bot.provider.answer('Two.');
    const chatter = missed('Lunch?', 'ben', { addressed: false });
    const mention = missed('What is it?', 'mia');
    await bot.dispatch.message(chatter.message);
    await bot.dispatch.message(mention.message);
    await bot.dispatch.missed([chatter, mention, missed('And?', 'mia', { addressed: false }, 0)]);
    expect(asked()).toEqual(['What is it?', 'And?']);
  });

  it.each([
    ['is answered', 'a second', 1_000, 2],
    ['is left alone', 'a minute', MINUTE_MS, 1],
  ])(
    '%s if the platform dates it %s before the bot began to listen, because clocks differ',
    async (_, _by, earlierMs, answers) => {
      for (let count = 0; count < answers; count++) bot.provider.answer('Yes.');
      await bot.dispatch.message(missed('Begin.', 'mia').message);
      await bot.dispatch.missed([missed('And?', 'ben', { addressed: false }, earlierMs)]);
      expect(asked()).toHaveLength(answers);
    },
  );

  it.each([
    ['mentions the bot', true],
    ['stands in its thread', false],
  ])(
    'is answered though something newer came by itself before it was read: what %s',
    async (_, addressed) => {
      for (let count = 0; count < 3; count++) bot.provider.answer('Yes.');
      await bot.dispatch.message(missed('Begin.', 'mia').message);
      const newer = missed('And now?', 'ben', {}, 0);
      await bot.dispatch.message(newer.message);
      await bot.dispatch.missed([missed('Why?', 'mia', { addressed }, 0), newer]);
      expect(asked()).toEqual(['Begin.', 'Ben: And now?', 'Mia: Why?']);
    },
  );

  it('is not asked by people whom the guild keeps out: they are told once, and their words reach no model', async () => {
    bot.provider.answer('Yes.');
    const ben = { kind: 'users', id: 'ben' } as const;
    await bot.services.settings.changeAccess({ guild: 'discord:1', ...ben, to: 'deny', by: 'test' });
    const place = { guild: 'discord:1', channel: 'c1', key: 'thread' } as const;
    const found = [
      missed('Is it secret?', 'ben', { place }),
      missed('Tell me!', 'ben', { place }),
      missed('Why?', 'mia', { place }),
      missed('Lunch?', 'ben', { place: { ...place, key: 'old' } }, 30 * MINUTE_MS),
    ];
    await bot.dispatch.missed(found);
    expect(asked()).toEqual(['Why?']);
    const told = found.map(({ message }) => message.surface.privateTexts.map(({ text }) => text));
    expect(told.map(({ length }) => length)).toEqual([1, 0, 0, 1]);
    expect(told[0]?.[0]).toContain('has blocked you from using me');
    expect(found[3]?.message.surface.messages).toEqual([]);
  });

  it('is answered in a channel where every message asks', async () => {
    bot.provider.answer('Yes.');
    const place = { guild: 'discord:1', channel: 'c1', key: null } as const;
    await bot.services.settings.change('channel', { place, conversation: null }, { mention: false });
    await bot.dispatch.missed([missed('Why?', 'mia', { addressed: false })]);
    expect(asked()).toEqual(['Why?']);
  });

  it('is not answered where the asker was told to ask again', async () => {
    const late = missed('Why?', 'mia');
    bot.dispatch.close();
    await bot.dispatch.message(late.message);
    const next = await createTestBot({ store: bot.store, provider: bot.provider });
    await next.dispatch.missed([late]);
    expect(asked()).toEqual([]);
    await next.close();
  });

  it('is left alone where it is for others, or nothing is heard', async () => {
    await bot.dispatch.missed([
      missed('Lunch?', 'ben', { addressed: false }),
      missed('Ann, lunch?', 'ben', { addressed: false, address: { opensWithOther: true } }),
    ]);
    expect(bot.provider.chats).toEqual([]);
    expect(bot.logged()).not.toContain('could not handle missed messages');
  });

  it('is asked about first where it is older than ten minutes, for its asker or an admin', async () => {
    const old = missed('Still there?', 'mia', {}, 11 * MINUTE_MS);
    await bot.dispatch.missed([missed('Hello?', 'mia', {}, 20 * MINUTE_MS), old]);
    expect(bot.provider.chats).toEqual([]);
    const { surface } = old.message as ReturnType<typeof messageOf>;
    expect(surface.shown).toMatchObject({
      text: 'I was away when you wrote this. Do you still want an answer?',
      buttons: [{ kind: 'answer' }],
    });
    const answerId = surface.shown?.buttons[0]?.answerId ?? '';
    const stranger = pressOf('answer', answerId, { actor: testActor('ben') });
    await bot.dispatch.press(stranger);
    expect(stranger.surface.privateTexts[0]?.text).toBe('Only Mia or an admin can ask for this answer.');
    bot.provider.answer('Yes.');
    const press = pressOf('answer', answerId, { place: { key: 'thread' } });
    await bot.dispatch.press(press);
    expect(asked()).toEqual(['Hello?\nStill there?']);
    expect([press.surface.text, press.retired()]).toEqual(['Yes.', 1]);
    const again = pressOf('answer', answerId, { place: { key: 'thread' } });
    await bot.dispatch.press(again);
    expect(again.surface.privateTexts[0]?.text).toMatch(/has expired/);
  });
});

it('an offer stands although the store is away as it is to be connected to its conversation', async () => {
  const store = await openStore('memory:', { clock: systemClock, log: bot.log });
  const broken = await createTestBot({
    store: tapStore(store, ({ kind, namespace }) => {
      if (kind === 'write' && namespace === 'places' && old.message.surface.shown !== null) {
        throw new StoreError('disk I/O error');
      }
    }),
  });
  const old = missed('Still there?', 'mia', {}, 11 * MINUTE_MS);
  try {
    await broken.dispatch.missed([old]);
    await waitUntil(() => broken.logged().includes('could not connect an offer to its conversation'));
  } finally {
    await broken.close();
    await store.close();
  }
});

describe('a mention in a thread that is asked about first', () => {
  const key = `sk-or-v1-${'0123456789abcdef'.repeat(4)}`;
  const quoted = (text: string, user: string): QuotedPart => ({
    type: 'quoted',
    why: 'thread',
    author: { user, name: user },
    text,
    files: [],
  });

  /** Asks in a thread in which this was written; resolves to the place of the offer. */
  async function missedIn(texts: readonly string[], user: string) {
    const old = missed('Who is right?', 'mia', {}, 11 * MINUTE_MS);
    const messages = texts.map((text) => quoted(text, user));
    const readThread = async () => ({ messages, problem: null });
    await bot.dispatch.missed([{ ...old, message: { ...old.message, readThread } }]);
    return (old.message as ReturnType<typeof messageOf>).surface;
  }

  /** Asks in a thread in which Ben wrote this, and presses the button of the offer. */
  async function offered(...texts: readonly string[]) {
    const surface = await missedIn(texts, 'ben');
    const answerId = surface.shown?.buttons[0]?.answerId ?? '';
    bot.provider.answer('Ben.');
    await bot.dispatch.press(pressOf('answer', answerId, { place: { key: 'thread' } }));
    return answerId;
  }

  it('is answered with what others said before it', async () => {
    await offered('The sky is green.');
    expect(asked()).toEqual([expect.stringMatching(/^Who is right\?[\s\S]*The sky is green\./)]);
  });

  it('is not offered if its asker posted a key there, and says so', async () => {
    const { privateTexts, messages } = await missedIn([`Use ${key}.`], 'mia');
    expect(privateTexts).toMatchObject([{ text: expect.stringMatching(/seems to contain a secret key/) }]);
    expect(messages).toEqual([]);
  });

  it('keeps no key that others posted there, and no more of a long thread than is sent', async () => {
    const kept: string[] = [];
    const { write } = bot.store;
    bot.store.write = (changes) => {
      kept.push(JSON.stringify(changes));
      return write(changes);
    };
    await offered('First.', 'x'.repeat(50_000), 'y'.repeat(20_000), `Use ${key}.`);
    expect(kept.join()).toContain('Use ');
    expect(kept.join()).not.toContain(key);
    expect(kept.join()).toContain('First.');
    expect(kept.join()).not.toContain('xxxxx');
  });
});

describe('a stream', () => {
  it('has missed what came since it was last alive, as far back as is wanted', async () => {
    const clock = createFakeClock();
    const one = await createTestBot({ clock, catchUpMs: 60 * MINUTE_MS });
    const off = await createTestBot({ clock, store: one.store, provider: one.provider, catchUpMs: 0 });
    const bots = [one, off];
    expect(await one.dispatch.away('discord', 'discord/0/1')).toBeNull();
    const aliveAtMs = clock.now();
    await one.dispatch.alive('discord/0/1');
    await clock.jump(5 * MINUTE_MS);
    expect(await one.dispatch.away('discord', 'discord/0/1')).toEqual({
      sinceMs: aliveAtMs - MINUTE_MS,
      places: [],
    });
    await clock.jump(500 * MINUTE_MS);
    expect((await one.dispatch.away('discord', 'discord/0/1'))?.sinceMs).toBe(clock.now() - 60 * MINUTE_MS);
    expect(await off.dispatch.away('discord', 'discord/0/1')).toBeNull();
    one.provider.answer('Yes.');
    await off.dispatch.message(messageOf('Hi', { place: { key: 'dm' }, address: { isDirect: true } }));
    expect(await Array.fromAsync(one.store.keys('talked', ''))).toEqual([]);
    for (const each of bots.toReversed()) await each.close();
  });

  it('knows the direct messages and threads in which people talked', async () => {
    for (const key of ['dm', 'thread']) {
      bot.provider.answer('Yes.');
      const surface = testSurface({ isOverheard: key === 'thread' });
      await bot.dispatch.message(
        messageOf('Hi?', { place: { key }, surface, address: { isDirect: key === 'dm' } }),
      );
    }
    await bot.dispatch.alive('s');
    const places = (await bot.dispatch.away('discord', 's'))?.places.map(
      ({ guild, key }) => `${guild} ${key}`,
    );
    expect(places?.toSorted()).toEqual(['discord:1 dm', 'discord:1 thread']);
    expect((await bot.dispatch.away('slack', 's'))?.places).toEqual([]);
  });

  it('looks into the 200 places in which people talked last, to ten minutes', async () => {
    const clock = createFakeClock();
    const store = await openStore('memory:', { clock, log: bot.log });
    const catchUp = createCatchUp(store, { maxAgeMs: DAY_MS, retentionMs: DAY_MS, clock });
    const guild = 'discord:1';
    const places = async () => (await catchUp.away('discord', 's'))?.places.map(({ key }) => key);
    await catchUp.alive('s');
    for (let count = 0; count <= 200; count++) {
      await catchUp.talkedAt({ guild, key: `place ${count}` });
      await clock.advance(1);
    }
    const latest = Array.from({ length: 201 }, (_, index) => `place ${200 - index}`);
    expect(await places()).toEqual(latest.slice(0, 200));
    await clock.advance(9 * MINUTE_MS);
    await catchUp.talkedAt({ guild, key: 'place 0' });
    expect(await places()).toEqual(latest.slice(0, 200));
    await clock.advance(MINUTE_MS);
    await catchUp.talkedAt({ guild, key: 'place 0' });
    expect(await places()).toEqual(['place 0', ...latest.slice(0, 199)]);
    await store.close();
  });
});
