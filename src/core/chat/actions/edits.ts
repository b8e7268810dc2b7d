import { randomUUID } from 'node:crypto';
import type { AnswerRecord, ShownAnswer } from '../../conversations/answer-records.ts';
import { inItsPlace } from '../../coordination/stops.ts';
import type { FinderOf } from '../../ports/adapter.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import { broughtIn, isFromThread, wordsIn } from '../../ports/parts.ts';
import type { SecretCheck } from '../../prompt/secrets.ts';
import { placeKeyOf, type Question } from '../question/job.ts';
import type { ActionParts } from './parts.ts';

export type EditedQuestion = Question & { readonly message: string; readonly editedAt: number };

/** Questions whose message is edited. */
export function createEdits(
  { records, coordination, messenger, run, isPaused }: ActionParts,
  secretIn: SecretCheck,
  finderOf: FinderOf,
) {
  const { answers, conversations } = records;
  const { stops } = coordination;
  const { tell, abandoned } = messenger;

  /** Puts a button for the edited question under the finished answer. */
  async function offerEdited(
    record: AnswerRecord,
    { reference, moment }: ShownAnswer,
    { place, parts, editedAt }: EditedQuestion,
  ): Promise<void> {
    // Messages before it in its thread were read at that time.
    const thread = record.brought?.filter(isFromThread) ?? [];
    const brought = [...thread, ...broughtIn(parts)];
    const edited = { question: wordsIn(parts), ...(brought.length > 0 && { brought }) };
    await answers.amend(record.id, { edited, editedAt });
    const finder = finderOf(place.guild);
    if (record.edited !== undefined || reference === null || !finder?.changeButtons) return;
    const { id: answerId } = record;
    const buttons = buttonsAt(answerId, { ...moment, isEdited: true });
    await finder.changeButtons({ reference, answerId }, buttons, abandoned);
  }

  return {
    /** Whether a message was asked as a question, so that an edit of it matters. */
    async wasAsked(message: string): Promise<boolean> {
      return (await answers.to(message)) !== null || (await stops.isUnderWay(message));
    },

    /**
     * Handles an edit of a question's message. If the text changed: an answer under way stops, and this question is answered in
     * its place; a finished answer gets a button instead.
     */
    async edited(question: EditedQuestion): Promise<void> {
      const { message, editedAt, surface } = question;
      const record = await answers.to(message);
      // Nothing was shown yet for a question that is still on its way here.
      if (record === null && !(await stops.isUnderWay(message))) return;
      // Platforms deliver some events again, after newer ones.
      if (record?.editedAt !== undefined && record.editedAt >= editedAt) return;
      const words = wordsIn(question.parts);
      if (words === '') return;
      if (record !== null && words === (record.edited ?? record).question) {
        await answers.amend(record.id, { editedAt });
        return;
      }
      const secret = secretIn(question.parts);
      if (record?.shown !== undefined) {
        if (secret === null) await offerEdited(record, record.shown, question);
        return;
      }
      if (secret === null && (await isPaused(question))) return;
      const target = record === null ? { eventId: message } : inItsPlace(record);
      await stops.send(target, { kind: 'question_edited', editedAt });
      if (secret !== null) return tell(surface, secret);
      const place = [question.place.guild, placeKeyOf(question)] as const;
      await run({
        question,
        asker: question.actor,
        conversation: record?.conversation ?? (await conversations.openConversation(...place)).id,
        turn: record?.turn ?? randomUUID(),
        ...(record !== null && { previous: { id: record.id, inPlaceOf: inItsPlace(record).id } }),
      });
    },
  };
}
