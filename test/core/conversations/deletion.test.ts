import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saidIn } from '../../support/said.ts';
import {
  createTestBot,
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

const place = { key: 't' };
const mia = testActor('mia');

async function ask(text: string, answer: string) {
  bot.provider.answer(answer);
  const asked = messageOf(text, { place });
  await bot.dispatch.message(asked);
  return asked;
}

async function retry(asked: Pick<Awaited<ReturnType<typeof ask>>, 'surface'>, answer: string) {
  bot.provider.answer(answer);
  const press = pressOf('retry', asked.surface.shown?.buttons[0]?.answerId ?? '', { place });
  await bot.dispatch.press(press);
  return press;
}

/** Wants the answer on a surface to be deleted; resolves to what the person is told, and which messages went. */
async function remove(of: { surface: ReturnType<typeof testSurface> }, actor = mia, isOwn = true) {
  const surface = testSurface({ isPrivate: true });
  const removed: string[] = [];
  await bot.dispatch.deleteAnswer({
    id: randomUUID(),
    actor,
    place: { guild: actor.guild, channel: 'c1', key: 't' },
    surface,
    message: of.surface.messages.at(-1)?.key ?? '',
    isOwn,
    remove: async (keys) => void removed.push(...keys),
  });
  return { told: surface.privateTexts[0]?.text ?? '', removed };
}

/** The earlier messages that the model gets with the next question. */
async function history() {
  await ask('And?', 'Well.');
  return saidIn(bot.provider.chats.at(-1)?.body).slice(0, -1);
}

describe('deleting an answer', () => {
  it('takes it from the channel and, with its question, from the history', async () => {
    const first = await ask('One?', 'First.');
    await ask('Two?', 'Second.');
    const { told, removed } = await remove(first);
    expect(told).toMatch(/^The answer is deleted/);
    expect(removed).toEqual(first.surface.messages.map(({ key }) => key));
    expect(await history()).toEqual(['Two?', 'Second.']);
  });

  it('waits until it is written to its end', async () => {
    const live = bot.provider.live();
    const asked = messageOf('One?', { place });
    const done = bot.dispatch.message(asked);
    await live.text('First, and');
    await waitUntil(() => expect(asked.surface.messages).toHaveLength(1));
    expect(await remove(asked)).toEqual({
      told: 'This answer is still being written. Stop it first.',
      removed: [],
    });
    await live.finish();
    await done;
    expect((await remove(asked)).told).toMatch(/^The answer is deleted/);
  });

  it('lets the newest answer that stands count again', async () => {
    const first = await ask('One?', 'First.');
    const second = await retry(first, 'Second.');
    const third = await retry(second, 'Third.');
    await remove(second);
    await remove(third);
    expect(await history()).toEqual(['One?', 'First.']);
  });

  it('lets none count again that three others have followed before the newest', async () => {
    const first = await ask('One?', 'First.');
    const second = await retry(first, 'Second.');
    const third = await retry(second, 'Third.');
    const fourth = await retry(third, 'Fourth.');
    const fifth = await retry(fourth, 'Fifth.');
    for (const each of [fifth, fourth, third]) await remove(each);
    expect(await history()).toEqual(['One?', 'Second.']);
    await remove(second);
    expect(await history()).not.toContain('One?');
  });

  it('is for its asker and admins of the same guild, of the bot’s own messages', async () => {
    const asked = await ask('One?', 'First.');
    expect((await remove(asked, testActor('eve'))).told).toMatch(/^Only Mia or an admin can delete/);
    const foreign = testActor('ada', { guild: 'discord:2' });
    expect((await remove(asked, foreign)).told).toMatch(/^Only Mia or an admin can delete/);
    await remove(asked, testActor('ada', { guild: 'discord:2', isAdmin: true }));
    expect(
      (await bot.services.chat.conversationAt({ guild: 'discord:1', channel: 'c1', key: 't' }))?.turns,
    ).toHaveLength(1);
    expect((await remove(asked, mia, false)).told).toMatch(/not one of my answers/);
    const { removed } = await remove(asked, testActor('ada', { isAdmin: true }));
    expect(removed).toHaveLength(1);
    expect(await history()).toEqual([]);
  });

  it('names whoever asked, if the platform named them', async () => {
    const asked = messageOf('One?', { place, actor: { ...mia, name: '' } });
    bot.provider.answer('First.');
    await bot.dispatch.message(asked);
    expect((await remove(asked, testActor('eve'))).told).toBe(
      'Only the person who asked or an admin can delete this answer.',
    );
    const press = pressOf('retry', asked.surface.shown?.buttons[0]?.answerId ?? '', {
      place,
      actor: testActor('eve'),
    });
    await bot.dispatch.press(press);
    expect(press.surface.privateTexts[0]?.text).toMatch(/^Only the person who asked or an admin can /);
  });

  it('by hand on the platform counts when its last message is gone', async () => {
    const asked = await ask('One?', `First. ${'Long. '.repeat(2_000)}`);
    const keys = asked.surface.messages.map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(1);
    for (const [index, key] of keys.entries()) {
      expect(
        (await bot.services.chat.conversationAt({ guild: 'discord:1', channel: 'c1', key: 't' }))?.turns,
      ).toHaveLength(1);
      await bot.dispatch.retract(`discord:${index}`, key);
    }
    expect(await history()).toEqual([]);
  });

  it('by hand leaves alone what is still being written, and messages of others', async () => {
    await bot.dispatch.retract('discord:1', 'a message of somebody');
    const live = bot.provider.live();
    const asked = messageOf('One?', { actor: mia, place: { key: 't' } });
    const done = bot.dispatch.message(asked);
    await live.text('First');
    await waitUntil(() => expect(asked.surface.text).toBe('First'));
    await bot.dispatch.retract('discord:2', asked.surface.messages[0]?.key ?? '');
    await live.finish();
    await done;
    expect(await history()).toEqual(['One?', 'First']);
    expect(bot.logged()).not.toContain('"level":50');
  });

  it('leaves what it cannot delete in the channel, and says so', async () => {
    const asked = await ask('One?', 'First.');
    const surface = testSurface({ isPrivate: true });
    await bot.dispatch.deleteAnswer({
      id: randomUUID(),
      actor: mia,
      place: { guild: mia.guild, channel: 'c1', key: 't' },
      surface,
      message: asked.surface.messages[0]?.key ?? '',
      isOwn: true,
      remove: () => Promise.reject(new Error('missing access')),
    });
    expect(surface.privateTexts[0]?.text).toMatch(/Delete them yourself/);
    expect(await history()).toEqual([]);
  });
});
