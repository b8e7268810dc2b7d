import type { GuildId } from '../ports/actor.ts';

/** Why an answer ends before its provider has finished. */
export type StopCause =
  | { readonly kind: 'person'; readonly user: string; readonly name: string }
  | { readonly kind: 'question_deleted' }
  | { readonly kind: 'question_edited' }
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'place_gone' }
  /** The platform shows answers at this place only for a limited time. */
  | { readonly kind: 'place_closes' }
  | { readonly kind: 'shutdown' }
  /** Another process believes that this one is dead, and finishes the answer. */
  | { readonly kind: 'taken_over' };

/** The abort reason of an answer's signal. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly stop: StopCause;

  constructor(stop: StopCause) {
    super(`stopped: ${stop.kind}`);
    this.stop = stop;
  }
}

/** An answer in progress in this process, from the request until its last state is shown. */
export interface LiveAnswer {
  readonly id: string;
  /** The event that asked for it. */
  readonly eventId: string;
  /** The message that asks the question, if there is one; a different event if the question is asked again. */
  readonly message: string | null;
  /** As `Question.editedAt`; null if it was never edited. */
  readonly editedAt: number | null;
  /** As `AnswerRecord.inPlaceOf`; null if it took no answer's place. */
  readonly inPlaceOf: string | null;
  readonly guild: GuildId;
  /** The person who wants it answered now … */
  readonly user: string;
  /** … and the author of the question, who may be somebody else if it is asked again. */
  readonly asker: string;
  readonly conversation: string;
  /** The question's channel, for `/stop`. */
  readonly channel: string;
  readonly stop: (cause: StopCause) => void;
}

/** Whether a person may stop an answer as their own. */
export function isOf({ user, asker }: LiveAnswer, person: string): boolean {
  return user === person || asker === person;
}

/** The answers in progress by id, to find and stop them. */
export type LiveAnswers = Map<string, LiveAnswer>;
