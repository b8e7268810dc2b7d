import { type Channel, type Message, MessageType } from 'discord.js';
import type { Logger } from 'pino';
import { threadTitle } from '../../../core/chat/answer/thread-title.ts';
import { withoutCode } from '../../../core/kit/code-spans.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import { plainName } from '../../../core/kit/text.ts';
import { type Address, addresseeOf } from '../../../core/ports/address.ts';
import { type Dispatch, NO_RULES, type Place, type PostedMessage } from '../../../core/ports/events.ts';
import type { Part } from '../../../core/ports/parts.ts';
import { cannotAnswer, createMessageSurface } from '../answers/message-surface.ts';
import type { IsArchived } from '../answers/message-writers.ts';
import { postNotice } from '../answers/post-notice.ts';
import type { MessagePlace } from '../answers/references.ts';
import type { WaitingSigns } from '../answers/waiting-signs.ts';
import { botMayIn, mayOpenThread, named, type Permission, takesThreads } from '../gateway/permissions.ts';
import { channelNameOf, eventId, guildOfOne, messageActor } from '../gateway/places.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { apiMessage, asApiMessage, attachedTo, quotedPart } from './message-parts.ts';
import { type NameOf, namesIn, publicNamesIn, withNames } from './names.ts';
import { readThread } from './read-thread.ts';

const LOCKED_THREAD =
  'This thread is locked, so I cannot answer in it. Ask me outside it, or have a moderator unlock it.';

export interface MessageReaderOptions {
  readonly rest: DiscordRest;
  readonly log: Logger;
  readonly signs: WaitingSigns;
  readonly tasks: Tasks;
  readonly botId: string;
  readonly caveat: string | undefined;
  readonly isArchived: IsArchived;
  readonly dispatch: Pick<Dispatch, 'channelRules'>;
}

/**
 * Reads a message from the gateway, or one read back together with the message that it replies to; null if it is not for
 * core.
 */
export type ReadMessage = (message: Message, referenced: unknown) => Promise<PostedMessage | null>;

/** Creates a reader for people's messages: mentions, replies to the bot, direct messages, and everything in threads. */
export function createMessageReader(options: MessageReaderOptions): ReadMessage {
  const { rest, tasks, botId, caveat, dispatch } = options;
  /** Channels that were told why the answer is not in a thread. */
  const toldOfThreads = new Set<string>();

  async function explainThreads(message: Message, missing: readonly Permission[], signal: AbortSignal) {
    if (toldOfThreads.has(message.channelId)) return;
    toldOfThreads.add(message.channelId);
    const text = `-# I cannot open a thread because I am missing ${named(missing)} in this channel. Reply to my answer to continue.`;
    await postNotice(rest, message.channelId, { text, nonce: `${message.id}t` }, signal);
  }

  /** The message by somebody else that this one replies to; the bot's own are in the conversation already. */
  function repliedTo({ guild }: Message, referenced: unknown): Part[] {
    const parsed = apiMessage.safeParse(referenced);
    if (!parsed.success || parsed.data.author.id === botId) return [];
    return [quotedPart(parsed.data, 'reply', publicNamesIn(guild))];
  }

  return async (message, referenced) => {
    if (!isFromPerson(message)) return null;
    const { channel } = message;
    const isThread = channel.isThread();
    const isDm = channel.isDMBased();
    const repliesToBot = message.type === MessageType.Reply && message.mentions.repliedUser?.id === botId;
    const mention = mentionOf(message, botId);
    const address = addressOf(message, mention, botId);
    const addressee = addresseeOf(address);
    if (addressee === 'others') return null;
    const rules = isDm ? NO_RULES : await dispatch.channelRules(placeOf(message, false, false));
    if (addressee === 'place' && !isThread && !rules.hearsAll) return null;
    const addressed = addressee === 'bot';
    const text = textOf(message, mention);
    // Without the intent, messages that do not mention the bot arrive without content.
    const { files, forwarded } = attachedTo(asApiMessage(message));
    const attached = [...files, ...forwarded];
    if (text === '' && attached.length === 0 && mention === null && !isDm) return null;

    const may = botMayIn(channel, botId);
    const isFlat = isDm || isThread || repliesToBot || rules.inThread === false;
    const opensThread = !isFlat && mayOpenThread(channel.type, may);
    const write: Permission = isThread || opensThread ? 'SendMessagesInThreads' : 'SendMessages';
    if (addressed && may(write) && !isFlat && !opensThread && takesThreads(channel.type)) {
      const wanted: Permission[] = ['CreatePublicThreads', 'SendMessagesInThreads'];
      const missing = wanted.filter((permission) => !may(permission));
      tasks.run('explain the lack of a thread', (stopping) => explainThreads(message, missing, stopping));
    }

    const spot: MessagePlace['spot'] = opensThread
      ? { kind: 'thread', title: threadTitle(text || (files[0]?.name ?? '')) }
      : { kind: isDm || isThread ? 'here' : 'reply' };
    return {
      id: eventId(message.id),
      actor: messageActor(message),
      place: placeOf(message, repliesToBot, opensThread),
      parts: [{ type: 'text', text }, ...attached, ...repliedTo(message, referenced)],
      address,
      ...(channel.isThread()
        ? {
            readThread: (sinceMs: number | null, reading: AbortSignal) =>
              readThread(options, channel, message.id, sinceMs, reading),
          }
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
        obstacle: () => obstacleIn(channel, botId, write),
      }),
    };
  };
}

