import { isDeepStrictEqual } from 'node:util';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Activity, LiveMessage, MessageView, Notice, Rename } from '../../../core/ports/surface.ts';
import { type DiscordRest, GLOBAL, insisting } from '../rest/rest.ts';
import { AnswerSurface, type NextMessage } from './answer-surface.ts';
import { answerBody } from './content.ts';
import type { DiscordContext } from './context.ts';
import { ChannelWriter, isUnclear } from './message-writers.ts';
import { openDirectMessages, postNotice, referenceTo } from './post-notice.ts';
import { QueueWords } from './queue-words.ts';
import { buttonsOf, findMessage, type SentMessage, UNREAD } from './read-back.ts';
import { type MessagePlace, writeReference } from './references.ts';
import { renameThread, startThread } from './threads.ts';
import type { WaitingSign } from './waiting-signs.ts';

export interface MessageSurfaceOptions {
  /** Whether another process may have sent messages that this one does not know. */
  readonly isResumed: boolean;
  /** A sentence for the asker on why the bot may not write there now; null if nothing speaks against it. Default: null. */
  readonly obstacle?: () => Promise<string | null>;
}

/**
 * The surface for the answer to a person's message: in the question's own thread or direct messages, in its channel as a
 * reply, or in a thread that opens with the first text. If a thread is impossible, the answer becomes a reply.
 */
export class MessageSurface extends AnswerSurface {
  readonly updateScope = GLOBAL;
  readonly isPrivate = false;
  protected writer: ChannelWriter;
  readonly caveat: string | undefined;
  readonly obstacle: () => Promise<string | null>;
  readonly #discord: Pick<DiscordContext, 'rest' | 'botId'>;
  readonly #place: MessagePlace;
  readonly #sign: WaitingSign;
  readonly #queueWords: QueueWords;
  #threadToOpen: string | null;
  #isThreadNew = false;
  #toldPrivately = 0;
  /** Views of earlier tries to open the next message, whose outcome is unknown. */
  #unclear: MessageView[] = [];

  constructor(
    discord: Omit<DiscordContext, 'sealing' | 'clock' | 'log'>,
    place: MessagePlace,
    { isResumed, obstacle = async () => null }: MessageSurfaceOptions,
  ) {
    super(place, isResumed);
    const { question, spot } = place;
    this.caveat = question.guildId === null ? undefined : discord.caveat;
    this.#discord = discord;
    this.#place = place;
    this.obstacle = obstacle;
    this.#sign = discord.signs.of(question);
    this.#queueWords = new QueueWords(discord, question);
    // A thread that starts from a message has the message's id.
    const channelId = spot.kind === 'thread' ? question.messageId : question.channelId;
    this.writer = new ChannelWriter(discord.rest, channelId, discord.isArchived);
    this.#threadToOpen = spot.kind === 'thread' ? spot.title : null;
  }

  get isOverheard(): boolean {
    return this.#place.question.guildId !== null && this.caveat === undefined && !this.#isReply;
  }

  get reference(): string {
    const spot = this.#isReply ? ({ kind: 'reply' } as const) : this.#place.spot;
    return writeReference({ ...this.#place, spot, newestId: this.newestId });
  }

  get rename(): Rename | undefined {
    if (!this.#isThreadNew) return undefined;
    const { messageId } = this.#place.question;
    return (title, signal) => renameThread(this.#discord.rest, messageId, title, signal);
  }

  /** Whether the answer starts in a channel where people talk about other things. */
  get #isReply(): boolean {
    const { question, spot } = this.#place;
    return spot.kind !== 'here' && this.writer.channelId === question.channelId;
  }

  indicate(activity: Activity): void {
    if (activity !== 'queued') this.#queueWords.show(null);
    this.#sign.show(activity);
  }

  waits(words: string): void {
    this.#queueWords.show(words);
  }

  tellPrivately(notice: Notice, signal: AbortSignal): Promise<void> {
    return tellAsker(this.#discord.rest, this.#place.question, notice, this.#toldPrivately++, signal);
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const title = this.#threadToOpen;
    if (title !== null) await explained(this.#place, () => this.#openThread(title, signal));
  }

  override openMessage(view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    return explained(this.#place, () => super.openMessage(view, signal));
  }

  protected override update(id: string, view: MessageView, signal: AbortSignal): Promise<void> {
    return explained(this.#place, () => super.update(id, view, signal));
  }

  protected async post(next: NextMessage, signal: AbortSignal): Promise<string> {
    const { body, files, newestId } = next;
    const { rest, botId } = this.#discord;
    const { messageId } = this.#place.question;
    try {
      if (this.#threadToOpen !== null) await this.#openThread(this.#threadToOpen, signal);
      const afterId = newestId ?? messageId;
      const after = { channelId: this.writer.channelId, afterId };
      const unclear = this.#unclear;
      const found = unclear.length === 0 ? null : await findShown(rest, after, botId, unclear, signal);
      const reference = this.#isReply && newestId === null ? referenceTo(messageId) : {};
      // Of two sends with the same nonce Discord accepts only the first, for some minutes. Exactly one message follows another.
      const once = { nonce: afterId, enforce_nonce: true } as const;
      const id = found ?? (await this.writer.send({ ...body, ...reference, ...once }, files, signal));
      // An earlier try may have sent an older text. The limiter granted a send, and not this edit.
      if (next.mayHaveSent)
        await new ChannelWriter(insisting(rest), this.writer.channelId).edit(id, body, files, signal);
      this.#unclear = [];
      return id;
    } catch (error) {
      if (isUnclear(error)) this.#unclear.push(next.view);
      throw error;
    }
  }

  async #openThread(title: string, signal: AbortSignal): Promise<void> {
    const { rest } = this.#discord;
    const { channelId, messageId } = this.#place.question;
    const outcome = await startThread(rest, channelId, messageId, title, signal);
    this.#threadToOpen = null;
    this.#isThreadNew = outcome === 'new';
    if (outcome !== 'impossible') return;
    this.writer = new ChannelWriter(rest, channelId);
  }
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
