import type { AnswerRecord } from '../../conversations/answer-records.ts';
import type { Seen } from '../../coordination/collection.ts';
import { orLog } from '../../kit/or-log.ts';
import { wordsIn } from '../../ports/parts.ts';
import { StoreError } from '../../ports/store.ts';
import type { Asked } from '../question/ask-model.ts';
import type { Attempt } from '../question/attempt.ts';
import { isHeard } from '../question/job.ts';
import { tellAsides } from './asides.ts';
import { keepTurn } from './keep-turn.ts';
import type { AnswerParts } from './parts.ts';
import { AnswerPlaces } from './places.ts';
import { findPlace } from './replacing.ts';
import { reportAnswer } from './report.ts';
import type { Titles } from './titles.ts';
import { type Delivered, writeAnswer } from './writing.ts';

/** Answers a job that has its turn and a slot; false if there was no answer, only a message to the asker. */
export async function answerNow(parts: AnswerParts, wanted: Attempt): Promise<boolean> {
  const { attempt, adopted } = await findPlace(parts, wanted);
  const { job, id } = attempt;
  const { surface } = job.question;
  const asked = await parts.askModel(attempt);
  if (asked === null) return false;
  // Not earlier: a refusal is for the asker alone, and some platforms would show that something was asked.
  surface.indicate('working');

  const { log } = parts.messenger.delivery;
  const unretired = orLog(log, 'warn', { answer: id }, 'could not remove the buttons of an older answer');
  const retired = job.retirePrevious?.().catch(unretired);
  const places = new AnswerPlaces(parts, attempt, adopted?.key ?? null);
  let record: Seen<AnswerRecord> | undefined;
  const answer = await writeAnswer(parts.messenger, asked, places, adopted, async (written) => {
    record = await keepTurn(parts, asked, written);
  });
  await Promise.all([retired, places.stored()]);
  if (isHeard(surface) && asked.prepared.isUntold && answer.delivered) await places.told();
  nameThread(parts.titles, asked, answer);
  await noteMessages(parts, attempt, answer, places.messages, record);
  await tellAsides(parts, job.question, answer);
  reportAnswer(parts, asked, answer);
  return true;
}

/** Names the thread of a conversation's first answer. */
function nameThread(titles: Titles, { attempt, prepared }: Asked, answer: Delivered): void {
  const { question, conversation } = attempt.job;
  const { actor, place, surface, parts } = question;
  const { rename, isPrivate } = surface;
  const isFirst = !prepared.seen.value?.turns.length;
  const isWanted = isFirst && !isPrivate && prepared.here.automatic.titles && answer.status === 'complete';
  if (!isWanted || rename === undefined) return;
  titles.name({ rename, question: wordsIn(parts), answer: answer.draft.text, actor, place, conversation });
}

/** Stores which messages the answer has, now or with the end of its event. */
async function noteMessages(
  { records, messenger }: AnswerParts,
  { job, id, entry, whenOver }: Attempt,
  { delivered, held, shown }: Delivered,
  messages: string[],
  record: Seen<AnswerRecord> | undefined,
): Promise<void> {
  if (!delivered && messenger.abandoned.aborted) return entry.leave();
  const { log } = messenger.delivery;
  const unnoted = orLog(log, 'error', { answer: id }, 'could not store which messages an answer has');
  const more = { messages, ...(job.question.message !== undefined && { shown }) };
  const note = () =>
    records.answers.amend(id, more, record).catch((error: unknown) => {
      if (error instanceof StoreError) throw error;
      unnoted(error);
    });
  // Another process may finish a held answer as soon as it is stored.
  if (held !== null) await note().catch(unnoted);
  else whenOver(note);
}
