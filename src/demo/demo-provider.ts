import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import type { Logger } from 'pino';
import { createServer } from '../core/kit/create-server.ts';
import { createRunning } from '../core/kit/scheduling/tasks.ts';
import type { Clock } from '../core/kit/time/clock.ts';
import { createAnswering, type DemoModel, requestSchema, sendError, sendJson } from './answering.ts';

export interface DemoProviderOptions {
  readonly models: readonly DemoModel[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A stand-in for a provider if no key is set: an OpenAI-compatible server on loopback that answers from a script, at reading
 * speed, and says so. It is reached over HTTP like any other.
 */
export interface DemoProvider {
  readonly baseUrl: string;
  /** Ends all answers in progress. */
  stop(): Promise<void>;
}

export async function startDemoProvider({ models, clock, log }: DemoProviderOptions): Promise<DemoProvider> {
  const running = createRunning();
  const answer = createAnswering(models, clock);

  const server = createServer((request, response) => {
    const left = new AbortController();
    response.once('close', () => left.abort());
    running.add(
      handle(request, response, left.signal).catch((error: unknown) => {
        if (!left.signal.aborted) log.error({ err: error }, 'the demo provider failed');
        response.destroy();
      }),
    );
  });

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    switch (`${request.method} ${request.url}`) {
      case 'GET /v1/models':
        return sendJson(response, 200, { object: 'list', data: models.map(listing) });
      case 'POST /v1/chat/completions': {
        const body = requestSchema.safeParse(await readJson(request).catch(() => undefined));
        if (!body.success) return sendError(response, 400, 'invalid_request');
        return answer(body.data, response, signal);
      }
      default:
        return sendError(response, 404, 'not_found');
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await running.settled();
    },
  };
}

/** A model as OpenRouter lists it: prices are strings, in US dollars per token. */
function listing({ id, name, contextTokens, prices }: DemoModel): object {
  const usd = (picoUsd: number | null) => String((picoUsd ?? 0) / 1e12);
  return {
    id,
    name,
    object: 'model',
    context_length: contextTokens,
    architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    pricing: { prompt: usd(prices.promptPicoUsd), completion: usd(prices.completionPicoUsd) },
  };
}
