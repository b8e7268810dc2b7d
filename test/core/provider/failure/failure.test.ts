import { describe, expect, it } from 'vitest';
import { readFailure } from '../../../../src/core/provider/failure/failure.ts';

const NOW = Date.UTC(2026, 0, 1);
const none = new Headers();
const error = (fields: object) => ({ error: { message: 'prose', ...fields } });

describe('readFailure', () => {
  it.each([
    ['OpenRouter: bad key', 401, error({ code: 401 }), 'bad_key', false],
    [
      'OpenAI: bad key',
      401,
      error({ type: 'invalid_request_error', code: 'invalid_api_key' }),
      'bad_key',
      false,
    ],
    ['OpenRouter: no credit', 402, error({ code: 402 }), 'no_credit', false],
    [
      'OpenRouter: credit-based cap',
      400,
      error({ code: 400, metadata: { error_type: 'token_limit_exceeded' } }),
      'no_credit',
      false,
    ],
    [
      'OpenAI: no credit, as 429',
      429,
      error({ type: 'insufficient_quota', code: 'insufficient_quota' }),
      'no_credit',
      false,
    ],
    [
      'OpenRouter: guardrail',
      403,
      error({ code: 403, metadata: { patterns: ['ignore all'] } }),
      'moderated',
      false,
    ],
    [
      'OpenRouter: moderation',
      403,
      error({ code: 403, metadata: { reasons: ['violence'], flagged_input: 'x' } }),
      'moderated',
      false,
    ],
    [
      'OpenRouter: content policy',
      400,
      error({ metadata: { error_type: 'content_policy_violation' } }),
      'moderated',
      false,
    ],
    ['OpenRouter: permission', 403, error({ code: 403 }), 'forbidden', false],
    [
      'OpenRouter: privacy settings',
      404,
      error({ code: 404, availability: { code: 'privacy_restricted', retryable: false } }),
      'excluded',
      false,
    ],
    [
      'OpenRouter: free variant ended',
      404,
      error({ code: 404, availability: { code: 'free_variant_ended' } }),
      'model_gone',
      false,
    ],
    ['OpenAI: no such model', 404, error({ code: 'model_not_found' }), 'model_gone', false],
    [
      'OpenRouter: no such model, as 400',
      400,
      error({ availability: { code: 'model_not_found' } }),
      'model_gone',
      false,
    ],
    ['Ollama: no such model', 404, error({ type: 'api_error' }), 'model_gone', false],
    ['a wrong base URL', 404, undefined, 'bad_address', false],
    ['a FastAPI route that is not there', 404, { detail: 'Not Found' }, 'bad_address', false],
    ['OpenAI: context', 400, error({ code: 'context_length_exceeded' }), 'context_too_long', false],
    [
      'llama.cpp: context',
      400,
      error({ code: 400, type: 'exceed_context_size_error' }),
      'context_too_long',
      false,
    ],
    [
      'vLLM: context',
      400,
      { object: 'error', message: "This model's maximum context length is 4096 tokens.", code: 400 },
      'context_too_long',
      false,
    ],
    ['a body that is too large', 413, undefined, 'context_too_long', false],
    ['a request that is wrong', 400, error({ code: 400 }), 'bad_request', false],
    ['OpenRouter: rate limit', 429, error({ code: 429 }), 'rate_limited', true],
    [
      'OpenRouter: overloaded',
      503,
      error({ metadata: { error_type: 'provider_overloaded' } }),
      'provider_down',
      true,
    ],
    ['Cloudflare', 520, undefined, 'provider_down', true],
    ['a gateway timeout', 504, undefined, 'timeout', true],
    [
      'a lasting status, whatever its identifier',
      400,
      error({ code: 'server_error' }),
      'provider_down',
      false,
    ],
    ['a redirect', 302, undefined, 'bad_address', false],
    ['a strange status', 418, undefined, 'bad_response', false],
    ['inside HTTP 200, a status', null, error({ code: 429 }), 'rate_limited', true],
    ['inside HTTP 200, a lasting fault', null, error({ code: 400 }), 'bad_request', false],
    ['inside HTTP 200, an identifier', null, error({ code: 'rate_limit_exceeded' }), 'rate_limited', true],
    ['inside HTTP 200, only prose', null, { error: 'prose' }, 'provider_down', true],
  ])('knows %s', (_, status, payload, code, transient) => {
    expect(readFailure(status, payload, none, NOW)).toMatchObject({ code, transient });
  });

  // Each identifier comes with a status that alone would mean something else.
  it.each([
    ['bad_key', 'authentication authentication_error UNAUTHENTICATED invalid_api_key API_KEY_INVALID'],
    ['excluded', 'privacy_restricted'],
    ['unavailable_here', 'unsupported_country_region_territory'],
    [
      'no_credit',
      'payment_required insufficient_quota insufficient_balance billing_hard_limit_reached billing_not_active billing_error token_limit_exceeded',
    ],
    [
      'moderated',
      'content_policy_violation ResponsibleAIPolicyViolation content_filter data_inspection_failed refusal',
    ],
    ['rate_limited', 'capacity_exhausted rate_limit_exceeded rate_limit_error RESOURCE_EXHAUSTED'],
    [
      'context_too_long',
      'context_length_exceeded exceed_context_size_error string_too_long string_above_max_length payload_too_large request_too_large',
    ],
    ['model_gone', 'model_not_found model_deprecated DeploymentNotFound free_variant_ended'],
    [
      'provider_down',
      'provider_overloaded overloaded_error provider_unavailable UNAVAILABLE unavailable_error server server_error internal_server_error unmapped',
    ],
    ['forbidden', 'PERMISSION_DENIED permission_error'],
    ['timeout', 'timeout DEADLINE_EXCEEDED'],
  ])('takes these identifiers for %s: %s', (code, identifiers) => {
    for (const identifier of identifiers.split(' ')) {
      expect([identifier, readFailure(418, error({ code: identifier }), none, NOW).code]).toEqual([
        identifier,
        code,
      ]);
    }
  });

  it.each([
    'PERMISSION_DENIED permission_error rate_limit_exceeded rate_limit_error RESOURCE_EXHAUSTED',
    'provider_unavailable UNAVAILABLE unavailable_error server server_error internal_server_error unmapped',
    'timeout DEADLINE_EXCEEDED',
  ])("takes the provider's words for more than these identifiers: %s", (identifiers) => {
    for (const code of identifiers.split(' ')) {
      const payload = error({ code, message: 'You can only afford 12 tokens.' });
      expect(readFailure(418, payload, none, NOW)).toMatchObject({ code: 'no_credit', affordableTokens: 12 });
    }
  });

  it.each([
    [400, 'bad_request'],
    [401, 'bad_key'],
    [402, 'no_credit'],
    [403, 'forbidden'],
    [405, 'bad_address'],
    [408, 'timeout'],
    [410, 'model_gone'],
    [412, 'bad_request'],
    [413, 'context_too_long'],
    [415, 'bad_request'],
    [422, 'bad_request'],
    [429, 'rate_limited'],
    [451, 'unavailable_here'],
    [500, 'provider_down'],
    [504, 'timeout'],
    [524, 'timeout'],
    [300, 'bad_address'],
    [399, 'bad_address'],
    [299, 'bad_response'],
    [499, 'bad_response'],
  ])('takes a bare status %i for %s', (status, code) => {
    expect(readFailure(status, undefined, none, NOW).code).toBe(code);
  });

  it.each([
    ['bad_request', 'No endpoints found that support tool use.'],
    ['excluded', 'No endpoints found matching your data policy (Free model publication).'],
    ['excluded', 'No allowed providers are available for the selected model.'],
    ['bad_address', 'Invalid URL (POST /v1/v1/chat/completions)'],
    ['bad_address', '404: Not Found'],
    ['bad_key', 'Incorrect API key provided: sk-...'],
    ['no_credit', 'Your credit balance is too low to access the API.'],
    ['context_too_long', "This model's maximum context length is 4096 tokens."],
    ['context_too_long', 'Limit 6000, Requested 6,001'],
    ['rate_limited', 'Limit 6,000, Requested 6000'],
    ['unavailable_here', 'User location is not supported for the API use.'],
    ['model_gone', 'The model `gpt-9` does not exist or you do not have access to it.'],
    ['moderated', "The response was filtered by Azure OpenAI's content management policy."],
    ['rate_limited', 'Rate limit reached for requests.'],
    ['provider_down', 'That model is currently overloaded.'],
    ['bad_response', 'Computer says no.'],
  ])('takes for %s: %s', (code, message) => {
    expect(readFailure(418, error({ message }), none, NOW).code).toBe(code);
  });

  it('names the identifier of the fault, and none of its prose', () => {
    const payload = error({
      message: 'You said: my secret',
      code: 400,
      metadata: { error_type: 'invalid_prompt' },
    });
    const failure = readFailure(400, payload, none, NOW);
    expect(failure.reason).toBe('invalid_prompt');
    expect(JSON.stringify(failure)).not.toContain('secret');
  });

  it.each([
    [{ code: 429 }, 429],
    [{ code: '503' }, 503],
    [{ status: 402 }, 402],
    [{ code: 399 }, null],
    [{ code: 400 }, 400],
    [{ code: 599 }, 599],
    [{ code: 600 }, null],
    [{ code: '0429' }, null],
  ])('reads the status of a failure inside HTTP 200 from %j', (fields, status) => {
    expect(readFailure(null, error(fields), none, NOW).status).toBe(status);
  });

  it.each([
    ['a string (xAI)', { error: 'prose', code: 'model_not_found' }, 'model_gone'],
    ['a list (Gemini)', [error({ code: 400, details: [{ reason: 'API_KEY_INVALID' }] })], 'bad_key'],
    ['a bare object (Mistral)', { object: 'error', code: 'model_not_found' }, 'model_gone'],
    ['an inner error (Azure)', error({ innererror: { code: 'content_filter' } }), 'moderated'],
    ['a list of details (FastAPI)', { detail: [{ msg: 'Payment required' }] }, 'no_credit'],
    ['text', 'Payment required', 'no_credit'],
    ['the text of a page', ' <html>Payment required</html>', 'bad_response'],
    ['text after 1,000 characters', `${'a '.repeat(500)}Payment required`, 'bad_response'],
    [
      'a message after 1,000 characters',
      error({ message: `${'a '.repeat(500)}Payment required` }),
      'bad_response',
    ],
    ['text that a provider passes on', error({ metadata: { raw: 'Payment required' } }), 'no_credit'],
    ['nothing', {}, 'bad_response'],
  ])('reads the fault from %s', (_, payload, code) => {
    expect(readFailure(418, payload, none, NOW).code).toBe(code);
  });

  it('reads errors that providers pass on from each other, two deep', () => {
    const passedOn = (inner: object) => error({ code: 418, metadata: { raw: JSON.stringify(inner) } });
    const innermost = error({ code: 'model_not_found' });
    expect(readFailure(418, passedOn(innermost), none, NOW).code).toBe('model_gone');
    expect(readFailure(418, passedOn(passedOn(innermost)), none, NOW).code).toBe('model_gone');
    expect(readFailure(418, passedOn(passedOn(passedOn(innermost))), none, NOW).code).toBe('bad_response');
  });

  it.each([
    [400, { param: 'reasoning.effort', message: 'Unsupported value for this model.' }, 'reasoning_effort'],
    [400, { param: 'max_tokens', message: 'Unsupported: stream.' }, 'max_tokens'],
    [400, { param: 'model', message: 'Unsupported: stream.' }, 'stream'],
    [403, { message: 'temperature is not allowed.' }, 'temperature'],
    [404, { message: 'Streaming is not supported.' }, 'stream'],
    [400, { message: 'Unrecognized request argument supplied: stream_options' }, 'stream_options'],
    [400, { message: 'max_completion_tokens is not supported: use max_tokens.' }, 'max_completion_tokens'],
    [400, { message: 'max_tokens is not supported: use max_completion_tokens.' }, 'max_tokens'],
    [400, { message: 'Unknown field max_completion_tokens' }, 'max_completion_tokens'],
    [400, { message: 'Developer instruction is not enabled for this model.' }, 'system'],
    [400, { message: 'This model does not support thinking.' }, 'reasoning_effort'],
    [400, { message: 'temperature is too high.' }, null],
    [429, { message: 'Unsupported: temperature.' }, null],
  ])('names the part that a status %i refuses: %j', (status, fields, refuses) => {
    expect(readFailure(status, error(fields), none, NOW).refuses).toBe(refuses);
  });

  it.each([
    [408, { code: 'timeout' }, true],
    [500, { code: 'server_error' }, true],
    [499, { code: 'server_error' }, false],
    [500, { code: 'model_not_found' }, false],
    [503, { code: 'unavailable', availability: { retryable: false } }, false],
    [503, { code: 'unavailable', availability: { retryable: true } }, true],
  ])('says of a status %i with %j whether another try may help', (status, fields, transient) => {
    expect(readFailure(status, error(fields), none, NOW).transient).toBe(transient);
  });

  it.each([
    ['429', 'insufficient_quota'],
    [429, 'insufficient_quota'],
    ['invalid_prompt', 'invalid_prompt'],
  ])('takes no status for an identifier: %j', (code, reason) => {
    expect(readFailure(400, error({ code, type: 'insufficient_quota' }), none, NOW).reason).toBe(reason);
  });

  it('takes prose in the place of an identifier for none', () => {
    expect(readFailure(400, error({ type: 'You said: my secret' }), none, NOW).reason).toBeNull();
  });

  it.each([
    ['seconds', { 'retry-after': '12' }, {}, 12_000],
    ['fractions of a second', { 'retry-after': '0.5' }, {}, 500],
    ['a date', { 'retry-after': new Date(NOW + 90_000).toUTCString() }, {}, 90_000],
    ['a date that has passed', { 'retry-after': new Date(NOW - 90_000).toUTCString() }, {}, 0],
    ['a wait in the body', {}, { availability: { retry_after: 3 } }, 3_000],
    ['no wait in the body', {}, { availability: { retry_after: 0 } }, 0],
    ['a wait in the body that is none', {}, { availability: { retry_after: -1 } }, null],
    ['text in the place of a wait', {}, { availability: { retry_after: '3' } }, null],
    ['the end of a period that has passed', { 'x-ratelimit-reset': String(NOW - 60_000) }, {}, 0],
    ['the end of the period as a header', { 'x-ratelimit-reset': String(NOW + 60_000) }, {}, 60_000],
    [
      'the end of the period in the body',
      {},
      { metadata: { headers: { 'X-RateLimit-Reset': String(NOW + 5_000) } } },
      5_000,
    ],
    ["OpenAI's own notation of a reset", { 'x-ratelimit-reset': '1s' }, {}, null],
    ['nonsense', { 'retry-after': 'soon' }, {}, null],
    ['nothing', {}, {}, null],
  ])('reads how long to wait from %s', (_, headers, fields, retryAfterMs) => {
    const failure = readFailure(429, error(fields), new Headers(headers as Record<string, string>), NOW);
    expect(failure.retryAfterMs).toBe(retryAfterMs);
  });
});
