import { afterEach, describe, expect, it } from 'vitest';
import type { QuotedPart } from '../../../src/core/ports/parts.ts';
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

/** What the newest request sent as the newest message. */
function asked() {
  return sent().at(-1)?.content;
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
});
