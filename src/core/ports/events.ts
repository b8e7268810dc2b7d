import type { Actor, GuildId } from './actor.ts';
import type { Address } from './address.ts';
import type { ButtonKind } from './buttons.ts';
import type { BroughtPart, Part, QuotedPart } from './parts.ts';
import type { Platform } from './platforms.ts';
import type { Notice, Rename, Surface } from './surface.ts';

/** Where something was asked. */
export interface Place {
  readonly guild: GuildId;
  /** The channel whose settings apply; for a thread, its parent. Opaque, unique within the platform. */
  readonly channel: string;
  /** What people call that channel, without a `#`; left out for direct messages and if the event does not say. */
  readonly channelName?: string;
  /**
   * What a conversation hangs on: a thread, a DM, or the answer that is replied to (a `LiveMessage.key`). Opaque,
   * unique within the platform. Null if each question starts a conversation of its own.
   */
  readonly key: string | null;
}

/** Something bought on a platform that may come with a tier. */
export interface Purchase {
  /** The platform's id of what is sold. */
  readonly sku: string;
  /** Milliseconds since the epoch from which it no longer counts; null if no end is known. */
  readonly endsAtMs: number | null;
}

/** What adapters call. Resolves when the event is dealt with, its answer delivered included; never rejects. */
export interface Dispatch {
  /**
   * Claims an event in the store, with its `surface.reference`, before the platform is told that it arrived: if this process dies
   * after that, another one tells the asker. False if the event was claimed before, or is a message that nobody addressed to the bot in
   * a place where it does not listen: then it is done with. Otherwise bring the event to `command`, `message` or `press`, by the same
   * id, or `dropClaim` it. A second claim of the same event waits for the first.
   *
   * @param onLate told if the claim turns out to stand although this rejected: bring the event then
   * @throws if the store does not take it: do not acknowledge the event, or tell the asker
   */
  claim(event: Arrival, onLate?: () => void): Promise<boolean>;
  /** Ends the claim of an event that was not brought to core. Without effect on any other. Never rejects. */
  dropClaim(id: string): Promise<void>;
  command(invocation: Invocation): Promise<void>;
  /**
   * Whether a person may run a command here now; else what to tell them. For platforms that ask for options in a form, before
   * they open it: `command` decides again. Never rejects.
   */
  admit(request: Pick<Invocation, 'command' | 'actor' | 'place'>): Promise<Admission>;
  /**
   * As `admit`, for a press that asks something in a form first: `press` decides again.
   */
  admitPress(press: Pick<Press, 'button' | 'answerId' | 'actor' | 'place'>): Promise<Admission>;
  /** What a command says without options, in Markdown; null if it says nothing of use, or the person may not run it. Never rejects. */
  view(request: Pick<Invocation, 'command' | 'actor' | 'place'>): Promise<string | null>;
  /** The platform's own stop of what is written for a person at a place. Says nothing: the platform shows it. Never rejects. */
  stop(event: InboundEvent): Promise<void>;
  message(message: PostedMessage): Promise<void>;
  /**
   * Whether a message here counts that is not addressed. For platforms that have to look up who wrote it, before they do:
   * `message` decides again. Never rejects.
   */
  hears(place: Place): Promise<boolean>;
  /** How the bot answers in a channel; may be half a minute old. Never rejects. */
  channelRules(place: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules>;
  /**
   * Whether a message was asked as a question, so that an edit of it matters. For platforms that have to read the message first.
   * `edited` decides again.
   *
   * @throws if the store does not say
   */
  wasAsked(eventId: string): Promise<boolean>;
  /**
   * A message was edited, or something about it changed that may be an edit. If it was a question and its text is another one now: while
   * its answer is under way, that stops, and the edited question is answered in its place; after that, the answer gets a button for it.
   * Claim it by `editOf`. Never rejects.
   */
  edited(edit: EditedMessage): Promise<void>;
  press(press: Press): Promise<void>;
  /** The events of a stream flow at this moment: what one connection brings, by a name that stays. Never rejects. */
  alive(stream: string): Promise<void>;
  /**
   * What a stream may have missed since it was last alive; null if nothing is to be caught up. The adapter then reads at the
   * platform what people wrote since, and brings it to `missed`. Never rejects.
   */
  away(platform: Platform, stream: string): Promise<Away | null>;
  /**
   * Messages that may have been missed, oldest first; those that were not are dropped. What was missed at one place is one
   * question: answered, or if it is too old, asked about first. Resolves when all that is dealt with; never rejects.
   */
  missed(messages: readonly MissedMessage[]): Promise<void>;
  /**
   * A place may take messages again that did not (`PlaceLocked.key`); with null, any place of the platform: after a while in which the
   * adapter did not hear of that. What waits there is finished in the background.
   */
  opened(platform: Platform, at: string | null): void;
  /**
   * A message was deleted. If it was the question with this event id, its answer stops, whichever process writes it. If it was a message
   * of an answer (`key`, as `LiveMessage.key`), conversations follow what still stands. Resolves when that is in the store.
   *
   * @throws if the store does not take it: do not acknowledge the deletion
   */
  retract(eventId: string, key?: string): Promise<void>;
  /** Deletes an answer from its place and from what is remembered, for its asker or an admin. Never rejects. */
  deleteAnswer(request: AnswerDeletion): Promise<void>;
  /**
   * Replaces what the platform says that these guilds bought; with `all`, its other guilds have bought nothing. What is
   * asked after it has resolved counts with it. Never rejects.
   */
  purchases(
    platform: Platform,
    purchases: ReadonlyMap<GuildId, readonly Purchase[]>,
    reach: 'these' | 'all',
  ): Promise<void>;
  /**
   * The bot is in a place where people may not know it yet: it introduces itself there once, over all starts and processes.
   * For each place that it is in at the start, and each that it comes to. Never rejects.
   */
  joined(joining: Joining): Promise<void>;
  /** `NameOperator`, for what an adapter says by itself. */
  nameOperator(text: string): string;
  /** Completions for an option that is being typed, best first, at most 25. Never rejects. */
  suggest(request: SuggestRequest): Promise<readonly Suggestion[]>;
}

/** What admins chose for a channel. */
export interface ChannelRules {
  /** Whether what is written there counts without a mention, in its threads too. */
  readonly hearsAll: boolean;
  /** Whether a mention is answered in a thread; null for the platform's own way. */
  readonly inThread: boolean | null;
}

/** A channel for which nobody chose anything. */
export const NO_RULES: ChannelRules = { hearsAll: false, inThread: null };

/** A message as it reads now, under the id by which it was asked. */
export interface EditedMessage {
  readonly message: PostedMessage;
  /** When its text was edited last, in the platform's own spelling; null if never: previews, pins and flags are no edits. */
  readonly editedAt: string | null;
}

/** Names one edit of a message. */
export function editOf(eventId: string, editedAt: string): string {
  return `${eventId}/edited/${editedAt}`;
}

export interface Away {
  /** Milliseconds since the epoch; earlier than the last event that came, so that none is left out. */
  readonly sinceMs: number;
  /** Where people talked with the bot, latest first: direct messages and threads. For platforms that cannot list them. */
  readonly places: readonly Pick<Place, 'guild' | 'key'>[];
}

export interface MissedMessage {
  readonly message: PostedMessage;
  /** When it was written, by the platform. */
  readonly atMs: number;
}

/** A guild or a channel that the bot is in. */
export interface Joining {
  readonly guild: GuildId;
  /** Names the place, over all platforms. */
  readonly id: string;
  /** Since when, in milliseconds since the epoch. */
  readonly atMs: number;
  /** As the end of the sentence "I bring language models …". */
  readonly where: string;
  /** Says it to whoever brought the bot, or in the place; false if nobody could be reached. */
  introduce(notice: Notice, signal: AbortSignal): Promise<boolean>;
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

/** What is known of an event as it arrives, before anything is looked up. */
export interface Arrival extends Pick<InboundEvent, 'id' | 'place'> {
  /** Where the asker can be told a word, at the least. */
  readonly surface: Pick<Surface, 'reference'>;
  /** As `PostedMessage.addressed`; true for all that is no message. */
  readonly addressed: boolean;
}

/** A command with its options as the platform gave them; dispatch checks them against the declaration. */
export interface Invocation extends InboundEvent {
  readonly command: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** What comes with the command beside its options: files of its message, the message that it is about. */
  readonly brought?: readonly BroughtPart[];
  /** Reads the thread in which it is used, or that of the message in whose menu it was chosen; left out if there is none. */
  readonly readThread?: ThreadReader;
  /** Whether the options were filled into a form of the platform's. A command with a secret takes no others. False by default. */
  readonly isFilledIn?: boolean;
}

/** A message that a person wrote. Bots', webhooks' and system messages never get this far. */
export interface PostedMessage extends InboundEvent {
  /** What was said, without the mention of the bot that starts it, and what came with it. */
  readonly parts: readonly Part[];
  /** Reads the thread that it stands in; left out if it stands in none. Asked once, if the conversation has not begun. */
  readonly readThread?: ThreadReader;
  /** Whom it speaks to; what speaks to nobody counts only where the bot listens. */
  readonly address: Address;
}

/** What was said in a thread before a message. */
export interface ThreadRead {
  /** The message that began the thread first, then the newest hundred, oldest first. */
  readonly messages: readonly QuotedPart[];
  /** What the bot may not read there, with the remedy, as a sentence; null if it may read all. */
  readonly problem: string | null;
}

/** Rejects with the signal's reason alone. */
export type ThreadReader = (signal: AbortSignal) => Promise<ThreadRead>;

/** A press on a button under an answer. The id is a claim, not a right: core looks up what it names. */
export interface Press extends InboundEvent {
  readonly button: ButtonKind;
  readonly answerId: string;
  /** What was filled into the button's form; core checks it against the table. Left out if it has none. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Takes the buttons off the message that was pressed. */
  retire(signal: AbortSignal): Promise<void>;
  /** Opens a thread at the message that was pressed and resolves to its `Place.key`; null if there can be none. */
  openThread(title: string, signal: AbortSignal): Promise<string | null>;
  /** Names the thread that was opened. Left out where there can be none. */
  readonly renameThread?: Rename;
}

/** Somebody wants an answer to be deleted. */
export interface AnswerDeletion extends InboundEvent {
  /** `LiveMessage.key` of one of its messages. */
  readonly message: string;
  /** Whether that is a message of the bot's at all. */
  readonly isOwn: boolean;
  /** Deletes these messages (`LiveMessage.key`) from the channel; those that are gone already are no fault. */
  remove(keys: readonly string[]): Promise<void>;
}

export interface SuggestRequest {
  /** Whose option it is: a command by name, or a button with a form. */
  readonly command: string | Pick<Press, 'button' | 'answerId'>;
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
