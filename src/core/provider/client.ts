import type { Logger } from 'pino';
import { asObject } from '../kit/json.ts';
import { createRate, type Rate } from '../kit/scheduling/rate.ts';
import type { Clock } from '../kit/time/clock.ts';
import { Deadline } from '../kit/time/deadline.ts';
import { LEAST_THINKING_CAP_TOKENS } from '../ports/effort.ts';
import type { Fetch, FetchResponse } from '../ports/fetch.ts';
import type { ChatProvider, ChatRequest, ModelFacts, TakeEvent } from '../ports/provider.ts';
import { ProviderError, type RefusedPart } from '../ports/provider-errors.ts';
import type { RoutingPreferences } from '../ports/routing.ts';
import { costNanoUsd } from './answer/cost.ts';
import { AnswerDecoder } from './answer/decode.ts';
import type { ProviderDefinition } from './definition.ts';
import { Exchange } from './exchange.ts';
import { retryDelayMs } from './failure/retry.ts';
import { readModels } from './models.ts';
import { chatBody } from './wire.ts';

export interface ProviderClientOptions {
  readonly definition: ProviderDefinition;
  /** The operator's key; null if none is set. */
  readonly apiKey: string | null;
  readonly fetch: Fetch;
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

/** One try at a request. */
interface Trial {
  readonly asked: ChatRequest;
  /** As asked, or with a lower cap. */
  readonly request: ChatRequest;
  /** The parts that are left out. */
  readonly without: ReadonlySet<RefusedPart>;
  /** The number of tries before it. */
  readonly retries: number;
}

/** A client for one OpenAI-compatible endpoint. */
export class ProviderClient implements ChatProvider {
  readonly id: string;
  readonly looksUpCosts: boolean;
  readonly #options: ProviderClientOptions;
  readonly #pace: Rate;
  readonly #log: Logger;
  /** Request parts that a model was found to reject, by wire id and effort: one refused effort says nothing of the others. */
  readonly #refusedParts = new Map<string, ReadonlySet<RefusedPart>>();

  constructor(options: ProviderClientOptions) {
    const { definition, clock, log } = options;
    this.id = definition.id;
    this.looksUpCosts = definition.features.generationLookup;
    this.#options = options;
    this.#pace = options.pace ?? createRate(clock, STREAM_READS);
    this.#log = log.child({ provider: definition.id });
  }

  async stream(asked: ChatRequest, take: TakeEvent, signal: AbortSignal): Promise<void> {
    const { clock, timeouts } = this.#options;
    const without = this.#refusedParts.get(routeOf(asked)) ?? NOTHING;
    let trial: Trial = { asked, request: asked, without, retries: 0 };
    for (;;) {
      const exchange = new Exchange(this.#options, asked.apiKey);
      const { silenceMs, firstProgressMs, progressMs } = { ...timeouts, ...asked };
      const late = () => exchange.fail({ code: 'timeout' });
      const deadline = new Deadline(clock, Math.min(silenceMs, firstProgressMs), signal, late);
      let isLive = false;
      let failure: unknown;
      try {
        const response = await this.#send(exchange, trial, deadline.signal);
        const leftMs = firstProgressMs - deadline.pause();
        const limits = { bounds: trial.request, deadline, silenceMs, leftMs, progressMs };
        const context = { exchange, ...limits, clock, pace: this.#pace, log: this.#log };
        const changes = this.#changesOf(trial);
        return await new AnswerDecoder(response, context, signal).stream((event) => {
          isLive ||= event.type !== 'start';
          return take(event.type === 'start' ? { ...event, ...changes } : event);
        });
      } catch (error) {
        if (isLive) throw error;
        failure = error;
      } finally {
        deadline.stop();
      }
      trial = await this.#nextTrial(trial, failure, signal);
    }
  }

  async #send(exchange: Exchange, trial: Trial, signal: AbortSignal): Promise<FetchResponse> {
    const { asked, request, without } = trial;
    const { definition, preferences } = this.#options;
    const message = {
      path: definition.chatPath.replaceAll('{model}', encodeURIComponent(request.wireModel)),
      accept: without.has('stream') ? 'application/json' : 'text/event-stream',
      body: chatBody(definition, request, preferences, without),
    } as const;
    const response = await exchange.send(message, signal);
    if (without !== NOTHING) this.#refusedParts.set(routeOf(asked), without);
    return response;
  }

  /** The fields of the request that the provider accepted only without. */
  #changesOf({ asked, request, without }: Trial) {
    const { maxOutputTokens, effort } = request;
    const { effortField } = this.#options.definition.features;
    const takesEffort = effortField !== null && !without.has('reasoning_effort') && effort !== undefined;
    const isCapped = maxOutputTokens !== asked.maxOutputTokens && maxOutputTokens !== undefined;
    return {
      ...(isCapped && { affordableTokens: maxOutputTokens }),
      ...(asked.effort !== undefined && !takesEffort && { isWithoutEffort: true as const }),
    };
  }