/** Why the bot may not write in a channel now, by what the gateway told; null if nothing speaks against it. */
function obstacleIn(channel: Channel, botId: string, permission: Permission): string | null {
  if (!botMayIn(channel, botId)(permission))
    return cannotAnswer(channel.id, `I am missing ${named([permission])}`);
  const isLocked = channel.isThread() && channel.locked === true;
  const opensAll = channel.isThread() && channel.permissionsFor(botId)?.has('ManageThreads') === true;
  return isLocked && !opensAll ? LOCKED_THREAD : null;
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

/** Matches the bot's mention, by name or by the role that Discord made for it; null if there is none. */
function mentionOf({ content, mentions }: Message, botId: string): RegExp | null {
  const role = mentions.roles.find(({ tags }) => tags?.botId === botId);
  const pattern = new RegExp(role ? `<@!?${botId}>|<@&${role.id}>` : `<@!?${botId}>`);
  return pattern.test(withoutCode(content)) ? pattern : null;
}

/** A mention of a user, a role or everybody: https://docs.discord.com/developers/reference#message-formatting */
const OPENING_MENTION = /^\s*(?:<@[!&]?\d+>|@(?:everyone|here)\b)/;

function addressOf(message: Message, mention: RegExp | null, botId: string): Address {
  const { content, channel, type, mentions, author } = message;
  const opening = OPENING_MENTION.exec(content)?.[0];
  const repliedTo = type === MessageType.Reply ? (mentions.repliedUser?.id ?? null) : null;
  return {
    isDirect: channel.isDMBased(),
    mentionsBot: mention !== null,
    opensWithOther: opening !== undefined && mention?.test(opening) !== true,
    repliesTo: repliedTo === botId ? 'bot' : repliedTo === null || repliedTo === author.id ? null : 'other',
  };
}

function nameOf({ mentions, guild, member }: Message): NameOf {
  const inGuild = namesIn(guild, member);
  return (kind, id) => {
    if (kind !== '@') return inGuild(kind, id);
    return plainName(mentions.members?.get(id)?.displayName ?? mentions.users.get(id)?.displayName ?? '');
  };
}

/**
 * The text of a message without a leading mention of the bot, and with names instead of ids of people, roles, channels and
 * emoji.
 */
function textOf(message: Message, mention: RegExp | null): string {
  const { content } = message;
  const opening = mention && new RegExp(`^\\s*(?:(?:${mention.source})[\\s,:]*)+`);
  return withNames(opening ? content.replace(opening, '') : content, nameOf(message)).trim();
}
