import type { Actor, GuildId } from './actor.ts';
import type { Address } from './address.ts';
import type { PressKind } from './buttons.ts';
import type { BroughtPart, Part, QuotedPart } from './parts.ts';
import type { Platform } from './platforms.ts';
import type { Notice, Rename, Surface } from './surface.ts';

/** The place where something was asked. */
export interface Place {
  readonly guild: GuildId;
  /** The channel whose settings apply; for a thread, its parent. Opaque, unique within the platform. */
  readonly channel: string;
  /** The channel's name without `#`. Left out for direct messages, and if the event does not say. */
  readonly channelName?: string;
  /**
   * Identifies the conversation: a thread, a DM, or the answer that is replied to (a `LiveMessage.key`). Opaque, unique
   * within the platform. Null if each question starts its own conversation.
   */
  readonly key: string | null;
}

/** A purchase on a platform; it may bring a tier. */
export interface Purchase {
  /** The platform's id of the product. */
  readonly sku: string;
  /** The end of its validity, in milliseconds since the epoch; null if no end is known. */
  readonly endsAtMs: number | null;
}

/**
 * Core's side of an adapter. Unless said otherwise, each call resolves once the event is handled, delivery of its answer
 * included, and never rejects.
 */
export interface Dispatch {
  /**
   * Claims an event in the store, with its `surface.reference`, before the adapter acknowledges it. If this process dies
   * after that, another one tells the asker. Resolves to false if there is nothing to do: the event was claimed before, or it
   * is a message that does not address the bot in a place where the bot does not listen. If true, pass the event to
   * `command`, `message` or `press` with the same id, or call `dropClaim`. A second claim of the same event waits for the
   * first.
   *
   * @param onLate called if this rejected but the claim turns out to stand: pass the event on then
   * @throws if the store does not take it: do not acknowledge the event, or tell the asker
   */
  claim(event: Arrival, onLate?: () => void): Promise<boolean>;
  /** Ends the claim of an event that was not passed on. Does nothing to other events. Never rejects. */
  dropClaim(id: string): Promise<void>;
  command(invocation: Invocation): Promise<void>;
  /**
   * Tells a person why they may not run a command here now, in a sentence; null if they may. For platforms that show a form
   * first; `command` checks again. Never rejects.
   */
  refusalOfCommand(request: Pick<Invocation, 'command' | 'actor' | 'place'>): Promise<string | null>;
  /** As `refusalOfCommand`, for a press that shows a form first; `press` checks again. */
  refusalOfPress(press: Pick<Press, 'button' | 'answerId' | 'actor' | 'place'>): Promise<string | null>;
  /** A command's output without options, as Markdown; null if it has none, or the person may not run it. Never rejects. */
  view(request: Pick<Invocation, 'command' | 'actor' | 'place'>): Promise<string | null>;
  /**
   * The platform's own stop button: ends what is written for a person at a place. Says nothing, because the platform shows it.
   * Never rejects.
   */
  stop(event: InboundEvent): Promise<void>;
  message(message: PostedMessage): Promise<void>;
  /**
   * Whether the bot reads messages here that do not address it. For platforms that would have to look up the author first;
   * `message` checks again. Never rejects.
   */
  hears(place: Place): Promise<boolean>;
  /** The channel's rules for answers; may be half a minute old. Never rejects. */
  channelRules(place: Pick<Place, 'guild' | 'channel'>): Promise<ChannelRules>;
  /**
   * Whether a message was asked as a question, so that an edit of it matters. For platforms that would have to read the
   * message first; `edited` checks again.
   *
   * @throws if the store does not answer
   */
  wasAsked(eventId: string): Promise<boolean>;
  /**
   * Reports that a message was edited, or may have been. If it was a question and its text changed: an answer under way
   * stops, and the edited question is answered in its place; a finished answer gets a button instead. Claim the edit by
   * `editOf`. Never rejects.
   */
  edited(edit: EditedMessage): Promise<void>;
  press(press: Press): Promise<void>;
  /** Reports that a stream's events flow now. A stream is one connection, under a name that stays. Never rejects. */
  alive(stream: string): Promise<void>;
  /**
   * Since when a stream may have missed events; null if there is nothing to catch up. The adapter then reads from the
   * platform what people wrote since, and passes it to `missed`. Never rejects.
   */
  away(platform: Platform, stream: string): Promise<Away | null>;
  /**
   * Takes messages that may have been missed, oldest first, and drops those that were not. Missed messages at one place
   * become one question. It is answered; if it is too old, the bot asks first. Never rejects.
   */
  missed(messages: readonly MissedMessage[]): Promise<void>;
  /**
   * Reports that a locked place (`PlaceLocked.key`) may take messages again. Null stands for any place of the platform, after
   * a time in which the adapter could not hear of unlocks. Waiting answers are finished in the background.
   */
  unlocked(platform: Platform, at: string | null): void;
  /**
   * Reports that a message was deleted. If it was the question with this event id, its answer stops, in whichever process. If
   * it was a message of an answer (`key`, as `LiveMessage.key`), the conversation follows what is left. Resolves once that is
   * stored.
   *
   * @throws if the store does not take it: do not acknowledge the deletion
   */
  retract(eventId: string, key?: string): Promise<void>;
  /** Deletes an answer from its place and from the conversation, for its asker or an admin. Never rejects. */
  deleteAnswer(request: AnswerDeletion): Promise<void>;
  /**
   * Replaces the purchases of these guilds; with `all`, every other guild of the platform has none. Counts for everything
   * asked after it has resolved. Never rejects.
   */
  purchases(
    platform: Platform,
    purchases: ReadonlyMap<GuildId, readonly Purchase[]>,
    reach: 'these' | 'all',
  ): Promise<void>;
  /**
   * Reports that the bot is in a place, at the start and when it joins one. It introduces itself there once, over all starts
   * and processes. Never rejects.
   */
  joined(joining: Joining): Promise<void>;
  /** `NameOperator`, for the adapter's own messages. */
  nameOperator(text: string): string;
  /** Completions for a partly typed option, best first: at most 25, for a form's model 24. Never rejects. */
  suggest(request: SuggestRequest): Promise<readonly Suggestion[]>;
}

