import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Dispatch } from '../../../src/core/ports/events.ts';
import { withoutDay } from '../../support/said.ts';
import { createTestBot, type TestBot } from '../../support/test-bot.ts';
import { openBehind } from './harness.ts';

/** The questions to the model, without names. */
const questions = ({ provider }: TestBot) =>
  provider.chats.map(({ body }) => withoutDay(String(body.messages.at(-1)?.content)).replace(/^\w+: /, ''));

async function setUp() {
  const core = await createTestBot();
  onTestFinished(core.close);
  for (let count = 0; count < 60; count++) core.provider.answer('Yes.');
  const bench = await openBehind(core);
  return { core, bench, ...bench };
}

/** Another process on the same store and provider. */
async function another(core: TestBot): Promise<TestBot> {
  const next = await createTestBot({ store: core.store, provider: core.provider });
  onTestFinished(next.close);
  return next;
}

describe('what people write on Discord while the bot is away', () => {
  it('is answered once after a start, by one of two processes: 20 messages in channels, threads and direct messages', async () => {
    const { core, bench, discord, ada, bob, channel, guild } = await setUp();
    const other = guild.channel();
    ada.say(ada.dm, 'direct before');
    ada.say(channel, `${discord.botMention} thread before`);
    await discord.until(() => discord.threads(channel).length === 1, 'both are asked');
    const [thread] = discord.threads(channel);
    if (thread === undefined) throw new Error('no thread was opened');
    await discord.until(() => discord.messages(thread).length === 1 && discord.messages(ada.dm).length === 2);
    await bench.adapter.stop();

    for (let index = 0; index < 4; index++) {
      ada.say(ada.dm, `direct ${index}`);
      bob.say(thread, `thread ${index}`);
      ada.say(channel, `${discord.botMention} first ${index}`);
      bob.say(other, `${discord.botMention} second ${index}`);
      ada.say(other, `chatter ${index}`);
      bob.say(thread, `${ada.mention} not for the bot ${index}`);
    }
    const answered = ada.say(channel, 'a word');
    bob.say(channel, `${discord.botMention} replying`, { replyTo: answered });
    ada.say(ada.dm, 'the last');
    bob.say(thread, 'the very last');

    const processes = await Promise.all([another(core), another(core)]);
    await Promise.all(
      processes.map((next) => bench.startBot({ dispatch: next.dispatch, limiters: next.limiters })),
    );
    const expected = [
      'direct before',
      'thread before',
      'direct 0\ndirect 1\ndirect 2\ndirect 3\nthe last',
      'thread 0\nthread 1\nthread 2\nthread 3\nthe very last',
      ...[0, 1, 2, 3].flatMap((index) => [`first ${index}`, `second ${index}`]),
    ];
    await discord.until(
      () => core.provider.chats.length >= expected.length + 1,
      'all that was missed is asked',
    );
    // A word more, for what comes too often.
    ada.say(ada.dm, 'and now?');
    await discord.until(() => questions(core).includes('and now?'), 'what comes by itself is asked');
    const asked = questions(core).filter((text) => text !== 'and now?');
    expect(asked.filter((text) => !text.startsWith('replying')).toSorted()).toEqual(expected.toSorted());
    expect(asked.filter((text) => text.startsWith('replying'))).toHaveLength(1);
    expect(asked.find((text) => text.startsWith('replying'))).toContain('a word');
    // Two processes without Redis do not share a limiter.
    expect(discord.violations.filter((violation) => !violation.startsWith('429 (global)'))).toEqual([]);
  });

  it('is answered after a session that could not be resumed', async () => {
    const { core, discord, ada } = await setUp();
    ada.say(ada.dm, 'before');
    await discord.until(() => core.provider.chats.length === 1);
    discord.gateway.invalidate();
    ada.say(ada.dm, 'meanwhile');
    await discord.until(() => core.provider.chats.length === 2, 'what was missed is asked');
    expect(questions(core)).toEqual(['before', 'meanwhile']);
  });

  it('is not asked for where the bot may not read the history', async () => {
    const { core, discord, ada, channel, guild } = await setUp();
    const other = guild.channel();
    ada.say(channel, `${discord.botMention} before`);
    await discord.until(() => core.provider.chats.length === 1);
    discord.deny(other, ['ReadMessageHistory']);
    discord.gateway.invalidate();
    ada.say(channel, `${discord.botMention} meanwhile`);
    ada.say(other, `${discord.botMention} unread`);
    await discord.until(() => core.provider.chats.length === 2, 'what was missed is asked');
    expect(discord.requests.filter(({ path }) => path.includes(`/channels/${other.id}/messages`))).toEqual(
      [],
    );
  });

  it('is read again by the next start until all of it is claimed', async () => {
    const { core, bench, discord, ada } = await setUp();
    ada.say(ada.dm, 'before');
    await discord.until(() => core.provider.chats.length === 1);
    await bench.adapter.stop();
    ada.say(ada.dm, 'meanwhile');
    const claimed = Promise.withResolvers<void>();
    let [missed, alive] = [0, 0];
    const dispatch: Dispatch = {
      ...core.dispatch,
      async missed() {
        missed++;
        await claimed.promise;
      },
      async alive() {
        alive++;
      },
    };
    await bench.startBot({ dispatch });
    await discord.until(() => missed > 0, 'what was missed is found');
    await setImmediate();
    expect(alive).toBe(0);
    claimed.resolve();
    await discord.until(() => alive > 0, 'nothing is read again');
  });
});
