import { expect, it } from 'vitest';
import { ProviderError } from '../../../src/core/ports/provider-errors.ts';

it.each([
  [{}, 'OpenRouter: timeout'],
  [{ status: 504 }, 'OpenRouter: timeout (HTTP 504)'],
  [{ reason: 'too slow' }, 'OpenRouter: timeout (too slow)'],
  [{ status: 504, reason: 'too slow' }, 'OpenRouter: timeout (HTTP 504, too slow)'],
])('a provider’s error has what is known of it in its message: %j', (facts, message) => {
  const cause = new Error('the cause');
  const error = new ProviderError({ code: 'timeout', provider: 'OpenRouter', cause, ...facts });
  expect([error.message, error.cause]).toEqual([message, cause]);
  expect(error).toMatchObject({ mayBeBilled: false, generationId: null, ownKey: false, ...facts });
});
