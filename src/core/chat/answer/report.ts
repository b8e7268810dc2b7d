import { wordsIn } from '../../ports/parts.ts';
import { ProviderError } from '../../ports/provider-errors.ts';
import type { Asked } from '../question/ask-model.ts';
import type { AnswerParts } from './parts.ts';
import type { Delivered } from './writing.ts';

/** Reports an answer that has ended to telemetry and log. */
export function reportAnswer(
  { telemetry, messenger: { delivery }, logContent }: AnswerParts,
  { attempt, answerer }: Asked,
  answer: Delivered,
): void {
  const { question } = attempt.job;
  const { access, tier } = answerer.current.request;
  const { draft, status, bill, endLagMs, delivered, error } = answer;
  const facts = {
    answer: attempt.id,
    guild: question.place.guild,
    model: access.model.id,
    provider: access.route.provider,
    payer: access.payer,
    tier,
    status,
    delivered,
    firstTextMs: draft.firstTextMs,
    durationMs: draft.durationMs,
    endLagMs,
    costNanoUsd: bill?.costNanoUsd ?? 0,
    failure: error === null ? null : error instanceof ProviderError ? error.code : 'internal',
  };
  telemetry.answered(facts);
  delivery.log.info(
    {
      event: question.eventId,
      user: question.actor.user,
      tokens: bill?.tokens,
      ...facts,
      ...(logContent && { question: wordsIn(question.parts), text: draft.text }),
      ...faultOf(error),
    },
    status === 'failed' ? 'an answer failed' : status === 'complete' ? 'answered' : `an answer was ${status}`,
  );
}

/** A provider's failure is described by its fields; a stack adds nothing. */
function faultOf(error: unknown): object {
  if (error === null) return {};
  if (!(error instanceof ProviderError)) return { err: error };
  return { httpStatus: error.status, reason: error.reason };
}
