import type { Logger } from 'pino';
import type { AnswerRecord, AnswerRecords } from '../conversations/answer-records.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Listening } from '../conversations/listening.ts';
import type { ModelChooser, SeeingModel } from '../conversations/model-choice.ts';
import type { Settings } from '../conversations/settings.ts';
import type { Entry, Journal } from '../coordination/journal.ts';
import type { LiveAnswers, StopCause } from '../coordination/live-answers.ts';
import type { Stops } from '../coordination/stops.ts';
import type { Turns } from '../coordination/turns.ts';
import type { WriteLimiters } from '../delivery/write-limiter.ts';
import type { Clock } from '../kit/clock.ts';
import type { ModelRequests } from '../ledger/model-requests.ts';
import { type Actor, type GuildId, platformOf, type Roles } from '../ports/actor.ts';
import type { AnswerFinder } from '../ports/adapter.ts';
import type { Effort } from '../ports/effort.ts';
import type { Place, ThreadReader } from '../ports/events.ts';
import type { NameOperator } from '../ports/operator.ts';
import { broughtIn, type Part, wordsIn } from '../ports/parts.ts';
import type { Platform } from '../ports/platforms.ts';
import type { Surface } from '../ports/surface.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Compact } from '../prompt/compaction.ts';
import type { Gather } from '../prompt/gather.ts';
import type { CatchUp } from './catch-up.ts';
import type { OpenAnswerer } from './fallbacks.ts';
import type { HeldAnswers } from './held-answers.ts';
import type { Slots } from './slots.ts';
import type { Titles } from './titles.ts';

/** A question at a place, with the options of this request alone. */
export interface Question {
  readonly eventId: string;
  /** Event id of the message that asks it, which may be edited; left out for commands. Another one than `eventId` where it is asked again. */
  readonly message?: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  readonly parts: readonly Part[];
  readonly readThread?: ThreadReader;
  /** It is about that thread alone: the thread is read whatever was said before, which does not go along. Default false. */
  readonly isAboutThread?: boolean;
  /** A model by name, as a person spelled it. */
  readonly model?: string;
  /** How much the model is to think; settings decide if it is left out. */
  readonly effort?: Effort;
  readonly webSearch?: boolean;
}

/** One turn to be answered: a new one, or one that is tried again. */
export interface Job {
  readonly question: Question;
  /** Whose question it is; the question's actor is who wants it answered now, and whose limits count. */
  readonly asker: { readonly user: string; readonly name: string };
  readonly conversation: string;
  /** Resolves when a conversation is stored that begins with this; left out of others. */
  readonly begun?: Promise<void>;
  readonly turn: string;
  /** Takes the buttons off the answer that is tried again, once the new one is admitted. */
  readonly onAdmitted: () => Promise<void>;
  /** The answer that there was before, if any; `inPlace` if it was stopped for this one, which takes its place. */
  readonly previous?: { readonly id: string; readonly inPlace: boolean };
  /** Whether the person has seen the price, or the question has been answered before. Default false. */
  readonly isConfirmed?: boolean;
}

/** A job whose conversation may still be looked up. */
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
  readonly turns: Turns;
  readonly slots: Slots;
  readonly models: ModelRequests;
  readonly choose: ModelChooser;
  readonly openAnswerer: OpenAnswerer;
  readonly seeing: SeeingModel;
  readonly gather: Gather;
  readonly compact: Compact;
  readonly titles: Pick<Titles, 'name'>;
  /** What comes with a question may cost so much unasked; null for any price. */
  readonly confirmAboveNanoUsd: number | null;
  readonly settings: Pick<Settings, 'at'>;
  /** Finds answers of a platform again. */
  readonly finderOf: (guild: GuildId) => AnswerFinder | null;
  readonly roles: Roles;
  readonly nameOperator: NameOperator;
  /** What stands under an answer by the demo; null if models answer. */
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
  /** Whether questions and answers stand in the log; they do not by default. */
  readonly logContent?: boolean;
}

/** One answer to a job. */
export interface Attempt {
  readonly id: string;
  readonly askedAtMs: number;
  readonly entry: Entry;
  readonly stop: (cause: StopCause) => void;
  readonly signal: AbortSignal;
  /** Stores something together with the end of the turn and of the event. It must not reject. */
  readonly whenOver: (store: () => Promise<unknown>) => void;
  /** Whether nothing of it may be kept, also where it had been stopped before, or was complete. */
  readonly isForgotten: () => boolean;
}

/** Whether what others write beside the answer is for the bot from now on. */
export function isHeard({ isOverheard = false, isPrivate }: Surface): boolean {
  return isOverheard && !isPrivate;
}

/** What the buttons under an answer to the job stand for. */
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
    ...(question.message === undefined ? {} : { message: question.message }),
  };
}

/** What a question's conversation hangs on: a private one is its asker's own, wherever it is asked. */
export function placeKeyOf(place: Place, surface: Surface, actor: Actor): string | null {
  return surface.isPrivate ? `${platformOf(place.guild)}:private/${place.channel}/${actor.user}` : place.key;
}
