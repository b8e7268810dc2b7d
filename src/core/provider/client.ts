import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { type Deadline, startDeadline } from '../kit/deadline.ts';
import { asObject } from '../kit/json.ts';
import { createPace, type Pace } from '../kit/rate.ts';
import type { ChatEvent, ChatProvider, ChatRequest, Citation, Completion } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import type { RoutingPreferences } from '../ports/routing.ts';
import { createAnswerReader } from './answer.ts';
import { costNanoUsd } from './cost.ts';
import { decodeStream } from './decode.ts';
import type { ProviderDefinition } from './definition.ts';
import { readFailure } from './failure.ts';
import { readModels } from './models.ts';
import { retryDelayMs } from './retry.ts';
import { createTransport, type Exchange } from './transport.ts';
import { type Attribution, chatBody } from './wire.ts';

export interface ProviderClientOptions {
  readonly definition: ProviderDefinition;
  /** The operator's key; null where none is set. */
  readonly apiKey: string | null;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** In [0, 1); spreads retries. */
  readonly random: () => number;
  readonly log: Logger;
  /** Limit on a whole request that is not streamed, retries included. */
  readonly requestTimeoutMs: number;
  /** Limit on silence in a stream, and before it. */
  readonly idleTimeoutMs: number;
  readonly attribution?: Attribution;
  /** Of reads from streams; shared by the clients of a process. One of its own by default. */
  readonly pace?: Pace;
  /** Routing preferences of every request; those of the request itself win, field by field. */
  readonly preferences?: RoutingPreferences;
}

/** An answer below that is none: where the credit covers no more, people are told so. */
const LEAST_ANSWER_TOKENS = 256;

/**
 * Reads from all streams together. A read costs about as much as ten words that it brings, so that each brings more where many
 * stream: up to 20 answers at 50 words a second are read word by word, 1,000 once a second.
 */
export const STREAM_READS = { perSecond: 1_000, atOnce: 20 };

/** A client for one OpenAI-compatible endpoint. */
export function createProviderClient(options: ProviderClientOptions): ChatProvider {
  const { definition, clock, random, pace = createPace(clock, STREAM_READS) } = options;
  const log = options.log.child({ provider: definition.id });
  const transport = createTransport({ ...options, attribution: options.attribution ?? null });

  function post(
    exchange: Exchange,
    request: ChatRequest,
    stream: boolean,
    signal: AbortSignal,
  ): Promise<Response> {
    const message = {
      path: '/chat/completions',
      accept: stream ? 'text/event-stream' : 'application/json',
      body: chatBody(definition, request, options.preferences, stream),
      ...(request.headers && { headers: request.headers }),
    } as const;
    return transport.send(exchange, message, signal);
  }

  /** The events of an answer that comes as one JSON body, all but `start`. */
  async function readWhole(
    exchange: Exchange,
    response: Response,
    signal: AbortSignal,
  ): Promise<readonly ChatEvent[]> {
    const body = await transport.readJson(exchange, response, signal);
    const answer = createAnswerReader(exchange.generationId);
    const events: ChatEvent[] = [];
    const failed = answer.read(body, events);
    exchange.generationId = answer.generationId;
    if (failed !== null) throw exchange.fail(readFailure(null, failed, response.headers, clock.now()));
    if (!Array.isArray(body['choices'])) {
      throw exchange.fail({ code: 'bad_response', status: response.status });
    }
    return [...events, answer.done(0)];
  }

  /** JSON where a stream was asked for: from a server that cannot stream, or an error that comes with HTTP 200. */
  async function* readUnstreamed(
    exchange: Exchange,
    response: Response,
    limit: Deadline,
  ): AsyncGenerator<readonly ChatEvent[], void, void> {
    try {
      yield [{ type: 'start', generationId: exchange.generationId }];
      limit.restart();
      yield await readWhole(exchange, response, limit.signal);
    } finally {
      await response.body?.cancel().catch(() => {});
    }
  }

  /** Waits before the next try; throws the error where there must be none. */
  async function backOff(
    error: unknown,
    retries: number,
    signal: AbortSignal,
    isFree?: boolean,
  ): Promise<void> {
    const delayMs = retryDelayMs(error, retries, random, isFree);
    if (delayMs === null) throw error;
    log.info({ err: error, retries, delayMs }, 'trying again');
    await clock.sleep(delayMs, signal);
  }

  /** Runs a request that is not streamed: retried, and within its limit as a whole. */
  async function run<T>(
    ownKey: string | undefined,
    outer: AbortSignal,
    work: (exchange: Exchange, limit: Deadline) => Promise<T>,
  ): Promise<T> {
    let exchange = transport.begin(ownKey);
    const limit = startDeadline(clock, options.requestTimeoutMs, outer, () =>
      exchange.fail({ code: 'timeout' }),
    );
    try {
      for (let retries = 0; ; retries++) {
        try {
          return await work(exchange, limit);
        } catch (error) {
          await backOff(error, retries, limit.signal);
          exchange = transport.begin(ownKey);
        }
      }
    } finally {
      await limit.stop();
    }
  }

  async function getJson(exchange: Exchange, path: string, { signal }: Deadline) {
    const response = await transport.send(exchange, { path, accept: 'application/json' }, signal);
    return transport.readJson(exchange, response, signal);
  }

  return {
    id: definition.id,
    looksUpCosts: definition.features.generationLookup,

    async *stream(asked, signal) {
      let request = asked;
      for (let retries = 0; ; retries++) {
        const exchange = transport.begin(request.apiKey);
        const limit = startDeadline(clock, options.idleTimeoutMs, signal, () =>
          exchange.fail({ code: 'timeout' }),
        );
        let live = false;
        let failure: unknown;
        try {
          const response = await post(exchange, request, true, limit.signal);
          limit.pause();
          const batches = isEventStream(response)
            ? decodeStream(response, { exchange, limit, pace, clock, log }, signal)
            : readUnstreamed(exchange, response, limit);
          for await (const events of batches) {
            for (const event of joined(events)) {
              live ||= event.type !== 'start';
              yield request === asked ? event : withCap(event, request);
            }
          }
          return;
        } catch (error) {
          if (live) throw error;
          failure = error;
        } finally {
          await limit.stop();
        }
        const affordable = request === asked ? affordableCap(failure, request) : null;
        if (affordable === null) await backOff(failure, retries, signal, request.isFree);
        else request = { ...request, maxOutputTokens: affordable };
      }
    },

    complete(request, signal) {
      return run(request.apiKey, signal, async (exchange, limit) => {
        const response = await post(exchange, request, false, limit.signal);
        return collect(await readWhole(exchange, response, limit.signal));
      });
    },

    models(signal) {
      return run(undefined, signal, async (exchange, limit) => {
        const models = readModels(
          await getJson(exchange, '/models', limit),
          definition.features.tokenPrices,
          log,
        );
        if (models === null) throw exchange.fail({ code: 'bad_response' });
        return models;
      });
    },

    async generationCost(generationId, apiKey, signal) {
      if (!definition.features.generationLookup) return null;
      try {
        return await run(apiKey, signal, async (exchange, limit) => {
          const path = `/generation?id=${encodeURIComponent(generationId)}`;
          const data = asObject((await getJson(exchange, path, limit))['data']);
          return costNanoUsd(data?.['total_cost'], data?.['is_byok'], data?.['upstream_inference_cost']);
        });
      } catch (error) {
        if (error instanceof ProviderError && error.status === 404) return null;
        throw error;
      }
    },

    async checkKey(apiKey, signal) {
      try {
        const path = definition.features.keyLookup ? '/key' : '/models';
        await run(apiKey, signal, (exchange, limit) => getJson(exchange, path, limit));
        return true;
      } catch (error) {
        if (error instanceof ProviderError && error.code === 'bad_key') return false;
        throw error;
      }
    },
  };
}

