import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../../src/commands/index.ts';
import type { Adapter } from '../../../src/core/ports/adapter.ts';
import { openGuild } from '../../support/discord/guild.ts';
import type { SeenMessage } from '../../support/discord/view.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { longAnswer, wordsOf } from '../../support/long-answer.ts';
import { createTestBot, type TestBotOptions } from '../../support/test-bot.ts';
import { openBehind, openBench, QUICK } from './harness.ts';

async function startBot(options: TestBotOptions = {}) {
  let adapter: Adapter | null = null;
  const bot = await createTestBot({
    ...options,
    platform: { platform: 'discord', reopen: async (...lost) => (await adapter?.reopen?.(...lost)) ?? null },
  });
  return {
    ...bot,
    behind(made: Adapter) {
      adapter = made;
    },
  };
}

async function open() {
  // A thread is archived and opened twice in 5 s at most.
  const clock = createFastClock(10);
  const bot = await startBot({ clock });
  onTestFinished(bot.close);
  const bench = await openBehind(bot, { rateLimits: QUICK, clock });
  bot.behind(bench.adapter);
  return bench;
}

const labels = (message: SeenMessage | undefined) => message?.buttons.map(({ label }) => label) ?? [];

/** An answer that grows in a thread which is locked then; its provider goes on to the end. */
async function lockedWhileItGrows(text = 'One two three.') {
  const stage = await open();
  const { discord, provider, ada, channel } = stage;
  const live = provider.live();
  const thread = { id: ada.say(channel, `${discord.botMention} Why?`).id };
  await live.text('One ');
  await discord.until(() => discord.messages(thread).length === 1);
  discord.setThread(thread, { archived: true, locked: true });
  await live.text(text.slice('One '.length));
  await live.finish();
  const told = () => discord.messages(ada.dm).map(({ content }) => content);
  await discord.until(() => told().some((content) => content.includes('locked')), 'the asker is told');
  expect(labels(discord.messages(thread)[0])).toEqual(['Stop']);
  return { ...stage, thread };
}

