import type { LiveAnswers } from '../coordination/live-answers.ts';
import { plainName } from '../kit/text.ts';
import { mayActAs, type Roles } from '../ports/actor.ts';
import type { AnswerDeletion } from '../ports/events.ts';
import type { AnswerRecord, AnswerRecords } from './answer-records.ts';
import type { Conversations } from './conversations.ts';

/** Takes answers out of their places, and what is remembered of them out of their conversations. */
export interface Deletion {
  /** Deletes an answer with all its messages, for its asker or an admin; resolves to what to tell the person. */
  run(request: AnswerDeletion): Promise<string>;
  /** A message was deleted on its platform: an answer whose last message goes is forgotten. */
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
  const isLive = ({ id, messages }: AnswerRecord) => live.get(id) !== undefined || messages === undefined;

  async function forget({ id, conversation, turn }: AnswerRecord): Promise<void> {
    await conversations.dropAnswer(conversation, turn, id);
    await answers.delete(id);
  }

  return {
    async run({ actor, message, isOwn, remove }) {
      if (!isOwn) return 'This is no answer of mine, so I cannot delete it.';
      const record = await answers.shownAt(message);
      const isAsker = record?.guild === actor.guild && record.user === actor.user;
      if (!isAsker && !mayActAs(await roles(actor), 'admin')) {
        const asker = plainName(record?.author ?? '') || 'the person who asked';
        return `Only ${asker} or an admin can delete this answer.`;
      }
      // Of before this was kept, or of another guild's app: the message itself is all that there is here.
      const known = record?.guild === actor.guild ? record : null;
      if (known !== null && isLive(known)) return 'This answer is still being written. Stop it first.';
      // First: what is gone from the channel while a fault keeps it in the history would be told again.
      if (known !== null) await conversations.dropAnswer(known.conversation, known.turn, known.id);
      await remove(known?.messages ?? [message]);
      if (known !== null) await answers.delete(known.id);
      return 'The answer is deleted, here and from what I remember.';
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
