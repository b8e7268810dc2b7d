import { randomUUID } from 'node:crypto';
import { newAnswerId } from '../../conversations/answer-records.ts';
import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Conversation } from '../../conversations/conversation.ts';
import { createReply } from '../../delivery/reply.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import { withinStore } from '../../prompt/gather.ts';
import { withoutSecrets } from '../../prompt/secrets.ts';
import type { Messenger } from '../words/messenger.ts';
import { placeKeyOf, type Question, recordOf } from './job.ts';
import { createUnheard } from './unheard.ts';

/** Shown with a button where people wrote to the bot while it was away. */
const OFFER = 'I was away when you wrote this. Do you still want an answer?';

/** Asks whether an old question is still to be answered. It is stored with its thread, which its button cannot read. */
export type OfferMissed = (question: Question) => Promise<void>;

export function createMissedOffer(
  { conversations, answers, listening, settings }: ChatRecords,
  { delivery, tell, abandoned }: Messenger,
): OfferMissed {
  const unheard = createUnheard(listening);

  /** The question with what others said before it in its thread. */
  async function withThread(question: Question, begun: Conversation): Promise<Question> {
    const { place, parts } = question;
    const { readsContext: readsThreads } = await settings.at({ place, conversation: begun });
    const read = await unheard(question, { readsThreads, begun, turn: null });
    if (read === null) return question;
    const { messages } = await read(abandoned);
    return { ...question, parts: [...(await withinStore(messages)), ...parts] };
  }

  return async (missed) => {
    const { place, surface, actor } = missed;
    const begun = await conversations.openConversation(place.guild, placeKeyOf(missed));
    const question = await withThread(missed, begun);
    const { id: conversation } = begun;
    const answerId = newAnswerId(place.guild);
    const record = recordOf({ question, asker: actor, conversation, turn: randomUUID() }, answerId);
    const safe = withoutSecrets(record.brought ?? [], actor.user);
    if (!safe.ok) return tell(surface, safe.text);
    await answers.save({ ...record, ...(safe.brought.length > 0 && { brought: safe.brought }) });
    const reply = createReply({
      ...delivery,
      surface,
      answerId,
      onOpen: ({ key }) => conversations.attach(conversation, key),
      signal: abandoned,
    });
    reply.write(OFFER);
    const buttons = buttonsAt(answerId, { state: 'missed' });
    await reply.finish({ status: 'complete', note: null, footer: null, buttons });
  };
}