/** The cap at which a request can be made again that asked for more than the credit covers; null where none is of use. */
function affordableCap(error: unknown, { maxOutputTokens }: ChatRequest): number | null {
  if (!(error instanceof ProviderError) || error.mayBeBilled) return null;
  const { affordableTokens } = error;
  if (affordableTokens === null || affordableTokens < LEAST_ANSWER_TOKENS) return null;
  return maxOutputTokens === undefined || affordableTokens < maxOutputTokens ? affordableTokens : null;
}

function withCap(event: ChatEvent, { maxOutputTokens }: ChatRequest): ChatEvent {
  return event.type === 'start' && maxOutputTokens !== undefined
    ? { ...event, affordableTokens: maxOutputTokens }
    : event;
}

function isEventStream(response: Response): boolean {
  return /^text\/event-stream/i.test(response.headers.get('content-type') ?? 'text/event-stream');
}

/**
 * What came in one read, with the pieces of text that follow one another as one, and of the counts of what was used the
 * last, unless it is out of date: on its way each event costs as much as a word.
 */
function joined(events: readonly ChatEvent[]): readonly ChatEvent[] {
  const all: ChatEvent[] = [];
  let deltas: string[] = [];
  let usage: ChatEvent | null = null;
  const join = () => {
    if (deltas.length > 0) all.push({ type: 'text', delta: deltas.join('') });
    deltas = [];
  };
  for (const event of events) {
    if (event.type === 'usage') usage = event;
    else if (event.type === 'text') {
      deltas.push(event.delta);
      usage = null;
    } else {
      if (event.type === 'reasoning') usage = null;
      join();
      all.push(event);
    }
  }
  join();
  if (usage !== null && all.at(-1)?.type !== 'done') all.push(usage);
  return all;
}

function collect(events: readonly ChatEvent[]): Completion {
  let text = '';
  let reasoning = '';
  const citations: Citation[] = [];
  for (const event of events) {
    if (event.type === 'text') text += event.delta;
    else if (event.type === 'reasoning') reasoning += event.delta;
    else if (event.type === 'citation') citations.push({ url: event.url, title: event.title });
    else if (event.type === 'done') {
      const { finish, usage, model, generationId } = event;
      return { text, reasoning, citations, finish, usage, model, generationId };
    }
  }
  throw new Error('an answer without its closing event');
}
