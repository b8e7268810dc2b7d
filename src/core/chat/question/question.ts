import { newAnswerId } from '../../conversations/answer-records.ts';
import { type StopCause, Stopped } from '../../coordination/live-answers.ts';
import { waitInWords } from '../../kit/durations.ts';
import { OVER } from '../../kit/over.ts';
import type { Crowded, QueuePlace, Slot } from '../../kit/slots.ts';
import type { Surface } from '../../ports/surface.ts';
import { createTell } from '../answer/tell.ts';
import { createAnswerNow } from './answer-now.ts';
import {
  type AskedJob,
  type Attempt,
  isHeard,
  type Job,
  type Question,
  type QuestionRunnerOptions,
  recordOf,
} from './job.ts';

/** Questions of this process that may wait in one conversation. */
const MAX_WAITING = 5;
export const RESTARTING = 'The bot is restarting. Ask again in a minute.';

/** People cannot read updates that come more often. */
const QUEUE_EVERY_MS = 5_000;

function queueWords({ position, waitMs }: QueuePlace): string {
  return `Many answers are being written here. Your question is number ${position} in the queue; its turn should come ${waitInWords(waitMs)}.`;
}

/**
 * Answers a job once it has its conversation's turn and a free slot, until the answer is shown.
 * @param abandoned ends delivery at once; the journal then has the rest
 */
