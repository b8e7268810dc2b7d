import type { Button } from './buttons.ts';
import type { Scope } from './scope.ts';

/**
 * The Markdown that a platform renders. `commonmark`: CommonMark with GFM's tables, strikethrough and task lists, and with emphasis
 * next to CJK letters. `strict`: the same by the letter of CommonMark, which needs help there. `discord`: what Discord's clients render
 * (https://support.discord.com/hc/en-us/articles/210298617); all else is rewritten into that.
 */
export type Dialect = 'commonmark' | 'strict' | 'discord';

/** What one message of a platform holds. */
export interface TextLimits {
  /** Default `commonmark`. */
  readonly dialect?: Dialect;
  /** The most that one message may measure, at least 50. */
  readonly maxChars: number;
  /**
   * How the platform measures text, if it is not UTF-16 units (Slack counts `&` as `&amp;`). Must be additive over
   * whole code points: the length of a concatenation is the sum of the lengths.
   */
  readonly lengthOf?: (text: string) => number;
}

/**
 * The place where one answer is shown. The reply engine owns the cut into messages and the pace; a surface opens one
 * message after the other and says what the limits are.
 *
 * `open` and `LiveMessage.update` throw `RateLimited`, `PlaceGone` or `Unshowable` from `delivery-errors.ts`; any
 * `PassingFault` is tried again for an hour; any other error three times within a minute.
 */
