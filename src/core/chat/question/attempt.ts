import { newAnswerId } from '../../conversations/answer-records.ts';
import type { Journal } from '../../coordination/journal.ts';
import type { AnswerState, Entry } from '../../coordination/journal-entry.ts';
import { type StopCause, Stopped } from '../../coordination/live-answers.ts';
import type { Clock } from '../../kit/time/clock.ts';
import type { Job } from './job.ts';

/** One try to answer a job, from its arrival to the end of its event. */
export interface Attempt {
  readonly job: Job;
  /** The answer's id. */
  readonly id: string;
  readonly askedAtMs: number;
  /** The journal's entry of the question. */
  readonly entry: Entry;
  /** The state of the answer, for the journal, before anything of it has come. */
  readonly unbegun: AnswerState;
  readonly stop: (cause: StopCause) => void;
  /** Aborts with `Stopped`. */
  readonly signal: AbortSignal;
  /** Whether the conversation was forgotten, so that nothing may be stored, even of a stopped or complete answer. */
  readonly isForgotten: () => boolean;
  /** Stores something together with the end of the turn and of the event; repeats it if it rejects. */
  readonly whenOver: (store: () => Promise<unknown>) => void;
  /** Stores what was passed to `whenOver`. */
  readonly storeRest: () => Promise<unknown>;
}

/** Begins an attempt, and tells the journal's entry of the question who asks. */
export function beginAttempt(job: Job, journal: Journal, clock: Clock): Attempt {
  const { actor, place, eventId } = job.question;
  const stopping = new AbortController();
  const rest: (() => Promise<unknown>)[] = [];
  let isForgotten = false;
  const id = newAnswerId(place.guild);
  const askedAtMs = clock.now();
  const nothing = { text: '', images: 0, sealed: 0, message: null, ending: null };
  const unbegun = { id, model: null, askedAtMs, ...nothing };
  const entry = journal.entry(eventId);
  entry.askedBy({ guild: place.guild, user: actor.user, name: actor.name });
  return {
    job,
    id,
    askedAtMs,
    entry,
    unbegun,
    stop(cause) {
      isForgotten ||= cause.kind === 'forgotten';
      stopping.abort(new Stopped(cause));
    },
    signal: stopping.signal,
    isForgotten: () => isForgotten,
    whenOver: (store) => void rest.push(store),
    storeRest: () => Promise.all(rest.map((store) => store())),
  };
}
