import type { Logger } from 'pino';
import type { ChatRecords } from '../conversations/chat-records.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Clock } from '../kit/clock.ts';
import { waitInWords } from '../kit/durations.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { AnswerNow } from './answer/answer-now.ts';
import { type Attempt, beginAttempt } from './question/attempt.ts';
import { type AskedJob, isHeard, type Job, type RunJob, recordOf } from './question/job.ts';
import type { WaitForSlot } from './question/slot-queue.ts';
import type { Tell } from './words/messenger.ts';

export interface TurnOptions {
  readonly records: Pick<ChatRecords, 'answers' | 'listening'>;
  readonly coordination: Pick<Coordination, 'live' | 'stops' | 'journal' | 'locks'>;
  readonly waitForSlot: WaitForSlot;
  readonly answerNow: AnswerNow;
  readonly tell: Tell;
  readonly telemetry: Pick<Telemetry, 'answering'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Questions of this process that may wait in one conversation. */
const MAX_WAITING = 5;
export const RESTARTING = 'The bot is restarting. Ask again in a minute.';

/** Answers a job once it has its conversation's turn and a free slot, until the answer is shown. */
export function createTurnRunner(options: TurnOptions): RunJob {
  const { waitForSlot, answerNow, tell, telemetry, clock, log } = options;
  const { answers, listening } = options.records;
  const { live, stops, journal, locks } = options.coordination;

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
      await Promise.all([job.begun, answers.begin(recordOf(job, id)), entry.keep()]);
      isAnswered = await answerInTurn(job, attempt);
    } catch (error) {
      if (!signal.aborted) throw error;
      // Stopped before anything was shown. The person who stopped it knows; only a restart needs to be told.
      if (signal.reason.stop.kind === 'shutdown') await tellOfRestart(job, attempt);
    } finally {
      if (!isAnswered) await withdraw(job, attempt);
      // `/forget` may have scanned before this record was stored, so delete it now.
      if (attempt.isForgotten()) {
        await answers.delete(id).catch((fault: unknown) => {
          log.error({ err: fault, answer: id }, 'could not delete a forgotten question');
        });
      }
      live.delete(id);
      surface.indicate('idle');
    }
    return isAnswered;
  }

  async function answerInTurn(job: Job, attempt: Attempt): Promise<boolean> {
    const { id, entry, signal } = attempt;
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
      isAnswered = await answerInSlot(job, attempt);
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

  async function answerInSlot(job: Job, attempt: Attempt): Promise<boolean> {
    const { question } = job;
    const slot = await waitForSlot(question, attempt.signal);
    if (!slot.ok) {
      const when = waitInWords(slot.retryAfterMs);
      await tell(question.surface, `Too many answers are being written here. Ask again ${when}.`);
      return false;
    }
    try {
      return await telemetry.answering(attempt.id, () => answerNow(job, attempt));
    } finally {
      slot.release();
    }
  }

  async function tellOfRestart({ question }: Job, { id, entry }: Attempt): Promise<void> {
    await tell(question.surface, RESTARTING).catch((error: unknown) => {
      log.warn({ err: error, answer: id }, 'could not tell the asker about the restart; left to the journal');
      entry.leave();
    });
  }

  /** Lets the question's message count as answered by the previous answer again, or as not asked. */
  async function withdraw({ question: { message }, previous }: Job, { id }: Attempt): Promise<void> {
    if (message === undefined) return;
    await answers.withdraw({ id, message }, previous?.id).catch((error: unknown) => {
      log.error({ err: error, answer: id }, 'a message may count as asked although it has no answer');
    });
  }

  /** As soon as a question waits for its turn, messages beside it in its thread are for the bot too. */
  return async (asked: AskedJob) => {
    const { eventId, place, surface } = asked.question;
    const thread = isHeard(surface) ? place.key : null;
    // It is waited for with what is stored at the same moment.
    asked.begun?.catch(() => {});
    const [conversation, isBegun] = await Promise.all([
      asked.conversation,
      thread !== null && listening.begin(thread, asked.conversation),
    ]);
    let isAnswered = false;
    try {
      isAnswered = await answerJob({ ...asked, conversation });
    } finally {
      if (thread !== null && isBegun && !isAnswered) {
        await listening.withdraw(thread).catch((error: unknown) => {
          log.error({ err: error, event: eventId }, 'the bot may be listening where it did not answer');
        });
      }
    }
  };
}
