import { asArray, asObject, asText, type JsonObject, parseJson } from '../../kit/json.ts';
import type { FetchHeaders } from '../../ports/fetch.ts';
import type { ProviderErrorCode, ProviderErrorDetails } from '../../ports/provider-errors.ts';
import { codeInWords, refusedPart } from './failure-words.ts';

/** Details of a failure for a `ProviderError`, before the caller adds its own. */
export type Failure = Omit<ProviderErrorDetails, 'provider'>;

/**
 * Identifiers of faults, which count more than the status: OpenAI reports an empty account as 429. Lower case.
 * @see https://openrouter.ai/docs/api/reference/errors-and-debugging
 * @see https://platform.openai.com/docs/guides/error-codes
 */
const EXACT: Readonly<Record<string, ProviderErrorCode>> = {
  authentication: 'bad_key',
  authentication_error: 'bad_key',
  unauthenticated: 'bad_key',
  invalid_api_key: 'bad_key',
  api_key_invalid: 'bad_key',
  privacy_restricted: 'excluded',
  unsupported_country_region_territory: 'unavailable_here',
  payment_required: 'no_credit',
  insufficient_quota: 'no_credit',
  insufficient_balance: 'no_credit',
  billing_hard_limit_reached: 'no_credit',
  billing_not_active: 'no_credit',
  billing_error: 'no_credit',
  token_limit_exceeded: 'no_credit',
  content_policy_violation: 'moderated',
  responsibleaipolicyviolation: 'moderated',
  content_filter: 'moderated',
  data_inspection_failed: 'moderated',
  refusal: 'moderated',
  capacity_exhausted: 'rate_limited',
  context_length_exceeded: 'context_too_long',
  exceed_context_size_error: 'context_too_long',
  string_too_long: 'context_too_long',
  string_above_max_length: 'context_too_long',
  payload_too_large: 'context_too_long',
  request_too_large: 'context_too_long',
  model_not_found: 'model_gone',
  model_deprecated: 'model_gone',
  deploymentnotfound: 'model_gone',
  free_variant_ended: 'model_gone',
  provider_overloaded: 'provider_down',
  overloaded_error: 'provider_down',
};

/** Identifiers that stand for many faults, so that the provider's words count more. */
const VAGUE: Readonly<Record<string, ProviderErrorCode>> = {
  permission_denied: 'forbidden',
  permission_error: 'forbidden',
  rate_limit_exceeded: 'rate_limited',
  rate_limit_error: 'rate_limited',
  resource_exhausted: 'rate_limited',
  provider_unavailable: 'provider_down',
  unavailable: 'provider_down',
  unavailable_error: 'provider_down',
  server: 'provider_down',
  server_error: 'provider_down',
  internal_server_error: 'provider_down',
  unmapped: 'provider_down',
  timeout: 'timeout',
  deadline_exceeded: 'timeout',
};

/** OpenRouter's message for a request that may cost more than the credit. */
const AFFORDABLE = /can only afford (\d{1,9})/i;

/** Identifiers only, so that no prompt or key can hide in one. */
const IDENTIFIER = /^[\w.-]{1,64}$/;

/** Only the beginning of a provider's prose is searched, because it may quote the prompt. */
const MAX_PROSE_CHARS = 1_000;

/**
 * Classifies a failure from a response other than 2xx, or from an `error` inside a 2xx: known identifiers first, then the
 * provider's own words, then the status. The words are never kept.
 * @param httpStatus the response's status; null for an error inside HTTP 200
 * @param payload the parsed body or stream chunk, or the text if it is not JSON
 */
