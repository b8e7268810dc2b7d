import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  type TestEvent,
  testActor,
} from '../support/test-bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const thread = { place: { key: 'thread 1' } };

async function run(command: string, options: Record<string, unknown> = {}, event: TestEvent = thread) {
  const invocation = invocationOf(command, options, event);
  await bot.dispatch.command(invocation);
  return invocation.surface.privateTexts.map(({ text }) => text).join('\n');
}

/** The messages of the newest request, without the system's part. */
function sent(): string {
  const messages: { content: string }[] = bot.provider.chats.at(-1)?.body.messages.slice(1);
  return messages.map(({ content }) => content.replace(/\s*\(Today is .*\)$/, '')).join(' | ');
}

async function ask(text: string, answer: string, event: TestEvent = thread) {
  bot.provider.answer(answer);
  const asked = messageOf(text, event);
  await bot.dispatch.message(asked);
  return asked.surface.shown?.buttons[0]?.answerId ?? '';
}

describe('/new', () => {
  it('leaves what was said before out of the next question, and keeps it, with all that was chosen', async () => {
    const first = await ask('One', 'A1');
    await run('instructions', { text: 'Be brief.' });
    expect(await run('new')).toMatch(/starts a new conversation.*not deleted/);
    await ask('Two', 'A2');
    expect(sent()).toBe('Two');
    expect(bot.provider.chats.at(-1)?.body.messages[0].content).toContain('Be brief.');
    await ask('Three', 'A3');
    expect(sent()).toBe('Two | A2 | Three');
    const { turns } = await bot.services.privacy.dataOf('discord:1', 'mia');
    expect(turns.map(({ question }) => question)).toEqual(['One', 'Two', 'Three']);

    // An older answer is retried among those of its time, and stays there.
    bot.provider.answer('A1 again');
    await bot.dispatch.press(pressOf('retry', first, thread));
    expect(sent()).toBe('One');
    await ask('Four', 'A4');
    expect(sent()).toBe('Two | A2 | Three | A3 | Four');
  });

  it('does not bring back the answer that was under way', async () => {
    const live = bot.provider.live();
    const asked = messageOf('Long?', thread);
    const done = bot.dispatch.message(asked);
    await live.request;
    await live.text('A long story');
    await run('new');
    await live.finish();
    await done;
    await ask('Next', 'A');
    expect(sent()).toBe('Next');
  });

  it('reads nothing of the thread from before it', async () => {
    const anewAtMs = Date.now();
    await run('new');
    bot.provider.answer('A');
    const since: (number | null)[] = [];
    const readThread = async (sinceMs: number | null) => {
      since.push(sinceMs);
      return { messages: [], problem: null };
    };
    await bot.dispatch.message({ ...messageOf('Hi', thread), readThread });
    expect(since).toEqual([expect.toSatisfy((ms) => ms !== null && ms >= anewAtMs)]);
  });

  it('is for who began the conversation and admins, and for places with a conversation', async () => {
    await ask('One', 'A1');
    const ben = { ...thread, actor: testActor('ben') };
    expect(await run('new', {}, ben)).toMatch(/^Only the person who began/);
    await ask('Two', 'A2');
    expect(sent()).toBe('One | A1 | Two');
    expect(await run('new', {}, {})).toMatch(/^Each question in a channel starts/);
    expect(await run('new', {}, { ...thread, actor: testActor('ada', { isAdmin: true }) })).toMatch(/new/);
    await ask('Three', 'A3');
    expect(sent()).toBe('Three');
  });
});
