import type { AnswerRecord } from '../../conversations/answer-records.ts';
import type { Seen } from '../../coordination/collection.ts';
import type { AskModel } from '../question/ask-model.ts';
import type { Attempt } from '../question/attempt.ts';
import { isHeard, type Job } from '../question/job.ts';
import type { KeepTurn } from './keep-turn.ts';
import { createAnswerPlaces, type PlacesOptions } from './places.ts';
import type { FindPlace } from './replacing.ts';
import type { WrapUp } from './wrap-up.ts';
import type { WriteAnswer } from './writing.ts';

/** Answers a job that has its turn and a slot; false if there was no answer, only a message to the asker. */
export type AnswerNow = (job: Job, attempt: Attempt) => Promise<boolean>;

/** The steps of an answer, in their order. */
export interface AnswerSteps {
  readonly findPlace: FindPlace;
  readonly askModel: AskModel;
  readonly writeAnswer: WriteAnswer;
  readonly keepTurn: KeepTurn;
  readonly wrapUp: WrapUp;
}

export function createAnswerNow(steps: AnswerSteps, options: PlacesOptions): AnswerNow {
  return async (wanted, attempt) => {
    const { id } = attempt;
    const { job, adopted } = await steps.findPlace(wanted, attempt);
    const asked = await steps.askModel(job, attempt);
    if (asked === null) return false;
    const { prepared } = asked;
    const { surface } = job.question;
    // Not earlier: a refusal is for the asker alone, and some platforms would show that something was asked.
    surface.indicate('working');

    const retired = job.retirePrevious?.().catch((error: unknown) => {
      options.log.warn({ err: error, answer: id }, 'could not remove the buttons of an older answer');
    });
    const places = createAnswerPlaces(options, job, attempt, adopted?.key ?? null);
    let record: Seen<AnswerRecord> | undefined;
    const answer = await steps.writeAnswer({
      job,
      attempt,
      asked,
      places,
      adopted,
      async keep(written) {
        record = await steps.keepTurn(job, attempt, asked, written);
      },
    });
    await Promise.all([retired, places.stored()]);
    if (isHeard(surface) && prepared.isUntold && answer.delivered) await places.told();
    await steps.wrapUp(job, attempt, asked, { ...answer, messages: places.messages, record });
    return true;
  };
}