export interface Surface {
  /** For `MessageView.text`. Buttons have room beside it; note and footer too, unless `tailLength` says what they take. */
  readonly limits: TextLimits;
  /**
   * How much of a message's `limits` its note and footer take. Left out if they have room of their own. Only the last
   * message has them, so that the others may be full.
   */
  tailLength?(tail: Pick<MessageView, 'note' | 'footer' | 'status' | 'files'>): number;
  /** The limit that the next `open` draws from. */
  readonly openScope: Scope;
  /**
   * The limit that the updates of that message will draw from, if it is one that many answers share: then an answer begins
   * to grow only once its last state can be paid for, and is shown whole before that if it ends first. Left out if each
   * answer has a limit of its own.
   */
  readonly updateScope?: Scope;
  /** Milliseconds since the epoch after which nothing can be shown here any more; the answer is ended before. */
  readonly closesAtMs?: number;
  /** Whether a thread can begin under an answer that is shown to everybody here: then it gets a button for that. */
  readonly canContinueInThread: boolean;
  /** Whether only the asker sees what is shown here. */
  readonly isPrivate: boolean;
  /**
   * Whether the bot gets what people write beside this answer without mentioning it: in threads of several people. Then the
   * first answer there says that it listens. False by default; may change while the first message is opened.
   */
  readonly isOverheard?: boolean;
  /** What does not work here, and what would help, in one or two sentences; `/help` says it. */
  readonly caveat?: string;
  /**
   * By what `Adapter.reopen` finds this place again, in any process. Changes with each message that is opened: the next
   * `open` after a reopening must not double what an `open` after the reference was taken has posted. Goes into the
   * store as it is. Left out where the place ends with the process.
   */
  readonly reference?: string;
  /**
   * Shows by the platform's own means (typing, status, reaction) that the question was seen; kept up until
   * the first message is open or `idle` is said. Must not throw.
   */
  indicate(activity: Activity): void;
  /**
   * Shows to the asker, in one line, how the question stands in the queue, until it is no longer `queued`. Comes again with other words;
   * platforms where that costs writes of many people's limit show the first ones alone. Must not throw.
   */
  waits?(words: string): void;
  /**
   * The model has begun to think before it answers: says so with the time that it takes, until the first message is open or `idle` is
   * said. Must not throw. Left out where what `indicate` shows is all that there is.
   */
  think?(): void;
  /**
   * Why nothing can be posted here and who can change that, in words for the asker, if the platform says so beforehand; null if it does not.
   * Asked before a model is. Left out where only a post tells.
   */
  obstacle?(signal: AbortSignal): Promise<string | null>;
  /**
   * `Place.key` of the thread for the answer, as soon as that thread is there, so that what is said in it meanwhile counts;
   * null if there is none to tie. Asked once the answer is on its way. Left out where threads begin with an answer
   * (`LiveMessage.threadKey`).
   */
  threadKey?(signal: AbortSignal): Promise<string | null>;
  /**
   * Does what has to be done before `open` and costs a write of its own, such as opening a thread, so that it waits for its own
   * turn. Does nothing if it is done; `open` does what is left of it. Throws as `open`.
   */
  prepare?(signal: AbortSignal): Promise<void>;
  /**
   * Names the thread that began with this answer. Left out if none did, if it cannot be named, and until it is there. Platforms take
   * few of these: it is called once.
   */
  readonly rename?: Rename | undefined;
  /** Posts the next message of the answer. A send whose outcome is unclear must not double when tried again. */
  open(view: MessageView, signal: AbortSignal): Promise<LiveMessage>;
  /** Shows something to the asker alone, as privately as the platform can. */
  tellPrivately(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** @param title plain text, at least one character; cut to what the platform takes */
export type Rename = (title: string, signal: AbortSignal) => Promise<void>;

/** `queued`: seen, and waiting for its turn. `working`: admitted; the answer is on its way. */
export type Activity = 'queued' | 'working' | 'idle';

/** One message of an answer on the platform. */
export interface LiveMessage {
  /** `Place.key` of a reply to this message. */
  readonly key: string;
  /** `Place.key` of the thread in which the message stands, if that is not known before the answer begins. */
  readonly threadKey?: string | null;
  /** The limit that the next `update` draws from. */
  readonly scope: Scope;
  /** Makes the message equal to the view. Idempotent; never called twice at once. */
  update(view: MessageView, signal: AbortSignal): Promise<void>;
}

/** The whole state of one message of an answer at one moment. Never a delta. */
export interface MessageView {
  /** Markdown, within `Surface.limits`, half-open markup closed. */
  readonly text: string;
  /** The text before half-open markup was closed. Grows by appending while the message streams; may shrink when the message is sealed. For platforms that append. */
  readonly source: string;
  readonly status: ReplyStatus;
  /** One plain line to stand after the text: why the answer ended early, or that a piece is missing here. At most 300 characters. */
  readonly note: string | null;
  /** One line: model, duration, tokens, price. At most 200 characters. */
  readonly footer: string | null;
  readonly buttons: readonly Button[];
  /**
   * Shown with the last state of an answer's last message, at most 4 of together 20 MiB. Where they cannot be shown the rest of the
   * view is, and says so (`withoutFiles`).
   */
  readonly files?: readonly NoticeFile[];
}

/** The longest `MessageView.note`, in UTF-16 units. */
export const MAX_NOTE_CHARS = 300;

/** A view whose files its place does not take: the note says that they are missing. */
export function withoutFiles<V extends Pick<MessageView, 'note' | 'files'>>({ files = [], ...view }: V) {
  if (files.length === 0) return view;
  const missing = `${files.length === 1 ? 'The image' : `The ${files.length} images`} of this answer could not be uploaded here.`;
  const room = MAX_NOTE_CHARS - missing.length - 1;
  return {
    ...view,
    note: view.note === null ? missing : `${view.note.slice(0, room).toWellFormed()} ${missing}`,
  };
}

/** `sealed`: the answer goes on in the next message; this one will not change again. */
export type ReplyStatus = 'streaming' | 'sealed' | 'complete' | 'stopped' | 'failed' | 'interrupted';

/** Something said outside an answer: a refusal, a list, a confirmation. */
export interface Notice {
  /** Markdown of any length; the adapter splits it where the platform needs that (`splitText`). */
  readonly text: string;
  readonly files?: readonly NoticeFile[];
}

/** A file beside a notice or an answer. */
export interface NoticeFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** For those who cannot see the picture. */
  readonly description: string;
}
