import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConversations } from '../../../src/core/conversations/conversations.ts';
import { createListening, LISTENING_NOTE } from '../../../src/core/conversations/listening.ts';
import type { Place } from '../../../src/core/ports/events.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
  testSurface,
} from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const key = 'a thread of people';
const place: Partial<Place> = { key };
const inThread = (isPrivate = false) => ({ place, surface: testSurface({ isOverheard: true, isPrivate }) });

/** Somebody writes something in the thread that mentions nobody; resolves to what was answered. */
async function say(text: string): Promise<string> {
  bot.provider.answer(`To ${text}`);
  const said = messageOf(text, { ...inThread(), addressed: false });
  await bot.dispatch.message(said);
  return said.surface.text;
}

async function mention(text: string, user = 'mia') {
  bot.provider.answer(`To ${text}`);
  const said = messageOf(text, { ...inThread(), actor: testActor(user) });
  await bot.dispatch.message(said);
  return said.surface;
}

async function run(command: string, options: Record<string, unknown>, isPrivate = true) {
  const invocation = invocationOf(command, options, inThread(isPrivate));
  await bot.dispatch.command(invocation);
  return invocation.surface;
}

const hears = () => bot.dispatch.hears({ guild: 'discord:1', channel: 'c1', key });

describe('in a thread of people, the bot does not listen after', () => {
  it('a private /model', async () => {
    await run('model', { model: 'google/gemini-2.0-flash-001:free' });
    expect(await say('My password is hunter2')).toBe('');
    expect(bot.provider.chats).toHaveLength(0);
  });

  it('an /ask that was refused', async () => {
    const { privateTexts } = await run('ask', { prompt: 'Why?', model: 'openai/gpt-4o' }, false);
    expect(privateTexts).toHaveLength(1);
    expect(await say('My password is hunter2')).toBe('');
    expect(bot.provider.chats).toHaveLength(0);
  });

  it('a mention that was refused', async () => {
    const refusing = await createTestBot({ defaultModel: 'openai/gpt-4o', keys: [] });
    const asked = messageOf('Why?', inThread());
    await refusing.dispatch.message(asked);
    expect(asked.surface.messages).toEqual([]);
    expect(await refusing.dispatch.hears({ guild: 'discord:1', channel: 'c1', key })).toBe(false);
    await refusing.close();
  });

  it('a private /ask', async () => {
    bot.provider.answer('Because.');
    expect((await run('ask', { prompt: 'Why?', private: true })).text).toBe('Because.');
    expect(await say('My password is hunter2')).toBe('');
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('a look at /listen, or /stop', async () => {
    await run('listen', {});
    await run('stop', {});
    expect(await say('My password is hunter2')).toBe('');
  });
});

describe('the bot listens', () => {
  it('after a public /ask, whose answer says so and carries a button against it', async () => {
    bot.provider.answer('Because.');
    const { shown } = await run('ask', { prompt: 'Why?' }, false);
    expect(shown).toMatchObject({ text: 'Because.', note: LISTENING_NOTE });
    expect(shown?.buttons.map(({ kind }) => kind)).toContain('unlisten');
    expect(await say('And?')).toBe('To And?');
  });

  it('after a mention, and says so once, also after a restart', async () => {
    expect((await mention('Why?')).shown?.note).toBe(LISTENING_NOTE);
    const second = await mention('And?', 'ben');
    expect(second.shown?.note).toBeNull();
    expect(second.shown?.buttons.map(({ kind }) => kind)).not.toContain('unlisten');
    const next = await createTestBot({ store: bot.store, provider: bot.provider });
    bot.provider.answer('More.');
    const said = messageOf('More?', { ...inThread(), addressed: false });
    await next.dispatch.message(said);
    expect(said.surface.shown).toMatchObject({ text: 'More.', note: null });
    await next.close();
  });

  it('while the first answer is being written', async () => {
    const live = bot.provider.live();
    const first = bot.dispatch.message(messageOf('One?', inThread()));
    await live.request;
    bot.provider.answer('Two.');
    const second = messageOf('Two?', { ...inThread(), addressed: false });
    const done = bot.dispatch.message(second);
    await waitUntil(() => expect(second.surface.activities).toContain('queued'));
    await live.text('One.');
    await live.finish();
    await Promise.all([first, done]);
    expect(second.surface.text).toBe('Two.');
  });

  it('where it answered before such places were kept', async () => {
    bot.provider.answer('Old.');
    await bot.dispatch.message(messageOf('Old?', { place }));
    expect(await say('And?')).toBe('To And?');
  });

  it('never in direct messages’ words, where it hears everything anyway', async () => {
    bot.provider.answer('Because.');
    const direct = messageOf('Why?', { place: { key: 'dm' } });
    await bot.dispatch.message(direct);
    expect(direct.surface.shown?.note).toBeNull();
  });
});

describe('listening ends', () => {
  it('by the button, for anybody, and a mention does not begin it again', async () => {
    const surface = await mention('Why?');
    const answerId = surface.shown?.buttons.find(({ kind }) => kind === 'unlisten')?.answerId ?? '';
    const press = pressOf('unlisten', answerId, { ...inThread(), actor: testActor('ben') });
    await bot.dispatch.press(press);
    expect(press.surface.privateTexts[0]?.text).toMatch(/^I no longer listen in this thread/);
    expect(await say('Lunch?')).toBe('');
    const again = await mention('Why?');
    expect(again.shown).toMatchObject({ text: expect.stringMatching(/^To /), note: null });
    expect(await hears()).toBe(false);
  });

  it('by no button of another guild', async () => {
    const surface = await mention('Why?');
    const { answerId = '' } = surface.shown?.buttons[0] ?? {};
    const stranger = { ...inThread(), actor: testActor('eve', { guild: 'discord:2' }) };
    await bot.dispatch.press(pressOf('unlisten', answerId, stranger));
    expect(await hears()).toBe(true);
  });

  it('by /listen, and begins by it: then the next answer says so', async () => {
    await mention('Why?');
    expect((await run('listen', { state: 'off' })).privateTexts[0]?.text).toMatch(
      /only messages that mention me/,
    );
    expect(await say('Lunch?')).toBe('');
    expect((await run('listen', {})).privateTexts[0]?.text).toMatch(/only messages that mention me/);
    await run('listen', { state: 'on' });
    const said = messageOf('And?', { ...inThread(), addressed: false });
    bot.provider.answer('And.');
    await bot.dispatch.message(said);
    expect(said.surface.shown?.note).toBe(LISTENING_NOTE);
  });

  it('by /listen for good: no new conversation in the thread begins it again', async () => {
    await mention('Why?');
    await run('listen', { state: 'off' });
    await run('forget', {});
    expect((await mention('And?')).shown?.note).toBeNull();
    expect(await hears()).toBe(false);
  });

  it('in no place where there is nothing to listen to', async () => {
    const direct = invocationOf('listen', { state: 'off' }, { place: { key: 'dm' } });
    await bot.dispatch.command(direct);
    expect(direct.surface.privateTexts[0]?.text).toMatch(/works in threads only/);
  });

  it.each([
    ['this conversation', {}],
    ['everything of the guild', { what: 'guild', sure: 'yes' }],
  ])('with /forget of %s, until somebody mentions the bot again', async (_, options) => {
    await mention('Why?');
    const forget = invocationOf('forget', options, {
      ...inThread(true),
      actor: testActor('ada', { isAdmin: true }),
    });
    await bot.dispatch.command(forget);
    expect(await say('My password is hunter2')).toBe('');
    await run('model', { model: 'google/gemini-2.0-flash-001:free' });
    expect(await say('My password is hunter2')).toBe('');
    expect((await mention('And?')).shown?.note).toBe(LISTENING_NOTE);
    expect(await hears()).toBe(true);
  });
});

describe('Continue in thread', () => {
  it('is for the asker and admins, and for no private answer', async () => {
    bot.provider.answer('Because.');
    const asked = invocationOf('ask', { prompt: 'Why?' });
    await bot.dispatch.command(asked);
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    const other = pressOf('continue', answerId, { actor: testActor('ben') });
    await bot.dispatch.press(other);
    expect(other.surface.privateTexts[0]?.text).toBe('Only Mia or an admin can continue this answer.');

    bot.provider.answer('A secret.');
    const hidden = invocationOf(
      'ask',
      { prompt: 'Hush?', private: true },
      { surface: testSurface({ isPrivate: true }) },
    );
    await bot.dispatch.command(hidden);
    expect(hidden.surface.shown?.buttons.map(({ kind }) => kind)).not.toContain('continue');
    expect(asked.surface.shown?.buttons.map(({ kind }) => kind)).toContain('continue');
    const forged = pressOf('continue', hidden.surface.shown?.buttons[0]?.answerId ?? '');
    await bot.dispatch.press(forged);
    expect(forged.surface.privateTexts[0]?.text).toMatch(/^This answer is private/);
  });
});

describe('what is kept of a place where the bot listens', () => {
  async function begin() {
    const clock = createFakeClock();
    const conversations = createConversations(bot.store, 86_400_000);
    const { id } = await conversations.openConversation('discord:1', key);
    const listening = createListening(bot.store, conversations, { retentionMs: 86_400_000, clock });
    return { clock, listening, id, conversations };
  }

  it('begins once, is undone where nothing came of it, and is told to people once', async () => {
    const { listening, id } = await begin();
    expect(await listening.hears(key)).toBe(false);
    expect(await listening.isUntold(key, id)).toBe(true);
    expect(await listening.startAt(key, id)).toBe(true);
    expect(await listening.startAt(key, Promise.resolve(id))).toBe(false);
    expect([await listening.hears(key), await listening.isUntold(key, id)]).toEqual([true, true]);
    await listening.withdrawStart(key);
    expect(await listening.hears(key)).toBe(false);
    await listening.startAt(key, id);
    await listening.told(key, id);
    expect(await listening.isUntold(key, id)).toBe(false);
    // Another conversation there is told of again.
    expect(await listening.isUntold(key, 'another')).toBe(true);
    await listening.withdrawStart(key);
    expect(await listening.hears(key)).toBe(true);
  });

  it('stays off for later answers, until somebody switches it on again', async () => {
    const { listening, id } = await begin();
    await listening.set(key, id, 'off');
    expect(await listening.startAt(key, id)).toBe(false);
    await listening.told(key, id);
    expect([await listening.hears(key), await listening.isUntold(key, id)]).toEqual([false, false]);
    await listening.set(key, id, 'on');
    expect([await listening.hears(key), await listening.isUntold(key, id)]).toEqual([true, true]);
  });

  it('hears what comes late by when it was written, give or take two seconds', async () => {
    const { clock, listening, id } = await begin();
    const begunMs = clock.now();
    await listening.startAt(key, id);
    await clock.advance(60_000);
    await listening.told(key, id);
    const hears = (afterMs: number) => listening.hears(key, begunMs + afterMs);
    expect([await hears(0), await hears(-2_000), await hears(-2_001)]).toEqual([true, true, false]);
    // Told of another conversation, it begins then.
    await listening.told(key, 'another');
    expect(await hears(60_000)).toBe(false);
  });

  it('ends with the conversation, and with the place', async () => {
    const { clock, listening, id, conversations } = await begin();
    await listening.startAt(key, id);
    await conversations.forget(id);
    expect(await listening.hears(key)).toBe(false);
    await conversations.openConversation('discord:1', key);
    expect(await listening.hears(key)).toBe(false);
    expect(await listening.hears('elsewhere')).toBe(false);
    expect(clock.pending).toBe(0);
  });
});
