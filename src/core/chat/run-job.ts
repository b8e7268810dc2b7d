import { orLog } from '../kit/or-log.ts';
import type { Slots } from '../kit/scheduling/slots.ts';
import type { AnswerParts } from './answer/parts.ts';
import { type Attempt, beginAttempt } from './question/attempt.ts';
import { isHeard, type Job, type RunJob, recordOf } from './question/job.ts';
import { answerInTurn } from './turn.ts';

export const RESTARTING = 'The bot is restarting. Ask again in a minute.';

/**
 * Answers a job once it has its conversation's turn and a free slot, until the answer is shown. At most five questions of this
 * process wait in one conversation; `slots` limits how many answers stream at once.
 */
export function createJobRunner(parts: AnswerParts, slots: Slots): RunJob {
  const { listening } = parts.records;
  const { log } = parts.messenger.delivery;

  /** As soon as a question waits for its turn, messages beside it in its thread are for the bot too. */
  return async (asked) => {
    const { eventId, place, surface } = asked.question;
    const thread = isHeard(surface) ? place.key : null;
    // It is waited for with what is stored at the same moment.
    asked.begun?.catch(() => {});
    const [conversation, isBegun] = await Promise.all([
      asked.conversation,
      thread !== null && listening.startAt(thread, asked.conversation),
    ]);
    let isAnswered = false;
    try {
      isAnswered = await answerJob(parts, slots, { ...asked, conversation });
    } finally {
      if (thread !== null && isBegun && !isAnswered) {
        const words = 'the bot may be listening where it did not answer';
        await listening.withdrawStart(thread).catch(orLog(log, 'error', { event: eventId }, words));
      }
    }
  };
}

/** Resolves to whether there was an answer. */
async function answerJob(parts: AnswerParts, slots: Slots, job: Job): Promise<boolean> {
  const { answers } = parts.records;
  const { live, journal } = parts.coordination;
  const { clock, log } = parts.messenger.delivery;
  const attempt = beginAttempt(job, journal, clock);
  const { id, entry, signal } = attempt;
  await admit(parts, attempt);
  let isAnswered = false;
  try {
    entry.watch(() => attempt.unbegun);
    // From now on Retry works, even if another process finishes this answer.
    await Promise.all([job.begun, answers.saveNewest(recordOf(job, id)), entry.keep()]);
    isAnswered = await answerInTurn(parts, slots, attempt);
  } catch (error) {
    if (!signal.aborted) throw error;
    // Stopped before anything was shown. The person who stopped it knows; only a restart needs to be told.
    if (signal.reason.stop.kind === 'shutdown') await tellOfRestart(parts, attempt);
  } finally {
    if (!isAnswered) await withdraw(parts, attempt);
    // `/forget` may have scanned before this record was stored, so delete it now.
    if (attempt.isForgotten()) {
      const undeleted = orLog(log, 'error', { answer: id }, 'could not delete a forgotten question');
      await answers.delete(id).catch(undeleted);
    }
    live.delete(id);
    job.question.surface.indicate('idle');
  }
  return isAnswered;
}

/** From now on the attempt can be stopped. */
function admit({ coordination: { stops } }: AnswerParts, { job, id, stop }: Attempt): Promise<void> {
  const { question, conversation, asker, previous } = job;
  const { place } = question;
  return stops.admitAnswer({
    id,
    eventId: question.eventId,
    message: question.message ?? null,
    editedAt: question.editedAt ?? null,
    inPlaceOf: previous?.inPlaceOf ?? null,
    guild: place.guild,
    user: question.actor.user,
    asker: asker.user,
    conversation,
    channel: place.channel,
    stop,
  });
}

async function tellOfRestart({ messenger }: AnswerParts, { job, id, entry }: Attempt): Promise<void> {
  const { tell, delivery } = messenger;
  await tell(job.question.surface, RESTARTING).catch((error: unknown) => {
    const words = 'could not tell the asker about the restart; left to the journal';
    delivery.log.warn({ err: error, answer: id }, words);
    entry.leave();
  });
}

/** Lets the question's message count as answered by the previous answer again, or as not asked. */
async function withdraw({ records, messenger }: AnswerParts, { job, id }: Attempt): Promise<void> {
  const { message } = job.question;
  if (message === undefined) return;
  const words = 'a message may count as asked although it has no answer';
  await records.answers
    .withdrawNewest({ id, message }, job.previous?.id)
    .catch(orLog(messenger.delivery.log, 'error', { answer: id }, words));
}
