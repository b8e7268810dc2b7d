import { type Channel, type Message, MessageType } from 'discord.js';
import { threadTitle } from '../../../core/chat/words/thread-title.ts';
import { addresseeOf } from '../../../core/ports/address.ts';
import { type Dispatch, NO_RULES, type Place, type PostedMessage } from '../../../core/ports/events.ts';
import type { Part } from '../../../core/ports/parts.ts';
import type { DiscordContext } from '../answers/context.ts';
import { cannotAnswer, MessageSurface } from '../answers/message-surface.ts';
import { postNotice } from '../answers/post-notice.ts';
import type { MessagePlace } from '../answers/references.ts';
import {
  type BotMay,
  botMayIn,
  mayOpenThread,
  named,
  type Permission,
  takesThreads,
} from '../gateway/permissions.ts';
import { eventId, guildOfOne, guildPlace, messageActor } from '../gateway/places.ts';
import { apiMessage, asApiMessage, attachedTo, quotedPart } from './message-parts.ts';
import { addressOf, mentionOf, textOf } from './message-text.ts';
import { publicNamesIn } from './names.ts';
import { readThread } from './read-thread.ts';

const LOCKED_THREAD =
  'This thread is locked, so I cannot answer in it. Ask me outside it, or have a moderator unlock it.';

/**
 * Reads a message from the gateway, or one read back together with the message that it replies to; null if it is not for
 * core.
 */
export type ReadMessage = (message: Message, referenced: unknown) => Promise<PostedMessage | null>;

/** Creates a reader for people's messages: mentions, replies to the bot, direct messages, and everything in threads. */
export function createMessageReader(
  discord: DiscordContext,
  dispatch: Pick<Dispatch, 'channelRules'>,
): ReadMessage {
  const { botId } = discord;
  const explainThreads = createThreadExplainer(discord);

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
    const text = textOf(message, mention);
    // Without the intent, messages that do not mention the bot arrive without content.
    const { files, forwarded } = attachedTo(asApiMessage(message));
    const attached = [...files, ...forwarded];
    if (text === '' && attached.length === 0 && mention === null && !isDm) return null;

    const may = botMayIn(channel, botId);
    const isFlat = isDm || isThread || repliesToBot || rules.inThread === false;
    const opensThread = !isFlat && mayOpenThread(channel.type, may);
    const write: Permission = isThread || opensThread ? 'SendMessagesInThreads' : 'SendMessages';
    if (addressee === 'bot' && may(write) && !isFlat && !opensThread && takesThreads(channel.type)) {
      explainThreads(message, may);
    }
    const spot: MessagePlace['spot'] = opensThread
      ? { kind: 'thread', title: threadTitle(text || (files[0]?.name ?? '')) }
      : { kind: isDm || isThread ? 'here' : 'reply' };
    const place: MessagePlace = {
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
    };
    return {
      id: eventId(message.id),
      actor: messageActor(message),
      place: placeOf(message, repliesToBot, opensThread),
      parts: [{ type: 'text', text }, ...attached, ...repliedTo(message, referenced, botId)],
      address,
      ...(channel.isThread() && {
        readThread: (sinceMs: number | null, reading: AbortSignal) =>
          readThread(discord, channel, message.id, sinceMs, reading),
      }),
      surface: new MessageSurface(discord, place, {
        isResumed: false,
        obstacle: async () => obstacleIn(channel, botId, write),
      }),
    };
  };
}

/** Says why an answer is not in a thread, once per channel. */
function createThreadExplainer({ rest, tasks }: DiscordContext) {
  const told = new Set<string>();
  return ({ channelId, id }: Message, may: BotMay): void => {
    if (told.has(channelId)) return;
    told.add(channelId);
    const missing = FOR_THREADS.filter((permission) => !may(permission));
    const text = `-# I cannot open a thread because I am missing ${named(missing)} in this channel. Reply to my answer to continue.`;
    tasks.run('explain the lack of a thread', (signal) =>
      postNotice(rest, channelId, { text, nonce: `${id}t` }, signal),
    );
  };
}

/** The message by somebody else that this one replies to; the bot's own are in the conversation already. */
function repliedTo({ guild }: Message, referenced: unknown, botId: string): Part[] {
  const parsed = apiMessage.safeParse(referenced);
  if (!parsed.success || parsed.data.author.id === botId) return [];
  return [quotedPart(parsed.data, 'reply', publicNamesIn(guild))];
}

const FOR_THREADS: readonly Permission[] = ['CreatePublicThreads', 'SendMessagesInThreads'];

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
  // The thread that will start from the message has its id.
  const own = opensThread ? id : null;
  const key = repliesToBot ? (message.reference?.messageId ?? null) : own;
  return guildPlace(guildId, channel, channelId, key);
}
