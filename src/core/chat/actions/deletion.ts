import type { AnswerRecord } from '../../conversations/answer-records.ts';
import { withoutAnswer } from '../../conversations/conversation.ts';
import { plainName } from '../../kit/text/text.ts';
import { mayActAs } from '../../ports/actor.ts';
import type { AnswerDeletion } from '../../ports/events.ts';
import { StoreError } from '../../ports/store.ts';
import type { ActionParts } from './parts.ts';

const CANNOT_DELETE =
  'I could not delete all messages of this answer. Delete them yourself or ask an admin. I no longer remember the answer.';

/** Deletes answers from their places and from their conversations. */
export function createDeletion({
  records: { answers, conversations },
  coordination: { live },
  messenger: { tell, delivery },
  roles,
}: ActionParts) {
  /** Also in another process: which messages it has is noted when it has ended. */
  const isLive = ({ id, messages }: AnswerRecord) => live.has(id) || messages === undefined;

  async function drop({ conversation, turn, id }: AnswerRecord): Promise<void> {
    await conversations.change(conversation, (before) => withoutAnswer(before, turn, id));
  }

  /** Resolves to a sentence for the person. */
  async function remove({ actor, message, isOwn, remove }: AnswerDeletion): Promise<string> {
    if (!isOwn) return 'This is not one of my answers, so I cannot delete it.';
    const record = await answers.shownAt(message);
    const isAsker = record?.guild === actor.guild && record.user === actor.user;
    if (!isAsker && !mayActAs(await roles(actor), 'admin')) {
      const asker = plainName(record?.author ?? '') || 'the person who asked';
      return `Only ${asker} or an admin can delete this answer.`;
    }
    // Older than this record, or from another guild's app: only the message itself can be deleted.
    const known = record?.guild === actor.guild ? record : null;
    if (known !== null && isLive(known)) return 'This answer is still being written. Stop it first.';
    // Comes first: an answer that is gone from the channel must not stay in the history because of a fault.
    if (known !== null) await drop(known);
    // An earlier version may not have noted all of them.
    await remove([...new Set([...(known?.messages ?? []), message])]);
    if (known !== null) await answers.delete(known.id);
    return 'The answer is deleted here and from my memory.';
  }

  return {
    /** Deletes an answer with all its messages, for its asker or an admin. */
    async deleteAnswer(request: AnswerDeletion): Promise<void> {
      const text = await remove(request).catch((error: unknown) => {
        delivery.log.warn({ err: error, event: request.id }, 'could not delete an answer');
        if (error instanceof StoreError) throw error;
        return CANNOT_DELETE;
      });
      await tell(request.surface, text);
    },

    /** Reports a message deleted on its platform. Once an answer's last message is gone, the answer is forgotten. */
    async messageGone(key: string): Promise<void> {
      const record = await answers.shownAt(key);
      if (record === null || isLive(record)) return;
      const left = (record.messages ?? []).filter((other) => other !== key);
      if (left.length > 0) return void (await answers.amend(record.id, { messages: left }));
      await drop(record);
      await answers.delete(record.id);
    },
  };
}
