import { describe, expect, it, onTestFinished } from 'vitest';
import type { SeenMessage } from '../../support/discord/view.ts';
import { longAnswer, wordsOf } from '../../support/long-answer.ts';
import { saidIn } from '../../support/said.ts';
import { createTestBot } from '../../support/test-bot.ts';
import { openBehind, QUICK } from './harness.ts';

async function open() {
  const bot = await createTestBot({ defaultTier: 'premium' });
  onTestFinished(bot.close);
  const bench = await openBehind(bot, { rateLimits: QUICK });
  const { discord, ada } = bench;
  const mention = discord.botMention;
  const ended = () => discord.messages(ada.dm).filter((message) => labels(message).includes('Retry…'));
  const readsLast = async () => {
    const { turns = [] } = (await bot.services.chat.conversationAt(dmOf(ada.id, ada.dm.id))) ?? {};
    return turns.map(({ question, answer }) => [question, answer]);
  };
  return { ...bench, mention, ended, readsLast };
}

const dmOf = (user: string, channel: string) =>
  ({ guild: `discord:dm:${user}`, channel, key: channel }) as const;
const labels = (message: SeenMessage | null | undefined) => message?.buttons.map(({ label }) => label) ?? [];
const textOf = (message: SeenMessage | undefined) => message?.content.split('\n\n')[0];

describe('a question on Discord that is edited', () => {
  it('while its answer grows is answered anew in the same message, as one turn, and the first request is settled', async () => {
    const { discord, provider, ledger, ada, ended, readsLast } = await open();
    const first = provider.live();
    const question = ada.say(ada.dm, 'What is the capital of Austria?');
    await first.text('Vienna, which');
    await discord.until(() => labels(discord.messages(ada.dm)[1]).includes('Stop'));
    provider.answer('Canberra.');
    ada.edit(question, 'What is the capital of Australia?');
    expect(await (await first.request).closed).toBe('aborted');
    await discord.until(() => textOf(ended().at(-1)) === 'Canberra.', 'it is answered anew');
    expect(discord.messages(ada.dm)).toHaveLength(2);
    expect(saidIn(provider.chats[1]?.body)).toEqual(['What is the capital of Australia?']);
    expect(await readsLast()).toEqual([['What is the capital of Australia?', 'Canberra.']]);
    expect(await ledger.openReservations({ guild: `discord:dm:${ada.id}` })).toEqual([]);
    expect(discord.violations).toEqual([]);
  });

  it('once more while the second answer grows is answered as it reads then', async () => {
    const { discord, provider, ada, ended, readsLast } = await open();
    const [first, second] = [provider.live(), provider.live()];
    const question = ada.say(ada.dm, 'one');
    await first.text('First');
    await discord.until(() => labels(discord.messages(ada.dm)[1]).includes('Stop'));
    ada.edit(question, 'two');
    await second.text('Second');
    await discord.until(() => discord.messages(ada.dm)[1]?.content === 'Second');
    provider.answer('Third.');
    ada.edit(question, 'three');
    await discord.until(() => textOf(ended().at(-1)) === 'Third.');
    expect(discord.messages(ada.dm)).toHaveLength(2);
    expect(await readsLast()).toEqual([['three', 'Third.']]);
  });

  it('is answered below where the first answer had filled a message, which keeps no buttons', async () => {
    const { discord, provider, ada, ended } = await open();
    const first = provider.live();
    const question = ada.say(ada.dm, 'Tell me all');
    const text = longAnswer(500);
    await first.text(text);
    await discord.until(() => discord.messages(ada.dm).length > 2, 'there are two messages');
    const before = discord.messages(ada.dm).length;
    provider.answer('In short: no.');
    ada.edit(question, 'Tell me in short');
    await discord.until(() => textOf(ended().at(-1)) === 'In short: no.');
    const messages = discord.messages(ada.dm);
    expect(messages).toHaveLength(before + 1);
    await discord.until(() => ended().length === 1, 'the old answer has no buttons');
    expect(
      wordsOf(
        messages
          .slice(1, -1)
          .map(({ content }) => content)
          .join('\n'),
      ),
    ).toEqual(expect.arrayContaining(wordsOf(text).slice(0, 200)));
  });

  it('keeps its thread, where the answer was to open one', async () => {
    const { discord, provider, ada, channel, mention } = await open();
    const first = provider.live();
    const question = ada.say(channel, `${mention} what is 1 + 1?`);
    await first.text('It is');
    const thread = () => discord.threads(channel)[0] ?? expect.fail('there is no thread');
    await discord.until(
      () => discord.threads(channel).length === 1 && discord.messages(thread()).length === 1,
    );
    provider.answer('Three.');
    ada.edit(question, `${mention} what is 1 + 2?`);
    await discord.until(() => labels(discord.messages(thread()).at(-1)).includes('Retry…'));
    await discord.until(() => textOf(discord.messages(thread()).at(-1)) === 'Three.');
    expect(discord.messages(thread())).toHaveLength(1);
    expect(discord.messages(channel)).toHaveLength(1);
    expect(discord.violations).toEqual([]);
  });

  it('after its answer has ended is asked by a button alone, once', async () => {
    const { discord, provider, ada, ended, readsLast } = await open();
    provider.answer('Vienna.');
    const question = ada.say(ada.dm, 'What is the capital of Austria?');
    await discord.until(() => ended().length === 1);
    ada.preview(question);
    ada.edit(question, 'What is the capital of Australia?');
    await discord.until(() => labels(ended()[0]).includes('Answer the edited question'));
    ada.preview(question);
    ada.edit(question, 'And what is the capital of Australia?');
    expect(textOf(ended()[0])).toBe('Vienna.');
    expect(labels(ended()[0]).slice(0, 2)).toEqual(['Retry…', 'Answer the edited question']);
    expect(labels(ended()[0]).filter((label) => label === 'Answer the edited question')).toHaveLength(1);
    expect(provider.chats).toHaveLength(1);
    provider.answer('Canberra.');
    const [answer] = ended();
    if (answer) ada.click(answer, 'Answer the edited question');
    await discord.until(() => textOf(ended().at(-1)) === 'Canberra.');
    expect(saidIn(provider.chats[1]?.body)).toEqual(['And what is the capital of Australia?']);
    await discord.until(() => ended().length === 1, 'the old answer has no buttons');
    expect(await readsLast()).toEqual([['And what is the capital of Australia?', 'Canberra.']]);
    expect(discord.violations).toEqual([]);
  });

  it('goes on as it was where a preview alone is added', async () => {
    const { discord, provider, ada, ended } = await open();
    const first = provider.live();
    const question = ada.say(ada.dm, 'What is at https://example.com/?');
    await first.text('An');
    await discord.until(() => labels(discord.messages(ada.dm)[1]).includes('Stop'));
    ada.preview(question);
    await first.text(' example.');
    await first.finish();
    await discord.until(() => ended().length === 1);
    expect(textOf(ended()[0])).toBe('An example.');
    expect(provider.chats).toHaveLength(1);
  });
});
