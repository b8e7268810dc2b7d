import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { totalNanoUsd } from '../core/kit/money.ts';
import type { Clock } from '../core/kit/time/clock.ts';
import type { ModelPrices } from '../core/ports/provider.ts';
import { choose, type Line } from './script.ts';

/** A model that the demo stands in for. */
export interface DemoModel {
  readonly id: string;
  readonly name: string;
  readonly contextTokens: number;
  readonly prices: ModelPrices;
}

/** Pictures are not looked at: the text names them. */
const contentSchema = z
  .union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))])
  .transform((content) =>
    typeof content === 'string' ? content : content.map(({ text = '' }) => text).join(''),
  );

export const requestSchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: contentSchema })).min(1),
  tools: z.array(z.object({ type: z.string() })).default([]),
});

type DemoRequest = z.infer<typeof requestSchema>;

/** The interval between comments that keep a waiting connection alive. */
const KEEP_ALIVE_MS = 1_000;
/** English has about three words to four tokens. */
const TOKENS_PER_WORD = 4 / 3;

/** Answers requests from the script, at reading speed. */
export function createAnswering(models: readonly DemoModel[], clock: Clock) {
  let answers = 0;

  async function answer(request: DemoRequest, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const webSearch = request.tools.some(({ type }) => type === 'openrouter:web_search');
    const line = choose({
      questions: request.messages.filter(({ role }) => role === 'user').map(({ content }) => content),
      modelName: models.find(({ id }) => id === request.model)?.name ?? request.model,
      webSearch,
    });
    const id = `demo-${++answers}`;
    const head = { id, model: request.model, created: Math.floor(clock.now() / 1_000) };
    const usage = usageOf(request, line, webSearch);
    const annotations = line.sources.map((source) => ({ type: 'url_citation', url_citation: source }));

    const send = (fields: object) =>
      response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...fields })}\n\n`);
    const sendDelta = (delta: object, finish: string | null = null) =>
      send({ choices: [{ index: 0, delta, finish_reason: finish }] });

    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-generation-id': id });
    response.flushHeaders();
    for (let waitedMs = 0; waitedMs < line.delayMs; waitedMs += KEEP_ALIVE_MS) {
      response.write(': the demo is thinking\n\n');
      await clock.sleep(Math.min(KEEP_ALIVE_MS, line.delayMs - waitedMs), signal);
    }
    for (const word of wordsOf(line.text)) {
      sendDelta({ role: 'assistant', content: word });
      await clock.sleep(1_000 / line.wordsPerSecond, signal);
    }
    if (line.fails) {
      send({
        error: {
          code: 502,
          message: 'The demo fails on purpose',
          metadata: { error_type: 'provider_unavailable' },
        },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      });
      response.end();
      return;
    }
    if (annotations.length > 0) sendDelta({ content: '', annotations });
    sendDelta({ content: '' }, 'stop');
    send({ choices: [], usage });
    response.end('data: [DONE]\n\n');
  }

  /** The tokens and price that a real model would have reported. */
  function usageOf({ model, messages }: DemoRequest, line: Line, webSearch: boolean): object {
    const prices = models.find(({ id }) => id === model)?.prices;
    const promptTokens = tokensOf(messages.map(({ content }) => content).join(' '));
    const completionTokens = tokensOf(line.text);
    const searches = webSearch ? 1 : 0;
    const nanoUsd = totalNanoUsd([
      { units: promptTokens, picoUsdEach: prices?.promptPicoUsd ?? 0 },
      { units: completionTokens, picoUsdEach: prices?.completionPicoUsd ?? 0 },
      { units: searches, picoUsdEach: prices?.webSearchPicoUsd ?? 0 },
    ]);
    return {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      cost: nanoUsd / 1e9,
      server_tool_use_details: { web_search_requests: searches },
    };
  }

  return answer;
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+\s*/g) ?? [];
}

function tokensOf(text: string): number {
  return Math.ceil(wordsOf(text).length * TOKENS_PER_WORD);
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function sendError(response: ServerResponse, status: number, errorType: string): void {
  sendJson(response, status, {
    error: { code: status, message: 'The demo cannot do that', metadata: { error_type: errorType } },
  });
}
