import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatUsd,
  parseNanoUsd,
  parsePicoUsd,
  perMillion,
  totalNanoUsd,
  usdPerMillion,
} from '../../../src/core/kit/money.ts';

describe('parsePicoUsd', () => {
  it.each([
    ['0', 0],
    [0, 0],
    ['0.00000015', 150_000],
    [0.000_000_15, 150_000],
    ['1.5e-7', 150_000],
    ['1.5E-7', 150_000],
    [1.5e-7, 150_000],
    ['2e-8', 20_000],
    ['.5', 500_000_000_000],
    ['5.', 5_000_000_000_000],
    ['600', 600_000_000_000_000],
    [' 0.0000375 ', 37_500_000],
  ])('reads %j exactly', (usd, pico) => {
    expect(parsePicoUsd(usd)).toBe(pico);
  });

  it('rounds up what is finer than a pico-dollar', () => {
    expect(parsePicoUsd('0.0000000000001')).toBe(1);
    expect(parsePicoUsd('0.0000000000010000000000000000001')).toBe(2);
    expect(parsePicoUsd('1e-99')).toBe(1);
    expect(parsePicoUsd('0.00000015000000')).toBe(150_000);
    expect(parsePicoUsd(`0.${'0'.repeat(58)}1`)).toBe(1);
  });

  it.each([
    ['-1'],
    [-1],
    [''],
    ['.'],
    ['free'],
    ['1,5'],
    ['0x10'],
    ['1e'],
    ['1e9999'],
    ['1'.repeat(61)],
    [`0.${'0'.repeat(59)}1`],
    ['10000'],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [null],
    [undefined],
    [{}],
  ])('takes %j for no price', (value) => {
    expect(parsePicoUsd(value)).toBeNull();
  });

  it('reads back every amount of pico-dollars, written as a decimal or as a number of JavaScript', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (pico) => {
        const digits = String(pico).padStart(13, '0');
        expect(parsePicoUsd(`${digits.slice(0, -12)}.${digits.slice(-12)}`)).toBe(pico);
        expect(parsePicoUsd(pico / 1e12)).toBe(pico);
      }),
    );
  });
});

describe('parseNanoUsd', () => {
  it('reads a cost, rounded up', () => {
    expect(parseNanoUsd(0.000_021)).toBe(21_000);
    expect(parseNanoUsd('0.0000000001')).toBe(1);
    expect(parseNanoUsd(0.1 + 0.2)).toBe(300_000_001);
  });
});

describe('totalNanoUsd', () => {
  it('sums exactly and rounds up once', () => {
    const third = { units: 1, picoUsdEach: 334 };
    expect(totalNanoUsd([third])).toBe(1);
    expect(totalNanoUsd([third, third, third])).toBe(2);
    expect(totalNanoUsd([])).toBe(0);
  });

  it('prices a request of tokens and searches', () => {
    const charges = [
      { units: 1_000, picoUsdEach: 150_000 },
      { units: 500, picoUsdEach: 600_000 },
      { units: 2, picoUsdEach: 7_000_000_000 },
    ];
    expect(totalNanoUsd(charges)).toBe(150_000 + 300_000 + 14_000_000);
  });

  it('stays exact where floating point would not, and never passes the largest safe amount', () => {
    expect(totalNanoUsd([{ units: 1_048_577, picoUsdEach: 7_999_999_999 }])).toBe(8_388_615_998_952);
    expect(totalNanoUsd([{ units: 1e9, picoUsdEach: Number.MAX_SAFE_INTEGER }])).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });
});

describe('formatUsd', () => {
  it.each([
    [0, 'free'],
    [1, '<$0.0001'],
    [99_999, '<$0.0001'],
    [100_000, '$0.0001'],
    [1_234_567, '$0.0012'],
    [150_000_000, '$0.15'],
    [75_000_000, '$0.075'],
    [999_990_000, '$1.00'],
    [1_200_000_000, '$1.20'],
    [1_234_500_000_000, '$1,234.50'],
  ])('writes %i nano-dollars as %s', (nano, text) => {
    expect(formatUsd(nano)).toBe(text);
  });
});

it('gives prices per million tokens', () => {
  expect(usdPerMillion(150_000)).toBe(0.15);
  expect(perMillion(2_500_000)).toBe('$2.50');
  expect(perMillion(null)).toBe('unknown');
});
