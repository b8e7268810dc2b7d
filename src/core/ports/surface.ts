import type { Button } from './buttons.ts';
import type { Scope } from './scope.ts';

/**
 * The Markdown that a platform renders. `commonmark`: CommonMark with GFM's tables, strikethrough and task lists, and with
 * emphasis next to CJK letters. `strict`: CommonMark by the letter, where such emphasis needs help. `discord`: what Discord's
 * clients render (https://support.discord.com/hc/en-us/articles/210298617); everything else is rewritten into that.
 */
export type Dialect = 'commonmark' | 'strict' | 'discord';

/** The capacity of one message of a platform. */
export interface TextLimits {
  /** Default `commonmark`. */
  readonly dialect?: Dialect;
  /** The largest size of one message, at least 50, in the unit of `lengthOf`. */
  readonly maxChars: number;
  /**
   * Measures text in the platform's unit (Slack counts `&` as `&amp;`). Default: UTF-16 units. Must be additive over code
   * points: the length of a concatenation is the sum of the lengths.
   */
  readonly lengthOf?: (text: string) => number;
}

/**
 * The place where one answer is shown. The reply engine cuts the answer into messages and sets the pace; a surface opens one
 * message after the other and states the limits.
 *
 * `openMessage` and `LiveMessage.update` throw `RateLimited`, `PlaceGone` or `Unshowable` from `delivery-errors.ts`. A
 * `PassingFault` is retried for an hour, any other error three times within a minute.
 */
