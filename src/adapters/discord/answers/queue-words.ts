import { Routes } from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { TasksInTurn } from '../../../core/kit/scheduling/tasks.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { DiscordRefusal } from '../rest/errors.ts';
import { type DiscordRest, insisting } from '../rest/rest.ts';
import { noticeBodies } from './content.ts';
import type { DiscordContext } from './context.ts';
import { ChannelWriter } from './message-writers.ts';
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
export class QueueWords {
  readonly #rest: DiscordRest;
  readonly #inTurn: TasksInTurn;
  readonly #question: QuestionAt;
  #isShown = false;
  #id: string | null = null;

  constructor({ rest, tasks }: Pick<DiscordContext, 'rest' | 'tasks'>, question: QuestionAt) {
    this.#rest = rest;
    this.#inTurn = new TasksInTurn(tasks);
    this.#question = question;
  }

  show(words: string | null): void {
    if (this.#isShown === (words !== null)) return;
    this.#isShown = words !== null;
    this.#inTurn.run('say how long a question waits', (signal) => this.#change(words, signal));
  }

  async #change(words: string | null, signal: AbortSignal): Promise<void> {
    const { channelId, messageId } = this.#question;
    const [body] = words === null ? [] : noticeBodies(WORDS + words);
    if (body !== undefined) {
      const writer = new ChannelWriter(insisting(this.#rest), channelId);
      const sending = writer.send({ ...body, ...referenceTo(messageId) }, [], signal);
      this.#id = (await sending.catch(ignoring(isGone))) ?? null;
    } else if (this.#id !== null) {
      await deleteMessage(this.#rest, channelId, this.#id, signal);
      this.#id = null;
    }
  }
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
