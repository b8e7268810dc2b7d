import { z } from 'zod';
import type { WriteLimiters } from '../../../core/delivery/write-limiter.ts';
import { parseJson } from '../../../core/kit/json.ts';
import { Deadline } from '../../../core/kit/time/deadline.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { FetchHeaders } from '../../../core/ports/fetch.ts';
import type { RateReport, Scope, Urgency } from '../../../core/ports/scope.ts';
import { DiscordFault, DiscordRefusal } from './errors.ts';
import {
  type Answer,
  createExchange,
  type ExchangeOptions,
  type ExchangeRequest,
  isInteractionPath,
} from './exchange.ts';

export interface RestRequest extends ExchangeRequest {
  /**
   * The limit that this request draws from; the limiters learn from the response. If it is `within` another scope, the
   * limiters have granted both.
   */
  readonly scope?: Scope;
  /** Urgency in the limits that `insist` waits for. Default `first`; `interim` for typing and reactions. */
  readonly urgency?: Urgency;
  /** How long `insist` waits for room each time. Default one hour; then it throws `RateLimited`. */
  readonly patienceMs?: number;
}

/**
 * Discord's REST API v10 for everything that answers need. Replaces discord.js's client, whose queue would send each outdated
 * edit in turn, wait without a report, and count interaction endpoints in the global limit from which they are exempt. Here
 * core's limiters are the only queue, and each request is tried once.
 */
export interface DiscordRest {
  /**
   * Sends a request once; resolves to the JSON of the response, or null if there is none.
   *
   * @throws RateLimited, DiscordRefusal, DiscordFault if the outcome is unknown, or the signal's reason
   */
  request(request: RestRequest, signal: AbortSignal): Promise<unknown>;
  /**
   * As `request`, but waits for its turn in the scope, waits out rate limits, and retries after faults. For requests outside
   * the reply engine that may run twice.
   */
  insist(request: RestRequest, signal: AbortSignal): Promise<unknown>;
}

/** The same API, but all its requests insist. For writes that no limiter has granted. */
export function insisting(rest: DiscordRest): DiscordRest {
  return { ...rest, request: rest.insist };
}

/** https://discord.com/developers/docs/topics/rate-limits#global-rate-limit is 50; one is left for discord.js. */
export const GLOBAL: Scope = {
  key: 'discord:global',
  limit: 49,
  windowMs: 1_000,
  // From `npm run bench -- --pacing`: more makes 300 mentions end later, less shows the text of 100 later.
  dueMs: 1_500,
  isShared: true,
};
/** The first wait of `insist` before a retry; it doubles each time … */
const FIRST_RETRY_MS = 500;
/** … for this many retries: about 8 s, the time of a restart of Discord's edge. */
const RETRIES = 4;
const PATIENCE_MS = 3_600_000;
/**
 * The pause after Cloudflare blocks the address without naming a time, because each further request would count against it.
 */
const BLOCKED_MS = 60_000;

const rateLimitBody = z.object({ retry_after: z.number() });
const errorBody = z.object({ code: z.number(), message: z.string(), errors: z.unknown().optional() });

/** After faults `insist` tries four times more, over about 8 s. */
export function createRest(options: ExchangeOptions & { readonly limiters: WriteLimiters }): DiscordRest {
  const { clock, limiters } = options;
  const send = createExchange(options);

  /** Only a 429 for all requests concerns the global limit; other failures are for the caller. */
  async function sendGlobally(request: RestRequest, signal: AbortSignal): Promise<Answer> {
    return limiters.run(
      GLOBAL,
      () => request.urgency ?? 'first',
      async () => {
        const response = await send(request, signal);
        if (response.status === 429 && limitHit(response, request) !== null)
          throw rateLimited(response, request);
        return response;
      },
      signal,
    );
  }

  async function request(request: RestRequest, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const isGranted = isInteractionPath(request.path) || request.scope?.within !== undefined;
    const response = await (isGranted ? send(request, signal) : sendGlobally(request, signal));
    const report = reportOf(response.headers);
    if (request.scope && report) limiters.learn(request.scope.key, report);
    if (response.status === 429) throw rateLimited(response, request);
    return bodyIn(response);
  }

  async function paced(wanted: RestRequest, signal: AbortSignal): Promise<unknown> {
    const { scope, patienceMs = PATIENCE_MS } = wanted;
    if (!scope) return request(wanted, signal);
    const limit = new Deadline(clock, patienceMs, signal, () => new RateLimited(patienceMs));
    return limiters
      .run(
        scope,
        () => wanted.urgency ?? 'first',
        () => request(wanted, signal),
        limit.signal,
      )
      .finally(() => limit.stop());
  }

  return {
    request,
    async insist(wanted, signal) {
      const { patienceMs = PATIENCE_MS } = wanted;
      for (let faults = 0; ; ) {
        try {
          return await paced(wanted, signal);
        } catch (error) {
          if (error instanceof RateLimited && error.retryAfterMs < patienceMs) {
            await clock.sleep(error.retryAfterMs, signal);
          } else if (error instanceof DiscordFault && faults < RETRIES) {
            await clock.sleep(FIRST_RETRY_MS * 2 ** faults++, signal);
          } else throw error;
        }
      }
    },
  };
}

/** The JSON of a response; null if it is empty. */
function bodyIn({ status, text }: Answer): unknown {
  if (status >= 500) throw new DiscordFault(`Discord answered with ${status}`);
  const body = text === '' ? null : parseJson(text);
  // An HTML page from something between Discord and here.
  if (body === undefined) throw new DiscordFault(`a response with ${status} that is not JSON`);
  if (status < 300) return body;
  const { code, message, errors } = errorBody.catch({ code: 0, message: 'no reason' }).parse(body);
  throw new DiscordRefusal(status, code, errors ? `${message} ${JSON.stringify(errors)}` : message);
}

/** The limit that was hit; null for the route's own. */
function limitHit({ headers }: Answer, { path }: RestRequest): string | null {
  const isOfRoute = ['user', 'shared'].includes(headers.get('X-RateLimit-Scope') ?? '');
  // Other 429s are the bot's global limit, or Cloudflare's, which blocks the address after 10,000 invalid requests in 10
  // minutes.
  return isOfRoute || isInteractionPath(path) ? null : GLOBAL.key;
}

/**
 * The body's time is exact; the header is in whole seconds, and the only source if Cloudflare answers. A 429 with a code
 * instead of a time is a refusal: too many edits of a message that is older than an hour.
 */
function rateLimited(response: Answer, request: RestRequest): RateLimited | DiscordRefusal {
  const body = parseJson(response.text);
  const scope = limitHit(response, request);
  const limit = rateLimitBody.safeParse(body);
  if (limit.success) return new RateLimited(Math.ceil(limit.data.retry_after * 1_000), { scope });
  const refusal = errorBody.safeParse(body);
  if (refusal.success && refusal.data.code !== 0) {
    return new DiscordRefusal(429, refusal.data.code, refusal.data.message);
  }
  return new RateLimited(Number(response.headers.get('Retry-After')) * 1_000 || BLOCKED_MS, { scope });
}

function reportOf(headers: FetchHeaders): RateReport | null {
  const [limit, remaining, resetAfterSec] = ['Limit', 'Remaining', 'Reset-After'].map((name) =>
    Number(headers.get(`X-RateLimit-${name}`) ?? Number.NaN),
  ) as [number, number, number];
  if (Number.isNaN(limit + remaining + resetAfterSec)) return null;
  return { limit, remaining, resetAfterMs: resetAfterSec * 1_000 };
}
