import { inspect } from 'node:util';
import { readBody } from '../kit/body.ts';
import { type JsonObject, parseJson } from '../kit/json.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { Fetch, FetchResponse } from '../ports/fetch.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import { RequestUnsent } from '../ports/request-unsent.ts';
import { partsOf } from './answer/response-body.ts';
import { addressSetting, type ProviderDefinition } from './definition.ts';
import { type Failure, readFailure } from './failure/failure.ts';
import { requestHeaders } from './wire.ts';

/** OpenRouter's list of models is about half a megabyte, as is an answer of 100,000 tokens. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Characters that an HTTP header can carry. `fetch` would quote a key with other ones in its error. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

export interface ExchangeOptions {
  readonly definition: ProviderDefinition;
  /** The key for requests without their own; null if there is none. */
  readonly apiKey: string | null;
  /** Rejects with `RequestUnsent` if nothing was sent; after every other fault the provider may bill the request. */
  readonly fetch: Fetch;
  readonly clock: Clock;
}

interface Message {
  readonly path: string;
  readonly accept: 'application/json' | 'text/event-stream';
  /** Sent as JSON in a POST; without it the request is a GET. */
  readonly body?: JsonObject;
}

/** A request to a provider and its answer over HTTP: adds the key, and turns failures into typed errors. */
export class Exchange {
  /** The id by which its cost can be looked up later. */
  generationId: string | null = null;
  /** Whether the provider may bill it (`ProviderError.mayBeBilled`). */
  mayBeBilled = false;
  readonly #options: ExchangeOptions;
  readonly #key: string | null;
  readonly #hasOwnKey: boolean;

  /** @throws ProviderError `bad_key` if the provider needs a key and there is none that can be sent */
  constructor(options: ExchangeOptions, ownKey: string | undefined) {
    const key = ownKey ?? options.apiKey;
    this.#options = options;
    this.#key = key;
    this.#hasOwnKey = ownKey !== undefined;
    if (key === null ? !options.definition.keyless : !HEADER_SAFE.test(key))
      throw this.fail({ code: 'bad_key' });
  }

  /** Makes an error of a failure, without the key. */
  fail(failure: Failure): ProviderError {
    const { definition } = this.#options;
    return new ProviderError({
      ...failure,
      provider: definition.name,
      addressSetting: addressSetting(definition),
      ownKey: this.#hasOwnKey,
      generationId: this.generationId,
      mayBeBilled: this.mayBeBilled,
      reason: withoutSecret(failure.reason, this.#key) ?? null,
      cause: withoutSecret(failure.cause, this.#key),
    });
  }

  /**
   * Resolves with the headers of a 2xx response.
   * @throws ProviderError, or the signal's reason
   */
  async send(message: Message, signal: AbortSignal): Promise<FetchResponse> {
    // Only requests for answers cost anything.
    this.mayBeBilled = message.body !== undefined;
    const response = await this.#fetch(message, signal);
    this.generationId = response.headers.get('x-generation-id');
    if (response.ok) return response;
    const { status, headers } = response;
    if (status < 500 && status !== 408) this.mayBeBilled = false;
    const text = await readText(response, MAX_ERROR_BYTES, signal);
    const payload = parseJson(text ?? '') ?? text;
    throw this.fail(readFailure(status, payload, headers, this.#options.clock.now()));
  }

  async #fetch({ path, accept, body }: Message, signal: AbortSignal): Promise<FetchResponse> {
    const { definition, fetch } = this.#options;
    const headers = requestHeaders(definition, this.#key, accept);
    if (body) headers['content-type'] = 'application/json';
    const address = new URL(`${definition.baseUrl}${path}`);
    for (const [name, value] of Object.entries(definition.query)) address.searchParams.set(name, value);
    try {
      return await fetch(address.href, {
        method: body ? 'POST' : 'GET',
        headers,
        body: body ? JSON.stringify(body) : null,
        signal,
        // A redirect would carry prompts, and on the same host the key, to a place that no operator chose.
        redirect: 'manual',
      });
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof RequestUnsent) this.mayBeBilled = false;
      throw this.fail({ code: 'unreachable', transient: true, cause });
    }
  }

  /**
   * Reads the body as a JSON object or list.
   * @throws ProviderError `bad_response` for anything else
   */
  async readJson(response: FetchResponse, signal: AbortSignal): Promise<object> {
    const text = await readText(response, MAX_BODY_BYTES, signal);
    const value = parseJson(text ?? '');
    if (typeof value === 'object' && value !== null) return value;
    const code = text?.trimStart().startsWith('<') ? 'bad_address' : 'bad_response';
    throw this.fail({ code, status: response.status });
  }
}

/** Resolves to null if the body is too long or breaks off. */
async function readText(
  response: FetchResponse,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return await readBody(partsOf(response), maxBytes);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Undefined if the value contains the key: a proxy or a patched `fetch` may quote it. */
function withoutSecret<T>(value: T, key: string | null): T | undefined {
  return key !== null && inspect(value, { depth: 8, maxStringLength: null }).includes(key)
    ? undefined
    : value;
}
