import { asArray, asObject, asText, type JsonObject } from '../kit/json.ts';
import type { ProviderErrorCode, ProviderErrorDetails } from '../ports/provider-errors.ts';

/** A failure as details for a `ProviderError`, without what only the caller knows. */
export type Failure = Omit<ProviderErrorDetails, 'provider'>;

/**
 * Identifiers by which providers name a fault, whatever the status says: OpenAI answers an empty account with 429.
 * @see https://openrouter.ai/docs/api/reference/errors-and-debugging
 * @see https://platform.openai.com/docs/guides/error-codes
 */
const codeByIdentifier: Readonly<Record<string, ProviderErrorCode>> = {
  authentication: 'bad_key',
  invalid_api_key: 'bad_key',
  permission_denied: 'forbidden',
  privacy_restricted: 'forbidden',
  payment_required: 'no_credit',
  insufficient_quota: 'no_credit',
  billing_hard_limit_reached: 'no_credit',
  billing_not_active: 'no_credit',
  token_limit_exceeded: 'no_credit',
  content_policy_violation: 'moderated',
  content_filter: 'moderated',
  refusal: 'moderated',
  rate_limit_exceeded: 'rate_limited',
  capacity_exhausted: 'rate_limited',
  context_length_exceeded: 'context_too_long',
  exceed_context_size_error: 'context_too_long',
  string_too_long: 'context_too_long',
  string_above_max_length: 'context_too_long',
  payload_too_large: 'context_too_long',
  model_not_found: 'model_gone',
  model_deprecated: 'model_gone',
  free_variant_ended: 'model_gone',
  provider_overloaded: 'provider_down',
  provider_unavailable: 'provider_down',
  overloaded_error: 'provider_down',
  unavailable_error: 'provider_down',
  server: 'provider_down',
  server_error: 'provider_down',
  unmapped: 'provider_down',
  timeout: 'timeout',
};

/** vLLM and Ollama name no identifier for this one. The prose is looked at, never kept. */
const CONTEXT_PROSE = /context (?:length|window|size)|maximum context|prompt is too long/i;

/** OpenRouter's words for a request that may cost more than the account has. */
const AFFORDABLE = /can only afford (\d{1,9})/i;

/** Identifiers only, so that no prompt and no key can hide in one. */
const IDENTIFIER = /^[\w.-]{1,64}$/;

/**
 * Reads what a provider says of a failure, from a response that is not 2xx or from an `error` inside one that is.
 * @param httpStatus the response's status; null for an error inside HTTP 200
 * @param payload the parsed body or stream chunk; undefined where it is no JSON
 */
export function readFailure(
  httpStatus: number | null,
  payload: unknown,
  headers: Headers,
  nowMs: number,
): Failure {
  const error = errorObject(payload);
  const metadata = asObject(error?.['metadata']);
  const availability = asObject(error?.['availability']);
  const status = httpStatus ?? statusOf(error?.['code']);
  const identifiers = [metadata?.['error_type'], availability?.['code'], error?.['code'], error?.['type']]
    .map(asText)
    .filter((name) => name !== null && IDENTIFIER.test(name) && statusOf(name) === null) as string[];

  const code = codeOf(status, identifiers, error, metadata);
  return {
    code,
    status,
    reason: identifiers[0] ?? null,
    affordableTokens: code === 'no_credit' ? affordableTokens(error) : null,
    retryAfterMs: retryAfterMs(headers, metadata, availability, nowMs),
    transient:
      (status === null || isTransientStatus(status)) &&
      (code === 'rate_limited' || code === 'provider_down' || code === 'timeout') &&
      availability?.['retryable'] !== false,
  };
}

function codeOf(
  status: number | null,
  identifiers: readonly string[],
  error: JsonObject | null,
  metadata: JsonObject | null,
): ProviderErrorCode {
  const flagged = asArray(metadata?.['reasons']).length > 0 || asArray(metadata?.['patterns']).length > 0;
  if (flagged) return 'moderated';
  for (const identifier of identifiers) {
    const code = codeByIdentifier[identifier];
    if (code !== undefined) return code;
  }
  if (status === 400 && CONTEXT_PROSE.test(asText(error?.['message']) ?? '')) return 'context_too_long';
  // A 404 that names no error comes from an address where no such API is.
  if (status === 404) return error === null ? 'bad_response' : 'model_gone';
  return codeByStatus(status);
}

function codeByStatus(status: number | null): ProviderErrorCode {
  switch (status) {
    case null:
      return 'provider_down';
    case 400:
    case 412:
    case 422:
      return 'bad_request';
    case 401:
      return 'bad_key';
    case 402:
      return 'no_credit';
    case 403:
      return 'forbidden';
    case 408:
    case 504:
    case 524:
      return 'timeout';
    case 413:
      return 'context_too_long';
    case 429:
      return 'rate_limited';
    default:
      return status >= 500 ? 'provider_down' : 'bad_response';
  }
}

function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function affordableTokens(error: JsonObject | null): number | null {
  const tokens = AFFORDABLE.exec(asText(error?.['message']) ?? '')?.[1];
  return tokens === undefined ? null : Number(tokens);
}

/** `{error:{…}}` everywhere; `{error:"…"}` from some servers; the bare object under vLLM's older versions. */
function errorObject(payload: unknown): JsonObject | null {
  const body = asObject(payload);
  if (body === null) return null;
  const error = body['error'];
  if (typeof error === 'string') return { message: error };
  return asObject(error) ?? (body['object'] === 'error' ? body : null);
}

/** `error.code` is a status as a number or a numeral, or an identifier. */
function statusOf(code: unknown): number | null {
  const status = typeof code === 'string' && /^\d{3}$/.test(code) ? Number(code) : code;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : null;
}

/**
 * The wait that the provider asks for: `Retry-After` first; OpenRouter's own limits name the end of the period
 * instead, in milliseconds since the epoch, as a header and, inside HTTP 200, in the metadata.
 */
function retryAfterMs(
  headers: Headers,
  metadata: JsonObject | null,
  availability: JsonObject | null,
  nowMs: number,
): number | null {
  const header = headers.get('retry-after');
  if (header !== null) {
    const ms = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
    if (Number.isFinite(ms)) return Math.max(0, ms);
  }
  const seconds = availability?.['retry_after'];
  if (typeof seconds === 'number' && seconds >= 0) return seconds * 1_000;
  const reset =
    headers.get('x-ratelimit-reset') ?? asText(asObject(metadata?.['headers'])?.['X-RateLimit-Reset']);
  return reset !== null && /^\d{13}$/.test(reset) ? Math.max(0, Number(reset) - nowMs) : null;
}