export function readFailure(
  httpStatus: number | null,
  payload: unknown,
  headers: FetchHeaders,
  nowMs: number,
): Failure {
  const errors = errorsIn(payload);
  const [error = null] = errors;
  const metadata = asObject(error?.['metadata']);
  const availability = asObject(error?.['availability']);
  const status = httpStatus ?? statusOf(error?.['code']) ?? statusOf(error?.['status']);
  const identifiers = [metadata?.['error_type'], availability?.['code'], ...errors.flatMap(namesIn)]
    .map(asText)
    .filter((name) => name !== null && IDENTIFIER.test(name) && statusOf(name) === null) as string[];
  const prose = proseOf(payload, errors);

  const isFlagged = asArray(metadata?.['reasons']).length > 0 || asArray(metadata?.['patterns']).length > 0;
  const code = isFlagged ? 'moderated' : codeOf(status, identifiers, prose, error !== null);
  const isRefusal = code === 'bad_request' || code === 'forbidden' || code === 'model_gone';
  return {
    code,
    status,
    reason: identifiers[0] ?? null,
    affordableTokens: code === 'no_credit' ? affordableTokens(prose) : null,
    refuses: isRefusal ? refusedPart(prose, asText(error?.['param'])) : null,
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
  prose: string,
  isNamed: boolean,
): ProviderErrorCode {
  const known = (codes: typeof EXACT) =>
    identifiers.map((name) => codes[name.toLowerCase()]).find((code) => code !== undefined);
  // A 404 without an error object means that there is no such API at this address.
  const byStatus = status === 404 && isNamed ? 'model_gone' : codeByStatus(status);
  return known(EXACT) ?? codeInWords(prose) ?? known(VAGUE) ?? byStatus;
}

/** Statuses that name a cause. */
const BY_STATUS: Readonly<Record<number, ProviderErrorCode>> = {
  400: 'bad_request',
  401: 'bad_key',
  402: 'no_credit',
  403: 'forbidden',
  404: 'bad_address',
  405: 'bad_address',
  408: 'timeout',
  410: 'model_gone',
  412: 'bad_request',
  413: 'context_too_long',
  415: 'bad_request',
  422: 'bad_request',
  429: 'rate_limited',
  451: 'unavailable_here',
  504: 'timeout',
  524: 'timeout',
};

function codeByStatus(status: number | null): ProviderErrorCode {
  if (status === null) return 'provider_down';
  if (status >= 500) return BY_STATUS[status] ?? 'provider_down';
  return BY_STATUS[status] ?? (status >= 300 && status < 400 ? 'bad_address' : 'bad_response');
}

function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function affordableTokens(prose: string): number | null {
  const tokens = AFFORDABLE.exec(prose)?.[1];
  return tokens === undefined ? null : Number(tokens);
}

/**
 * The error, and errors that it passes on from another provider. Most send `{error:{…}}`, Gemini in a list; xAI and LM Studio
 * `{error:"…"}`; Mistral and older vLLMs the bare object; FastAPI servers `detail`.
 */
function errorsIn(payload: unknown, depth = 0): JsonObject[] {
  const body = asObject(Array.isArray(payload) ? payload[0] : payload);
  if (body === null || depth > 2) return [];
  const nested = body['error'];
  const isBare = body['object'] === 'error' || body['message'] !== undefined || body['detail'] !== undefined;
  const error =
    typeof nested === 'string' ? { ...body, message: nested } : (asObject(nested) ?? (isBare ? body : null));
  if (error === null) return [];
  const passedOn = parseJson(asText(asObject(error['metadata'])?.['raw']) ?? '');
  return [error, ...errorsIn(passedOn, depth + 1)];
}

function namesIn(error: JsonObject): unknown[] {
  const details = asArray(error['details']).map((detail) => asObject(detail)?.['reason']);
  const inner = asObject(error['innererror'])?.['code'];
  return [error['code'], error['type'], inner, error['status'], ...details];
}

function proseOf(payload: unknown, errors: readonly JsonObject[]): string {
  if (typeof payload === 'string')
    return payload.trimStart().startsWith('<') ? '' : payload.slice(0, MAX_PROSE_CHARS);
  return errors
    .flatMap((error) => [error['message'], error['detail'], asObject(error['metadata'])?.['raw']])
    .map((said) => (typeof said === 'object' && said !== null ? JSON.stringify(said) : (asText(said) ?? '')))
    .map((said) => said.slice(0, MAX_PROSE_CHARS))
    .join('\n')
    .trim();
}

/** `error.code` is a status (as a number or digits) or an identifier. */
function statusOf(code: unknown): number | null {
  const status = typeof code === 'string' && /^\d{3}$/.test(code) ? Number(code) : code;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : null;
}

/**
 * The wait that the provider asks for: `Retry-After` first. OpenRouter's own limits give the end of the period in
 * milliseconds since the epoch, as a header, or in the metadata inside HTTP 200.
 */
function retryAfterMs(
  headers: FetchHeaders,
  metadata: JsonObject | null,
  availability: JsonObject | null,
  nowMs: number,
): number | null {
  const header = headers.get('retry-after');
  if (header !== null) {
    const ms = /^\d+(\.\d+)?$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
    if (Number.isFinite(ms)) return Math.max(0, ms);
  }
  const seconds = availability?.['retry_after'];
  if (typeof seconds === 'number' && seconds >= 0) return seconds * 1_000;
  const reset =
    headers.get('x-ratelimit-reset') ?? asText(asObject(metadata?.['headers'])?.['X-RateLimit-Reset']);
  return reset !== null && /^\d{13}$/.test(reset) ? Math.max(0, Number(reset) - nowMs) : null;
}
