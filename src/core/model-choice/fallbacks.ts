import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Admitted, Bill, TakeEvent } from '../ledger/admitted-request.ts';
import { platformOf } from '../ports/actor.ts';
import type { Place } from '../ports/events.ts';
import type { Model } from '../ports/model.ts';
import { ProviderError, type ProviderErrorCode } from '../ports/provider-errors.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { RouteRest } from './route-rest.ts';

/** A question's admitted request to one model. */
export interface OpenedRequest extends Admitted {
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

/** A question's request. If the chosen model fails before anything of its answer arrives, another model's. */
export interface Answerer {
  readonly ok: true;
  /** The request that answers now; after the stream, the one that has answered. */
  readonly current: OpenedRequest;
  /** The reason why it is not the chosen model, such as `as GPT-4o is down`; null if it is. */
  readonly because: string | null;
  /** As `Admitted.stream`. Failures that a fallback heals are not thrown. */
  stream(take: TakeEvent, signal: AbortSignal): Promise<void>;
  /** As `Admitted.bill`, of all that was asked. */
  bill(): Promise<Bill>;
  /** As `Admitted.settle`, of all that was asked. */
  settle(): Promise<Bill>;
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
  const { catalogue, rest, log } = options;

  function fallbacksOf({ place, model, chosen, suits }: FallbackQuestion): Model[] {
    const ids = new Set([...(chosen === null ? [] : [chosen]), ...model.traits.fallbacks]);
    ids.delete(model.id);
    return [...ids]
      .map((id) => catalogue.get(id, platformOf(place.guild)))
      .filter((other) => other !== null && !other.gone && suits(other)) as Model[];
  }

  async function isResting({ routes }: Model): Promise<boolean> {
    for (const route of routes) if (!route.gone && !(await rest.isResting(route))) return false;
    return true;
  }

  return async (question) => {
    const { model, openRequest } = question;
    let left: Model[] | null = null;
    let attempts = 0;

    const openNext: OpenNext = async (least) => {
      left ??= fallbacksOf(question);
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        if (next.contextTokens <= least || (await isResting(next))) continue;
        const opened = await openRequest(next, ++attempts);
        if (opened.ok) return opened;
        log.info({ model: next.id, reason: opened.text }, 'skipped a fallback that may not be used');
      }
      return null;
    };
    const answerer = (opened: OpenedRequest, because: string | null) =>
      createAnswerer(options, opened, because, openNext);

    if (await isResting(model)) {
      const opened = await openNext(0);
      if (opened !== null) return answerer(opened, `as ${model.name} is failing now`);
      left = null;
    }
    const first = await openRequest(model, 0);
    if (first.ok) return answerer(first, null);
    const longer = first.isTooLong ? await openNext(model.contextTokens) : null;
    return longer === null ? first : answerer(longer, `as ${model.name} is too short for this`);
  };
}

/** The next fallback that is allowed, fits and has a longer context than `least` tokens; null if there is none. */
type OpenNext = (least: number) => Promise<OpenedRequest | null>;

function createAnswerer(
  { rest, telemetry, log }: FallbacksOptions,
  opened: OpenedRequest,
  why: string | null,
  openNext: OpenNext,
): Answerer {
  const asked = [opened];
  let current = opened;
  let because = why;

  return {
    ok: true,
    get current() {
      return current;
    },
    get because() {
      return because;
    },
    async stream(take, signal) {
      for (;;) {
        let isThere = false;
        try {
          return await current.stream((event) => {
            isThere ||= event.type === 'text' || event.type === 'image' || event.type === 'citation';
            return take(event);
          }, signal);
        } catch (error) {
          if (signal.aborted || !(error instanceof ProviderError)) throw error;
          const { model: failed, route, payer } = current.access;
          await rest.failed(route, error);
          const { provider } = route;
          telemetry.providerFailed({ provider, model: failed.id, payer, code: error.code });
          const reason = HEALED[error.code];
          if (isThere || reason === undefined) throw error;
          const next = await openNext(error.code === 'context_too_long' ? failed.contextTokens : 0);
          if (next === null) throw error;
          log.info(
            { model: failed.id, failure: error.code, by: next.access.model.id },
            'a fallback is answering',
          );
          asked.push(next);
          current = next;
          because ??= `as ${failed.name} ${reason}`;
        }
      }
    },
    bill: async () => (await Promise.all(asked.map((request) => request.bill()))).reduce(sumOf),
    settle: async () => (await Promise.all(asked.map((request) => request.settle()))).reduce(sumOf),
  };
}

function sumOf(one: Bill, other: Bill): Bill {
  return {
    costNanoUsd: one.costNanoUsd + other.costNanoUsd,
    tokens: one.tokens + other.tokens,
    exact: one.exact && other.exact,
    atMost: one.atMost || other.atMost,
  };
}
