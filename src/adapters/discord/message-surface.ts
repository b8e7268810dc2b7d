import type { LiveMessage, Notice, Surface } from '../../core/adapter.ts';
import { PlaceGone } from '../../core/delivery-errors.ts';
import { ANSWER_CHARS, answerBody } from './content.ts';
import { openDirectMessages, postNotice, referenceTo } from './notices.ts';
import { createChannelOutlet, delivered, isUnclear, type Outlet } from './outlets.ts';
import { findSent } from './read-back.ts';
import type { DiscordRest } from './rest.ts';
import { startThread } from './threads.ts';
import type { WaitingSigns } from './waiting-signs.ts';

/** Where the answer to a message goes. */
export type AnswerSpot =
  /** The thread or direct messages that it stands in. */
  | { readonly kind: 'here' }
  /** The channel, as a reply to it. */
  | { readonly kind: 'reply' }
  /** A thread that is opened from it with the first text; a reply where that turns out to be impossible. */
  | { readonly kind: 'thread'; readonly title: string };

export interface MessageSurfaceOptions {
  readonly rest: DiscordRest;
  readonly signs: WaitingSigns;
  readonly botId: string;
  readonly question: {
    readonly channelId: string;
    readonly messageId: string;
    readonly authorId: string;
    /** Null in direct messages. */
    readonly guildId: string | null;
  };
  readonly spot: AnswerSpot;
  readonly canContinueInThread: boolean;
  readonly caveat: string | undefined;
  /** Tells the asker what stands in the way, where Discord refused the answer its place. */
  readonly onForbidden: () => void;
}

/** Answers a message that somebody wrote. */
export function createMessageSurface(options: MessageSurfaceOptions): Surface {
  const { rest, signs, botId, question, spot } = options;
  const { channelId, messageId, authorId, guildId } = question;
  const indicate = signs.of(question);
  // A thread that starts from a message has the message's id.
  let targetId = spot.kind === 'thread' ? messageId : channelId;
  let outlet = createChannelOutlet(rest, targetId);
  let threadToOpen = spot.kind === 'thread' ? spot.title : null;
  let opened = 0;
  let whispered = 0;
  /** What earlier tries to open the next message sent, to no known effect. */
  let unclear: string[] = [];

  async function openThread(title: string, signal: AbortSignal): Promise<void> {
    const outcome = await delivered(() => startThread(rest, channelId, messageId, title, signal));
    threadToOpen = null;
    if (outcome !== 'impossible') return;
    targetId = channelId;
    outlet = createChannelOutlet(rest, channelId);
  }

  /** Whether the answer begins in a channel where others talk of other things. */
  function isReply(): boolean {
    return spot.kind !== 'here' && targetId === channelId;
  }

  function liveMessage(id: string, { editScope, edit }: Outlet): LiveMessage {
    return { key: id, scope: editScope, update: (view, signal) => edit(id, answerBody(view), signal) };
  }

  async function findUnclear(signal: AbortSignal): Promise<string | null> {
    const sent = new Set(unclear);
    return findSent(
      rest,
      targetId,
      ({ author, content }) => author.id === botId && sent.has(content),
      signal,
    );
  }

  async function whisper({ text, files = [] }: Notice, signal: AbortSignal): Promise<void> {
    const notice = { text, files, nonce: `${messageId}w${whispered++}` };
    if (guildId === null) return postNotice(rest, channelId, notice, signal);
    const link = `https://discord.com/channels/${guildId}/${channelId}/${messageId}`;
    try {
      const direct = await openDirectMessages(rest, authorId, signal);
      await postNotice(rest, direct, { ...notice, text: `-# About ${link}\n${text}` }, signal);
    } catch (error) {
      if (!(error instanceof PlaceGone)) throw error;
      // Direct messages are closed: as a reply it is at least where the question is.
      await postNotice(rest, channelId, { ...notice, replyTo: messageId }, signal);
    }
  }

  return {
    limits: { maxChars: ANSWER_CHARS },
    get openScope() {
      return outlet.sendScope;
    },
    canContinueInThread: options.canContinueInThread,
    isPrivate: false,
    ...(options.caveat === undefined ? {} : { caveat: options.caveat }),
    indicate,
    whisper,

    async open(view, signal) {
      signal.throwIfAborted();
      const body = answerBody(view);
      try {
        if (threadToOpen !== null) await openThread(threadToOpen, signal);
        const found = unclear.length === 0 ? null : await findUnclear(signal);
        const reference = isReply() && opened === 0 ? referenceTo(messageId) : {};
        // Of two sends with one nonce Discord takes the first, for some minutes.
        const once = { nonce: `${messageId}-${opened}`, enforce_nonce: true } as const;
        const id = found ?? (await outlet.send({ ...body, ...reference, ...once }, [], signal));
        // What stands there may be what an earlier try sent.
        if (unclear.length > 0) await outlet.edit(id, body, signal);
        opened++;
        unclear = [];
        indicate('idle');
        return liveMessage(id, outlet);
      } catch (error) {
        if (isUnclear(error)) unclear.push(body.content.trim());
        if (error instanceof PlaceGone && error.reason === 'forbidden') options.onForbidden();
        throw error;
      }
    },
  };
}
