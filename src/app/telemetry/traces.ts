import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { platformOf } from '../../core/ports/actor.ts';
import type { Telemetry } from '../../core/ports/telemetry.ts';

/**
 * One OpenTelemetry span per answer, from the question to its last state, with the fields of the log line. Requests to
 * provider and platforms are its children if an SDK instruments `fetch`. Without an SDK (`--import`), spans cost nothing. No
 * attribute contains a person or a text.
 */
export function createTraces(): Pick<Telemetry, 'answered' | 'answering'> {
  const tracer = trace.getTracer('parley');
  const open = new Map<string, Span>();

  return {
    answering: (id, work) =>
      tracer.startActiveSpan('answer', { attributes: { 'parley.answer': id } }, async (span) => {
        if (!span.isRecording()) return work();
        open.set(id, span);
        try {
          return await work();
        } catch (error) {
          span.recordException(error instanceof Error ? error : String(error));
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          open.delete(id);
          span.end();
        }
      }),

    answered({ answer, guild, model, provider, payer, tier, status, failure, delivered, ...facts }) {
      const span = open.get(answer);
      // `gen_ai` names: https://opentelemetry.io/docs/specs/semconv/gen-ai/
      span?.setAttributes({
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': model,
        'gen_ai.provider.name': provider,
        'parley.platform': platformOf(guild),
        'parley.payer': payer,
        'parley.tier': tier,
        'parley.status': status,
        'parley.delivered': delivered,
        'parley.cost_usd': facts.costNanoUsd / 1e9,
        'parley.answer_ms': facts.durationMs,
        'parley.end_lag_ms': facts.endLagMs,
        ...(facts.firstTextMs === null ? {} : { 'parley.first_text_ms': facts.firstTextMs }),
      });
      if (failure !== null) span?.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    },
  };
}
