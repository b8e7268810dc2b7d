import { describe, expect, it } from 'vitest';
import type { GuildInQuestion } from '../../../src/core/access/access.ts';
import type { GuildNames } from '../../../src/core/access/guild-names.ts';
import { createDates, lastDays } from '../../../src/core/kit/time/periods.ts';
import { listGuilds } from '../../../src/core/ledger/guild-list.ts';
import {
  groupsOf,
  readUsage,
  shownOf,
  sumInWords,
  sumOf,
  type UsageRow,
  type UsageSources,
  usageCsv,
  usageSince,
} from '../../../src/core/ledger/report.ts';
import type { UsageRecord } from '../../../src/core/ledger/usage.ts';
import type { Reservation } from '../../../src/core/ports/store.ts';

const RECORD: UsageRecord = {
  id: 'r1',
  guild: 'discord:1',
  user: '42',
  userName: 'Mia',
  model: 'openai/gpt-4o',
  provider: 'openai',
  payer: 'operator',
  atMs: Date.UTC(2026, 10, 23, 12),
  costNanoUsd: 123,
  promptTokens: 10,
  completionTokens: 20,
  basis: 'tokens',
};

const ROW: UsageRow = {
  day: '2026-11-23',
  guild: 'discord:1',
  user: '42',
  userName: 'Mia',
  model: 'openai/gpt-4o',
  payer: 'operator',
  requests: 1,
  costNanoUsd: 123,
  unsettled: 0,
  unsettledNanoUsd: 0,
  promptTokens: 10,
  completionTokens: 20,
  good: 0,
  bad: 0,
  ratedNanoUsd: 0,
  pricedGood: 0,
};

function logOf(records: readonly UsageRecord[], open: readonly Reservation[] = []): UsageSources {
  return {
    usage: {
      async *query({ fromMs = 0 }) {
        yield* records.filter(({ atMs }) => atMs >= fromMs);
      },
    },
    ledger: { openReservations: async () => open },
  };
}

describe('usageSince', () => {
  it('counts what is not settled once, whether it is settled meanwhile or not', async () => {
    const { id: _, atMs: madeAtMs, costNanoUsd, promptTokens, completionTokens, basis, ...entry } = RECORD;
    const open = ['r1', 'r2', 'old'].map(
      (id): Reservation => ({
        id,
        entry,
        draws: [],
        reserved: { nanoUsd: 500_000_000, setAsideNanoUsd: 500_000_000, requests: 1, attempts: 1 },
        madeAtMs: id === 'old' ? 0 : madeAtMs,
        owner: 'process',
        leaseUntilMs: 0,
      }),
    );
    const [row, ...others] = await usageSince(
      logOf([RECORD], open),
      { day: '2026-11-01' },
      createDates('UTC'),
    );
    expect(row).toEqual({ ...ROW, requests: 2, unsettled: 1, unsettledNanoUsd: 500_000_000 });
    expect(others).toEqual([]);
    expect(sumInWords(sumOf([row ?? ROW]))).toBe(
      '2 requests · 30 tokens · <$0.0001 · 1 of them not settled yet, at most $0.50 more',
    );
  });

  it('sums by day, person, model and payer, under the newest name', async () => {
    const records: UsageRecord[] = [
      RECORD,
      { ...RECORD, id: 'r2', userName: 'Mia as she was', costNanoUsd: 7 },
      { ...RECORD, id: 'r3', payer: 'guild' },
      { ...RECORD, id: 'r4', user: '43', userName: 'Ben' },
    ];
    const rows = await usageSince(logOf(records), { day: '2026-11-01' }, createDates('UTC'));
    expect(rows).toEqual([
      { ...ROW, requests: 2, costNanoUsd: 130, promptTokens: 20, completionTokens: 40 },
      { ...ROW, payer: 'guild' },
      { ...ROW, user: '43', userName: 'Ben' },
    ]);
  });

  it.each([
    ['UTC', Date.UTC(2026, 10, 22, 23, 59, 59), []],
    ['UTC', Date.UTC(2026, 10, 23), ['2026-11-23']],
    ['Pacific/Kiritimati', Date.UTC(2026, 10, 22, 10), ['2026-11-23']],
    ['Pacific/Kiritimati', Date.UTC(2026, 10, 22, 9, 59), []],
    ['Asia/Kathmandu', Date.UTC(2026, 10, 22, 18, 15), ['2026-11-23']],
    ['Pacific/Niue', Date.UTC(2026, 10, 24, 10, 59), ['2026-11-23']],
  ])('begins with the day in the time zone %s (%d)', async (timeZone, atMs, days) => {
    const rows = await usageSince(logOf([{ ...RECORD, atMs }]), { day: '2026-11-23' }, createDates(timeZone));
    expect(rows.map(({ day }) => day)).toEqual(days);
  });
});