/** The admins' choices for a channel. */
export interface ChannelRules {
  /** Whether messages need no mention, in the channel and its threads. */
  readonly hearsAll: boolean;
  /** Whether a mention is answered in a thread; null for the platform's default. */
  readonly inThread: boolean | null;
}

export const NO_RULES: ChannelRules = { hearsAll: false, inThread: null };

/** A message after an edit, under the id by which it was asked. */
export interface EditedMessage {
  readonly message: PostedMessage;
  /** The time of its text's last edit, as the platform writes it; null if never. Previews, pins and flags are no edits. */
  readonly editedAt: string | null;
}

/** The event id of one edit of a message. */
export function editOf(eventId: string, editedAt: string): string {
  return `${eventId}/edited/${editedAt}`;
}

/** A time for which a stream may have missed events. */
export interface Away {
  /** Milliseconds since the epoch; some time before the last event, so that none is missed. */
  readonly sinceMs: number;
  /** Direct messages and threads in which people talked with the bot, latest first. For platforms that cannot list them. */
  readonly places: readonly Pick<Place, 'guild' | 'key'>[];
}

export interface MissedMessage {
  readonly message: PostedMessage;
  /** The time at which it was written, by the platform, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** A guild or channel that the bot is in. */
export interface Joining {
  readonly guild: GuildId;
  /** Unique over all platforms. */
  readonly id: string;
  /** The time of joining, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The end of the sentence "I bring language models …". */
  readonly where: string;
  /** Tells the person who added the bot, or the place; false if nobody could be reached. */
  introduce(notice: Notice, signal: AbortSignal): Promise<boolean>;
}

export interface InboundEvent {
  /**
   * The platform's event id. An event that was seen before is dropped, across restarts and processes. Deliveries of one
   * question as several events (Slack's `app_mention` and `message`) share an id.
   */
  readonly id: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
}

/** The facts of an event that are known as it arrives, before any lookup. */
export interface Arrival extends Pick<InboundEvent, 'id' | 'place'> {
  /** A place where the asker can be told something. */
  readonly surface: Pick<Surface, 'reference'>;
  /** As `PostedMessage.addressed`; true for events other than messages. */
  readonly addressed: boolean;
}

/** A command with its options as the platform gave them. Dispatch checks them against the declaration. */
export interface Invocation extends InboundEvent {
  readonly command: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Things that come with the command beside its options: files of its message, or the message that it is about. */
  readonly brought?: readonly BroughtPart[];
  /** Reads the command's thread, or that of the message in whose menu it was chosen. Left out if there is none. */
  readonly readThread?: ThreadReader;
  /** Whether the options come from a form. A command with a secret takes no others. False by default. */
  readonly isFilledIn?: boolean;
  /** As `MissedMessage.atMs`, for a command that may have been missed; left out of others. */
  readonly writtenAtMs?: number;
}

/** A message by a person. Messages of bots, webhooks and the system are dropped before. */
export interface PostedMessage extends InboundEvent {
  /** Its content, without a leading mention of the bot. */
  readonly parts: readonly Part[];
  /** Reads the message's thread; left out outside threads. Called once, if the conversation does not know all of it. */
  readonly readThread?: ThreadReader;
  /** The people it speaks to. If nobody, it counts only where the bot listens. */
  readonly address: Address;
}

/** The messages of a thread before a given one. */
export interface ThreadRead {
  /** The message that began the thread, then the newest hundred, oldest first. */
  readonly messages: readonly QuotedPart[];
  /** A sentence that says what the bot may not read there, with the remedy; null if it may read all. */
  readonly problem: string | null;
}

/**
 * Reads a thread; rejects only with the signal's reason.
 *
 * @param sinceMs milliseconds since the epoch: only what others wrote after that, without what the bot wrote itself; null for all
 */
export type ThreadReader = (sinceMs: number | null, signal: AbortSignal) => Promise<ThreadRead>;

/** A press on a button under an answer. Its ids carry no authority: core looks them up and checks the actor. */
export interface Press extends InboundEvent {
  readonly button: PressKind;
  readonly answerId: string;
  /** The values of the button's form. Core checks them against the table. Left out if the button has no form. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Removes the buttons from the pressed message. */
  retire(signal: AbortSignal): Promise<void>;
  /** Opens a thread at the pressed message and resolves to its `Place.key`; null if that is impossible. */
  openThread(title: string, signal: AbortSignal): Promise<string | null>;
  /** Names the opened thread. Left out if no thread is possible. */
  readonly renameThread?: Rename;
}

export interface AnswerDeletion extends InboundEvent {
  /** `LiveMessage.key` of one of its messages. */
  readonly message: string;
  /** Whether the message is the bot's. */
  readonly isOwn: boolean;
  /** Deletes these messages (`LiveMessage.key`) from the channel. Messages that are gone already are no fault. */
  remove(keys: readonly string[]): Promise<void>;
}

export interface SuggestRequest {
  /** The option's owner: a command by name, or a button with a form. */
  readonly command: string | Pick<Press, 'button' | 'answerId'>;
  readonly option: string;
  /** The text typed so far. */
  readonly text: string;
  readonly actor: Actor;
  readonly place: Place;
}

export interface Suggestion {
  /** Shown to the person; at most 100 characters. */
  readonly label: string;
  /** Sent if chosen; at most 100 characters. Checked again on use. */
  readonly value: string;
}
