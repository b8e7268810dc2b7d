import { randomUUID } from 'node:crypto';
import { type Conversation, startedOver } from '../conversations/conversation.ts';
import type { FeedbackLog } from '../ledger/feedback.ts';
import type { Place } from '../ports/events.ts';
import type { SecretCheck } from '../prompt/secrets.ts';
import { createAgain } from './actions/again.ts';
import { createDeletion } from './actions/deletion.ts';
import { createEdits } from './actions/edits.ts';
import type { ActionParts } from './actions/parts.ts';
import { createRatings } from './actions/ratings.ts';
import { createStopping } from './actions/stopping.ts';
import { createThinking } from './actions/thinking.ts';
import { createThreads } from './actions/threads.ts';
import type { AnswerParts } from './answer/parts.ts';
import { drain } from './drain.ts';
import { type AskedJob, placeKeyOf, type Question } from './question/job.ts';
import { offerMissed } from './question/offers.ts';

/** Older missed questions may have been settled otherwise, so their author is asked first. */
const ASK_FIRST_MS = 10 * 60_000;

export type Chat = ReturnType<typeof createChat>;

/** Conversations with models. The asker is told about every fault; only errors that `dispatch` words reject. */
export function createChat(
  parts: ActionParts,
  { titles, finderOf }: Pick<AnswerParts, 'titles' | 'finderOf'>,
  secretIn: SecretCheck,
  feedback: Pick<FeedbackLog, 'append'>,
) {
  return {
    ...createAsking(parts, secretIn),
    ...createAgain(parts),
    ...createEdits(parts, secretIn, finderOf),
    ...createStopping(parts),
    ...createRatings(parts, feedback),
    ...createThreads(parts, titles),
    ...createThinking(parts),
    ...createDeletion(parts),
    /** As `drain`. */
    drain: (graceMs: number) => drain(parts.coordination.live, parts.messenger, graceMs),
  };
}

function createAsking({ records, messenger, run, isPaused }: ActionParts, secretIn: SecretCheck) {
  const { conversations } = records;
  const { clock } = messenger.delivery;

  /** The conversation of the question's place. A place without a key has none yet, so a new one begins. */
  function conversationFor(question: Question): Pick<AskedJob, 'conversation' | 'begun'> {
    const { guild } = question.place;
    const key = placeKeyOf(question);
    if (key !== null)
      return { conversation: conversations.openConversation(guild, key).then(({ id }) => id) };
    const { conversation, stored } = conversations.createConversation(guild);
    return { conversation: conversation.id, begun: stored };
  }

  return {
    /** Answers a question in its turn. If it was missed for over ten minutes, asks whether it is still to be answered. */
    async ask(question: Question): Promise<void> {
      const secret = secretIn(question.parts);
      if (secret !== null) return messenger.tell(question.surface, secret);
      const { writtenAtMs = clock.now() } = question;
      if (clock.now() - writtenAtMs > ASK_FIRST_MS) return offerMissed(records, messenger, question);
      if (await isPaused(question)) return;
      return run({ question, asker: question.actor, ...conversationFor(question), turn: randomUUID() });
    },
    /** The conversation that a question here would continue. */
    async conversationAt({ key }: Place): Promise<Conversation | null> {
      return key === null ? null : conversations.at(key);
    },
    /** As `conversationAt`, but creates one if there is none. */
    openConversation: ({ guild, key }: Place) => conversations.openConversation(guild, key),
    /** Lets the next question start anew. Deletes nothing and keeps settings. */
    async startOver(conversation: string): Promise<void> {
      await conversations.change(conversation, (before) => startedOver(before, clock.now()));
    },
  };
}
