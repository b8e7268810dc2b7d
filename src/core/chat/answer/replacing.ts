import type { AnswerRecords } from '../../conversations/answer-records.ts';
import type { FinderOf } from '../../ports/adapter.ts';
import type { LiveMessage } from '../../ports/surface.ts';
import type { Attempt } from '../question/attempt.ts';
import type { Job } from '../question/job.ts';
import type { Messenger } from '../words/messenger.ts';

/** A job, and an existing message whose content its answer replaces; null if there is none. */
export interface InPlace {
  readonly job: Job;
  readonly adopted: LiveMessage | null;
}

/** Finds the answer that a job's answer takes the place of. It is shown in its message if that is the only one, else below it. */
export type FindPlace = (job: Job, attempt: Attempt) => Promise<InPlace>;

export interface ReplacingOptions {
  readonly answers: Pick<AnswerRecords, 'get'>;
  readonly finderOf: FinderOf;
  readonly messenger: Pick<Messenger, 'abandoned' | 'delivery'>;
}

export function createReplacing(options: ReplacingOptions): FindPlace {
  const { answers, finderOf } = options;
  const { abandoned, delivery } = options.messenger;

  return async (job, { signal, entry }) => {
    const { question, previous } = job;
    const old = previous?.inPlace ? await answers.get(previous.id) : null;
    const finder = finderOf(question.place.guild);
    if (!old?.shown?.reference || !finder?.reopen) return { job, adopted: null };
    const { id: answerId, shown } = old;
    const where = { reference: old.shown.reference, answerId };
    const found = await finder.reopen(where, signal).catch((error: unknown) => {
      delivery.log.warn(
        { err: error, answer: answerId },
        'could not find the previous answer; posting the new one below it',
      );
      return null;
    });
    // On the found surface, the next message follows the answer's last one.
    const surface = found?.surface ?? question.surface;
    entry.resumeAt(surface);
    const isAlone = shown.sealed === 0;
    const retirePrevious = async () => {
      await job.retirePrevious?.();
      if (!isAlone) await finder.changeButtons?.(where, [], abandoned);
    };
    return {
      job: { ...job, question: { ...question, surface }, retirePrevious },
      adopted: isAlone ? (found?.message?.live ?? null) : null,
    };
  };
}
