import type { IncomingMessage as HttpRequest, ServerResponse } from 'node:http';
import type { Actor, GuildId, Person, Platform } from './actor.ts';
import type { TextLimits } from './reply/splitter.ts';

/** One chat platform. Brings people's events to `Dispatch`, and shows what core answers on a `Surface`. */
export interface Adapter {
  readonly platform: Platform;
  /**
   * HTTP paths that the adapter serves on the shared server. Known once the adapter is made; requests that come
   * before `start` has resolved are the adapter's to refuse.
   */
  readonly routes: readonly Route[];
  /** Everybody there is, where they are few and always the same; left out elsewhere. */
  readonly people?: readonly Person[];
  /** Resolves once events flow. @throws StartError where the operator has to change something first. */
  start(dispatch: Dispatch): Promise<void>;
  /** Whether events flow at this moment; `/readyz` asks. */
  ready(): boolean;
  /** Closes connections. Called when no answer is in flight any more. */
  stop(): Promise<void>;
  /**
   * Tells those who manage a guild something, as privately as the platform can; false where nobody could be reached.
   * Called after `start` alone. Left out where the platform has no way.
   */
  tellAdmins?(guild: GuildId, notice: Notice, signal: AbortSignal): Promise<boolean>;
  /**
   * Goes back to where a process that died was answering; null where nothing can be shown there any more. Called after
   * `start` alone. Other faults than `PlaceGone` are taken for passing ones. Left out where no surface has a `reference`.
   */
  reopen?(lost: LostPlace, signal: AbortSignal): Promise<Reopened | null>;
}

/** `Adapter.tellAdmins`, of whichever platform the guild is on. */
export type TellAdmins = NonNullable<Adapter['tellAdmins']>;

/** What a journal knows of a place. */
export interface LostPlace {
  /** A `Surface.reference` of this platform's, by this process or another. */
  readonly reference: string;
  /** Names the answer that was shown there; null where there was none yet. */
  readonly answerId: string | null;
}

/** A place that was found again. */
export interface Reopened {
  readonly surface: Surface;
  /**
   * The newest message that carries a button of the answer's, and so the one that was growing, or the last. Null where
   * there is none: nothing was shown so far, or it goes on in a message that is still to come.
   */
  readonly message: ReopenedMessage | null;
  /** Whether the bot may not read what stands there, so that `message` is null whatever was shown. False by default. */
  readonly isUnread?: boolean;
}

export interface ReopenedMessage {
  readonly live: LiveMessage;
  /** Its text as Markdown, as far as it can be read back; without note and footer. */
  readonly text: string;
  /** Whether it shows the answer's last state already. */
  readonly isEnded: boolean;
}

/** A path on the shared HTTP server. Longest prefix wins. */
export interface Route {
  /** Matches the path itself and, where it ends with `/`, all below it. */
  readonly path: string;
  handle(request: HttpRequest, response: ServerResponse): void | Promise<void>;
}

/** The start cannot go on until a person changes something; `message` says what is wrong, `remedy` what to do where. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** Where something was asked. */
export interface Place {
  readonly guild: GuildId;
  /** The channel whose settings apply; for a thread, its parent. Opaque, unique within the platform. */
  readonly channel: string;
  /**
   * What a conversation hangs on: a thread, a DM, or the answer that is replied to (a `LiveMessage.key`). Opaque,
   * unique within the platform. Null where each question starts a conversation of its own.
   */
  readonly key: string | null;
}

/** Something bought on a platform that may come with a tier. */
export interface Purchase {
  /** The platform's id of what is sold. */
  readonly sku: string;
  /** Milliseconds since the epoch from which it no longer counts; null where no end is known. */
  readonly endsAtMs: number | null;
}

/** What adapters call. Resolves when the event is dealt with, its answer delivered included; never rejects. */
export interface Dispatch {
  command(invocation: Invocation): Promise<void>;
  /**
   * Whether a person may run a command here now; else what to tell them. For platforms that ask for options in a form, before
   * they open it: `command` decides again. Never rejects.
   */
  admit(request: Pick<Invocation, 'command' | 'actor' | 'place'>): Promise<Admission>;
  message(message: PostedMessage): Promise<void>;
  /**
   * Whether a message here counts that is not addressed. For platforms that have to look up who wrote it, before they do:
   * `message` decides again. Never rejects.
   */
  hears(place: Place): Promise<boolean>;
  press(press: Press): Promise<void>;
  /** The question with this event id was deleted: its answer stops, whichever process writes it. Never rejects. */
  retract(eventId: string): Promise<void>;
  /**
   * Replaces what the platform says that these guilds bought; with `all`, its other guilds have bought nothing. What is
   * asked after it has resolved counts with it. Never rejects.
   */
  purchases(
    platform: Platform,
    purchases: ReadonlyMap<GuildId, readonly Purchase[]>,
    reach: 'these' | 'all',
  ): Promise<void>;
  /** Completions for an option that is being typed, best first, at most 25. Never rejects. */
  suggest(request: SuggestRequest): Promise<readonly Suggestion[]>;
}

export type Admission = { readonly ok: true } | { readonly ok: false; readonly notice: Notice };

