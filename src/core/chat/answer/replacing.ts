import { orLog } from '../../kit/or-log.ts';
import type { LiveMessage } from '../../ports/surface.ts';
import type { Attempt } from '../question/attempt.ts';
import type { AnswerParts } from './parts.ts';

/**
 * Finds the answer that an attempt's answer takes the place of. It is shown in that one's message (`adopted`) if there is no
 * other, else below it. Resolves to the attempt at that place.
 */
export async function findPlace(
  { records: { answers }, finderOf, messenger }: AnswerParts,
  attempt: Attempt,
): Promise<{ readonly attempt: Attempt; readonly adopted: LiveMessage | null }> {
  const { job, signal, entry } = attempt;
  const { question, previous } = job;
  const old = previous?.inPlaceOf ? await answers.get(previous.id) : null;
  const finder = finderOf(question.place.guild);
  if (!old?.shown?.reference || !finder?.reopen) return { attempt, adopted: null };
  const { id: answerId, shown } = old;
  const where = { reference: old.shown.reference, answerId };
  const words = 'could not find the previous answer; posting the new one below it';
  const notFound = orLog(messenger.delivery.log, 'warn', { answer: answerId }, words, null);
  const found = await finder.reopen(where, signal).catch(notFound);
  // On the found surface, the next message follows the answer's last one.
  const surface = found?.surface ?? question.surface;
  entry.resumeAt(surface);
  const isAlone = shown.sealed === 0;
  const retirePrevious = async () => {
    await job.retirePrevious?.();
    if (!isAlone) await finder.changeButtons?.(where, [], messenger.abandoned);
  };
  return {
    attempt: { ...attempt, job: { ...job, question: { ...question, surface }, retirePrevious } },
    adopted: isAlone ? (found?.message?.live ?? null) : null,
  };
}
