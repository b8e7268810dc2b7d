import { SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTraces } from '../../../src/app/telemetry/traces.ts';
import { NO_TELEMETRY } from '../../support/no-telemetry.ts';
import { createTestBot, invocationOf, type TestBot, testSurface } from '../../support/test-bot.ts';

const exporter = new InMemorySpanExporter();
const sdk = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let bot: TestBot;

beforeAll(() => sdk.register());
afterAll(() => sdk.shutdown());
beforeEach(async () => {
  bot = await createTestBot({ telemetry: { ...NO_TELEMETRY, ...createTraces() } });
});
afterEach(async () => {
  await bot.close();
  exporter.reset();
});

async function ask() {
  const surface = testSurface();
  const shownIn: (string | undefined)[] = [];
  const watched = {
    ...surface,
    openMessage: (...args: Parameters<typeof surface.openMessage>) => {
      shownIn.push(trace.getActiveSpan()?.spanContext().spanId);
      return surface.openMessage(...args);
    },
  };
  await bot.dispatch.command({ ...invocationOf('ask', { prompt: 'A secret question' }), surface: watched });
  return shownIn;
}

describe('an answer with OpenTelemetry', () => {
  it('is a span with what became of it, and what is done for it is done within', async () => {
    bot.provider.answer('A secret answer.', { prompt_tokens: 1, completion_tokens: 1, cost: 0.25 });
    const shownIn = await ask();
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(span?.name).toBe('answer');
    expect(shownIn).toEqual([span?.spanContext().spanId]);
    expect(span?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'meta-llama/llama-3.2-3b-instruct:free',
      'gen_ai.provider.name': 'openrouter',
      'parley.platform': 'discord',
      'parley.payer': 'operator',
      'parley.status': 'complete',
      'parley.delivered': true,
      'parley.cost_usd': 0.25,
    });
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    expect(JSON.stringify(span?.attributes)).not.toMatch(/secret|mia/i);
  });

  it('that failed says why', async () => {
    bot.provider.script((response) => void response.writeHead(402).end('{}'));
    await ask();
    const [span] = exporter.getFinishedSpans();
    expect(span?.attributes).toMatchObject({ 'parley.status': 'failed' });
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no_credit' });
  });

  it('that a fault ended holds the fault, and ends', async () => {
    const fault = new Error('a fault');
    const work = () => Promise.reject(fault);
    await expect(createTraces().answering('a1', work)).rejects.toBe(fault);
    const [span] = exporter.getFinishedSpans();
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    expect(span?.events).toMatchObject([{ attributes: { 'exception.message': 'a fault' } }]);
  });
});
