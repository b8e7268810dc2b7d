import type { Conversations } from '../../conversations/conversations.ts';
import { createReply } from '../../delivery/reply.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import type { Model } from '../../ports/model.ts';
import type { Messenger } from '../words/messenger.ts';
import type { Attempt } from './attempt.ts';
import type { Job } from './job.ts';

/** Shows what a question may cost, with a button to confirm. */
export type OfferPrice = (job: Job, attempt: Attempt, model: Model, text: string) => Promise<void>;

export function createPriceOffer(
  conversations: Pick<Conversations, 'attach'>,
  { delivery, abandoned }: Messenger,
): OfferPrice {
  return async ({ question, conversation }, { id, unbegun, entry }, model, text) => {
    const reply = createReply({
      ...delivery,
      surface: question.surface,
      answerId: id,
      async onOpen({ key, threadKey }) {
        await entry.keep();
        for (const place of [key, threadKey]) if (place) await conversations.attach(conversation, place);
      },
      signal: AbortSignal.any([abandoned, entry.lost]),
    });
    const ending = { status: 'complete', note: null, footer: null } as const;
    entry.watch(() => ({ ...unbegun, model: model.id, ending, ...reply.progress }));
    reply.write(text);
    await reply.finish({ ...ending, buttons: buttonsAt(id, { state: 'priced' }) });
  };
}