interface InboundEvent {
  /**
   * Names the platform's event; one that was seen before is dropped, across restarts and processes. Deliveries of
   * one question under several events (Slack's `app_mention` and `message`) carry the same id.
   */
  readonly id: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
}

/** A command with its options as the platform gave them; dispatch checks them against the declaration. */
export interface Invocation extends InboundEvent {
  readonly command: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A message that a person wrote. Bots', webhooks' and system messages never get this far. */
export interface PostedMessage extends InboundEvent {
  /** What was said, without the mention of the bot that starts it. */
  readonly text: string;
  /** Mentions the bot, replies to it, or stands in a DM. What is not addressed counts only inside a conversation. */
  readonly addressed: boolean;
}

/** A press on a button under an answer. The id is a claim, not a right: core looks up what it names. */
export interface Press extends InboundEvent {
  readonly button: ButtonKind;
  readonly answerId: string;
  /** Takes the buttons off the message that was pressed. */
  retire(signal: AbortSignal): Promise<void>;
  /** Opens a thread at the message that was pressed and resolves to its `Place.key`; null where there can be none. */
  openThread(title: string, signal: AbortSignal): Promise<string | null>;
}

export interface SuggestRequest {
  readonly command: string;
  readonly option: string;
  /** What has been typed so far. */
  readonly text: string;
  readonly actor: Actor;
  readonly place: Place;
}

export interface Suggestion {
  /** What the person sees, at most 100 characters. */
  readonly label: string;
  /** What is sent, at most 100 characters; checked again on use. */
  readonly value: string;
}

/**
 * The place where one answer is shown. The reply engine owns the cut into messages and the pace; a surface opens one
 * message after the other and says what the limits are.
 *
 * `open` and `LiveMessage.update` throw `RateLimited`, `PlaceGone` or `Unshowable` from `delivery-errors.ts`; any
 * other error is taken for a passing fault and tried again.
 */
export interface Surface {
  /** For `MessageView.text` alone; note, footer and buttons have room beside it. */
  readonly limits: TextLimits;
  /** The limit that the next `open` draws from. */
  readonly openScope: Scope;
  /** Milliseconds since the epoch after which nothing can be shown here any more; the answer is ended before. */
  readonly closesAtMs?: number;
  /** Whether a thread can begin under an answer that is shown to everybody here: then it gets a `continue` button. */
  readonly canContinueInThread: boolean;
  /** Whether only the asker sees what is shown here. */
  readonly isPrivate: boolean;
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
   * `Place.key` of the thread for the answer, as soon as that thread is there, so that what is said in it meanwhile counts;
   * null where there is none to tie. Asked once the answer is on its way. Left out where threads begin with an answer
   * (`LiveMessage.threadKey`).
   */
  threadKey?(signal: AbortSignal): Promise<string | null>;
  /** Posts the next message of the answer. A send whose outcome is unclear must not double when tried again. */
  open(view: MessageView, signal: AbortSignal): Promise<LiveMessage>;
  /** Shows something to the asker alone, as privately as the platform can. */
  whisper(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** `queued`: seen, and waiting for its turn. `working`: admitted; the answer is on its way. */
export type Activity = 'queued' | 'working' | 'idle';

/** One message of an answer on the platform. */
export interface LiveMessage {
  /** `Place.key` of a reply to this message. */
  readonly key: string;
  /** `Place.key` of the thread in which the message stands, where that is not known before the answer begins. */
  readonly threadKey?: string | null;
  /** The limit that the next `update` draws from. */
  readonly scope: Scope;
  /** Makes the message equal to the view. Idempotent; never called twice at once. */
  update(view: MessageView, signal: AbortSignal): Promise<void>;
}

/** A limit of the platform that writes share. Writes with the same key draw from one pacer. */
export interface Scope {
  readonly key: string;
  /** So many writes … */
  readonly limit: number;
  /** … in so many milliseconds, until the platform's own words (`Pacers.learn`) say otherwise. */
  readonly windowMs: number;
  /** So many of them are kept for what is urgent, so that endings need not wait for a window to pass. Default 0. */
  readonly reserve?: number;
  /** A wider limit, which these writes draw from as well: they wait for both before it is decided what is written. */
  readonly within?: Scope;
  /** Whether the platform counts what all processes write together. */
  readonly isShared?: boolean;
  /**
   * No write takes longer. Where a process dies, others take its writes for ended then. 15,000 by default: no adapter
   * waits longer for an answer.
   */
  readonly longestMs?: number;
}

/** What the platform said about a scope's limit after a write. */
export interface RateReport {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
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
}

/** `sealed`: the answer goes on in the next message; this one will not change again. */
export type ReplyStatus = 'streaming' | 'sealed' | 'complete' | 'stopped' | 'failed' | 'interrupted';

export type ButtonKind = 'stop' | 'retry' | 'continue';

export interface Button {
  readonly kind: ButtonKind;
  /** Opaque, at most 40 characters of `[A-Za-z0-9_-]`; carries no authority. */
  readonly answerId: string;
}

/** Something said outside an answer: a refusal, a list, a confirmation. */
export interface Notice {
  /** Markdown of any length; the adapter splits it where the platform needs that (`splitText`). */
  readonly text: string;
  readonly files?: readonly NoticeFile[];
}

export interface NoticeFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** For those who cannot see the picture. */
  readonly description: string;
}
