import type { Logger } from 'pino';
import { wordsIn } from '../../ports/parts.ts';
import { ProviderError } from '../../ports/provider-errors.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Question } from '../question/job.ts';
import type { Requested } from '../question/request.ts';
import type { Delivered } from './writing.ts';

/** Reports an answer that has ended to telemetry and log. */
export type ReportAnswer = (id: string, question: Question, requested: Requested, answer: Delivered) => void;

/** @param logContent whether to log questions and answers */
export function createReporting(
  telemetry: Pick<Telemetry, 'answered'>,
  log: Logger,
  logContent: boolean,
): ReportAnswer {
  return (id, question, { request: { current } }, answer) => {
    const { draft, status, bill, endLagMs, delivered, error } = answer;
    const { access, tier } = current.request;
    const facts = {
      answer: id,
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
    log.info(
      {
        event: question.eventId,
        user: question.actor.user,
        tokens: bill?.tokens,
        ...facts,
        ...(logContent && { question: wordsIn(question.parts), text: draft.text }),
        ...faultOf(error),
      },
      status === 'failed'
        ? 'an answer failed'
        : status === 'complete'
          ? 'answered'
          : `an answer was ${status}`,
    );
  };
}

/** A provider's failure is described by its fields; a stack adds nothing. */
function faultOf(error: unknown): object {
  if (error === null) return {};
  if (!(error instanceof ProviderError)) return { err: error };
  return { httpStatus: error.status, reason: error.reason };
}
