import { turnOf } from '../../conversations/answer-records.ts';
import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { AnswerState } from '../../coordination/journal-entry.ts';
import { textInHistory } from '../words/answer-text.ts';

/** The records that a dead process may have left incomplete. */
export type LeftRecords = Pick<ChatRecords, 'answers' | 'conversations'>;

/** Stores the question and the text that had arrived in the conversation. */
export async function keepLeftTurn(
  { answers, conversations }: LeftRecords,
  { id, model, askedAtMs, images, ending, text: arrived }: AnswerState,
): Promise<void> {
  const answer = textInHistory(arrived, images);
  if (answer === '' || model === null) return;
  const record = await answers.get(id);
  if (record === null) return;
  await conversations.record(
    record.conversation,
    turnOf(record, { answer, model, status: ending?.status ?? 'interrupted', askedAtMs }),
    // It may have been forgotten meanwhile.
    async () => (await answers.get(id)) !== null,
    { unlessNewer: true },
  );
}

/** Lets a reply to the messages continue the conversation, and a deletion find all of them. */
export async function attachMessages(
  { answers, conversations }: LeftRecords,
  { id }: AnswerState,
  keys: readonly string[],
  threadKey: string | null | undefined,
): Promise<void> {
  const record = await answers.get(id);
  if (record === null) return;
  const { conversation, messages = [] } = record;
  const places = threadKey ? [...keys, threadKey] : keys;
  await Promise.all([
    ...places.map((key) => conversations.attach(conversation, key)),
    ...keys.map((key) => answers.attach(id, key)),
  ]);
  await answers.amend(id, { messages: [...new Set([...messages, ...keys])] });
}
