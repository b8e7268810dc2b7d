import { describe, expect, it } from 'vitest';
import { explainLimit, levelInWords } from '../../../src/core/ledger/limit-words.ts';
import type { LimitName } from '../../../src/core/ports/limits.ts';
import type { Platform } from '../../../src/core/ports/platforms.ts';

const NOW = Date.UTC(2026, 10, 23, 19);
const MIDNIGHT = Date.UTC(2026, 10, 24);

const reached = (limit: LimitName, renewsAtMs = MIDNIGHT) =>
  ({ ok: false, limit, unit: 'requests', used: 2, setAside: 0, most: 2, needed: 1, renewsAtMs }) as const;
const on = (platform: Platform | null) => ({ nowMs: NOW, timeZone: 'UTC', platform });

describe('when a limit resets', () => {
  it.each([
    ['discord', '<t:1795478400:R>'],
    ['slack', '<!date^1795478400^{date_short_pretty} at {time}|at 00:00 (UTC), in 5 hours>'],
    ['web', 'at 00:00 (UTC), in 5 hours'],
    [null, 'at 00:00 (UTC), in 5 hours'],
  ] as const)('is said on %s as it shows times', (platform, time) => {
    const reader = on(platform);
    expect(explainLimit(reached('requestsPerUserPerDay'), reader)).toBe(
      `Daily limit reached (2 requests). It resets ${time}.`,
    );
    expect(levelInWords({ ...reached('requestsPerUserPerDay') }, reader)).toBe(
      `2 of 2 requests used (daily limit). It resets ${time}.`,
    );
  });

  it.each([
    [0, 'in 1 second'],
    [90, 'in 90 seconds'],
    [91, 'at 19:01 (UTC), in 2 minutes'],
    [3_599, 'at 19:59 (UTC), in 60 minutes'],
    [3_600, 'at 20:00 (UTC), in 1 hour'],
    [86_400, 'at 19:00 (UTC), in 24 hours'],
    [86_401, 'on 24 November at 19:00 (UTC)'],
  ])('is said of a moment in %d s: %s', (seconds, words) => {
    const soon = reached('requestsPerUserPerMinute', NOW + seconds * 1_000);
    expect(explainLimit(soon, on(null))).toContain(`It resets ${words}.`);
  });

  it('is said as Slack shows times from two minutes on', () => {
    const at = (seconds: number) =>
      explainLimit(reached('requestsPerUserPerMinute', NOW + seconds * 1_000), on('slack'));
    expect(at(119)).toMatch(/It resets at 19:01/);
    expect(at(120)).toMatch(/It resets <!date\^/);
  });

  it('is said in seconds if it is that soon, on Slack too, whose dates have minutes alone', () => {
    const soon = reached('requestsPerUserPerMinute', NOW + 20_000);
    expect(explainLimit(soon, on('slack'))).toBe(
      'Per-minute limit reached (2 requests). It resets in 20 seconds.',
    );
    expect(explainLimit(soon, on('discord'))).toBe(
      `Per-minute limit reached (2 requests). It resets <t:${(NOW + 20_000) / 1_000}:R>.`,
    );
  });
});

describe('a limit on spending that is reached', () => {
  const spent = {
    ...reached('nanoUsdPerUserPerDay'),
    unit: 'nanoUsd',
    most: 100_000_000,
    needed: 20_000_000,
  } as const;

  it.each([
    ['used up', { used: 100_000_000 }, 'Daily limit reached ($0.10). It resets at 00:00 (UTC), in 5 hours.'],
    [
      'too small for the question',
      { used: 90_000_000 },
      'This question could cost up to $0.02, but only $0.01 of the daily limit ($0.10) is left. It resets at 00:00 (UTC), in 5 hours. A cheaper model or a shorter question may still fit.',
    ],
    [
      'reserved in part',
      { used: 100_000_000, setAside: 20_000_000 },
      'This question could cost up to $0.02, but only $0 of the daily limit ($0.10) is left. It resets at 00:00 (UTC), in 5 hours. A cheaper model or a shorter question may still fit. $0.02 is reserved for answers in progress: try again when they are done.',
    ],
  ])('is said to be %s', (_, use, words) => {
    expect(explainLimit({ ...spent, ...use }, on(null))).toBe(words);
  });
});
