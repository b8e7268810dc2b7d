import { afterEach, describe, expect, it } from 'vitest';
import type { QuotedPart } from '../../../src/core/ports/parts.ts';
import { withoutDay } from '../../support/said.ts';
import { createTestBot, messageOf, pressOf, type TestBot, testActor } from '../../support/test-bot.ts';

let bot: TestBot;
afterEach(() => bot.close());

const quoted: QuotedPart = {
  type: 'quoted',
  why: 'reply',
  author: { user: 'bob', name: 'Bob' },
  text: 'The build is red.',
  files: [],
};

/** The newest message of the newest request. */
function asked() {
  return withoutDay(sent().at(-1)?.content ?? '');
}

function sent(): { readonly content: string }[] {
  return bot.provider.chats.at(-1)?.body.messages ?? [];
}

describe('what comes with a question', () => {
  it('goes to the model as quoted, is stored with the turn, and comes again with Retry', async () => {
    bot = await createTestBot();
    for (const text of ['One.', 'Two.', 'Three.']) bot.provider.answer(text);
    const place = { key: 'thread 1' };
    const question = messageOf('Why?', { place, brought: [quoted] });
    await bot.dispatch.message(question);
    expect(asked()).toBe(
      'Why?\n\n<quoted author="Bob" why="the message that the question replies to">\nThe build is red.\n</quoted>',
    );
    const conversation = await bot.services.chat.conversationAt({ ...question.place, ...place });
    expect(conversation?.turns).toMatchObject([{ question: 'Why?', brought: [quoted] }]);

    const answerId = question.surface.shown?.buttons[0]?.answerId ?? '';
    await bot.dispatch.press(pressOf('retry', answerId, { place }));
    expect(asked()).toContain('The build is red.');

    await bot.dispatch.message(messageOf('And now?', { place }));
    expect(sent()[1]?.content).toContain('The build is red.');
  });

  it('is a question without a word', async () => {
    bot = await createTestBot();
    for (const text of ['One.', 'Two.', 'Three.']) bot.provider.answer(text);
    await bot.dispatch.message(messageOf('', { brought: [quoted], actor: testActor('mia') }));
    expect(asked()).toMatch(/^<quoted /);
  });

  it('goes from conversations and buttons when its author is forgotten, and is in what they export', async () => {
    bot = await createTestBot();
    bot.provider.answer('One.');
    const place = { key: 'thread 1' };
    const question = messageOf('Why?', { place, brought: [quoted] });
    await bot.dispatch.message(question);
    const { privacy, chat } = bot.services;
    expect((await privacy.dataOf('discord:1', 'bob')).quotes).toMatchObject([{ text: 'The build is red.' }]);
    await privacy.forgetPerson('discord:1', 'bob');
    expect((await privacy.dataOf('discord:1', 'bob')).quotes).toEqual([]);
    const conversation = await chat.conversationAt({ ...question.place, ...place });
    expect(conversation?.turns).toMatchObject([{ question: 'Why?', brought: [] }]);
    bot.provider.answer('Two.');
    const answerId = question.surface.shown?.buttons[0]?.answerId ?? '';
    await bot.dispatch.press(pressOf('retry', answerId, { place }));
    expect(asked()).toBe('Why?');
  });

  it('goes on without the keys that others posted in the thread; one of the asker’s is refused', async () => {
    const key = 'sk-or-v1-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF';
    bot = await createTestBot();
    const thread = (user: string) => async () => ({
      messages: [
        { ...quoted, why: 'thread' as const, text: `take ${key} then`, author: { user, name: user } },
      ],
      problem: null,
    });
    const other = { ...messageOf('Well?', { place: { key: 't1' } }), readThread: thread('bob') };
    await bot.dispatch.message(other);
    expect(asked()).toContain('take [a secret key was left out here] then');
    const own = messageOf('Well?', { place: { key: 't2' } });
    await bot.dispatch.message({ ...own, readThread: thread(own.actor.user) });
    expect(bot.provider.chats).toHaveLength(1);
    expect(own.surface.privateTexts[0]?.text).toContain('revoke the key');
  });

  it('is the thread of a first question, bounded, unless admins switched that off', async () => {
    bot = await createTestBot();
    const said = (text: string): QuotedPart => ({ ...quoted, why: 'thread', text });
    const readThread = async () => ({
      messages: ['starter', ...Array.from({ length: 100 }, (_, n) => `${'x'.repeat(900)} ${n}`)].map(said),
      problem: 'I may not read all.',
    });
    for (const key of ['t1', 't2', 't3']) bot.provider.answer(`In ${key}.`);
    const first = { ...messageOf('Well?', { place: { key: 't1' } }), readThread };
    await bot.dispatch.message(first);
    expect(asked()).toMatch(/starter[\s\S]*xxx 99\n/);
    expect(asked()).not.toContain('x 1\n');
    expect(first.surface.shown).toMatchObject({
      footer: expect.stringMatching(/read \d\d messages$/),
      note: 'I may not read all.',
    });

    // In the conversation it stands already, and the problem is known.
    const second = { ...messageOf('And?', { place: { key: 't1' } }), readThread };
    await bot.dispatch.message(second);
    expect(asked()).toBe('And?');

    await bot.services.settings.change(
      'channel',
      { place: first.place, conversation: null },
      { context: false },
    );
    await bot.dispatch.message({ ...messageOf('Well?', { place: { key: 't3' } }), readThread });
    expect(asked()).toBe('Well?');
  });

  it('is what others said since, where the bot did not hear it; nothing of a question before that', async () => {
    bot = await createTestBot();
    for (const text of ['One.', 'Two.', 'Three.', 'Four.']) bot.provider.answer(text);
    const asked = messageOf('Well?', { place: { key: 't1' } });
    const read: (number | null)[] = [];
    const mention = (words: string) => {
      const question = messageOf(words, { place: { key: 't1' } });
      return bot.dispatch.message({
        ...question,
        async readThread(sinceMs) {
          read.push(sinceMs);
          return { messages: [{ ...quoted, why: 'thread', text: `Before ${words}` }], problem: null };
        },
      });
    };
    const turns = async () => (await bot.services.chat.conversationAt(asked.place))?.turns ?? [];
    await mention('one');
    // It listens, so that it knows all of it.
    await mention('two');
    await bot.services.chat.setListening(asked.place, 'off');
    const [, second] = await turns();
    await mention('three');
    expect(read).toEqual([null, second?.askedAtMs]);
    expect(sent().at(-1)?.content).toContain('Before three');
    expect((await turns()).at(-1)?.brought).toMatchObject([{ text: 'Before three' }]);
    await bot.services.settings.change(
      'channel',
      { place: asked.place, conversation: null },
      { context: false },
    );
    await mention('four');
    expect(read).toHaveLength(2);
  });
});
