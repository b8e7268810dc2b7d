import { expect, it } from 'vitest';
import {
  EFFORTS,
  isAbove,
  LEAST_THINKING_CAP_TOKENS,
  nearestEffort,
  ROOM_FACTORS,
  upTo,
} from '../../../src/core/ports/effort.ts';

it('efforts have an order, and room to think from `high` on', () => {
  expect(EFFORTS.join(' ')).toBe('none minimal low medium high xhigh max');
  expect(EFFORTS.map((effort) => ROOM_FACTORS[effort])).toEqual([1, 1, 1, 1, 2, 8, 8]);
  expect(LEAST_THINKING_CAP_TOKENS).toBe(2_048);
  expect([isAbove('high', 'low'), isAbove('low', 'low'), isAbove('none', 'low')]).toEqual([
    true,
    false,
    false,
  ]);
});

it('a bound leaves the efforts up to it', () => {
  expect(upTo('low', ['none', 'low', 'high'])).toEqual(['none', 'low']);
  expect(upTo(null, ['none', 'high'])).toEqual(['none', 'high']);
});

it.each([
  ['medium', ['low', 'medium', 'high'], 'medium'],
  ['medium', ['low', 'high'], 'low'],
  ['minimal', ['low', 'high'], 'low'],
  ['max', [], null],
] as const)('the wish %s becomes the nearest of %j: %s', (wish, efforts, nearest) => {
  expect(nearestEffort(wish, efforts)).toBe(nearest);
});