export interface Surface {
  /** For `MessageView.text`. Buttons have room beside it; so do note and footer, unless `tailLength` says otherwise. */
  readonly limits: TextLimits;
  /** The part of a message's `limits` that note and footer use, which only a last message has. Left out if they have their own room. */
  tailLength?(tail: Pick<MessageView, 'note' | 'footer' | 'status' | 'files'>): number;
  /** The limit that the next `openMessage` draws from. */
  readonly openScope: Scope;
  /**
   * The limit that updates of that message will draw from, if many answers share it. An answer then grows only once its last
   * state can be paid for; if it ends first, it is shown whole. Left out if each answer has its own limit.
   */
  readonly updateScope?: Scope | undefined;
  /** The time, in milliseconds since the epoch, after which nothing can be shown here. Answers are ended before it. */
  readonly closesAtMs?: number | undefined;
  /** Whether a thread can begin under a public answer here; the answer then gets a button for that. */
  readonly canContinueInThread: boolean;
  /** Whether only the asker sees what is shown here. */
  readonly isPrivate: boolean;
  /**
   * Whether the bot receives what people write beside this answer without a mention, in threads of several people. The first
   * answer there then says that the bot listens. False by default; may change while the first message is opened.
   */
  readonly isOverheard?: boolean;
  /** One or two sentences for `/help` on what does not work here, and the remedy. */
  readonly caveat?: string | undefined;
  /**
   * Serialised location for `Adapter.reopen`, in any process. Changes after each `openMessage`, so that the first `openMessage` after a
   * reopening does not repeat a post that the dead process had made. Stored as is. Left out if the place ends with the
   * process.
   */
  readonly reference?: string;
  /**
   * Whether messages keep their mark unseen, so that `Adapter.reopen` finds those without buttons too. A full message can then
   * be posted in its last state. Default false: a message is found by its buttons alone.
   */
  readonly keepsMarks?: boolean;
  /**
   * Shows by the platform's own means (typing, status, reaction) that the question was seen, until the first message opens or
   * `idle` is set. Must not throw.
   */
  indicate(activity: Activity): void;
  /**
   * Shows the asker one line about the question's place in the queue, until it is no longer `queued`. Called again if the
   * words change; platforms where that uses up a shared limit show the first words only. Must not throw.
   */
  waits?(words: string): void;
  /**
   * Shows that the model is reasoning, with the time it takes, until the first message opens or `idle` is set. Must not
   * throw. Left out if `indicate` shows all there is.
   */
  think?(): void;
  /**
   * Resolves to a sentence for the asker on why nothing can be posted here and who can change that; null if nothing is known.
   * Called before a model is asked. Left out if only a post can tell.
   */
  obstacle?(signal: AbortSignal): Promise<string | null>;
  /**
   * `Place.key` of the answer's thread as soon as it exists, so that messages in it count from then on; null if there is no
   * such thread. Called once the answer is on its way. Left out where threads begin with an answer (`LiveMessage.threadKey`).
   */
  threadKey?(signal: AbortSignal): Promise<string | null>;
  /**
   * Does the part of `openMessage` that costs a write of its own, such as opening a thread, so that it waits for its own turn. Does
   * nothing the second time; `openMessage` does whatever is left. Throws as `openMessage`.
   */
  prepare?(signal: AbortSignal): Promise<void>;
  /**
   * Names the thread that began with this answer. Left out if there is none, if it cannot be named, or until it exists.
   * Called once, because platforms limit these calls.
   */
  readonly rename?: Rename | undefined;
  /** Posts the next message of the answer. A retry after an unclear outcome must not post it twice. */
  openMessage(view: MessageView, signal: AbortSignal): Promise<LiveMessage>;
  /** Shows something to the asker alone, as privately as the platform allows. */
  tellPrivately(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** @param title plain text of at least one character; cut to the platform's limit */
export type Rename = (title: string, signal: AbortSignal) => Promise<void>;

/** `queued`: seen, and waiting for its turn. `working`: the answer is on its way. `idle`: nothing to show. */
export type Activity = 'queued' | 'working' | 'idle';

/** One message of an answer on the platform. */
export interface LiveMessage {
  /** `Place.key` of a reply to this message. */
  readonly key: string;
  /** `Place.key` of the message's thread, if it is only known once the answer begins. */
  readonly threadKey?: string | null;
  /** The limit that the next `update` draws from. */
  readonly scope: Scope;
  /** Makes the message equal to the view. Idempotent. The reply engine never calls it concurrently. */
  update(view: MessageView, signal: AbortSignal): Promise<void>;
}

/** The whole state of one message of an answer at one moment. Never a delta. */
export interface MessageView {
  /** Markdown within `Surface.limits`, with half-open markup closed. */
  readonly text: string;
  /** The text before markup was closed, for platforms that append. Only grows at its end, except that sealing may cut it. */
  readonly source: string;
  readonly status: ReplyStatus;
  /** One plain line after the text: why the answer ended early, or that a piece is missing. At most 300 characters. */
  readonly note: string | null;
  /** One line: model, duration, tokens, price. At most 200 characters. */
  readonly footer: string | null;
  readonly buttons: readonly Button[];
  /**
   * In the last state of an answer's last message: at most 4, together 20 MiB. Where they cannot be shown, the note says so
   * (`withoutFiles`).
   */
  readonly files?: readonly NoticeFile[];
  /** The same for all views of a message. Left out if nobody will have to find the message. */
  readonly mark?: MessageMark;
}

/** Identifies a message of an answer (`Surface.keepsMarks`). */
export interface MessageMark {
  readonly answerId: string;
  /** The number of the answer's messages before it. */
  readonly index: number;
}

/** The longest `MessageView.note`, in UTF-16 units. */
export const MAX_NOTE_CHARS = 300;

/** A view without the files that its place rejects, with a note that they are missing. */
export function withoutFiles<V extends Pick<MessageView, 'note' | 'files'>>({ files = [], ...view }: V) {
  if (files.length === 0) return view;
  const missing = `${files.length === 1 ? 'The image' : `The ${files.length} images`} of this answer could not be uploaded here.`;
  const room = MAX_NOTE_CHARS - missing.length - 1;
  return {
    ...view,
    note: view.note === null ? missing : `${view.note.slice(0, room).toWellFormed()} ${missing}`,
  };
}

/** `sealed`: the answer continues in the next message; this one no longer changes. */
export type ReplyStatus = 'streaming' | 'sealed' | 'complete' | 'stopped' | 'failed' | 'interrupted';

/** A message outside an answer: a refusal, a list, a confirmation. */
export interface Notice {
  /** Markdown of any length. The adapter splits it if needed (`splitText`). */
  readonly text: string;
  readonly files?: readonly NoticeFile[];
}

/** A file beside a notice or an answer. */
export interface NoticeFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** For people who cannot see the picture. */
  readonly description: string;
}
