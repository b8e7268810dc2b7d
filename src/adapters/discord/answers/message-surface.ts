import { isDeepStrictEqual } from 'node:util';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { MessageView, Notice } from '../../../core/ports/surface.ts';
import { type DiscordRest, GLOBAL, insisting } from '../rest/rest.ts';
import { type AnswerSurface, createAnswerSurface, type NextMessage } from './answer-surface.ts';
import { answerBody } from './content.ts';
import type { DiscordContext } from './context.ts';
import { createChannelWriter, isUnclear } from './message-writers.ts';
import { openDirectMessages, postNotice, referenceTo } from './post-notice.ts';
import { createQueueWords } from './queue-words.ts';
import { buttonsOf, findMessage, type SentMessage, UNREAD } from './read-back.ts';
import { type MessagePlace, writeReference } from './references.ts';
import { renameThread, startThread } from './threads.ts';

export interface MessageSurfaceOptions {
  /** Whether another process may have sent messages that this one does not know. */
  readonly isResumed: boolean;
  /** A sentence for the asker on why the bot may not write there now; null if nothing speaks against it. Default: null. */
  readonly obstacle?: () => string | null;
}

/**
 * The surface for the answer to a person's message: in the question's own thread or direct messages, in its channel as a
 * reply, or in a thread that opens with the first text. If a thread is impossible, the answer becomes a reply.
 */
export function createMessageSurface(
  discord: Omit<DiscordContext, 'sealing' | 'clock' | 'log'>,
  place: MessagePlace,
  { isResumed, obstacle = () => null }: MessageSurfaceOptions,
): AnswerSurface {
  const { rest, botId } = discord;
  const { question, spot } = place;
  const { channelId, messageId, guildId } = question;
  const caveat = guildId === null ? undefined : discord.caveat;
  const sign = discord.signs.of(question);
  const queueWords = createQueueWords(discord, question);
  // A thread that starts from a message has the message's id.
  let targetId = spot.kind === 'thread' ? messageId : channelId;
  let writer = createChannelWriter(rest, targetId, discord.isArchived);
  let threadToOpen = spot.kind === 'thread' ? spot.title : null;
  let isThreadNew = false;
  let toldPrivately = 0;
  /** Views of earlier tries to open the next message, whose outcome is unknown. */
  let unclear: MessageView[] = [];

  async function openThread(title: string, signal: AbortSignal): Promise<void> {
    const outcome = await startThread(rest, channelId, messageId, title, signal);
    threadToOpen = null;
    isThreadNew = outcome === 'new';
    if (outcome !== 'impossible') return;
    targetId = channelId;
    writer = createChannelWriter(rest, channelId);
  }

  /** Whether the answer starts in a channel where people talk about other things. */
  function isReply(): boolean {
    return spot.kind !== 'here' && targetId === channelId;
  }

  async function send(
    { body, files, newestId, mayHaveSent }: NextMessage,
    signal: AbortSignal,
  ): Promise<string> {
    if (threadToOpen !== null) await openThread(threadToOpen, signal);
    const after = { channelId: targetId, afterId: newestId ?? messageId };
    const found = unclear.length === 0 ? null : await findShown(rest, after, botId, unclear, signal);
    const reference = isReply() && newestId === null ? referenceTo(messageId) : {};
    // Of two sends with the same nonce Discord accepts only the first, for some minutes. Exactly one message follows another.
    const once = { nonce: newestId ?? messageId, enforce_nonce: true } as const;
    const id = found ?? (await writer.send({ ...body, ...reference, ...once }, files, signal));
    // An earlier try may have sent an older text. The limiter granted a send, and not this edit.
    if (mayHaveSent) await createChannelWriter(insisting(rest), targetId).edit(id, body, files, signal);
    unclear = [];
    return id;
  }

  return createAnswerSurface(
    {
      surface: {
        updateScope: GLOBAL,
        canContinueInThread: place.canContinueInThread,
        isPrivate: false,
        get isOverheard() {
          return guildId !== null && caveat === undefined && !isReply();
        },
        ...(caveat === undefined ? {} : { caveat }),
        get rename() {
          return isThreadNew
            ? (title: string, signal: AbortSignal) => renameThread(rest, messageId, title, signal)
            : undefined;
        },
        indicate(activity) {
          if (activity !== 'queued') queueWords(null);
          sign(activity);
        },
        waits: queueWords,
        tellPrivately: (notice, signal) => tellAsker(rest, question, notice, toldPrivately++, signal),
        obstacle: async () => obstacle(),
        async prepare(signal) {
          const title = threadToOpen;
          if (title !== null) await explained(place, () => openThread(title, signal));
        },
      },
      get sendScope() {
        return writer.sendScope;
      },
      get editScope() {
        return writer.editScope;
      },
      referenceAt(newestId) {
        const now = isReply() ? ({ kind: 'reply' } as const) : spot;
        return writeReference({ ...place, spot: now, newestId });
      },
      send: (next, signal) => explained(place, () => send(next, signal)),
      edit: (id, body, files, signal) => explained(place, () => writer.edit(id, body, files, signal)),
      archiveAgain: (signal) => writer.archiveAgain(signal),
      async failed(error, view) {
        if (isUnclear(error)) unclear.push(view);
      },
    },
    { newestId: place.newestId, isResumed },
  );
}

/** Tells the asker something in direct messages, or in a reply if those are closed. */
async function tellAsker(
  rest: DiscordRest,
  { channelId, messageId, authorId, guildId }: MessagePlace['question'],
  { text, files = [] }: Notice,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const notice = { text, files, nonce: `${messageId}w${count}` };
  if (guildId === null) return postNotice(rest, channelId, notice, signal);
  const link = `https://discord.com/channels/${guildId}/${channelId}/${messageId}`;
  try {
    const direct = await openDirectMessages(rest, authorId, signal);
    await postNotice(rest, direct, { ...notice, text: `-# About ${link}\n${text}` }, signal);
  } catch (error) {
    if (!(error instanceof PlaceGone)) throw error;
    // It appears at least near the question.
    await postNotice(rest, channelId, { ...notice, replyTo: messageId }, signal);
  }
}

/** A refusal says why the asker gets no answer. It holds for the channel, unless the answer belongs to this thread alone. */
async function explained<T>({ question, spot }: MessagePlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PlaceGone) || error.reason === 'deleted' || question.guildId === null) throw error;
    const advice = cannotAnswer(question.channelId, 'Discord does not let me write there');
    const extent = spot.kind === 'here' ? 'place' : 'channel';
    throw new PlaceGone(error.reason, { cause: error, advice, extent });
  }
}

/** Says to the asker that there is no answer in a channel, and who can change that. */
export function cannotAnswer(channelId: string, why: string): string {
  return `I cannot answer you in <#${channelId}>: ${why}. An admin can change that under Permissions in the settings of the channel or server.`;
}

/** The message of the bot that shows one of these views; null if there is none, or the bot may not look. */
async function findShown(
  rest: DiscordRest,
  after: Parameters<typeof findMessage>[1],
  botId: string,
  views: readonly MessageView[],
  signal: AbortSignal,
): Promise<string | null> {
  const isShown = (message: SentMessage) =>
    message.author.id === botId && views.some((view) => shows(message, view));
  const found = await findMessage(rest, after, isShown, signal);
  return found === UNREAD ? null : (found?.id ?? null);
}

/** Buttons name the answer: others in the channel may begin with the same word. */
function shows(message: SentMessage, view: MessageView): boolean {
  return (
    message.content === answerBody(view).content.trim() && isDeepStrictEqual(buttonsOf(message), view.buttons)
  );
}
