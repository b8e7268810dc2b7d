import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Admitted, Bill } from '../ledger/admitted-request.ts';
import { platformOf } from '../ports/actor.ts';
import type { Place } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import type { TakeEvent } from '../ports/provider.ts';
import { ProviderError, type ProviderErrorCode } from '../ports/provider-errors.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { RouteRest } from './route-rest.ts';

/** A question's request to one model. */
export interface OpenedRequest {
  readonly ok: true;
  readonly request: Admitted;
  /** A remark on this request for the asker; null for none. */
  readonly remark: string | null;
  /** Tokens of the question in the prompt; null if they were not counted. */
  readonly questionTokens: number | null;
}

export interface NotOpened {
  readonly ok: false;
  /** A sentence for the asker. */
  readonly text: string;
  /** Whether the asker must accept the price first. */
  readonly asksFirst?: boolean;
  /** Whether it is too long for this model, but may fit one with a longer context. */
  readonly isTooLong?: boolean;
}

export interface FallbackQuestion {
  readonly place: Place;
  readonly model: Model;
  /** The place's chosen fallback, by id; it comes before those of `models.json`. */
  readonly chosen: string | null;
  /** Whether a model can handle the question at all. */
  readonly suits: (model: Model) => boolean;
  /** Checks access and reserves the price, for each model anew. `attempt` counts from 0. */
  readonly openRequest: (model: Model, attempt: number) => Promise<OpenedRequest | NotOpened>;
}

/** Opens a question's request with the chosen model, or with one of its fallbacks. */
export type OpenAnswerer = (question: FallbackQuestion) => Promise<Answerer | NotOpened>;

/** Failures that another model may avoid, in words for the footer. Not those of keys, credit and content. */
const HEALED: Partial<Record<ProviderErrorCode, string>> = {
  provider_down: 'is down',
  bad_response: 'is down',
  bad_address: 'is down',
  unreachable: 'cannot be reached',
  timeout: 'did not answer',
  cut_off: 'broke off',
  rate_limited: 'is overloaded',
  model_gone: 'is gone',
  excluded: 'is excluded by privacy settings',
  unavailable_here: 'is not available here',
  context_too_long: 'is too short for this',
};

export interface FallbacksOptions {
  readonly catalogue: Pick<Catalogue, 'get'>;
  readonly rest: RouteRest;
  readonly telemetry: Pick<Telemetry, 'providerFailed'>;
  readonly log: Logger;
}

export function createFallbacks(options: FallbacksOptions): OpenAnswerer {
  return async (question) => {
    const answerer = new Answerer(options, question);
    return (await answerer.open()) ?? answerer;
  };
}

/** A question's request. If the chosen model fails before anything of its answer arrives, another model's. */
export class Answerer {
  readonly ok = true;
  /** The reason why it is not the chosen model, such as `as GPT-4o is down`; null if it is. */
  because: string | null = null;
  readonly #options: FallbacksOptions;
  readonly #question: FallbackQuestion;
  /** Fallbacks that were not tried; null until one is needed. */
  #left: Model[] | null = null;
  #attempts = 0;
  readonly #opened: OpenedRequest[] = [];

  constructor(options: FallbacksOptions, question: FallbackQuestion) {
    this.#options = options;
    this.#question = question;
  }

  /** The request that answers now; after the stream, the one that has answered. */
  get current(): OpenedRequest {
    return this.#opened.at(-1) as OpenedRequest;
  }

  /** Opens the first request. Resolves to the refusal if no model may answer, else to null. */
  async open(): Promise<NotOpened | null> {
    const { model, openRequest } = this.#question;
    const isResting = await this.#isResting(model);
    if (isResting && (await this.#openNext(0, 'is failing now'))) return null;
    const first = await openRequest(model, 0);
    if (first.ok) {
      this.#opened.push(first);
      return null;
    }
    const isHealed = first.isTooLong && (await this.#openNext(model.contextTokens, 'is too short for this'));
    return isHealed ? null : first;
  }

  /** As `Admitted.stream`. Failures that a fallback heals are not thrown. */
  async stream(take: TakeEvent, signal: AbortSignal): Promise<void> {
    let isThere = false;
    const noting: TakeEvent = (event) => {
      isThere ||= event.type === 'text' || event.type === 'image' || event.type === 'citation';
      return take(event);
    };
    for (;;) {
      try {
        return await this.current.request.stream(noting, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof ProviderError)) throw error;
        const { model, route, payer } = this.current.request.access;
        await this.#options.rest.failed(route, error);
        const { provider } = route;
        this.#options.telemetry.providerFailed({ provider, model: model.id, payer, code: error.code });
        if (isThere || !(await this.#heal(model, error.code))) throw error;
      }
    }
  }

  /** Whether a fallback answers from now on. */
  async #heal(failed: Model, code: ProviderErrorCode): Promise<boolean> {
    const reason = HEALED[code];
    const least = code === 'context_too_long' ? failed.contextTokens : 0;
    if (reason === undefined || !(await this.#openNext(least, reason, failed))) return false;
    const by = this.current.request.access.model.id;
    this.#options.log.info({ model: failed.id, failure: code, by }, 'a fallback is answering');
    return true;
  }

  /** Whether there is a fallback that is allowed, fits and has a longer context than `least` tokens. Opens the next one. */
  async #openNext(least: number, reason: string, failed = this.#question.model): Promise<boolean> {
    this.#left ??= this.#fallbacks();
    for (let next = this.#left.shift(); next !== undefined; next = this.#left.shift()) {
      if (next.contextTokens <= least || (await this.#isResting(next))) continue;
      const opened = await this.#question.openRequest(next, ++this.#attempts);
      if (opened.ok) {
        this.#opened.push(opened);
        this.because ??= `as ${failed.name} ${reason}`;
        return true;
      }
      const about = { model: next.id, reason: opened.text };
      this.#options.log.info(about, 'skipped a fallback that may not be used');
    }
    // If the chosen model is asked although it rests, they may be tried again.
    this.#left = null;
    return false;
  }

  #fallbacks(): Model[] {
    const { place, model, chosen, suits } = this.#question;
    const ids = new Set([...(chosen === null ? [] : [chosen]), ...model.traits.fallbacks]);
    ids.delete(model.id);
    return [...ids]
      .map((id) => this.#options.catalogue.get(id, platformOf(place.guild)))
      .filter((other) => other !== null && !other.gone && suits(other)) as Model[];
  }

  async #isResting({ routes }: Model): Promise<boolean> {
    const { rest } = this.#options;
    for (const route of routes) if (!route.gone && !(await rest.isResting(route))) return false;
    return true;
  }

  /** As `Admitted.bill`, of all that was asked. */
  async bill(): Promise<Bill> {
    return (await Promise.all(this.#opened.map(({ request }) => request.bill()))).reduce(sumOf);
  }

  /** As `Admitted.settle`, of all that was asked. */
  async settle(): Promise<Bill> {
    return (await Promise.all(this.#opened.map(({ request }) => request.settle()))).reduce(sumOf);
  }
}

function sumOf(one: Bill, other: Bill): Bill {
  return {
    costNanoUsd: one.costNanoUsd + other.costNanoUsd,
    tokens: one.tokens + other.tokens,
    exact: one.exact && other.exact,
    atMost: one.atMost || other.atMost,
  };
}
