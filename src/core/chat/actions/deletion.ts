import type { AnswerRecord, AnswerRecords } from '../../conversations/answer-records.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { LiveAnswers } from '../../coordination/live-answers.ts';
import { plainName } from '../../kit/text.ts';
import { mayActAs, type Roles } from '../../ports/actor.ts';
import type { AnswerDeletion } from '../../ports/events.ts';

/** Deletes answers from their places and from their conversations. */
export interface Deletion {
  /** Deletes an answer with all its messages, for its asker or an admin; resolves to a sentence for the person. */
  run(request: AnswerDeletion): Promise<string>;
  /** Reports a message deleted on its platform. Once an answer's last message is gone, the answer is forgotten. */
  messageGone(key: string): Promise<void>;
}

export interface DeletionOptions {
  readonly answers: AnswerRecords;
  readonly conversations: Pick<Conversations, 'dropAnswer'>;
  readonly live: LiveAnswers;
  readonly roles: Roles;
}

export function createDeletion({ answers, conversations, live, roles }: DeletionOptions): Deletion {
  /** Also in another process: which messages it has is noted when it has ended. */
  const isLive = ({ id, messages }: AnswerRecord) => live.has(id) || messages === undefined;

  async function forget({ id, conversation, turn }: AnswerRecord): Promise<void> {
    await conversations.dropAnswer(conversation, turn, id);
    await answers.delete(id);
  }

  return {
    async run({ actor, message, isOwn, remove }) {
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
      if (known !== null) await conversations.dropAnswer(known.conversation, known.turn, known.id);
      await remove(known?.messages ?? [message]);
      if (known !== null) await answers.delete(known.id);
      return 'The answer is deleted here and from my memory.';
    },

    async messageGone(key) {
      const record = await answers.shownAt(key);
      if (record === null || isLive(record)) return;
      const left = (record.messages ?? []).filter((other) => other !== key);
      if (left.length === 0) await forget(record);
      else await answers.amend(record.id, { messages: left });
    },
  };
}
