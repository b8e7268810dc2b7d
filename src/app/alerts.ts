import type { Logger } from 'pino';
import type { Clock } from '../core/kit/clock.ts';
import type { AnswerFacts } from '../core/ports/telemetry.ts';

export interface AlertsOptions {
  /** A provider's name, for people. */
  readonly nameOf: (provider: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What only the operator can put right, and how. */
const REMEDIES: Readonly<Record<string, string>> = {
  bad_key: 'set its key in .env to one that it takes',
  no_credit: 'top up its account, or raise the limit of its key',
  forbidden: 'see what its key may do, and its privacy settings',
  model_gone: 'run `npm run doctor`, which proposes another model for models.json',
  bad_request: 'see in models.json whether the model’s route is right',
  bad_response: 'see whether its base URL is right, and no proxy answers for it',
};

/** The same is said once in that time. */
const QUIET_MS = 3_600_000;

/** Warns of answers that failed for want of the operator: each cause of each provider once an hour, with what to do. */
export function createAlerts({ nameOf, clock, log }: AlertsOptions): { answered(facts: AnswerFacts): void } {
  const saidAtMs = new Map<string, number>();
  return {
    answered({ failure, payer, provider, model }) {
      const remedy = failure === null ? undefined : REMEDIES[failure];
      // What a guild's own key lacks is for its admins, who are told.
      if (remedy === undefined || payer !== 'operator') return;
      const cause =
        failure === 'model_gone' || failure === 'bad_request'
          ? `${failure} ${model}`
          : `${failure} ${provider}`;
      if (clock.now() < (saidAtMs.get(cause) ?? Number.NEGATIVE_INFINITY) + QUIET_MS) return;
      saidAtMs.set(cause, clock.now());
      log.warn({ provider, model, failure, remedy }, `answers by ${nameOf(provider)} fail until you act`);
    },
  };
}
