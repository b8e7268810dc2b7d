import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ThreadRead } from '../../src/core/ports/events.ts';
import type { QuotedPart } from '../../src/core/ports/parts.ts';
import { saidIn } from '../support/said.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
  testSurface,
} from '../support/test-bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const place = { channel: 'c1', key: 'discord:c1/t1' };
const said = (name: string, text: string): QuotedPart => ({
  type: 'quoted',
  why: 'thread',
  author: { user: name.toLowerCase(), name },
  text,
  files: [],
});
const thread: ThreadRead = {
  messages: [said('Ada', 'Shall we meet on Monday?'), said('Ben', 'Tuesday is better.')],
  problem: null,
};

async function summarise(read: ThreadRead | null = thread, options = {}) {
  const asked = invocationOf('summarise', options, { place });
  await bot.dispatch.command(read === null ? asked : { ...asked, readThread: async () => read });
  return asked.surface;
}
const told = async (read: ThreadRead | null) => (await summarise(read)).privateTexts[0]?.text;

describe('/summarise', () => {
  it('sends the thread to the model, names what was read, and answers where it was used', async () => {
    bot.provider.answer('Ben would rather meet on Tuesday.');
    const surface = await summarise();
    expect(surface.text).toBe('Ben would rather meet on Tuesday.');
    expect(surface.shown?.footer).toContain('read 2 messages');
    const [asked] = saidIn(bot.provider.chats[0]?.body);
    expect(asked).toMatch(/^Summarise this thread in its own language/);
    expect(asked).toMatch(
      /author="Ada"[^>]*>\nShall we meet on Monday\?\n[\s\S]*author="Ben"[^>]*>\nTuesday is better\./,
    );
  });

  it('reads the thread anew each time, and brings nothing else of what was said with the bot', async () => {
    bot.provider.answer('Hello.');
    bot.provider.answer('Tuesday.');
    bot.provider.answer('Wednesday.');
    await bot.dispatch.message(messageOf('Hi, I am Mia', { place }));
    await summarise();
    await summarise({ ...thread, messages: [...thread.messages, said('Ada', 'Then Wednesday.')] });
    expect(saidIn(bot.provider.chats[2]?.body)).toHaveLength(1);
    expect(saidIn(bot.provider.chats[2]?.body)[0]).toContain('Then Wednesday.');
    expect(JSON.stringify(bot.provider.chats[2]?.body)).not.toContain('I am Mia');
  });

  it('is asked about first where it was missed, and then summarises what the thread was', async () => {
    bot.provider.answer('Hello.');
    await bot.dispatch.message(messageOf('Hi, I am Mia', { place }));
    const asked = invocationOf('summarise', {}, { place });
    const writtenAtMs = Date.now() - 11 * 60_000;
    await bot.dispatch.command({ ...asked, readThread: async () => thread, writtenAtMs });
    expect(bot.provider.chats).toHaveLength(1);
    expect(asked.surface.shown).toMatchObject({
      text: 'I was away when you wrote this. Do you still want an answer?',
      buttons: [{ kind: 'answer' }],
    });
    bot.provider.answer('Tuesday.');
    const press = pressOf('answer', asked.surface.shown?.buttons[0]?.answerId ?? '', { place });
    await bot.dispatch.press(press);
    expect(press.surface.text).toBe('Tuesday.');
    const [question, ...more] = saidIn(bot.provider.chats[1]?.body);
    expect(question).toMatch(
      /^Summarise this thread[\s\S]*Shall we meet on Monday\?[\s\S]*Tuesday is better\./,
    );
    expect(more).toEqual([]);
  });

  it.each([
    ['there is no thread', null, /^There is no thread here to summarise/],
    ['there is nothing in it', { messages: [], problem: null }, /nothing in this thread/],
    ['the bot may not read it', { messages: [], problem: 'I may not read it.' }, /^I may not read it\.$/],
  ])('says so where %s, and asks no model', async (_, read, words) => {
    expect(await told(read)).toMatch(words);
    expect(bot.provider.chats).toEqual([]);
  });

  it.each([
    ['a long thread', 10, {}, true],
    ['a short one', 9, {}, false],
    ['an answer that others do not see', 10, { isPrivate: true }, false],
  ])('has a button under the first answer in %s: %s messages', async (_, count, surface, isThere) => {
    bot.provider.answer('Yes.');
    const messages = Array.from({ length: count }, (_, index) => said('Ada', `Message ${index}`));
    const asked = messageOf('Is it?', { place, surface: testSurface(surface) });
    await bot.dispatch.message({ ...asked, readThread: async () => ({ messages, problem: null }) });
    const kinds = asked.surface.shown?.buttons.map(({ kind }) => kind);
    expect(kinds?.includes('summary')).toBe(isThere);
  });

  it('has the button as a thread with the bot grows long', async () => {
    const kinds: boolean[] = [];
    const read = { messages: Array.from({ length: 4 }, () => said('Ada', 'So?')), problem: null };
    for (let turn = 0; turn < 4; turn++) {
      bot.provider.answer('Yes.');
      const asked = { ...messageOf('Is it?', { place }), readThread: async () => read };
      await bot.dispatch.message(asked);
      kinds.push(asked.surface.shown?.buttons.some(({ kind }) => kind === 'summary') ?? false);
    }
    expect(kinds).toEqual([false, false, false, true]);
  });

  it('has no button where an admin switched the reading of threads off', async () => {
    const actor = testActor('ada', { isAdmin: true });
    await bot.dispatch.command(invocationOf('context', { threads: 'off', scope: 'guild' }, { place, actor }));
    bot.provider.answer('Yes.');
    const messages = Array.from({ length: 20 }, () => said('Ada', 'So?'));
    const asked = messageOf('Is it?', { place });
    await bot.dispatch.message({ ...asked, readThread: async () => ({ messages, problem: null }) });
    expect(asked.surface.shown?.buttons.map(({ kind }) => kind)).toEqual([
      'retry',
      'continue',
      'good',
      'bad',
    ]);
  });

  it('reads no thread in a channel that is closed, for admins neither', async () => {
    const actor = testActor('ada', { isAdmin: true });
    await bot.dispatch.command(invocationOf('access', { list: 'deny', channel: true }, { place, actor }));
    const asked = invocationOf('summarise', {}, { place, actor });
    let isRead = false;
    const readThread = async () => {
      isRead = true;
      return thread;
    };
    await bot.dispatch.command({ ...asked, readThread });
    expect(asked.surface.privateTexts[0]?.text).toMatch(/switched me off in this channel/);
    expect(isRead).toBe(false);
  });

  it('reads no thread where an admin switched that off', async () => {
    const actor = testActor('ada', { isAdmin: true });
    await bot.dispatch.command(invocationOf('context', { threads: 'off', scope: 'guild' }, { place, actor }));
    expect(await told(thread)).toMatch(/an admin switched it off/);
    expect(bot.provider.chats).toEqual([]);
  });
});
