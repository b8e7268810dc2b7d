import { type AnyThreadChannel, MessageType, Routes, SnowflakeUtil } from 'discord.js';
import { z } from 'zod';
import type { ThreadRead } from '../../../core/ports/events.ts';
import type { DiscordContext } from '../answers/context.ts';
import { botMayIn } from '../gateway/permissions.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { type ApiMessage, apiMessage, quotedPart } from './message-parts.ts';
import { publicNamesIn } from './names.ts';

/** Discord's largest page. */
const MESSAGES = 100;
/** Messages of people and apps; other types are joins, pins and the like. */
const SAID: ReadonlySet<number> = new Set([
  MessageType.Default,
  MessageType.Reply,
  MessageType.ChatInputCommand,
  MessageType.ContextMenuCommand,
]);

const NO_CONTENT =
  'I cannot read what others wrote in this thread. The operator of this bot can switch on "Message Content Intent" in the Discord Developer Portal.';
const NO_HISTORY =
  'I cannot read the earlier messages of this thread. An admin can give me **Read Message History** here.';

/** The messages of a thread or forum post before a given one, starter first; or only what others wrote since a time. */
export async function readThread(
  { rest, botId, caveat }: DiscordContext,
  thread: AnyThreadChannel,
  beforeId: string,
  sinceMs: number | null,
  signal: AbortSignal,
): Promise<ThreadRead> {
  if (caveat !== undefined) return { messages: [], problem: NO_CONTENT };
  if (!botMayIn(thread, botId)('ReadMessageHistory')) return { messages: [], problem: NO_HISTORY };
  try {
    const path = `${Routes.channelMessages(thread.id)}?limit=${MESSAGES}&before=${beforeId}`;
    const newest = z.array(z.unknown()).parse(await rest.insist({ method: 'GET', path }, signal));
    const messages = newest.flatMap(parsed).toReversed();
    const isNews = ({ id, author }: ApiMessage) =>
      sinceMs === null || (author.id !== botId && SnowflakeUtil.timestampFrom(id) > sinceMs);
    const hasStarter = sinceMs !== null || messages.some(({ id }) => id === thread.id);
    const starter = hasStarter ? null : await starterOf(rest, thread, signal);
    const nameOf = publicNamesIn(thread.guild);
    const said = [...(starter === null ? [] : [starter]), ...messages.filter(isNews)].filter(({ type }) =>
      SAID.has(type),
    );
    return { messages: said.map((message) => quotedPart(message, 'thread', nameOf)), problem: null };
  } catch {
    signal.throwIfAborted();
    return { messages: [], problem: 'I could not read the earlier messages of this thread.' };
  }
}

/** A forum post's starter is in the thread itself, that of another thread in its parent. Both have the thread's id. */
async function starterOf(
  rest: DiscordRest,
  { id, parentId, parent }: AnyThreadChannel,
  signal: AbortSignal,
): Promise<ApiMessage | null> {
  const isPost = parent?.isThreadOnly() ?? false;
  const path = Routes.channelMessage(isPost ? id : (parentId ?? id), id);
  try {
    return parsed(await rest.insist({ method: 'GET', path }, signal))[0] ?? null;
  } catch {
    signal.throwIfAborted();
    // The thread began without a message, or that was deleted.
    return null;
  }
}

function parsed(message: unknown): ApiMessage[] {
  const result = apiMessage.safeParse(message);
  return result.success ? [result.data] : [];
}
