import { inspect } from 'node:util';
import { readBody } from '../kit/body.ts';
import type { Clock } from '../kit/clock.ts';
import { type JsonObject, parseJson } from '../kit/json.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import { partsOf } from './answer/response-body.ts';
import { addressSetting, type ProviderDefinition } from './definition.ts';
import { neverConnected } from './failure/connection-fault.ts';
import { type Failure, readFailure } from './failure/failure.ts';
import { requestHeaders } from './wire.ts';

/** OpenRouter's list of models is about half a megabyte, as is an answer of 100,000 tokens. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Characters that an HTTP header can carry. `fetch` would quote a key with other ones in its error. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

export interface TransportOptions {
  readonly definition: ProviderDefinition;
  /** The key for requests without their own; null if there is none. */
  readonly apiKey: string | null;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** One exchange with the provider, and the facts known so far. */
export interface Exchange {
  readonly key: string | null;
  /** The id by which its cost can be looked up later. */
  generationId: string | null;
  /** Whether the provider may bill it (`ProviderError.mayBeBilled`). */
  mayBeBilled: boolean;
  /** Makes an error of a failure, without the key. */
  fail(failure: Failure): ProviderError;
}

interface Message {
  readonly path: string;
  readonly accept: 'application/json' | 'text/event-stream';
  /** Sent as JSON in a POST; without it the request is a GET. */
  readonly body?: JsonObject;
}

/** HTTP to one provider: adds keys to requests and turns failures into typed errors. */
export interface Transport {
  /** @throws ProviderError `bad_key` if the provider needs a key and there is none that can be sent */
  openExchange(ownKey: string | undefined): Exchange;
  /**
   * Resolves with the headers of a 2xx response.
   * @throws ProviderError, or the signal's reason
   */
  send(exchange: Exchange, message: Message, signal: AbortSignal): Promise<Response>;
  /**
   * Reads the body as a JSON object or list.
   * @throws ProviderError `bad_response` for anything else
   */
  readJson(exchange: Exchange, response: Response, signal: AbortSignal): Promise<object>;
}

export function createTransport(options: TransportOptions): Transport {
  const { definition, apiKey, fetch, clock } = options;

  async function readText(response: Response, maxBytes: number, signal: AbortSignal): Promise<string | null> {
    try {
      return await readBody(partsOf(response), maxBytes);
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  return {
    openExchange(ownKey) {
      const key = ownKey ?? apiKey;
      const exchange: Exchange = {
        key,
        generationId: null,
        mayBeBilled: false,
        fail(failure) {
          return new ProviderError({
            ...failure,
            provider: definition.name,
            addressSetting: addressSetting(definition),
            ownKey: ownKey !== undefined,
            generationId: exchange.generationId,
            mayBeBilled: exchange.mayBeBilled,
            reason: withoutSecret(failure.reason, key) ?? null,
            cause: withoutSecret(failure.cause, key),
          });
        },
      };
      if (key === null ? !definition.keyless : !HEADER_SAFE.test(key))
        throw exchange.fail({ code: 'bad_key' });
      return exchange;
    },

    async send(exchange, { path, accept, body }, signal) {
      const headers = requestHeaders(definition, exchange.key, accept);
      if (body) headers.set('Content-Type', 'application/json');
      // Only requests for answers cost anything.
      exchange.mayBeBilled = body !== undefined;
      const address = new URL(`${definition.baseUrl}${path}`);
      for (const [name, value] of Object.entries(definition.query)) address.searchParams.set(name, value);
      let response: Response;
      try {
        response = await fetch(address.href, {
          method: body ? 'POST' : 'GET',
          headers,
          body: body ? JSON.stringify(body) : null,
          signal,
          // A redirect would carry prompts, and on the same host the key, to a place that no operator chose.
          redirect: 'manual',
        });
      } catch (cause) {
        signal.throwIfAborted();
        if (neverConnected(cause)) exchange.mayBeBilled = false;
        throw exchange.fail({ code: 'unreachable', transient: true, cause });
      }
      exchange.generationId = response.headers.get('x-generation-id');
      if (response.ok) return response;
      const { status } = response;
      if (status < 500 && status !== 408) exchange.mayBeBilled = false;
      const text = await readText(response, MAX_ERROR_BYTES, signal);
      throw exchange.fail(readFailure(status, parseJson(text ?? '') ?? text, response.headers, clock.now()));
    },

    async readJson(exchange, response, signal) {
      const text = await readText(response, MAX_BODY_BYTES, signal);
      const value = parseJson(text ?? '');
      if (typeof value === 'object' && value !== null) return value;
      const code = text?.trimStart().startsWith('<') ? 'bad_address' : 'bad_response';
      throw exchange.fail({ code, status: response.status });
    },
  };
}

/** Undefined if the value contains the key: a proxy or a patched `fetch` may quote it. */
function withoutSecret<T>(value: T, key: string | null): T | undefined {
  return key !== null && inspect(value, { depth: 8, maxStringLength: null }).includes(key)
    ? undefined
    : value;
}
