import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { startDeadline } from '../kit/deadline.ts';
import { asObject } from '../kit/json.ts';
import { createRate, type Rate } from '../kit/rate.ts';
import { LEAST_THINKING_CAP_TOKENS } from '../ports/effort.ts';
import type { ChatEvent, ChatProvider, ChatRequest } from '../ports/provider.ts';
import { ProviderError, type RefusedPart } from '../ports/provider-errors.ts';
import type { RoutingPreferences } from '../ports/routing.ts';
import { costNanoUsd } from './answer/cost.ts';
import { decodeAnswer } from './answer/decode.ts';
import type { ProviderDefinition } from './definition.ts';
import { retryDelayMs } from './failure/retry.ts';
import { readModels } from './models.ts';
import { createTransport } from './transport.ts';
import { chatBody } from './wire.ts';

export interface ProviderClientOptions {
  readonly definition: ProviderDefinition;
  /** The operator's key; null if none is set. */
  readonly apiKey: string | null;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Returns a number in [0, 1), which spreads retries. */
  readonly random: () => number;
  readonly log: Logger;
  readonly timeouts: ProviderTimeouts;
  /** Rate of reads from streams, shared by the clients of a process. Default: a rate of its own. */
  readonly pace?: Rate;
  /** Routing preferences for every request. Default: none. */
  readonly preferences?: RoutingPreferences;
}

/** Time limits. A request's own limits on progress override them. */
export interface ProviderTimeouts {
  /** For anything but an answer, such as a list of models, retries included. */
  readonly requestMs: number;
  /** For the next byte of an answer, including the first. */
  readonly silenceMs: number;
  /** For the first piece of an answer, even if other data comes. */
  readonly firstProgressMs: number;
  /** For the next piece, even if other data comes. */
  readonly progressMs: number;
}

/** If the credit covers less, people are told so instead of getting a useless answer. */
const LEAST_ANSWER_TOKENS = 256;

/**
 * Reads per second from all streams together. A read costs about as much as ten words, so with many streams each read brings
 * more words: up to 20 answers at 50 words a second are read word by word, 1,000 answers once a second.
 */
export const STREAM_READS = { perSecond: 1_000, atOnce: 20 };