export function createQuestionRunner(
  options: QuestionRunnerOptions,
  abandoned: AbortSignal,
): (job: AskedJob) => Promise<void> {
  const { answers, listening, live, stops, journal, locks, slots, clock, log } = options;
  const tell = createTell(options.nameOperator, abandoned);
  const answerNow = createAnswerNow(options, abandoned);

  /** As soon as a question waits for its turn, messages beside it in its thread are for the bot too. */
  async function run(asked: AskedJob): Promise<void> {
    const { place, surface } = asked.question;
    const thread = isHeard(surface) ? place.key : null;
    // It is waited for with what is stored at the same moment.
    asked.begun?.catch(() => {});
    const [conversation, isBegun] = await Promise.all([
      asked.conversation,
      thread !== null && listening.begin(thread, asked.conversation),
    ]);
    const job = { ...asked, conversation };
    let isAnswered = false;
    try {
      isAnswered = await answerInTurn(job);
    } finally {
      if (thread !== null && isBegun && !isAnswered) {
        await listening.withdraw(thread).catch((error: unknown) => {
          log.error(
            { err: error, event: job.question.eventId },
            'the bot may be listening where it did not answer',
          );
        });
      }
    }
  }

  /** Resolves to whether there was an answer. */
  async function answerInTurn(job: Job): Promise<boolean> {
    const { question, conversation } = job;
    const { surface, actor, place, eventId } = question;
    const id = newAnswerId(place.guild);
    const stopping = new AbortController();
    let isForgotten = false;
    const stop = (cause: StopCause) => {
      isForgotten ||= cause.kind === 'forgotten';
      stopping.abort(new Stopped(cause));
    };
    const entry = journal.entry(eventId);
    entry.askedBy({ guild: place.guild, user: actor.user, name: actor.name });
    const askedAtMs = clock.now();
    let isAnswered = false;
    const closing: (() => Promise<unknown>)[] = [];
    await stops.admitAnswer({
      id,
      eventId,
      message: question.message ?? null,
      editedAt: question.editedAt ?? null,
      guild: place.guild,
      user: actor.user,
      asker: job.asker.user,
      conversation,
      channel: place.channel,
      stop,
    });
    try {
      entry.watch(() => ({
        id,
        model: null,
        askedAtMs,
        text: '',
        images: 0,
        sealed: 0,
        message: null,
        ending: null,
      }));
      // From now on Retry works, even if another process finishes this answer.
      await Promise.all([job.begun, answers.begin(recordOf(job, id)), entry.keep()]);
      const release = await locks.acquireLock(
        `turn/${conversation}`,
        MAX_WAITING,
        () => surface.indicate('queued'),
        stopping.signal,
      );
      if (release === null) {
        await tell(
          surface,
          `${MAX_WAITING} questions are already waiting here. Ask again once they are answered, or use \`/stop\`.`,
        );
        return false;
      }
      try {
        const slot = await takeSlot(question, stopping.signal);
        if (!slot.ok) {
          await tell(
            surface,
            `Too many answers are being written here. Ask again ${waitInWords(slot.retryAfterMs)}.`,
          );
          return false;
        }
        try {
          const attempt = {
            id,
            askedAtMs,
            entry,
            stop,
            signal: stopping.signal,
            whenOver: (store: () => Promise<unknown>) => void closing.push(store),
            isForgotten: () => isForgotten,
          };
          await options.telemetry.answering(id, async () => {
            isAnswered = await answerInPlace(job, attempt);
          });
        } finally {
          slot.release();
        }
      } finally {
        const isOver = isAnswered && !isForgotten;
        const close = () => Promise.all(closing.map((store) => store()));
        const unclosed = (error: unknown) =>
          log.error({ err: error, answer: id }, 'could not store which messages an answer has');
        await Promise.all([release(), isOver ? entry.end(close) : close().catch(unclosed)]);
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
      // Stopped before anything was shown. The person who stopped it knows; only a restart needs to be told.
      if (stopping.signal.reason.stop.kind === 'shutdown') {
        await tell(surface, RESTARTING).catch((fault: unknown) => {
          log.warn(
            { err: fault, answer: id },
            'could not tell the asker about the restart; left to the journal',
          );
          entry.leave();
        });
      }
    } finally {
      if (!isAnswered && question.message !== undefined) {
        await answers
          .withdraw({ id, message: question.message }, job.previous?.id)
          .catch((fault: unknown) => {
            log.error({ err: fault, answer: id }, 'a message may count as asked although it has no answer');
          });
      }
      // `/forget` may have scanned before this record was stored, so delete it now.
      if (isForgotten) {
        await answers.delete(id).catch((fault: unknown) => {
          log.error({ err: fault, answer: id }, 'could not delete a forgotten question');
        });
      }
      live.delete(id);
      surface.indicate('idle');
    }
    return isAnswered;
  }

  /** Answers in the message of the answer that this one replaces, if that has a single message; otherwise below it. */
  async function answerInPlace(job: Job, attempt: Attempt): Promise<boolean> {
    const { question, previous } = job;
    const { guild } = question.place;
    const old = previous?.inPlace ? await answers.get(previous.id) : null;
    const finder = options.finderOf(guild);
    if (!old?.shown?.reference || !finder?.reopen) return answerNow(job, attempt, null);
    const { id: answerId, shown } = old;
    const where = { reference: old.shown.reference, answerId };
    const found = await finder.reopen(where, attempt.signal).catch((error: unknown) => {
      log.warn(
        { err: error, answer: answerId },
        'could not find the previous answer; posting the new one below it',
      );
      return null;
    });
    // On the found surface, the next message follows the answer's last one.
    const surface = found?.surface ?? question.surface;
    attempt.entry.resumeAt(surface);
    const isAlone = shown.sealed === 0;
    const onAdmitted = async () => {
      await job.onAdmitted();
      if (!isAlone) await finder.changeButtons?.(where, [], abandoned);
    };
    const adopted = isAlone ? (found?.message?.live ?? null) : null;
    return answerNow({ ...job, question: { ...question, surface }, onAdmitted }, attempt, adopted);
  }

  /** Waits for a slot and shows the asker the question's place in the queue meanwhile. */
  async function takeSlot({ surface, place }: Question, signal: AbortSignal): Promise<Slot | Crowded> {
    const over = new AbortController();
    let telling = Promise.resolve();
    const onWait = (placeNow: () => QueuePlace) => {
      surface.indicate('queued');
      telling = tellOfQueue(surface, placeNow, AbortSignal.any([over.signal, signal]));
    };
    try {
      return await slots.acquireSlot(place.guild, onWait, signal);
    } finally {
      over.abort(OVER);
      await telling;
    }
  }

  async function tellOfQueue({ waits }: Surface, placeNow: () => QueuePlace, until: AbortSignal) {
    if (waits === undefined) return;
    for (let said = ''; !until.aborted; ) {
      const words = queueWords(placeNow());
      if (words !== said) waits(words);
      said = words;
      await clock.sleep(QUEUE_EVERY_MS, until).catch(() => {});
    }
  }

  return run;
}
