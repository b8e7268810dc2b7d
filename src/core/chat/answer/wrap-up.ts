import type { AnswerRecord, AnswerRecords } from '../../conversations/answer-records.ts';
import type { Seen } from '../../coordination/collection.ts';
import { wordsIn } from '../../ports/parts.ts';
import { StoreError } from '../../ports/store.ts';
import type { Asked } from '../question/ask-model.ts';
import type { Attempt } from '../question/attempt.ts';
import type { Job } from '../question/job.ts';
import type { Messenger } from '../words/messenger.ts';
import type { TellAsides } from './asides.ts';
import type { ReportAnswer } from './report.ts';
import type { Titles } from './titles.ts';
import type { Delivered } from './writing.ts';

/** Does what remains once an answer has ended, shown or not: its thread's title, its record, messages beside it, the report. */
export type WrapUp = (
  job: Job,
  attempt: Attempt,
  asked: Asked,
  answer: Delivered & {
    /** Keys of its messages, oldest first. */
    readonly messages: string[];
    /** Its record, if it was read while the turn was stored. */
    readonly record: Seen<AnswerRecord> | undefined;
  },
) => Promise<void>;

export interface WrapUpOptions {
  readonly answers: Pick<AnswerRecords, 'amend'>;
  readonly titles: Pick<Titles, 'name'>;
  readonly tellAsides: TellAsides;
  readonly report: ReportAnswer;
  readonly messenger: Pick<Messenger, 'abandoned' | 'delivery'>;
}

export function createWrapUp(options: WrapUpOptions): WrapUp {
  const { answers, titles, tellAsides, report } = options;
  const { abandoned, delivery } = options.messenger;

  return async ({ question, conversation }, attempt, { prepared, requested }, answer) => {
    const { id, entry } = attempt;
    const { actor, place } = question;
    const { rename, isPrivate } = question.surface;
    const isFirst = !prepared.seen.value?.turns.length;
    const isTitled = isFirst && !isPrivate && prepared.here.automatic.titles && answer.status === 'complete';
    if (isTitled && rename !== undefined) {
      const words = wordsIn(question.parts);
      titles.name({ rename, question: words, answer: answer.draft.text, actor, place, conversation });
    }

    const { messages, record, shown } = answer;
    const unnoted = (error: unknown) =>
      delivery.log.error({ err: error, answer: id }, 'could not store which messages an answer has');
    const note = () =>
      answers
        .amend(id, { messages, ...(question.message !== undefined && { shown }) }, record)
        .catch((error: unknown) => {
          if (error instanceof StoreError) throw error;
          unnoted(error);
        });
    if (!answer.delivered && abandoned.aborted) entry.leave();
    // Another process may finish a held answer as soon as it is stored.
    else if (answer.held !== null) await note().catch(unnoted);
    else attempt.whenOver(note);

    await tellAsides(question, answer);
    report(id, question, requested, answer);
  };
}
