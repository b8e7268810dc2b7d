import type { Logger } from 'pino';
import type { AnswerRecord, AnswerRecords } from '../../conversations/answer-records.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Listening } from '../../conversations/listening.ts';
import type { Settings } from '../../conversations/settings.ts';
import type { Entry, Journal } from '../../coordination/journal.ts';
import type { LiveAnswers, StopCause } from '../../coordination/live-answers.ts';
import type { Locks } from '../../coordination/locks.ts';
import type { Stops } from '../../coordination/stops.ts';
import type { WriteLimiters } from '../../delivery/write-limiter.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Slots } from '../../kit/slots.ts';
import type { ModelRequests } from '../../ledger/model-requests.ts';
import type { ModelChooser, SeeingModel } from '../../model-choice/chooser.ts';
import type { OpenAnswerer } from '../../model-choice/fallbacks.ts';
import { type Actor, type GuildId, platformOf, type Roles } from '../../ports/actor.ts';
import type { AnswerFinder } from '../../ports/adapter.ts';
import type { Effort } from '../../ports/effort.ts';
import type { Place, ThreadReader } from '../../ports/events.ts';
import type { NameOperator } from '../../ports/operator.ts';
import { broughtIn, type Part, wordsIn } from '../../ports/parts.ts';
import type { Platform } from '../../ports/platforms.ts';
import type { Surface } from '../../ports/surface.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Compact } from '../../prompt/compaction.ts';
import type { Gather } from '../../prompt/gather.ts';
import type { Titles } from '../answer/titles.ts';
import type { CatchUp } from '../recovery/catch-up.ts';
import type { HeldAnswers } from '../recovery/held-answers.ts';

/** A question at a place, with the options of this request. */
export interface Question {
  readonly eventId: string;
  /**
   * Event id of the message that asks it and may be edited; left out for commands. Differs from `eventId` if the question is
   * asked again.
   */
  readonly message?: string;
  /** The time of the edit that led to this text, in the platform's own unit; left out without an edit. */
  readonly editedAt?: number;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  readonly parts: readonly Part[];
  readonly readThread?: ThreadReader;
  /** Whether it mentions the bot, which may then have missed earlier messages. Default false. */
  readonly isMention?: boolean;
  /** Whether it concerns only that thread: the thread is read in any case, and earlier turns are left out. Default false. */
  readonly isAboutThread?: boolean;
  /** A model as a person typed it. */
  readonly model?: string;
  /** How much the model is to reason. Default: by the settings. */
  readonly effort?: Effort;
  readonly webSearch?: boolean;
  /** When it was written, in milliseconds since the epoch, if it may have been missed; left out of others. */
  readonly writtenAtMs?: number;
}

/** One turn to be answered, new or repeated. */
export interface Job {
  readonly question: Question;
  /** The author of the question. The question's actor is the person who wants it answered now, and whose limits count. */
  readonly asker: { readonly user: string; readonly name: string };
  readonly conversation: string;
  /** Resolves when a conversation is stored that begins with this; left out of others. */
  readonly begun?: Promise<void>;
  readonly turn: string;
  /** Removes the buttons from the previous answer, once the new one is admitted. */
  readonly onAdmitted: () => Promise<void>;
  /** The previous answer, if any; `inPlace` if it was stopped for this one, which replaces it. */
  readonly previous?: { readonly id: string; readonly inPlace: boolean };
  /** Whether the person has accepted the price, or the question was answered before. Default false. */
  readonly isConfirmed?: boolean;
}

/** A job whose conversation may still be being looked up. */
export interface AskedJob extends Omit<Job, 'conversation'> {
  readonly conversation: string | Promise<string>;
}

export interface QuestionRunnerOptions {
  readonly conversations: Conversations;
  readonly answers: AnswerRecords;
  readonly listening: Listening;
  readonly catchUp: CatchUp;
  readonly live: LiveAnswers;
  readonly stops: Stops;
  readonly journal: Journal;
  readonly locks: Pick<Locks, 'acquireLock'>;
  readonly slots: Slots;
  readonly models: ModelRequests;
  readonly choose: ModelChooser;
  readonly openAnswerer: OpenAnswerer;
  readonly seeing: SeeingModel;
  readonly gather: Gather;
  readonly compact: Compact;
  readonly titles: Pick<Titles, 'name'>;
  /** The highest cost in nano-dollars of a question with attachments that needs no confirmation; null for any cost. */
  readonly confirmAboveNanoUsd: number | null;
  readonly settings: Pick<Settings, 'at'>;
  /** Finds earlier answers on a guild's platform. */
  readonly finderOf: (guild: GuildId) => AnswerFinder | null;
  readonly roles: Roles;
  readonly nameOperator: NameOperator;
  /** The notice under answers of the demo; null if models answer. */
  readonly demoNotice: string | null;
  /** Answers whose place is locked. */
  readonly held: Pick<HeldAnswers, 'hold'>;
  /** As `Takeover.opened`. */
  readonly opened: (platform: Platform, at: string) => void;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Whether to log questions and answers. Default false. */
  readonly logContent?: boolean;
}

/** One try to answer a job. */
export interface Attempt {
  readonly id: string;
  readonly askedAtMs: number;
  readonly entry: Entry;
  readonly stop: (cause: StopCause) => void;
  readonly signal: AbortSignal;
  /** Stores something together with the end of the turn and of the event; repeats it if it rejects. */
  readonly whenOver: (store: () => Promise<unknown>) => void;
  /** Whether the conversation was forgotten, so that nothing may be stored, even of a stopped or complete answer. */
  readonly isForgotten: () => boolean;
}

/** Whether messages beside the answer are for the bot from now on. */
export function isHeard({ isOverheard = false, isPrivate }: Surface): boolean {
  return isOverheard && !isPrivate;
}

/** The record for the buttons under an answer to the job. */
export function recordOf(
  { question, asker, conversation, turn }: Omit<Job, 'onAdmitted'>,
  id: string,
): AnswerRecord {
  const brought = broughtIn(question.parts);
  return {
    id,
    guild: question.place.guild,
    user: asker.user,
    conversation,
    turn,
    question: wordsIn(question.parts),
    ...(brought.length === 0 ? {} : { brought }),
    author: asker.name,
    model: question.model ?? null,
    ...(question.effort === undefined ? {} : { effort: question.effort }),
    webSearch: question.webSearch ?? false,
    isPrivate: question.surface.isPrivate,
    ...(question.isAboutThread && { isAboutThread: true }),
    ...(question.message === undefined ? {} : { message: question.message }),
    ...(question.editedAt === undefined ? {} : { editedAt: question.editedAt }),
  };
}

/** The key of a question's conversation; a private one belongs to its asker, wherever it is asked. */
export function placeKeyOf(place: Place, surface: Surface, actor: Actor): string | null {
  return surface.isPrivate ? `${platformOf(place.guild)}:private/${place.channel}/${actor.user}` : place.key;
}
