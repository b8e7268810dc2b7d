import { waitInWords } from '../kit/durations.ts';
import { orLog } from '../kit/or-log.ts';
import type { Slots } from '../kit/slots.ts';
import { answerNow } from './answer/answer-now.ts';
import type { AnswerParts } from './answer/parts.ts';
import { type Attempt, beginAttempt } from './question/attempt.ts';
import { type AskedJob, isHeard, type Job, type RunJob, recordOf } from './question/job.ts';
import { waitForSlot } from './question/slot-queue.ts';

/** Questions of this process that may wait in one conversation. */
const MAX_WAITING = 5;
export const RESTARTING = 'The bot is restarting. Ask again in a minute.';

/**
 * Answers a job once it has its conversation's turn and a free slot, until the answer is shown. At most five questions of this
 * process wait in one conversation; `slots` limits how many answers stream at once.
 */
export function createTurnRunner(parts: AnswerParts, slots: Slots): RunJob {
  const { answers, listening } = parts.records;
  const { live, stops, journal, locks } = parts.coordination;
  const { tell, delivery } = parts.messenger;
  const { clock, log } = delivery;

  /** Resolves to whether there was an answer. */
  async function answerJob(job: Job): Promise<boolean> {
    const { question, conversation, asker } = job;
    const { place, surface, eventId } = question;
    const attempt = beginAttempt(job, journal, clock);
    const { id, entry, stop, signal } = attempt;
    await stops.admitAnswer({
      id,
      eventId,
      message: question.message ?? null,
      editedAt: question.editedAt ?? null,
      inPlaceOf: job.previous?.inPlaceOf ?? null,
      guild: place.guild,
      user: question.actor.user,
      asker: asker.user,
      conversation,
      channel: place.channel,
      stop,
    });
    let isAnswered = false;
    try {
      entry.watch(() => attempt.unbegun);
      // From now on Retry works, even if another process finishes this answer.
      await Promise.all([job.begun, answers.saveNewest(recordOf(job, id)), entry.keep()]);
      isAnswered = await answerInTurn(attempt);
    } catch (error) {
      if (!signal.aborted) throw error;
      // Stopped before anything was shown. The person who stopped it knows; only a restart needs to be told.
      if (signal.reason.stop.kind === 'shutdown') await tellOfRestart(attempt);
    } finally {
      if (!isAnswered) await withdraw(attempt);
      // `/forget` may have scanned before this record was stored, so delete it now.
      if (attempt.isForgotten()) {
        const undeleted = orLog(log, 'error', { answer: id }, 'could not delete a forgotten question');
        await answers.delete(id).catch(undeleted);
      }
      live.delete(id);
      surface.indicate('idle');
    }
    return isAnswered;
  }

  async function answerInTurn(attempt: Attempt): Promise<boolean> {
    const { job, id, entry, signal } = attempt;
    const { surface } = job.question;
    const onWait = () => surface.indicate('queued');
    const release = await locks.acquireLock(`turn/${job.conversation}`, MAX_WAITING, onWait, signal);
    if (release === null) {
      await tell(
        surface,
        `${MAX_WAITING} questions are already waiting here. Ask again once they are answered, or use \`/stop\`.`,
      );
      return false;
    }
    let isAnswered = false;
    try {
      isAnswered = await answerInSlot(attempt);
    } finally {
      const unstored = (error: unknown) =>
        log.error({ err: error, answer: id }, 'could not store which messages an answer has');
      const isOver = isAnswered && !attempt.isForgotten();
      await Promise.all([
        release(),
        isOver ? entry.end(attempt.storeRest) : attempt.storeRest().catch(unstored),
      ]);
    }
    return isAnswered;
  }

  async function answerInSlot(attempt: Attempt): Promise<boolean> {
    const { question } = attempt.job;
    const slot = await waitForSlot(slots, clock, question, attempt.signal);
    if (!slot.ok) {
      const when = waitInWords(slot.retryAfterMs);
      await tell(question.surface, `Too many answers are being written here. Ask again ${when}.`);
      return false;
    }
    try {
      return await parts.telemetry.answering(attempt.id, () => answerNow(parts, attempt));
    } finally {
      slot.release();
    }
  }

  async function tellOfRestart({ job, id, entry }: Attempt): Promise<void> {
    await tell(job.question.surface, RESTARTING).catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'could not tell the asker about the restart; left to the journal');
      entry.leave();
    });
  }

  /** Lets the question's message count as answered by the previous answer again, or as not asked. */
  async function withdraw({ job: { question, previous }, id }: Attempt): Promise<void> {
    const { message } = question;
    if (message === undefined) return;
    const words = 'a message may count as asked although it has no answer';
    await answers
      .withdrawNewest({ id, message }, previous?.id)
      .catch(orLog(log, 'error', { answer: id }, words));
  }

  /** As soon as a question waits for its turn, messages beside it in its thread are for the bot too. */
  return async (asked: AskedJob) => {
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
      isAnswered = await answerJob({ ...asked, conversation });
    } finally {
      if (thread !== null && isBegun && !isAnswered) {
        const words = 'the bot may be listening where it did not answer';
        await listening.withdrawStart(thread).catch(orLog(log, 'error', { event: eventId }, words));
      }
    }
  };
}