  /** The try after one that failed. @throws the failure if there is none */
  async #nextTrial(trial: Trial, failure: unknown, signal: AbortSignal): Promise<Trial> {
    const { asked, request, without } = trial;
    const next = { ...trial, retries: trial.retries + 1 };
    const refused = refusedPartOf(failure);
    if (refused !== null && !without.has(refused)) {
      const about = { model: asked.wireModel, refused };
      this.#log.info(about, 'retrying without the part that the provider rejected');
      return { ...next, without: new Set([...without, refused]) };
    }
    const affordable = request === asked ? affordableCap(failure, request) : null;
    if (affordable !== null) return { ...next, request: withCap(request, affordable) };
    await this.#backOff(failure, trial.retries, signal, request.isFree);
    return next;
  }

  /** Waits before a retry; throws the error if there must be none. */
  async #backOff(error: unknown, retries: number, signal: AbortSignal, isFree?: boolean): Promise<void> {
    const delayMs = retryDelayMs(error, retries, this.#options.random, isFree);
    if (delayMs === null) throw error;
    this.#log.info({ err: error, retries, delayMs }, 'trying again');
    await this.#options.clock.sleep(delayMs, signal);
  }

  async models(signal: AbortSignal): Promise<ModelFacts[]> {
    const { modelsPath, features } = this.#options.definition;
    const models = readModels(
      await this.#get(modelsPath, undefined, signal),
      features.tokenPrices,
      this.#log,
    );
    if (models === null) throw new Exchange(this.#options, undefined).fail({ code: 'bad_response' });
    return models;
  }

  async generationCost(generationId: string, apiKey: string | undefined, signal: AbortSignal) {
    if (!this.looksUpCosts) return null;
    try {
      const body = await this.#get(`/generation?id=${encodeURIComponent(generationId)}`, apiKey, signal);
      const data = asObject(asObject(body)?.['data']);
      return costNanoUsd(data?.['total_cost'], data?.['is_byok'], data?.['upstream_inference_cost']);
    } catch (error) {
      if (error instanceof ProviderError && error.status === 404) return null;
      throw error;
    }
  }

  async checkKey(apiKey: string, signal: AbortSignal): Promise<boolean> {
    const { modelsPath, features } = this.#options.definition;
    try {
      await this.#get(features.keyLookup ? '/key' : modelsPath, apiKey, signal);
      return true;
    } catch (error) {
      if (error instanceof ProviderError && error.code === 'bad_key') return false;
      throw error;
    }
  }

  /** Reads JSON from the provider, with retries, within one time limit. */
  async #get(path: string, ownKey: string | undefined, outer: AbortSignal): Promise<object> {
    const { clock, timeouts } = this.#options;
    let exchange = new Exchange(this.#options, ownKey);
    const late = () => exchange.fail({ code: 'timeout' });
    const limit = new Deadline(clock, timeouts.requestMs, outer, late);
    try {
      for (let retries = 0; ; retries++) {
        try {
          const response = await exchange.send({ path, accept: 'application/json' }, limit.signal);
          return await exchange.readJson(response, limit.signal);
        } catch (error) {
          await this.#backOff(error, retries, limit.signal);
          exchange = new Exchange(this.#options, ownKey);
        }
      }
    } finally {
      limit.stop();
    }
  }
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
