import type { ChatRecords } from '../../conversations/chat-records.ts';
import type { Stops } from '../../coordination/stops.ts';
import { orLog } from '../../kit/or-log.ts';
import type { Messenger } from '../words/messenger.ts';
import type { Attempt } from './attempt.ts';
import { offerPrice } from './offers.ts';
import type { Prepare, Prepared } from './preparation.ts';
import type { RequestAnswer, Requested } from './request.ts';

/** An attempt whose request is admitted. */
export interface Asked extends Requested {
  readonly attempt: Attempt;
  readonly prepared: Prepared;
}

/**
 * Prepares a question and opens its request. Resolves to null if the asker got something else than an answer: a refusal, or a price to
 * accept first. Rejects with the attempt's reason if it is stopped; nothing stays reserved then.
 */
export type AskModel = (attempt: Attempt) => Promise<Asked | null>;

export function createModelAsker(
  prepare: Prepare,
  requestAnswer: RequestAnswer,
  { conversations }: Pick<ChatRecords, 'conversations'>,
  stops: Pick<Stops, 'look'>,
  messenger: Messenger,
): AskModel {
  const { tell, delivery } = messenger;

  return async (attempt) => {
    const { surface } = attempt.job.question;
    const prepared = await prepare(attempt);
    if (!prepared.ok) {
      await tell(surface, prepared.text);
      return null;
    }
    const requested = await requestAnswer(attempt, prepared);
    if (!requested.ok) {
      if (requested.asksFirst)
        await offerPrice(conversations, messenger, attempt, prepared.model, requested.text);
      else await tell(surface, requested.text);
      return null;
    }
    // `/forget` waits for amounts reserved before it; a request reserved after it must not cost anything.
    const about = { answer: attempt.id };
    await stops.look().catch(orLog(delivery.log, 'warn', about, 'could not read requests to stop answers'));
    if (attempt.signal.aborted) {
      await requested.answerer.settle();
      throw attempt.signal.reason;
    }
    return { ...requested, attempt, prepared };
  };
}
