import type { Logger } from 'pino';
import type { Stops } from '../../coordination/stops.ts';
import type { Tell } from '../words/messenger.ts';
import type { Attempt } from './attempt.ts';
import type { Job } from './job.ts';
import type { OfferPrice } from './offer-price.ts';
import type { Prepare, Prepared } from './preparation.ts';
import type { RequestAnswer, Requested } from './request.ts';

/** A question whose request is admitted. */
export interface Asked {
  readonly prepared: Prepared;
  readonly requested: Requested;
}

/**
 * Prepares a question and opens its request. Resolves to null if the asker got something else than an answer: a refusal, or a price to
 * accept first. Rejects with the attempt's reason if it is stopped; nothing stays reserved then.
 */
export type AskModel = (job: Job, attempt: Attempt) => Promise<Asked | null>;

export interface ModelAskerOptions {
  readonly prepare: Prepare;
  readonly requestAnswer: RequestAnswer;
  readonly offerPrice: OfferPrice;
  readonly stops: Pick<Stops, 'look'>;
  readonly tell: Tell;
  readonly log: Logger;
}

export function createModelAsker(options: ModelAskerOptions): AskModel {
  const { prepare, requestAnswer, offerPrice, stops, tell, log } = options;

  return async (job, attempt) => {
    const { surface } = job.question;
    const prepared = await prepare(job, attempt);
    if (!prepared.ok) {
      await tell(surface, prepared.text);
      return null;
    }
    const requested = await requestAnswer(job, attempt, prepared);
    if (!requested.ok) {
      if (requested.asksFirst) await offerPrice(job, attempt, prepared.model, requested.text);
      else await tell(surface, requested.text);
      return null;
    }
    // `/forget` waits for amounts reserved before it; a request reserved after it must not cost anything.
    await stops.look().catch((error: unknown) => {
      log.warn({ err: error, answer: attempt.id }, 'could not read requests to stop answers');
    });
    if (attempt.signal.aborted) {
      await requested.request.settle();
      throw attempt.signal.reason;
    }
    return { prepared, requested };
  };
}
