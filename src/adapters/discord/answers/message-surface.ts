import { isDeepStrictEqual } from 'node:util';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { MessageView, Notice, Surface } from '../../../core/ports/surface.ts';
import { type DiscordRest, GLOBAL } from '../rest/rest.ts';
import {
  type AnswerSurface,
  type AnswerWay,
  createAnswerSurface,
  type NextMessage,
} from './answer-surface.ts';
import { answerBody } from './content.ts';
import { createChannelWriter, type IsArchived, isUnclear } from './message-writers.ts';
import { openDirectMessages, postNotice, referenceTo } from './post-notice.ts';
import { buttonsOf, findMessage, type SentMessage, UNREAD } from './read-back.ts';
import { type MessagePlace, writeReference } from './references.ts';
import { renameThread, startThread } from './threads.ts';
import type { WaitingSigns } from './waiting-signs.ts';

export interface MessageSurfaceOptions {
  readonly rest: DiscordRest;
  readonly signs: WaitingSigns;
  readonly botId: string;
  /**
   * The place of the answer: the question's own thread or direct messages (`here`); its channel, as a reply; or a thread that
   * opens with the first text. Becomes a reply if a thread is impossible.
   */
  readonly place: MessagePlace;
  /** Whether another process may have sent messages that this one does not know. */
  readonly isResumed: boolean;
  readonly caveat: string | undefined;
  readonly isArchived: IsArchived;
  /** Called if Discord refuses the answer its place, to tell the asker the reason. */
  readonly obstacle?: () => string | null;
}

/** The surface for the answer to a person's message. */
export function createMessageSurface(options: MessageSurfaceOptions): AnswerSurface {
  const { rest, signs, botId, place, isArchived } = options;
  const { question, spot } = place;
  const { channelId, messageId, authorId, guildId } = question;
  const sign = signs.of(question);
  const queueWords = signs.wordsOf(question);
  const indicate: Surface['indicate'] = (activity) => {
    if (activity !== 'queued') queueWords(null);
    sign(activity);
  };
  /** For writes that were granted under another limit than their own. */
  const patient = { ...rest, request: rest.insist };
  // A thread that starts from a message has the message's id.
  let targetId = spot.kind === 'thread' ? messageId : channelId;
  let writer = createChannelWriter(rest, targetId, isArchived);
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

  async function findUnclear(newestId: string | null, signal: AbortSignal): Promise<string | null> {
    const found = await findMessage(
      rest,
      { channelId: targetId, afterId: newestId ?? messageId },
      (message) => message.author.id === botId && unclear.some((view) => shows(message, view)),
      signal,
    );
    return found === UNREAD ? null : (found?.id ?? null);
  }

  async function tellPrivately({ text, files = [] }: Notice, signal: AbortSignal): Promise<void> {
    const notice = { text, files, nonce: `${messageId}w${toldPrivately++}` };
    if (guildId === null) return postNotice(rest, channelId, notice, signal);
    const link = `https://discord.com/channels/${guildId}/${channelId}/${messageId}`;
    try {
      const direct = await openDirectMessages(rest, authorId, signal);
      await postNotice(rest, direct, { ...notice, text: `-# About ${link}\n${text}` }, signal);
    } catch (error) {
      if (!(error instanceof PlaceGone)) throw error;
      // If direct messages are closed, a reply at least appears near the question.
      await postNotice(rest, channelId, { ...notice, replyTo: messageId }, signal);
    }
  }

  /** A refusal says why the asker gets no answer. It holds for the channel, unless the answer belongs to this thread alone. */
  async function explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PlaceGone) || error.reason === 'deleted' || guildId === null) throw error;
      const advice = cannotAnswer(channelId, 'Discord does not let me write there');
      const extent = spot.kind === 'here' ? 'place' : 'channel';
      throw new PlaceGone(error.reason, { cause: error, advice, extent });
    }
  }

  async function send(
    { body, files, newestId, mayHaveSent }: NextMessage,
    signal: AbortSignal,
  ): Promise<string> {
    if (threadToOpen !== null) await openThread(threadToOpen, signal);
    const found = unclear.length === 0 ? null : await findUnclear(newestId, signal);
    const reference = isReply() && newestId === null ? referenceTo(messageId) : {};
    // Of two sends with the same nonce Discord accepts only the first, for some minutes. Exactly one message follows another.
    const once = { nonce: newestId ?? messageId, enforce_nonce: true } as const;
    const id = found ?? (await writer.send({ ...body, ...reference, ...once }, files, signal));
    // An earlier try may have sent an older text.
    if (mayHaveSent) await createChannelWriter(patient, targetId).edit(id, body, files, signal);
    unclear = [];
    return id;
  }

  const way: AnswerWay = {
    get sendScope() {
      return writer.sendScope;
    },
    get editScope() {
      return writer.editScope;
    },
    updateScope: GLOBAL,
    canContinueInThread: place.canContinueInThread,
    isPrivate: false,
    get isOverheard() {
      return guildId !== null && options.caveat === undefined && !isReply();
    },
    ...(options.caveat === undefined ? {} : { caveat: options.caveat }),
    referenceAt(newestId) {
      const now = isReply() ? ({ kind: 'reply' } as const) : spot;
      return writeReference({ ...place, spot: now, newestId });
    },
    get rename() {
      return isThreadNew
        ? (title: string, signal: AbortSignal) => renameThread(rest, messageId, title, signal)
        : undefined;
    },
    indicate,
    waits: queueWords,
    tellPrivately,
    obstacle: async () => options.obstacle?.() ?? null,

    async prepare(signal) {
      const title = threadToOpen;
      if (title !== null) await explained(() => openThread(title, signal));
    },

    send: (next, signal) => explained(() => send(next, signal)),
    edit: (id, body, files, signal) => explained(() => writer.edit(id, body, files, signal)),
    archiveAgain: (signal) => writer.archiveAgain(signal),
    async failed(error, view) {
      if (isUnclear(error)) unclear.push(view);
    },
  };
  return createAnswerSurface(way, { newestId: place.newestId, isResumed: options.isResumed });
}

/** Says to the asker that there is no answer in a channel, and who can change that. */
export function cannotAnswer(channelId: string, why: string): string {
  return `I cannot answer you in <#${channelId}>: ${why}. An admin can change that under Permissions in the settings of the channel or server.`;
}

/** Buttons name the answer: others in the channel may begin with the same word. */
function shows(message: SentMessage, view: MessageView): boolean {
  return (
    message.content === answerBody(view).content.trim() && isDeepStrictEqual(buttonsOf(message), view.buttons)
  );
}
