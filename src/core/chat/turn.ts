import type { Slots } from '../kit/scheduling/slots.ts';
import { waitInWords } from '../kit/time/durations.ts';
import { answerNow } from './answer/answer-now.ts';
import type { AnswerParts } from './answer/parts.ts';
import type { Attempt } from './question/attempt.ts';
import { waitForSlot } from './question/slot-queue.ts';

/** Questions of this process that may wait in one conversation. */
const MAX_WAITING = 5;

/** Answers once the attempt has its conversation's turn and a free slot. Resolves to whether there was an answer. */
export async function answerInTurn(parts: AnswerParts, slots: Slots, attempt: Attempt): Promise<boolean> {
  const { job, id, entry, signal } = attempt;
  const { tell, delivery } = parts.messenger;
  const { surface } = job.question;
  const onWait = () => surface.indicate('queued');
  const { locks } = parts.coordination;
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
    isAnswered = await answerInSlot(parts, slots, attempt);
  } finally {
    const unstored = (error: unknown) =>
      delivery.log.error({ err: error, answer: id }, 'could not store which messages an answer has');
    const isOver = isAnswered && !attempt.isForgotten();
    await Promise.all([
      release(),
      isOver ? entry.end(attempt.storeRest) : attempt.storeRest().catch(unstored),
    ]);
  }
  return isAnswered;
}

async function answerInSlot(parts: AnswerParts, slots: Slots, attempt: Attempt): Promise<boolean> {
  const { tell, delivery } = parts.messenger;
  const { question } = attempt.job;
  const slot = await waitForSlot(slots, delivery.clock, question, attempt.signal);
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