describe('lastDays', () => {
  it('counts days of the calendar, over the ends of months', () => {
    expect(lastDays('2026-03-01', 3)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
  });
});

describe('groupsOf', () => {
  it('puts the dearest first, and the busiest first of equals', () => {
    const rows = [
      { ...ROW, model: 'a', costNanoUsd: 0 },
      { ...ROW, model: 'b', costNanoUsd: 0, requests: 9 },
      { ...ROW, model: 'c', costNanoUsd: 1 },
      { ...ROW, model: 'a', costNanoUsd: 0 },
    ];
    const groups = groupsOf(rows, ({ model }) => model);
    expect(groups.map(({ key, sum }) => [key, sum.requests])).toEqual([
      ['c', 1],
      ['b', 9],
      ['a', 2],
    ]);
    expect(sumOf(rows).requests).toBe(12);
  });
});

it.each([
  [6, 6],
  [7, 5],
])('of %d groups, a chart with six colours shows %d, the largest; the others are one', (count, shown) => {
  const keys = Array.from({ length: count }, (_, index) => `group ${index}`);
  expect(shownOf([...keys, ...keys])).toEqual(keys.slice(0, shown));
});

describe('usageCsv', () => {
  const HEAD =
    'day,guild,user,name,model,payer,requests,prompt_tokens,completion_tokens,cost_usd,unsettled_requests,unsettled_usd_at_most,good_answers,bad_answers,rated_cost_usd\r\n';

  it('has a line per row, money to the nano-dollar', () => {
    expect(usageCsv([ROW], 10_000).csv).toBe(
      `${HEAD}2026-11-23,discord:1,42,Mia,openai/gpt-4o,operator,1,10,20,0.000000123,0,0.000000000,0,0,0.000000000\r\n`,
    );
  });

  it.each([
    ['Mia, "the" first', '"Mia, ""the"" first"'],
    ['two\nlines', '"two\nlines"'],
    ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['@mia', "'@mia"],
    ['-1+1', "'-1+1"],
  ])('writes the name %j as text', (userName, cell) => {
    expect(usageCsv([{ ...ROW, userName }], 10_000).csv).toContain(`,42,${cell},openai`);
  });

  it('leaves out the oldest rows where it would be too long, and says how many', () => {
    const rows = Array.from({ length: 100 }, () => ROW);
    const { csv, left } = usageCsv(rows, 1_010);
    expect(left).toBe(90);
    expect(csv.trimEnd().split('\r\n')).toHaveLength(11);
  });
});

it.each([
  [7, { today: 1, month: 11, days: 1 }],
  [40, { today: 1, month: 11, days: 111 }],
])('a report on %d days has the sums of today, of the month and of its days', async (count, sums) => {
  const records = [
    { ...RECORD, id: 'r1', costNanoUsd: 1 },
    { ...RECORD, id: 'r2', costNanoUsd: 10, atMs: Date.UTC(2026, 10, 2) },
    { ...RECORD, id: 'r3', costNanoUsd: 100, atMs: Date.UTC(2026, 9, 20) },
    { ...RECORD, id: 'r4', costNanoUsd: 1_000, atMs: Date.UTC(2026, 7, 1) },
  ];
  const clock = { now: () => Date.UTC(2026, 10, 23, 13) };
  const report = await readUsage({ ...logOf(records), clock, timeZone: 'UTC' }, null, count);
  expect(report.sums).toMatchObject({
    today: { costNanoUsd: sums.today },
    month: { costNanoUsd: sums.month },
    days: { costNanoUsd: sums.days },
  });
  expect([report.today, report.days.length]).toEqual(['2026-11-23', count]);
});

it('guilds are listed by cost, then by requests, then by id, with those that hold something or have the bot', async () => {
  const rows: UsageRow[] = [
    { ...ROW, guild: 'discord:b', costNanoUsd: 0, requests: 1 },
    { ...ROW, guild: 'discord:c', costNanoUsd: 0, requests: 2 },
    { ...ROW, guild: 'discord:d', costNanoUsd: 0, requests: 1 },
    { ...ROW, guild: 'discord:e', costNanoUsd: 5, requests: 1, day: '2026-11-23' },
    { ...ROW, guild: 'discord:e', costNanoUsd: 5, requests: 1, day: '2026-11-22' },
  ];
  const listed = await listGuilds(
    {
      guilds: {
        holding: async () => ['discord:z'],
        access: async () => ({ tier: 'free' }) as GuildInQuestion,
      },
      names: {
        of: async () => new Map([['discord:e', 'E']]),
        guilds: async function* () {
          yield 'discord:y';
        },
      } as unknown as GuildNames,
    },
    rows,
  );
  expect(
    listed.map(({ guild, name, requests, costNanoUsd, lastDay }) => [
      guild,
      name,
      requests,
      costNanoUsd,
      lastDay,
    ]),
  ).toEqual([
    ['discord:e', 'E', 2, 10, '2026-11-23'],
    ['discord:c', null, 2, 0, '2026-11-23'],
    ['discord:b', null, 1, 0, '2026-11-23'],
    ['discord:d', null, 1, 0, '2026-11-23'],
    ['discord:y', null, 0, 0, null],
    ['discord:z', null, 0, 0, null],
  ]);
});
