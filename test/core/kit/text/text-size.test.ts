import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, sizeOf, type TextUnit } from '../../../../src/core/kit/text/text-size.ts';

const seed = 20261129;

const UNITS = ['utf16', 'utf8', 'utf8-escaped'] as const satisfies readonly TextUnit[];

describe('the size of a text', () => {
  it('is counted as the platform does', () => {
    expect(UNITS.map((unit) => sizeOf('a&<>好😀', unit))).toEqual([7, 11, 21]);
  });

  it('is additive over code points', () => {
    const both = fc.string({ unit: fc.constantFrom('a', '&', '<', 'я', '好', '😀', '\u200d') });
    fc.assert(
      fc.property(both, both, fc.constantFrom(...UNITS), (one, two, unit) => {
        expect(sizeOf(one + two, unit)).toBe(sizeOf(one, unit) + sizeOf(two, unit));
      }),
      { seed },
    );
  });
});

describe('clip', () => {
  it.each([
    ['abcdef', 'utf16', 'abcd…'],
    ['日本語です', 'utf8', '…'],
    ['a&b&c', 'utf8-escaped', 'a…'],
    ['ab 👩‍👩‍👧', 'utf16', 'ab…'],
  ] as const)('cuts %j at a whole grapheme (%s)', (text, unit, expected) => {
    expect(clip(text, { max: 5, unit })).toBe(expected);
  });

  it('leaves alone what fits, and never exceeds the limit', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '&', '<', 'я', '好', '😀', '\u0301') });
    fc.assert(
      fc.property(text, fc.integer({ min: 3, max: 40 }), fc.constantFrom(...UNITS), (value, max, unit) => {
        const cut = clip(value, { max, unit });
        if (sizeOf(value, unit) <= max) expect(cut).toBe(value);
        else expect(sizeOf(cut, unit)).toBeLessThanOrEqual(max);
        expect(value.startsWith(cut.replace(/…$/, ''))).toBe(true);
      }),
      { seed },
    );
  });
});
