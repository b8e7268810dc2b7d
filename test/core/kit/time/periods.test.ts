import { describe, expect, it } from 'vitest';
import {
  createDates,
  createPeriods,
  lastDays,
  type PeriodKind,
} from '../../../../src/core/kit/time/periods.ts';

const iso = (text: string) => Date.parse(text);

function period(zone: string, kind: PeriodKind, at: string) {
  const { key, endMs } = createPeriods(zone)(kind, iso(at));
  return { key, end: new Date(endMs).toISOString() };
}

describe('createPeriods', () => {
  it.each([
    ['UTC', 'minute', '2026-11-23T06:15:59.999Z', '2026-11-23T06:15Z', '2026-11-23T06:16:00.000Z'],
    ['Asia/Kathmandu', 'minute', '2026-11-23T06:15:00Z', '2026-11-23T06:15Z', '2026-11-23T06:16:00.000Z'],
    ['UTC', 'day', '2026-11-23T00:00:00Z', '2026-11-23', '2026-11-24T00:00:00.000Z'],
    ['UTC', 'day', '2026-11-23T23:59:59.999Z', '2026-11-23', '2026-11-24T00:00:00.000Z'],
    ['UTC', 'month', '2026-12-31T23:59:59.999Z', '2026-12', '2027-01-01T00:00:00.000Z'],
    ['UTC', 'month', '2028-02-01T00:00:00Z', '2028-02', '2028-03-01T00:00:00.000Z'],
    ['Asia/Kathmandu', 'day', '2026-11-22T18:15:00Z', '2026-11-23', '2026-11-23T18:15:00.000Z'],
    ['America/New_York', 'month', '2026-12-01T04:59:59Z', '2026-11', '2026-12-01T05:00:00.000Z'],
  ] as const)('%s, %s of %s: %s until %s', (zone, kind, at, key, end) => {
    expect(period(zone, kind, at)).toEqual({ key, end });
  });

  it('gives the day on which clocks go forward 23 hours, and the one on which they go back 25', () => {
    expect(period('Europe/Berlin', 'day', '2026-03-28T23:00:00Z').end).toBe('2026-03-29T22:00:00.000Z');
    expect(period('Europe/Berlin', 'day', '2026-10-24T22:00:00Z').end).toBe('2026-10-25T23:00:00.000Z');
    expect(period('Europe/Berlin', 'month', '2026-10-01T00:00:00Z').end).toBe('2026-10-31T23:00:00.000Z');
  });

  it('begins a day that has no midnight at its first moment', () => {
    // Cairo's clocks go from 24:00 to 1:00.
    expect(period('Africa/Cairo', 'day', '2026-04-23T12:00:00Z').end).toBe('2026-04-23T22:00:00.000Z');
    expect(period('Africa/Cairo', 'day', '2026-04-23T22:00:00Z')).toEqual({
      key: '2026-04-24',
      end: '2026-04-24T21:00:00.000Z',
    });
  });

  it('goes on to the next date where a zone skipped one', () => {
    expect(period('Pacific/Apia', 'day', '2011-12-30T09:59:59Z')).toEqual({
      key: '2011-12-29',
      end: '2011-12-30T10:00:00.000Z',
    });
    expect(period('Pacific/Apia', 'day', '2011-12-30T10:00:00Z').key).toBe('2011-12-31');
  });

  it('covers time without gap or overlap, forwards and back', () => {
    const periods = createPeriods('Australia/Lord_Howe');
    const ends: number[] = [];
    for (let at = iso('2026-01-01T00:00:00Z'); at < iso('2027-01-01T00:00:00Z'); ) {
      const { key, endMs } = periods('day', at);
      expect(periods('day', endMs - 1).key).toBe(key);
      expect(periods('day', endMs).key > key).toBe(true);
      ends.push(endMs);
      at = endMs;
    }
    expect(ends).toHaveLength(366);
    expect(periods('day', iso('2026-06-01T12:00:00Z')).key).toBe('2026-06-01');
  });

  it('refuses a time zone that is not known', () => {
    expect(() => createPeriods('Mars/Olympus')).toThrow(RangeError);
  });
});

it('dates are those of the time zone, to the quarter of an hour', () => {
  const kathmandu = createDates('Asia/Kathmandu');
  const at = (text: string) => kathmandu(iso(text));
  expect(at('2026-11-22T18:14:59.999Z')).toBe('2026-11-22');
  expect(at('2026-11-22T18:15:00Z')).toBe('2026-11-23');
  expect(at('2026-11-22T18:00:00Z')).toBe('2026-11-22');
});

it('the last days end with today, and a month or a leap day between them counts', () => {
  expect(lastDays('2028-03-01', 3)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect(lastDays('2026-01-01', 1)).toEqual(['2026-01-01']);
});
