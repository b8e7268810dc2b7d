import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createGuildNames } from '../../src/core/access/guild-names.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { type UsageRecord, usageRecord } from '../../src/core/ledger/usage.ts';
import { openStore } from '../../src/store/open-store.ts';

const DAY_MS = 24 * 3_600_000;

let folder: string;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  url = `sqlite:${join(folder, 'parley.db')}`;
  const record: UsageRecord = {
    id: 'r1',
    guild: 'discord:1',
    user: '42',
    userName: 'Mia',
    model: 'openai/gpt-4o',
    provider: 'openai',
    payer: 'operator',
    atMs: Date.now(),
    costNanoUsd: 20_000_000,
    promptTokens: 10,
    completionTokens: 20,
    basis: 'provider',
  };
  const store = await openStore(url, { clock: systemClock, log: pino({ level: 'silent' }) });
  await store.records.append(usageRecord(record));
  await store.records.append(usageRecord({ ...record, id: 'r2', guild: 'slack:T1', user: 'T1/U1' }));
  await store.records.append(usageRecord({ ...record, id: 'r3', atMs: Date.now() - 40 * DAY_MS }));
  await createGuildNames(store).keep(new Map([['discord:1', 'Chess club']]));
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  runCli(['usage', ...args], async () => ({ variables: { STORE_URL: url }, inFile: new Set() }));

describe('usage on the command line', () => {
  it('is that of all guilds', async () => {
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toMatch(
      /^Today: 2 requests · .*\nThis month: 2 requests · .*\nLast 30 days: 2 requests · 60 tokens · \$0\.04\n\nGuild /,
    );
    expect(output).toMatch(/\nGuild +Name +Requests +Tokens +Cost\n/);
    expect(output).toMatch(/\nslack:T1 +1 +30 +\$0\.02\n/);
    expect(output).toMatch(/\ndiscord:1 +Chess club +1 +30 +\$0\.02\n/);
    expect(output).toMatch(/\nModel +Requests .*\nopenai\/gpt-4o +2 +60 +\$0\.04\n/);
    expect(output).toMatch(/\nMia +42 +Chess club +1 +30 +\$0\.02\n/);
    expect(output).toMatch(/\nMia +T1\/U1 +slack:T1 +1 +30 +\$0\.02\n/);
  });

  it('is that of one guild, for as many days as wanted', async () => {
    expect((await run('discord:1')).output).toMatch(/^Last 30 days: 1 request /m);
    expect((await run('discord:1', '--days', '90')).output).toMatch(/^Last 90 days: 2 requests /m);
    expect((await run('discord:2')).output).toMatch(/: nothing\n$/);
  });

  it('names what dead processes left, and nobody could name the cost of so far', async () => {
    const store = await openStore(url, { clock: systemClock, log: pino({ level: 'silent' }) });
    const reservation = {
      draws: [],
      reserved: { nanoUsd: 250_000_000, setAsideNanoUsd: 0, requests: 1, attempts: 1 },
      entry: { guild: 'discord:1', user: '42', model: 'm', provider: 'openai', payer: 'operator' },
      madeAtMs: Date.now(),
      owner: 'process',
    } as const;
    await store.ledger.reserve({ ...reservation, id: 'dead', leaseUntilMs: Date.now() });
    await store.ledger.reserve({ ...reservation, id: 'live', leaseUntilMs: Date.now() + DAY_MS });
    await store.close();
    const line = 'Not settled, left by dead processes: 1 request, with $0.25 reserved for them\n';
    expect((await run()).output).toContain(line);
    expect((await run('discord:1')).output).toContain(line);
    expect((await run('slack:T1')).output).not.toContain('Not settled');
    // As many requests as count towards the limits.
    const { output } = await run('discord:1');
    expect(output).toMatch(/: 3 requests · .* · 2 of them not settled yet, at most \$0\.50 more\n/);
    expect(output).toMatch(/Requests +Tokens +Cost +Not settled +At most\n/);
    expect(output).toMatch(/\nm +2 +0 +\$0 +2 +\$0\.50\n/);
  });

  it('is a table or JSON for scripts', async () => {
    const { output } = await run('slack:T1', '--csv');
    expect(output).toMatch(
      /^day,guild,.*\r\n.*,slack:T1,T1\/U1,Mia,openai\/gpt-4o,operator,1,10,20,0\.020000000,0,0\.000000000,0,0,0\.000000000\n$/,
    );
    expect(JSON.parse((await run('slack:T1', '--json')).output)).toMatchObject([
      { guild: 'slack:T1', requests: 1, costNanoUsd: 20_000_000 },
    ]);
  });

  it.each([
    [['--days', '0'], /--days must be/],
    [['nowhere'], /is not a guild/],
    [['discord:1', 'more'], /is one argument too many/],
  ])('refuses %j', async (args, words) => {
    const { code, errors } = await run(...args);
    expect(code).toBe(2);
    expect(errors).toMatch(words);
  });
});
