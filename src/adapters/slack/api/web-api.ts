import { asArray, asObject, asText, parseJson } from '../../../core/kit/json.ts';
import { type Clock, steadyClock } from '../../../core/kit/time/clock.ts';
import { Deadline } from '../../../core/kit/time/deadline.ts';
import { PassingFault, RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Fetch, FetchInit, FetchResponse } from '../../../core/ports/fetch.ts';
import type { Method } from './methods.ts';

export type Json = Readonly<Record<string, unknown>>;

/**
 * Slack's Web API: one call is one request, without hidden retries, queues or pauses. Bolt's own client stops all calls when
 * one is rate limited, retries for half an hour, and takes no signal.
 */
export interface WebApi {
  /**
   * Resolves to the method's response, and the scopes of the token.
   *
   * @throws RateLimited, SlackRefusal, or SlackUnreachable if the outcome of the call is unknown
   */
  call(
    method: Method,
    args: Json,
    signal: AbortSignal,
  ): Promise<{ readonly data: Json; readonly scopes: readonly string[] }>;
  /** Sends a file to an address from `files.getUploadURLExternal`. */
  upload(url: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** Slack answered with an error. */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal';
  readonly code = 'slack_refusal';
  /** Slack's error code, such as `channel_not_found`. */
  readonly reason: string;

  constructor(method: string, reason: string, needed: string | null, details: readonly string[]) {
    super([`${method}: ${reason}`, ...(needed ? [`needs ${needed}`] : []), ...details].join('; '));
    this.reason = reason;
  }
}

/** No answer, or none that tells the outcome: the call may have taken effect. */
export class SlackUnreachable extends PassingFault {
  override readonly name = 'SlackUnreachable';
  readonly code = 'slack_unreachable';
}

/** A response that is not from Slack's API: a page, or an empty body. */
export class NotSlacksAnswer extends SlackUnreachable {}

export interface WebApiOptions {
  readonly token: string;
  /** Ends with a slash. */
  readonly apiUrl: string;
  readonly fetch: Fetch;
  /**
   * Timeout of one call in milliseconds. Default 10,000; Slack answers in well under 1,000. An upload has six times as long.
   */
  readonly timeoutMs?: number;
  /** For timeouts. Default: `steadyClock`. */
  readonly clock?: Clock;
}

/**
 * Slack's internal faults, which are temporary; “some aspect of the operation” may have succeeded
 * (docs.slack.dev/reference/methods). Every other refusal is final.
 */
const PASSING = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** The wait if a refusal names none. */
const DEFAULT_WAIT_MS = 30_000;

interface Answer {
  readonly response: FetchResponse;
  /** The body; null if it broke off, or is not read because of a rate limit. */
  readonly text: string | null;
}

/** A call fails after 10 s, an upload after 60 s. */
export function createWebApi(options: WebApiOptions): WebApi {
  const { token, apiUrl, fetch, timeoutMs = 10_000, clock = steadyClock } = options;
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/x-www-form-urlencoded',
  };

  async function exchange(
    url: string,
    init: FetchInit,
    signal: AbortSignal,
    limitMs = timeoutMs,
  ): Promise<Answer> {
    const late = () => new Error(`no answer within ${limitMs / 1_000} s`);
    const limit = new Deadline(clock, limitMs, signal, late);
    try {
      const response = await fetch(url, { ...init, method: 'POST', redirect: 'error', signal: limit.signal });
      if (response.status === 429) {
        await response.body?.cancel();
        return { response, text: null };
      }
      // Read here, within the same timeout.
      const text = await response.text().catch(() => null);
      signal.throwIfAborted();
      return { response, text };
    } catch (error) {
      signal.throwIfAborted();
      throw new SlackUnreachable('Slack did not answer', { cause: error });
    } finally {
      limit.stop();
    }
  }

  return {
    async call(method, args, signal) {
      signal.throwIfAborted();
      const { response, text } = await exchange(
        `${apiUrl}${method}`,
        { headers, body: encode(args) },
        signal,
      );
      if (response.status === 429) throw new RateLimited(retryAfterMs(response));
      const data = asObject(parseJson(text ?? ''));
      if (typeof data?.['ok'] !== 'boolean') {
        throw new NotSlacksAnswer(`${method} got HTTP ${response.status} without an answer of Slack's`);
      }
      if (data['ok'] === false) {
        const reason = asText(data['error']) ?? 'unknown_error';
        if (reason === 'ratelimited' || reason === 'rate_limited') throw new RateLimited(DEFAULT_WAIT_MS);
        if (response.status >= 500 || PASSING.has(reason)) {
          throw new SlackUnreachable(`${method} failed inside Slack: ${reason}`);
        }
        const details = asArray(asObject(data['response_metadata'])?.['messages']).map(String);
        throw new SlackRefusal(method, reason, asText(data['needed']), details);
      }
      const scopes = response.headers.get('x-oauth-scopes')?.split(/\s*,\s*/) ?? [];
      return { data, scopes: scopes.filter((scope) => scope !== '') };
    },

    async upload(url, bytes, signal) {
      const body = bytes as Uint8Array<ArrayBuffer>;
      const { response } = await exchange(url, { body }, signal, 6 * timeoutMs);
      if (!response.ok) throw new SlackUnreachable(`the upload failed with HTTP ${response.status}`);
    },
  };
}

/** As a form, which every method accepts; some accept no JSON. `URLSearchParams` takes ten times as long for it. */
function encode(args: Json): string {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(args)) {
    if (value === undefined || value === null) continue;
    const text = typeof value === 'object' ? toJson(value) : String(value).toWellFormed();
    fields.push(`${name}=${encodeURIComponent(text)}`);
  }
  return fields.join('&');
}

/** JSON for Slack: half a surrogate pair, which a cut may leave, would make all of it invalid. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? inner.toWellFormed() : inner,
  );
}

function retryAfterMs(response: FetchResponse): number {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_WAIT_MS;
}
