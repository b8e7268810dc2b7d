import type { AnswerRecord } from '../../conversations/answer-records.ts';
import { type Actor, platformOf } from '../../ports/actor.ts';
import type { Effort } from '../../ports/effort.ts';
import type { Place, PostedMessage, ThreadReader } from '../../ports/events.ts';
import { broughtIn, type Part, wordsIn } from '../../ports/parts.ts';
import type { Surface } from '../../ports/surface.ts';

/** A question at a place, with the options of this request. */
export interface Question {
  readonly eventId: string;
  /**
   * Event id of the message that asks it and may be edited; left out for commands. Differs from `eventId` if the question is
   * asked again.
   */
  readonly message?: string | undefined;
  /** The time of the edit that led to this text, in the platform's own unit; left out without an edit. */
  readonly editedAt?: number | undefined;
  readonly actor: Actor;
  readonly place: Place;
  readonly surface: Surface;
  readonly parts: readonly Part[];
  readonly readThread?: ThreadReader | undefined;
  /** Whether it mentions the bot, which may then have missed earlier messages. Default false. */
  readonly isMention?: boolean;
  /** Whether it concerns only that thread: the thread is read in any case, and earlier turns are left out. Default false. */
  readonly isAboutThread?: boolean | undefined;
  /** A model as a person typed it. */
  readonly model?: string | undefined;
  /** How much the model is to reason. Default: by the settings. */
  readonly effort?: Effort | undefined;
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
  /** Removes the buttons from the previous answer. Called once the new one's request is admitted. Left out if there is none. */
  readonly retirePrevious?: () => Promise<void>;
  /** The previous answer, if any; with `AnswerRecord.inPlaceOf` of this one if that was stopped for this one, which replaces it. */
  readonly previous?: { readonly id: string; readonly inPlaceOf: string | null };
  /** Whether the person has accepted the price, or the question was answered before. Default false. */
  readonly isConfirmed?: boolean;
}

/** A job whose conversation may still be being looked up. */
export interface AskedJob extends Omit<Job, 'conversation'> {
  readonly conversation: string | Promise<string>;
}

/** Answers a job in its turn. Resolves when its last state is shown, or the asker was told why there is none. */
export type RunJob = (job: AskedJob) => Promise<void>;

/** Whether messages beside the answer are for the bot from now on. */
export function isHeard({ isOverheard = false, isPrivate }: Surface): boolean {
  return isOverheard && !isPrivate;
}

/** The record for the buttons under an answer to the job. */
export function recordOf({ question, asker, conversation, turn, previous }: Job, id: string): AnswerRecord {
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
    ...(previous?.inPlaceOf && { inPlaceOf: previous.inPlaceOf }),
    ...(question.message === undefined ? {} : { message: question.message }),
    ...(question.editedAt === undefined ? {} : { editedAt: question.editedAt }),
  };
}

/** The question in a message, without the id by which edits are recognised. */
export function questionIn({
  id,
  address,
  actor,
  place,
  surface,
  parts,
  readThread,
}: PostedMessage): Question {
  return { eventId: id, actor, place, surface, parts, isMention: address.mentionsBot, readThread };
}

/** The key of a question's conversation; a private one belongs to its asker, wherever it is asked. Null for one of its own. */
export function placeKeyOf({
  place,
  surface,
  actor,
}: Pick<Question, 'place' | 'surface' | 'actor'>): string | null {
  return surface.isPrivate ? `${platformOf(place.guild)}:private/${place.channel}/${actor.user}` : place.key;
}