/** Creates a client for one OpenAI-compatible endpoint. */
export function createProviderClient(options: ProviderClientOptions): ChatProvider {
  const { definition, clock, random, timeouts, pace = createRate(clock, STREAM_READS) } = options;
  const log = options.log.child({ provider: definition.id });
  const transport = createTransport(options);

  /** Request parts that a model was found to reject, by wire id and effort: one refused effort says nothing of the others. */
  const refusedParts = new Map<string, ReadonlySet<RefusedPart>>();

  /** The fields of the request that the provider accepted only without. */
  function changesOf(
    asked: ChatRequest,
    taken: ChatRequest,
    without: ReadonlySet<RefusedPart>,
  ): Pick<Extract<ChatEvent, { type: 'start' }>, 'affordableTokens' | 'isWithoutEffort'> {
    const { maxOutputTokens, effort } = taken;
    const takesEffort = definition.features.effortField !== null && !without.has('reasoning_effort');
    return {
      ...(taken !== asked && maxOutputTokens !== undefined && { affordableTokens: maxOutputTokens }),
      ...(asked.effort !== undefined && !(takesEffort && effort !== undefined) && { isWithoutEffort: true }),
    };
  }

  /** Waits before a retry; throws the error if there must be none. */
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

  /** Reads JSON from the provider, with retries, within one time limit. */
  async function get(path: string, ownKey: string | undefined, outer: AbortSignal): Promise<object> {
    let exchange = transport.openExchange(ownKey);
    const late = () => exchange.fail({ code: 'timeout' });
    const { signal, stop } = startDeadline(clock, timeouts.requestMs, outer, late);
    try {
      for (let retries = 0; ; retries++) {
        try {
          const response = await transport.send(exchange, { path, accept: 'application/json' }, signal);
          return await transport.readJson(exchange, response, signal);
        } catch (error) {
          await backOff(error, retries, signal);
          exchange = transport.openExchange(ownKey);
        }
      }
    } finally {
      await stop();
    }
  }

  return {
    id: definition.id,
    looksUpCosts: definition.features.generationLookup,

    async *stream(asked, signal) {
      let request = asked;
      let without = refusedParts.get(routeOf(asked)) ?? NOTHING;
      for (let retries = 0; ; retries++) {
        const exchange = transport.openExchange(request.apiKey);
        const late = () => exchange.fail({ code: 'timeout' });
        const { firstProgressMs, progressMs } = { ...timeouts, ...request };
        const silence = startDeadline(clock, timeouts.silenceMs, signal, late);
        const standstill = startDeadline(clock, firstProgressMs, silence.signal, late);
        let live = false;
        let failure: unknown;
        try {
          const message = {
            path: definition.chatPath.replaceAll('{model}', encodeURIComponent(request.wireModel)),
            accept: without.has('stream') ? 'application/json' : 'text/event-stream',
            body: chatBody(definition, request, options.preferences, without),
          } as const;
          const response = await transport.send(exchange, message, standstill.signal);
          if (without !== NOTHING) refusedParts.set(routeOf(asked), without);
          silence.pause();
          standstill.pause();
          const context = { exchange, bounds: request, silence, standstill, progressMs, pace, clock, log };
          for await (const events of decodeAnswer(response, context, signal)) {
            for (const event of joined(events)) {
              live ||= event.type !== 'start';
              yield event.type === 'start' ? { ...event, ...changesOf(asked, request, without) } : event;
            }
          }
          return;
        } catch (error) {
          if (live) throw error;
          failure = error;
        } finally {
          await Promise.all([silence.stop(), standstill.stop()]);
        }
        const refused = refusedPartOf(failure);
        if (refused !== null && !without.has(refused)) {
          without = new Set([...without, refused]);
          log.info(
            { model: asked.wireModel, refused },
            'retrying without the part that the provider rejected',
          );
          continue;
        }
        const affordable = request === asked ? affordableCap(failure, request) : null;
        if (affordable === null) await backOff(failure, retries, signal, request.isFree);
        else request = withCap(request, affordable);
      }
    },

    async models(signal) {
      const body = await get(definition.modelsPath, undefined, signal);
      const models = readModels(body, definition.features.tokenPrices, log);
      if (models === null) throw transport.openExchange(undefined).fail({ code: 'bad_response' });
      return models;
    },

    async generationCost(generationId, apiKey, signal) {
      if (!definition.features.generationLookup) return null;
      try {
        const body = await get(`/generation?id=${encodeURIComponent(generationId)}`, apiKey, signal);
        const data = asObject(asObject(body)?.['data']);
        return costNanoUsd(data?.['total_cost'], data?.['is_byok'], data?.['upstream_inference_cost']);
      } catch (error) {
        if (error instanceof ProviderError && error.status === 404) return null;
        throw error;
      }
    },

    async checkKey(apiKey, signal) {
      try {
        await get(definition.features.keyLookup ? '/key' : definition.modelsPath, apiKey, signal);
        return true;
      } catch (error) {
        if (error instanceof ProviderError && error.code === 'bad_key') return false;
        throw error;
      }
    },
  };
}

const NOTHING: ReadonlySet<RefusedPart> = new Set();

/** The part to leave out for a second try; null if there is none, or if the first try may have been billed. */
function refusedPartOf(error: unknown): RefusedPart | null {
  return error instanceof ProviderError && !error.mayBeBilled ? error.refuses : null;
}

/** A lower cap for a request whose cap exceeded the credit; null if no useful one is left. */
function affordableCap(error: unknown, { maxOutputTokens }: ChatRequest): number | null {
  if (!(error instanceof ProviderError) || error.mayBeBilled) return null;
  const { affordableTokens } = error;
  if (affordableTokens === null || affordableTokens < LEAST_ANSWER_TOKENS) return null;
  return maxOutputTokens === undefined || affordableTokens < maxOutputTokens ? affordableTokens : null;
}

/** The request with a lower cap, which may leave no room to think. */
function withCap({ effort, ...request }: ChatRequest, maxOutputTokens: number): ChatRequest {
  const keeps = effort !== undefined && maxOutputTokens >= LEAST_THINKING_CAP_TOKENS;
  return { ...request, maxOutputTokens, ...(keeps && { effort }) };
}

/** Names what a refusal of a part is remembered by. */
function routeOf({ wireModel, effort }: ChatRequest): string {
  return effort === undefined ? wireModel : `${wireModel} ${effort}`;
}

/**
 * Joins the events of one read, because each event costs as much as a word: consecutive pieces of text become one, and of
 * several usage events the last counts unless later text makes it out of date.
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
