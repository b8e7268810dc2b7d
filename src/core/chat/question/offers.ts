import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { newAnswerId } from '../../conversations/answer-records.ts';
import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Conversation } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import { Reply } from '../../delivery/reply.ts';
import { orLog } from '../../kit/or-log.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import type { Model } from '../../ports/model.ts';
import { withinStore } from '../../prompt/gather.ts';
import { withoutSecrets } from '../../prompt/secrets.ts';
import type { Messenger } from '../words/messenger.ts';
import type { Attempt } from './attempt.ts';
import { placeKeyOf, type Question, recordOf } from './job.ts';
import { unheard } from './unheard.ts';

const ENDING = { status: 'complete', note: null, footer: null } as const;

/** The offer stands and its button works; only what is written to it is a conversation of its own. */
const unattached = (log: Logger, answer: string) =>
  orLog(log, 'error', { answer }, 'could not connect an offer to its conversation');

/** Shows what a question may cost, with a button to confirm. */
export async function offerPrice(
  conversations: Pick<Conversations, 'attach'>,
  { delivery, abandoned }: Messenger,
  { job, id, unbegun, entry }: Attempt,
  model: Model,
  text: string,
): Promise<void> {
  const { question, conversation } = job;
  const reply = new Reply({
    ...delivery,
    surface: question.surface,
    answerId: id,
    async onOpen({ key, threadKey }) {
      await entry.keep();
      const places = threadKey ? [key, threadKey] : [key];
      await Promise.all(places.map((place) => conversations.attach(conversation, place))).catch(
        unattached(delivery.log, id),
      );
    },
    signal: AbortSignal.any([abandoned, entry.lost]),
  });
  entry.watch(() => ({ ...unbegun, model: model.id, ending: ENDING, ...reply.progress() }));
  reply.write(text);
  await reply.finish({ ...ENDING, buttons: buttonsAt(id, { state: 'priced' }) });
}

/** Shown with a button where people wrote to the bot while it was away. */
const MISSED = 'I was away when you wrote this. Do you still want an answer?';

/** Asks whether an old question is still to be answered. It is stored with its thread, which its button cannot read. */
export async function offerMissed(
  records: ChatRecords,
  { delivery, tell, abandoned }: Messenger,
  missed: Question,
): Promise<void> {
  const { conversations, answers } = records;
  const { place, surface, actor } = missed;
  const begun = await conversations.openConversation(place.guild, placeKeyOf(missed));
  const { id: conversation } = begun;
  const question = await withThread(records, missed, begun, abandoned);
  const answerId = newAnswerId(place.guild);
  const record = recordOf({ question, asker: actor, conversation, turn: randomUUID() }, answerId);
  const safe = withoutSecrets(record.brought ?? [], actor.user);
  if (!safe.ok) return tell(surface, safe.text);
  await answers.save({ ...record, ...(safe.brought.length > 0 && { brought: safe.brought }) });
  const reply = new Reply({
    ...delivery,
    surface,
    answerId,
    onOpen: ({ key }) => conversations.attach(conversation, key).catch(unattached(delivery.log, answerId)),
    signal: abandoned,
  });
  reply.write(MISSED);
  await reply.finish({ ...ENDING, buttons: buttonsAt(answerId, { state: 'missed' }) });
}

/** The question with what others said before it in its thread. */
async function withThread(
  { settings, listening }: ChatRecords,
  question: Question,
  begun: Conversation,
  signal: AbortSignal,
): Promise<Question> {
  const { place, parts } = question;
  const { readsContext: readsThreads } = await settings.at({ place, conversation: begun });
  const read = await unheard(listening, question, { readsThreads, begun, turn: null });
  if (read === null) return question;
  const { messages } = await read(signal);
  return { ...question, parts: [...(await withinStore(messages)), ...parts] };
}
