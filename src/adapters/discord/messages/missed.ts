import { type Client, Events, type Message, SnowflakeUtil, Status, type TextBasedChannel } from 'discord.js';
import { type Background, repeat } from '../../../core/kit/time/repeat.ts';
import type { Away, Dispatch, MissedMessage, PostedMessage } from '../../../core/ports/events.ts';
import type { DiscordContext } from '../answers/context.ts';
import { botMayIn } from '../gateway/permissions.ts';
import { guildOfOne, olderFirst } from '../gateway/places.ts';

export interface MissedOptions {
  readonly client: Client;
  readonly discord: DiscordContext;
  readonly dispatch: Dispatch;
  /** Reads a message that did not come over the gateway; null if it is not for the bot. */
  readonly read: (message: Message) => Promise<PostedMessage | null>;
}

/** After a crash, messages are read again from at most this long before it. */
const ALIVE_EVERY_MS = 15_000;
/** The most channels to read, those with the newest messages first. */
const MAX_CHANNELS = 200;
/** https://docs.discord.com/developers/resources/message#get-channel-messages */
const PAGE = 100;
const MAX_PAGES = 3;
/** Channels read at once; discord.js respects each one's limits. */
const READ_AT_ONCE = 4;

/** After a READY, reads what people wrote before it, because a new session does not deliver that. A resumed session does. */
export function catchUpMissed(options: MissedOptions): Background {
  const { client, dispatch } = options;
  const { tasks, clock, log } = options.discord;
  const caughtUp = new Set<number>();
  const streamOf = (shard: number) => `discord/${shard}/${client.ws.shards.size}`;

  async function catchUp(shard: number, signal: AbortSignal): Promise<void> {
    const away = await dispatch.away('discord', streamOf(shard));
    if (away !== null) {
      const channels = [
        ...changedChannels(options, shard, away),
        ...(shard === 0 ? directChannels(away) : []),
      ];
      const bounded = channels.slice(0, MAX_CHANNELS);
      if (channels.length > bounded.length)
        log.warn({ left: channels.length - bounded.length }, 'some channels were not caught up');
      const dealtWith: Promise<void>[] = [];
      const next = bounded.values();
      const work = async () => {
        for (const channel of next) {
          dealtWith.push(dispatch.missed(await missedIn(options, channel, away.sinceMs, signal)));
        }
      };
      await Promise.all(Array.from({ length: READ_AT_ONCE }, work));
      // Until they are claimed, another start has to find them again.
      await Promise.all(dealtWith);
    }
    caughtUp.add(shard);
    await dispatch.alive(streamOf(shard));
  }

  client.on(Events.ShardReady, (shard) => {
    caughtUp.delete(shard);
    tasks.run('catch up what was missed', (signal) => catchUp(shard, signal));
  });
  return repeat(
    'noting how far events have come',
    ALIVE_EVERY_MS,
    async () => {
      for (const { id, status } of client.ws.shards.values()) {
        if (status === Status.Ready && caughtUp.has(id)) await dispatch.alive(streamOf(id));
      }
    },
    { clock, log },
  );
}

type ChannelToRead = string | TextBasedChannel;

/** Channels and threads of the shard's guilds with messages since then, from the gateway's READY. */
function changedChannels(
  { client, discord: { botId } }: MissedOptions,
  shard: number,
  { sinceMs }: Away,
): ChannelToRead[] {
  return client.channels.cache
    .filter((channel) => {
      if (channel.isDMBased() || !channel.isTextBased() || channel.guild.shardId !== shard) return false;
      if (channel.lastMessageId === null || SnowflakeUtil.timestampFrom(channel.lastMessageId) < sinceMs)
        return false;
      const may = botMayIn(channel, botId);
      return may('ViewChannel') && may('ReadMessageHistory');
    })
    .map((channel) => channel as TextBasedChannel)
    .toSorted((one, other) => olderFirst(other.lastMessageId ?? '0', one.lastMessageId ?? '0'));
}

/** A bot cannot list its direct messages. */
function directChannels({ places }: Away): ChannelToRead[] {
  const direct = guildOfOne('');
  return places.flatMap(({ guild, key }) => (guild.startsWith(direct) && key !== null ? [key] : []));
}

async function missedIn(
  { client, discord: { log }, read }: MissedOptions,
  where: ChannelToRead,
  sinceMs: number,
  signal: AbortSignal,
): Promise<MissedMessage[]> {
  const missed: MissedMessage[] = [];
  try {
    const channel = typeof where === 'string' ? await client.channels.fetch(where) : where;
    if (!channel?.isTextBased()) return [];
    let after = SnowflakeUtil.generate({ timestamp: sinceMs }).toString();
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await channel.messages.fetch({ after, limit: PAGE, cache: false });
      const oldestFirst = [...found.values()].toSorted((one, other) => olderFirst(one.id, other.id));
      for (const message of oldestFirst) {
        const posted = await read(message);
        if (posted !== null) missed.push({ message: posted, atMs: message.createdTimestamp });
      }
      const last = oldestFirst.at(-1);
      if (last === undefined || found.size < PAGE) break;
      after = last.id;
    }
  } catch (error) {
    signal.throwIfAborted();
    log.warn(
      { err: error, channel: typeof where === 'string' ? where : where.id },
      'could not catch up the messages of a channel',
    );
  }
  return missed;
}
