import { expect, it } from 'vitest';
import { formatDuration, waitInWords } from '../../../../src/core/kit/time/durations.ts';

it.each([
  [0, '0.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min 0 s'],
  [125_000, '2 min 5 s'],
])('a duration of %d ms is said as %s', (ms, words) => expect(formatDuration(ms)).toBe(words));

it.each([
  [null, 'in a moment'],
  [999, 'in a moment'],
  [1_000, 'in 1 second'],
  [59_000, 'in 59 seconds'],
  [59_001, 'in about 1 minute'],
  [60_001, 'in about 2 minutes'],
  [3_540_000, 'in about 59 minutes'],
  [3_540_001, 'in about 1 hour'],
  [3_600_001, 'in about 2 hours'],
])('a wait of %d ms is said as %s', (ms, words) => expect(waitInWords(ms)).toBe(words));