describe('an answer whose thread is locked while it grows', () => {
  it.each([
    ['opened', { locked: false, archived: false }],
    ['unlocked, and still archived', { locked: false, archived: true }],
  ])('is finished as soon as the thread is %s', async (_, state) => {
    const { discord, thread, provider } = await lockedWhileItGrows();
    discord.setThread(thread, state);
    await discord.until(() => labels(discord.messages(thread)[0]).includes('Retry…'), 'it is finished');
    expect(discord.messages(thread)).toHaveLength(1);
    expect(discord.messages(thread)[0]?.content).toMatch(/^One two three\.\n\n.*The thread was locked/);
    await discord.until(() => discord.isArchived(thread) === state.archived);
    expect(provider.chats).toHaveLength(1);
    expect(discord.violations).toEqual([]);
  });

  it('is whole where it takes more messages than one', async () => {
    const text = `One ${longAnswer(600)}`;
    const { discord, thread } = await lockedWhileItGrows(text);
    discord.setThread(thread, { locked: false, archived: false });
    await discord.until(() => labels(discord.messages(thread).at(-1)).includes('Retry…'));
    const shown = discord.messages(thread).map(({ content }) => content.replace(/\n\n(?:ℹ️|-#)[\s\S]*$/, ''));
    expect(wordsOf(shown.join('\n'))).toEqual(wordsOf(text));
    expect(discord.violations).toEqual([]);
  });

  it('is finished after a restart, by one of two processes: not while it is locked, but where it was opened meanwhile', async () => {
    const { discord, adapter, store, provider, thread, startBot: connect } = await lockedWhileItGrows();
    await adapter.stop();
    const processes = [];
    for (let process = 0; process < 2; process++) {
      if (process === 1) discord.setThread(thread, { locked: false, archived: true });
      const bot = await startBot({ store, provider });
      onTestFinished(bot.close);
      bot.behind(await connect({ dispatch: bot.dispatch, limiters: bot.limiters, commands }));
      processes.push(bot);
    }
    await discord.until(() => labels(discord.messages(thread)[0]).includes('Retry…'), 'it is finished');
    expect(discord.messages(thread)).toHaveLength(1);
    expect(discord.violations).toEqual([]);
  });

  it('is not finished where it was forgotten meanwhile', async () => {
    const { discord, thread, services, guild, ada } = await lockedWhileItGrows();
    await services.privacy.forgetPerson(`discord:${guild.id}`, ada.id);
    const before = discord.messages(thread)[0]?.content;
    discord.setThread(thread, { locked: false, archived: false });
    const next = ada.say(thread, `${discord.botMention} still there?`);
    await discord.until(() =>
      discord.messages(thread).some(({ id, buttons }) => id > next.id && buttons.length > 0),
    );
    expect(discord.messages(thread)[0]?.content).toBe(before);
  });
});

describe('an answer whose thread is locked before it begins', () => {
  it('is kept, and posted as soon as the thread is unlocked: it was paid for once', async () => {
    const { discord, provider, ada, channel } = await open();
    provider.answer('Hello.');
    const thread = { id: ada.say(channel, `${discord.botMention} Hi!`).id };
    await discord.until(() => labels(discord.messages(thread)[0]).includes('Retry…'));
    const live = provider.live();
    ada.say(thread, 'Why?');
    await live.request;
    discord.setThread(thread, { archived: true, locked: true });
    await live.text('Because.');
    await live.finish();
    const told = () => discord.messages(ada.dm).map(({ content }) => content);
    await discord.until(
      () => told().some((content) => content.includes('I will finish it')),
      'the asker is told',
    );
    expect(discord.messages(thread)).toHaveLength(2);
    discord.setThread(thread, { archived: false, locked: false });
    await discord.until(() => labels(discord.messages(thread)[2]).includes('Retry…'), 'it is posted');
    expect(discord.messages(thread)[2]?.content).toMatch(/^Because\.\n\n.*The thread was locked/);
    expect(discord.messages(thread)).toHaveLength(3);
    expect(provider.chats).toHaveLength(2);
    expect(discord.violations).toEqual([]);
  });
});

describe('a question in a thread that is locked already', () => {
  it('costs nothing, and its asker learns why', async () => {
    const { discord, provider, ada, channel } = await open();
    const thread = discord.openThread(channel, ada, 'Talk');
    discord.setThread(thread, { locked: true });
    ada.say(thread, `${discord.botMention} Why?`);
    const told = () => discord.messages(ada.dm).map(({ content }) => content);
    await discord.until(() => told().length === 1, 'the asker is told');
    expect(told()[0]).toContain('This thread is locked, so I cannot answer in it.');
    expect(provider.chats).toEqual([]);
    provider.answer('Because.');
    discord.setThread(thread, { locked: false });
    ada.say(thread, `${discord.botMention} And now?`);
    await discord.until(() => labels(discord.messages(thread).at(-1)).includes('Retry…'));
    expect(discord.violations).toEqual([]);
  });
});

describe('where the bot may not write on Discord', () => {
  it('no model is asked, and the asker learns which permission is missing', async () => {
    const { discord, provider, ada, guild } = await open();
    const channel = guild.channel({ denyBot: ['SendMessages', 'SendMessagesInThreads'] });
    ada.say(channel, `${discord.botMention} Why?`);
    await discord.until(() => discord.messages(ada.dm).length === 1);
    expect(discord.messages(ada.dm)[0]?.content).toContain('I am missing **Send Messages**.');
    expect(provider.chats).toEqual([]);
  });

  it('the first refusal ends the request, and the next question there costs nothing', async () => {
    const { discord, provider, ada, bob, channel } = await open();
    discord.faults.add('POST', /messages$/, { kind: 'refuse', error: 'missingPermissions' });
    const live = provider.live();
    ada.say(channel, `${discord.botMention} Why?`);
    await live.text('Because');
    expect(await (await live.request).closed).toBe('aborted');
    const told = (person: typeof ada) => discord.messages(person.dm).map(({ content }) => content);
    await discord.until(() => told(ada).length === 1, 'the asker is told');
    expect(told(ada)[0]).toContain('Discord does not let me write there');
    bob.say(channel, `${discord.botMention} And why not?`);
    await discord.until(() => told(bob).length === 1, 'the next one is told');
    expect(provider.chats).toHaveLength(1);
    expect(discord.violations).toEqual([]);
  });
});

it('core is told of threads that open or are unlocked, and of none that is locked', async () => {
  const { discord, recorded, close } = await openBench();
  onTestFinished(close);
  const { ada, channel } = openGuild(discord);
  const unlocked: (string | null)[] = [];
  Object.assign(recorded, { unlocked: (_: string, id: string | null) => unlocked.push(id) });
  const first = discord.openThread(channel, ada, 'first');
  const second = discord.openThread(channel, ada, 'second');
  discord.setThread(first, { archived: true, locked: true });
  discord.setThread(second, { archived: true, locked: false });
  await discord.until(() => unlocked.includes(second.id));
  expect(unlocked).not.toContain(first.id);
  discord.setThread(first, { archived: true, locked: false });
  await discord.until(() => unlocked.includes(first.id));
});
