import { randomUUID } from 'node:crypto';
import type { AnswerRecord } from '../../conversations/answer-records.ts';
import { oneLine } from '../../kit/text/text.ts';
import type { GuildId } from '../../ports/actor.ts';
import type { Press } from '../../ports/events.ts';
import type { Question } from '../question/job.ts';
import type { ActionParts } from './parts.ts';
import { EXPIRED } from './pressed.ts';

/** Questions that are asked once more, by a button. */
export function createAgain({
  records: { answers, conversations },
  coordination: { live },
  messenger: { tell, abandoned },
  pressed: { recordFor, turnOf },
  run,
  isPaused,
}: ActionParts) {
  /** Answers a button's question again, as it was asked. */
  async function askAgain(
    press: Press,
    {
      model = null,
      afterwards = async () => {},
      asked = (record) => record,
    }: {
      readonly model?: string | null;
      readonly afterwards?: (record: AnswerRecord) => Promise<void>;
      /** The question to ask, if it differs from the original one. */
      readonly asked?: (record: AnswerRecord) => Pick<AnswerRecord, 'question' | 'brought'> | undefined;
    } = {},
  ): Promise<void> {
    const record = await recordFor(press);
    if (record === null || (await isPaused(press))) return;
    const wanted = asked(record);
    if (wanted === undefined) return tell(press.surface, EXPIRED);
    if (live.values().some(({ id, eventId }) => id === record.id || eventId === press.id)) {
      return tell(press.surface, 'This answer is still being written. Stop it first.');
    }
    const { place } = press;
    const conversation =
      (await conversations.get(record.conversation)) ??
      (await conversations.openConversation(place.guild, place.key));
    await run({
      question: { ...questionOf(press, record, wanted), model: model ?? record.model ?? undefined },
      asker: { user: record.user, name: record.author },
      conversation: conversation.id,
      turn: record.turn,
      previous: { id: record.id, inPlaceOf: null },
      async retirePrevious() {
        await Promise.all([press.retire(abandoned), afterwards(record)]);
      },
      isConfirmed: true,
    });
  }

  return {
    /** Catalogue id of the model that gave an answer; null if it is not stored. */
    async answeredBy(answerId: string, guild: GuildId): Promise<string | null> {
      const record = await answers.get(answerId);
      if (record?.guild !== guild) return null;
      return (await turnOf(record))?.model ?? null;
    },
    /** Answers a question again, with another model if one is named. */
    retry: (press: Press, model: string | null) => askAgain(press, { model }),
    /** Answers a question whose price the asker accepted. */
    confirm: (press: Press) => askAgain(press),
    /** Answers a question that was offered. */
    answerMissed: (press: Press) => askAgain(press, { afterwards: ({ id }) => answers.delete(id) }),
    /** Answers the edited question. */
    answerEdited: (press: Press) => askAgain(press, { asked: ({ edited }) => edited }),
    /** Asks for the rest of an answer that was cut at the length limit. */
    async goOn(press: Press): Promise<void> {
      const record = await recordFor(press);
      if (record === null) return;
      const conversation = await conversations.get(record.conversation);
      const cut = conversation?.turns.find(({ id, isPast }) => id === record.turn && !isPast);
      if (!cut) return tell(press.surface, 'This answer is no longer stored. Ask again.');
      const { id: eventId, actor, place, surface } = press;
      const text = `Your answer to “${oneLine(cut.question, 80)}” was cut off at the length limit. Continue exactly where it stopped, and repeat nothing.`;
      const parts = [{ type: 'text', text } as const];
      await run({
        question: { eventId, actor, place, surface, parts, model: record.model ?? undefined },
        asker: actor,
        conversation: record.conversation,
        turn: randomUUID(),
        retirePrevious: () => press.retire(abandoned),
      });
    },
  };
}

/** A record's question with these words, as the person who pressed the button asks it. */
function questionOf(
  { id: eventId, actor, place, surface }: Press,
  { message, editedAt, effort, isAboutThread, webSearch }: AnswerRecord,
  { question: text, brought = [] }: Pick<AnswerRecord, 'question' | 'brought'>,
): Question {
  const parts = [{ type: 'text', text } as const, ...brought];
  return { eventId, actor, place, surface, parts, message, editedAt, effort, isAboutThread, webSearch };
}
