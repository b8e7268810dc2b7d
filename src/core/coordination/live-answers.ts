import type { GuildId } from '../ports/actor.ts';

/** Why an answer ends before its provider has finished. */
export type StopCause =
  | { readonly kind: 'person'; readonly user: string; readonly name: string }
  | { readonly kind: 'question_deleted' }
  | { readonly kind: 'question_edited' }
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'place_gone' }
  /** The platform shows answers at this place for so long only. */
  | { readonly kind: 'place_closes' }
  | { readonly kind: 'shutdown' }
  /** Another process believes this one dead, and finishes the answer. */
  | { readonly kind: 'taken_over' };

/** The reason with which an answer's signal aborts. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly stop: StopCause;

  constructor(stop: StopCause) {
    super(`stopped: ${stop.kind}`);
    this.stop = stop;
  }
}

/** An answer that is under way in this process, from the moment it was asked for until its last state stands. */
export interface LiveAnswer {
  readonly id: string;
  /** The event that asked for it. */
  readonly eventId: string;
  /** The message that asks the question, if it was asked by one: another event than the former, if it is tried again. */
  readonly message: string | null;
  readonly guild: GuildId;
  /** Who wants it answered now … */
  readonly user: string;
  /** … and whose question it is: somebody else's, if it is tried again by another person. */
  readonly asker: string;
  readonly conversation: string;
  /** Of the question, for `/stop`. */
  readonly channel: string;
  readonly stop: (cause: StopCause) => void;
}

/** Whether a person may stop an answer as their own. */
export function isOf({ user, asker }: LiveAnswer, person: string): boolean {
  return user === person || asker === person;
}

/** The answers under way, so that they can be found and stopped. */
export interface LiveAnswers {
  add(answer: LiveAnswer): void;
  delete(id: string): void;
  get(id: string): LiveAnswer | undefined;
  find(matches: (answer: LiveAnswer) => boolean): readonly LiveAnswer[];
  readonly size: number;
}

export function createLiveAnswers(): LiveAnswers {
  const answers = new Map<string, LiveAnswer>();
  return {
    add: (answer) => void answers.set(answer.id, answer),
    delete: (id) => void answers.delete(id),
    get: (id) => answers.get(id),
    find: (matches) => [...answers.values()].filter(matches),
    get size() {
      return answers.size;
    },
  };
}
