import { describe, expect, it } from 'vitest';
import {
  amountInWords,
  explainLimit,
  levelInWords,
  parseAmount,
  useInWords,
} from '../../../src/core/ledger/limit-words.ts';
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

describe('a limit in words', () => {
  it.each([
    ['requestsPerUserPerMinute', '2 of 2 requests used (per-minute limit).'],
    ['requestsPerUserPerDay', '2 of 2 requests used (daily limit).'],
    ['nanoUsdPerUserPerDay', '<$0.0001 of <$0.0001 used (daily limit).'],
    ['nanoUsdPerGuildPerDay', '<$0.0001 of <$0.0001 used (daily limit for everyone here).'],
    ['nanoUsdPerGuildPerMonth', '<$0.0001 of <$0.0001 used (monthly limit for everyone here).'],
    ['nanoUsdPerDay', '<$0.0001 of <$0.0001 used (daily limit for the whole bot).'],
    ['nanoUsdPerMonth', '<$0.0001 of <$0.0001 used (monthly limit for the whole bot).'],
  ] as const)('says what %s counts, and for whom', (limit, words) => {
    expect(levelInWords(reached(limit), on(null))).toBe(`${words} It resets at 00:00 (UTC), in 5 hours.`);
  });

  it.each([
    ['requestsPerUserPerDay', 1, null, '1 request'],
    ['requestsPerUserPerDay', 1_200, 20_000, '1,200 of 20,000 requests'],
    ['requestsPerUserPerMinute', 0, 1, '0 of 1 request'],
    ['nanoUsdPerUserPerDay', 0, 5_000_000_000, '$0 of $5.00'],
    ['nanoUsdPerUserPerDay', 1_200_000_000, null, '$1.20'],
    ['nanoUsdPerUserPerDay', 0, null, '$0'],
  ] as const)('%s with %d of %s is %j', (limit, used, most, words) => {
    expect(useInWords(limit, used, most)).toBe(words);
    if (most === null) expect(amountInWords(limit, used)).toBe(words);
  });
});

describe('an amount that people write', () => {
  const dollars = (text: string) => parseAmount('nanoUsdPerUserPerDay', text);
  const requests = (text: string) => parseAmount('requestsPerUserPerDay', text);

  it.each([
    ['5', 5e9],
    ['$5', 5e9],
    [' $ 5 ', 5e9],
    ['US$5', 5e9],
    ['5$', 5e9],
    ['0.50 USD', 5e8],
    ['.5 usd', 5e8],
    ['1 dollar', 1e9],
    ['2 Dollars', 2e9],
    ['1,000.25', 1_000.25e9],
    ['0', 0],
    ['1,000,000', 1e15],
  ])('of money is read: %j', (text, most) => {
    expect(dollars(text)).toEqual({ ok: true, most });
  });

  it.each(['', 'much', '-5', '5 euros', '1,00', '1.000,50', '5 5', '$', '5.', '1e3'])(
    'of money may not be written as %j',
    (text) => {
      const problem = 'The amount must be in US dollars, such as `5`, `$5` or `0.50`.';
      expect(dollars(text)).toEqual({ ok: false, problem });
    },
  );

  it.each([
    ['20', 20],
    ['1,000', 1_000],
    ['0', 0],
    ['1,000,000', 1_000_000],
  ])('of requests is read: %j', (text, most) => {
    expect(requests(text)).toEqual({ ok: true, most });
  });

  it.each([
    ['many', 'The amount must be a whole number of requests, such as `20`.'],
    ['$5', 'This limit counts requests, not dollars. Use a whole number such as `20`.'],
    ['5 USD', 'This limit counts requests, not dollars. Use a whole number such as `20`.'],
    ['1.5', 'Requests must be a whole number such as `20`.'],
    ['1,000,001', 'The maximum is 1,000,000 requests.'],
  ])('of requests is refused: %j', (text, problem) => {
    expect(requests(text)).toEqual({ ok: false, problem });
  });

  it('of money is at most a million dollars', () => {
    const problem = 'The maximum is $1,000,000.';
    for (const text of ['1000000.01', '99999999999999999999']) {
      expect(dollars(text)).toEqual({ ok: false, problem });
    }
  });
});
