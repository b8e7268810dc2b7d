import { Routes } from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { inTurn } from '../../../core/kit/scheduling/tasks.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { DiscordRefusal } from '../rest/errors.ts';
import { type DiscordRest, insisting } from '../rest/rest.ts';
import { noticeBodies } from './content.ts';
import type { DiscordContext } from './context.ts';
import { createChannelWriter } from './message-writers.ts';
import { referenceTo } from './post-notice.ts';
import { findMessage, type SentMessage, UNREAD } from './read-back.ts';

/** A person's message. */
export interface QuestionAt {
  readonly channelId: string;
  readonly messageId: string;
}

const WORDS = '-# ⏳ ';

/**
 * Shows a question's place in the queue in a reply to it: the first words given, until null is given. If the process dies,
 * they stay until `takeWordsBack`.
 */
export function createQueueWords(
  { rest, tasks }: Pick<DiscordContext, 'rest' | 'tasks'>,
  { channelId, messageId }: QuestionAt,
): (words: string | null) => void {
  const writer = createChannelWriter(insisting(rest), channelId);
  const run = inTurn(tasks);
  let isShown = false;
  let id: string | null = null;

  async function change(words: string | null, signal: AbortSignal): Promise<void> {
    const [body] = words === null ? [] : noticeBodies(WORDS + words);
    if (body !== undefined) {
      const sending = writer.send({ ...body, ...referenceTo(messageId) }, [], signal);
      id = (await sending.catch(ignoring(isGone))) ?? null;
    } else if (id !== null) {
      await deleteMessage(rest, channelId, id, signal);
      id = null;
    }
  }

  return (words) => {
    if (isShown === (words !== null)) return;
    isShown = words !== null;
    run('say how long a question waits', (signal) => change(words, signal));
  };
}

/** Takes back the words that a dead process may have left under a question. */
export async function takeWordsBack(
  rest: DiscordRest,
  { channelId, messageId }: QuestionAt,
  botId: string,
  signal: AbortSignal,
): Promise<void> {
  const isWords = ({ author, content, message_reference: to }: SentMessage) =>
    author.id === botId && content.startsWith(WORDS) && to?.message_id === messageId;
  const after = { channelId, afterId: messageId };
  const words = await findMessage(rest, after, isWords, signal).catch(ignoring(isGone));
  if (words && words !== UNREAD) await deleteMessage(rest, channelId, words.id, signal);
}

async function deleteMessage(
  rest: DiscordRest,
  channelId: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const path = Routes.channelMessage(channelId, id);
  await rest.insist({ method: 'DELETE', path }, signal).catch(ignoring(isGone));
}

/** Whether the message is not there any more, or nothing may be done there. */
function isGone(error: unknown): boolean {
  return error instanceof PlaceGone || error instanceof DiscordRefusal;
}
