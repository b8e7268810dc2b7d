import { type Message, MessageType } from 'discord.js';
import type { Logger } from 'pino';
import { threadTitle } from '../../../core/chat/thread-title.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import type { Dispatch, Place } from '../../../core/ports/events.ts';
import type { Part } from '../../../core/ports/parts.ts';
import { createMessageSurface } from '../answers/message-surface.ts';
import { openDirectMessages, postNotice } from '../answers/post-notice.ts';
import type { MessagePlace } from '../answers/references.ts';
import type { WaitingSigns } from '../answers/waiting-signs.ts';
import { botMayIn, mayOpenThread, named, type Permission, takesThreads } from '../gateway/permissions.ts';
import { channelNameOf, eventId, guildOfOne, messageActor } from '../gateway/places.ts';
import type { Referenced } from '../gateway/referenced.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { apiMessage, asApiMessage, attachedTo, quotedPart } from './message-parts.ts';
import { readThread } from './read-thread.ts';

export interface MessageHandlerOptions {
  readonly rest: DiscordRest;
  readonly log: Logger;
  readonly signs: WaitingSigns;
  readonly tasks: Tasks;
  readonly dispatch: Dispatch;
  readonly botId: string;
  readonly referenced: Referenced;
  readonly caveat: string | undefined;
}

/** Brings what people write to `dispatch`: mentions, replies to the bot, direct messages, and all that stands in threads. */
export function createMessageHandler(
  options: MessageHandlerOptions,
): (message: Message, signal: AbortSignal) => Promise<void> {
  const { rest, tasks, dispatch, botId, caveat } = options;
  /** Channels that have been told why the answer is not in a thread. */
  const toldOfThreads = new Set<string>();

  /** Tells why there is no answer where it was asked for, in the only place that is left. */
  async function explainInPrivate(message: Message, missing: readonly Permission[], signal: AbortSignal) {
    const what =
      missing.length === 0 ? 'Discord does not let me write there' : `I am missing ${named(missing)}`;
    const text = `I cannot answer you in <#${message.channelId}>: ${what}. An admin can change that in the settings of the channel or server, under Permissions.`;
    const direct = await openDirectMessages(rest, message.author.id, signal);
    await postNotice(rest, direct, { text, nonce: `${message.id}p` }, signal);
  }

  async function explainThreads(message: Message, missing: readonly Permission[], signal: AbortSignal) {
    if (toldOfThreads.has(message.channelId)) return;
    toldOfThreads.add(message.channelId);
    const text = `-# I would answer in a thread, but I am missing ${named(missing)} in this channel. Reply to my answer to go on.`;
    await postNotice(rest, message.channelId, { text, nonce: `${message.id}t` }, signal);
  }

  /** Somebody else's message that this one replies to: what the bot said is in the conversation already. */
  function repliedTo(referenced: unknown): Part[] {
    const parsed = apiMessage.safeParse(referenced);
    if (!parsed.success || parsed.data.author.id === botId) return [];
    return [quotedPart(parsed.data, 'reply')];
  }

  return async (message, signal) => {
    const referenced = options.referenced.take(message.id);
    if (!isFromPerson(message)) return;
    const { channel } = message;
    const isThread = channel.isThread();
    const isDm = channel.isDMBased();
    const repliesToBot = message.type === MessageType.Reply && message.mentions.repliedUser?.id === botId;
    const mention = mentionOf(message, botId);
    const addressed = isDm || repliesToBot || mention !== null;
    if (!addressed && !isThread) return;
    const text = textOf(message, mention);
    // Without the intent, what does not mention the bot comes without its content.
    const { files, forwarded } = attachedTo(asApiMessage(message));
    const attached = [...files, ...forwarded];
    if (text === '' && attached.length === 0 && mention === null && !isDm) return;

    const may = botMayIn(channel, botId);
    const opensThread = !isDm && !isThread && !repliesToBot && mayOpenThread(channel.type, may);
    if (addressed && !isDm) {
      const write: Permission = isThread || opensThread ? 'SendMessagesInThreads' : 'SendMessages';
      if (!may(write)) return explainInPrivate(message, [write], signal);
      if (!isThread && !opensThread && !repliesToBot && takesThreads(channel.type)) {
        const wanted: Permission[] = ['CreatePublicThreads', 'SendMessagesInThreads'];
        const missing = wanted.filter((permission) => !may(permission));
        tasks.run('explain the lack of a thread', (stopping) => explainThreads(message, missing, stopping));
      }
    }

    const spot: MessagePlace['spot'] = opensThread
      ? { kind: 'thread', title: threadTitle(text || (files[0]?.name ?? '')) }
      : { kind: isDm || isThread ? 'here' : 'reply' };
    await dispatch.message({
      id: eventId(message.id),
      actor: messageActor(message),
      place: placeOf(message, repliesToBot, opensThread),
      parts: [{ type: 'text', text }, ...attached, ...repliedTo(referenced)],
      addressed,
      ...(channel.isThread()
        ? { readThread: (reading) => readThread(options, channel, message.id, reading) }
        : {}),
      surface: createMessageSurface({
        ...options,
        place: {
          kind: 'message',
          question: {
            channelId: message.channelId,
            messageId: message.id,
            authorId: message.author.id,
            guildId: message.guildId,
          },
          spot,
          canContinueInThread: spot.kind === 'reply' && mayOpenThread(channel.type, may),
          newestId: null,
        },
        isResumed: false,
        caveat: isDm ? undefined : caveat,
        onForbidden: () =>
          tasks.run('explain a missing permission', (stopping) => explainInPrivate(message, [], stopping)),
      }),
    });
  };
}

function isFromPerson({ author, webhookId, type }: Message): boolean {
  return (
    !author.bot &&
    !author.system &&
    webhookId === null &&
    (type === MessageType.Default || type === MessageType.Reply)
  );
}

function placeOf(message: Message, repliesToBot: boolean, opensThread: boolean): Place {
  const { channel, channelId, guildId, author, id } = message;
  if (guildId === null) return { guild: guildOfOne(author.id), channel: channelId, key: channelId };
  const guild = `discord:${guildId}` as const;
  const channelName = channelNameOf(channel);
  if (channel.isThread())
    return { guild, channel: channel.parentId ?? channelId, ...channelName, key: channelId };
  if (repliesToBot)
    return { guild, channel: channelId, ...channelName, key: message.reference?.messageId ?? null };
  // The thread that will start from the message has its id.
  return { guild, channel: channelId, ...channelName, key: opensThread ? id : null };
}

/** The bot's mention as it stands in the text, by name or by the role that Discord made for it; null where there is none. */
function mentionOf({ content, mentions }: Message, botId: string): RegExp | null {
  const role = mentions.roles.find(({ tags }) => tags?.botId === botId);
  const pattern = new RegExp(role ? `<@!?${botId}>|<@&${role.id}>` : `<@!?${botId}>`);
  return pattern.test(content) ? pattern : null;
}

/** What was said: without the mention that opens it, and with people's names for the ids in other mentions. */
function textOf({ content, mentions, mentions: { users } }: Message, mention: RegExp | null): string {
  const opening = mention && new RegExp(`^\\s*(?:(?:${mention.source})[\\s,:]*)+`);
  return (opening ? content.replace(opening, '') : content)
    .replaceAll(/<@!?(\d+)>/g, (spelling, id: string) => {
      const user = users.get(id);
      return user ? `@${mentions.members?.get(id)?.displayName ?? user.displayName}` : spelling;
    })
    .trim();
}
