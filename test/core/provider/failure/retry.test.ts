import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../src/core/ports/provider-errors.ts';
import { retryDelayMs } from '../../../../src/core/provider/failure/retry.ts';

const transient = new ProviderError({ code: 'provider_down', provider: 'P', transient: true });
const limited = (retryAfterMs: number) =>
  new ProviderError({ code: 'rate_limited', provider: 'P', transient: true, retryAfterMs });

describe('retryDelayMs', () => {
  it('doubles from 0.8 s, three times', () => {
    expect([0, 1, 2, 3].map((retries) => retryDelayMs(transient, retries, () => 0))).toEqual([
      800,
      1_600,
      3_200,
      null,
    ]);
  });

  it('shortens a wait by up to a quarter', () => {
    expect(retryDelayMs(transient, 0, () => 0.999_999)).toBeCloseTo(600, 2);
    expect(retryDelayMs(transient, 2, () => 0.5)).toBe(2_800);
  });

  it('waits exactly as long as the provider asks, up to 30 s', () => {
    expect(retryDelayMs(limited(12_345), 0, () => 0.5)).toBe(12_345);
    expect(retryDelayMs(limited(30_000), 2, () => 0.5)).toBe(30_000);
    expect(retryDelayMs(limited(30_001), 0, () => 0.5)).toBeNull();
    expect(retryDelayMs(limited(1_000), 3, () => 0.5)).toBeNull();
  });

  it('does not try again what is not transient, or no fault of the provider', () => {
    expect(retryDelayMs(new ProviderError({ code: 'bad_key', provider: 'P' }), 0, () => 0)).toBeNull();
    expect(retryDelayMs(new DOMException('stopped', 'AbortError'), 0, () => 0)).toBeNull();
  });
});
