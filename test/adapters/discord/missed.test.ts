import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Collection, Events, SnowflakeUtil, Status } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { catchUpMissed, type MissedOptions } from '../../../src/adapters/discord/messages/missed.ts';
import { createTasks } from '../../../src/core/kit/scheduling/tasks.ts';
import type { Dispatch } from '../../../src/core/ports/events.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
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

describe('reading what was missed on Discord', () => {
  const SINCE_MS = Date.UTC(2026, 0, 1);
  const idAt = (ms: number) => String(SnowflakeUtil.generate({ timestamp: SINCE_MS + ms, increment: 0n }));

  interface Said {
    readonly id: string;
  }

  /** A channel with these messages, oldest last, as Discord lists them. */
  function channelOf(
    id: string,
    { shardId = 0, lastMs = 1, said = [] as readonly Said[], fails = false } = {},
  ) {
    const pages: { after: string; limit: number }[] = [];
    const channel = {
      id,
      isDMBased: () => false,
      isTextBased: () => true,
      guild: { shardId },
      lastMessageId: idAt(lastMs),
      permissionsFor: () => ({ has: () => true }),
      messages: {
        async fetch({ after, limit }: { after: string; limit: number }) {
          pages.push({ after, limit });
          if (fails) throw new Error('no history');
          const newer = said.filter((one) => BigInt(one.id) > BigInt(after)).slice(0, limit);
          return new Map(newer.toReversed().map((one) => [one.id, one]));
        },
      },
    };
    return { channel, pages };
  }

  function setUp(
    channels: readonly { readonly channel: { readonly id: string } }[],
    shards = [{ id: 0, status: Status.Ready }],
  ) {
    const clock = createFakeClock();
    const { log, lines } = createLogRecorder();
    const events = new EventEmitter();
    const missed: string[][] = [];
    const alive: string[] = [];
    const cache = new Collection(channels.map(({ channel }) => [channel.id, channel]));
    const client = Object.assign(events, {
      ws: { shards: new Collection(shards.map((shard) => [shard.id, shard])) },
      channels: { cache, fetch: async (id: string) => cache.get(id) ?? null },
    });
    const tasks = createTasks(log);
    const options = {
      client,
      discord: { botId: 'BOT', tasks, clock, log },
      dispatch: {
        away: async () => ({
          sinceMs: SINCE_MS,
          places: [
            { guild: 'discord:dm:7', key: 'direct' },
            { guild: 'discord:1', key: 'thread' },
          ],
        }),
        missed: async (found: readonly { message: { id: string } }[]) => {
          missed.push(found.map(({ message }) => message.id));
        },
        alive: async (stream: string) => {
          alive.push(stream);
        },
      },
      read: async (message: Said) => ({ id: message.id }),
    };
    const watching = catchUpMissed(options as unknown as MissedOptions);
    onTestFinished(() => watching.stop());
    return {
      clock,
      missed,
      alive,
      logged: () => lines.join(''),
      async ready(shard: number) {
        client.emit(Events.ShardReady, shard);
        await tasks.settled();
      },
    };
  }

  it('takes the 200 channels with the newest messages, and says that others are left', async () => {
    const channels = Array.from({ length: 201 }, (_, index) => channelOf(`c${index}`, { lastMs: index + 1 }));
    const { ready, logged } = setUp(channels);
    await ready(0);
    expect(channels.map(({ pages }) => pages.length)).toEqual([0, ...Array(200).fill(1)]);
    // Of 201 channels and a direct message.
    expect(logged()).toContain('"left":2');
  });

  it('takes three pages of a hundred of each, oldest first', async () => {
    const said = Array.from({ length: 350 }, (_, index) => ({ id: idAt(index + 1) }));
    const long = channelOf('long', { said });
    const short = channelOf('short', { said: said.slice(0, 99) });
    const { ready, missed } = setUp([long, short]);
    await ready(0);
    expect([long.pages.length, short.pages.length]).toEqual([3, 1]);
    expect(new Set(long.pages.map(({ limit }) => limit))).toEqual(new Set([100]));
    expect(missed.toSorted((a, b) => b.length - a.length).slice(0, 2)).toEqual([
      said.slice(0, 300).map(({ id }) => id),
      said.slice(0, 99).map(({ id }) => id),
    ]);
  });

  it('leaves out other shards’ channels and those without news, and reads direct messages with the first shard', async () => {
    const [own, other, old, direct] = [
      channelOf('own'),
      channelOf('other', { shardId: 1 }),
      channelOf('old', { lastMs: -1 }),
      channelOf('direct', { shardId: 9 }),
    ];
    const { ready } = setUp([own, other, old, direct]);
    await ready(0);
    expect([own, other, old, direct].map(({ pages }) => pages.length)).toEqual([1, 0, 0, 1]);
    await ready(1);
    expect([own, other, old, direct].map(({ pages }) => pages.length)).toEqual([1, 1, 0, 1]);
  });

  it('reads on if one channel fails', async () => {
    const said = [{ id: idAt(1) }];
    const channels = [channelOf('shut', { lastMs: 2, fails: true }), channelOf('open', { said })];
    const { ready, missed, alive, logged } = setUp(channels);
    await ready(0);
    expect(missed.flat()).toEqual([said[0]?.id]);
    expect(logged()).toMatch(/"channel":"shut".*could not catch up the messages of a channel/);
    expect(alive).toEqual(['discord/0/1']);
  });

  it('notes every 15 s how far the shards have come that are ready and caught up', async () => {
    const shards = [
      { id: 0, status: Status.Ready },
      { id: 1, status: Status.Ready },
      { id: 2, status: Status.Reconnecting },
    ];
    const { ready, alive, clock } = setUp([], shards);
    await ready(0);
    await ready(2);
    expect(alive).toEqual(['discord/0/3', 'discord/2/3']);
    await clock.advance(14_999);
    expect(alive).toHaveLength(2);
    await clock.advance(1);
    expect(alive.slice(2)).toEqual(['discord/0/3']);
    await clock.advance(15_000);
    expect(alive.slice(3)).toEqual(['discord/0/3']);
  });
});
