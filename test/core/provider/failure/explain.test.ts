import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderErrorCode } from '../../../../src/core/ports/provider-errors.ts';
import { explainProviderError } from '../../../../src/core/provider/failure/explain.ts';

const codes = [
  'bad_key',
  'forbidden',
  'no_credit',
  'moderated',
  'rate_limited',
  'context_too_long',
  'model_gone',
  'bad_request',
  'provider_down',
  'unreachable',
  'timeout',
  'cut_off',
  'bad_response',
] as const satisfies ProviderErrorCode[];

function explain(
  code: ProviderErrorCode,
  details: { ownKey?: boolean; retryAfterMs?: number; status?: number } = {},
) {
  return explainProviderError(new ProviderError({ code, provider: 'OpenRouter', ...details }));
}

describe('explainProviderError', () => {
  it.each(codes)('says of %s what happened and what to do, in a sentence each, without jargon', (code) => {
    for (const ownKey of [true, false]) {
      const { what, next } = explain(code, { ownKey, status: 400 });
      expect(what).toMatch(/^[A-Z][^.]*\.$/);
      expect(next).toMatch(/^[A-Z][^.]*\.$/);
      expect(what + next).not.toMatch(/HTTP|JSON|\b[45]\d\d\b|_|undefined|null/);
    }
  });

  it.each(['bad_key', 'no_credit', 'forbidden'] as const)(
    'sends the asker of %s to the one who can mend it',
    (code) => {
      expect(explain(code, { status: 401 }).next).toContain('operator of this bot');
      expect(explain(code, { status: 401, ownKey: true }).next).toMatch(/admin/);
      expect(explain(code, { status: 401, ownKey: true }).next).not.toContain('operator');
    },
  );

  it('tells a missing key from a refused one', () => {
    expect(explain('bad_key').what).toBe('The bot has no API key for OpenRouter.');
    expect(explain('bad_key', { status: 401 }).what).toBe("OpenRouter rejected the bot's API key.");
  });

  it.each([
    [undefined, 'in a moment'],
    [200, 'in a moment'],
    [1_000, 'in 1 second'],
    [42_000, 'in 42 seconds'],
    [60_000, 'in about 1 minute'],
    [61_000, 'in about 2 minutes'],
    [3 * 3_600_000, 'in about 3 hours'],
  ])('words a wait of %s ms as "%s"', (retryAfterMs, words) => {
    const { next } = explain('rate_limited', retryAfterMs === undefined ? {} : { retryAfterMs });
    expect(next).toBe(`Try again ${words}, or pick another model.`);
  });
});
