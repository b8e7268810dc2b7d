import { describe, expect, it } from 'vitest';
import { momentInWords, parseUntil } from '../../../src/core/access/until.ts';

const NOW = Date.UTC(2026, 10, 23);

describe('an end', () => {
  it.each([
    ['2027-01-01', Date.UTC(2027, 0, 1)],
    ['2027-01-01T18:30Z', Date.UTC(2027, 0, 1, 18, 30)],
    ['2027-01-01T18:30:15Z', Date.UTC(2027, 0, 1, 18, 30, 15)],
    ['2027-01-01T01:00+02:00', Date.UTC(2026, 11, 31, 23)],
    ['2028-02-29', Date.UTC(2028, 1, 29)],
  ])('may be written as %s', (text, atMs) => {
    expect(parseUntil(text, NOW)).toEqual({ ok: true, atMs });
  });

  it.each([
    '',
    'tomorrow',
    '2027',
    '01/02/2027',
    '2027-02-30',
    '2027-02-29',
    '2027-13-01',
    '2027-01-01T18:30',
    '2027-01-01T25:00Z',
  ])('may not be written as %j', (text) => {
    expect(parseUntil(text, NOW)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/must be a date/),
    });
  });

  it('lies ahead', () => {
    expect(parseUntil('2026-11-23', NOW)).toEqual({
      ok: false,
      problem: 'The end, 2026-11-23, is in the past.',
    });
    expect(parseUntil('2026-11-24', NOW).ok).toBe(true);
  });

  it('reads as a date where it is the beginning of a day', () => {
    expect(momentInWords(Date.UTC(2027, 0, 1))).toBe('2027-01-01');
    expect(momentInWords(Date.UTC(2027, 0, 1, 18, 30))).toBe('2027-01-01 18:30 UTC');
  });
});
