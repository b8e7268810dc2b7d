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
    [{ code: 600 }, null],
    [{ code: '0429' }, null],
  ])('reads the status of a failure inside HTTP 200 from %j', (fields, status) => {
    expect(readFailure(null, error(fields), none, NOW).status).toBe(status);
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
