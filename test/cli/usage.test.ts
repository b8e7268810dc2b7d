import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { systemClock } from '../../src/core/kit/clock.ts';
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
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  runCli(['usage', ...args], async () => ({ variables: { STORE_URL: url }, inFile: new Set() }));

describe('usage on the command line', () => {
  it('is that of all guilds', async () => {
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toMatch(/^Since \d{4}-\d\d-\d\d: 2 requests · 60 tokens · \$0\.04\nBy guild:\n/);
    expect(output).toContain('  slack:T1: 1 request · 30 tokens · $0.02\n');
    expect(output).toContain('By model:\n  openai/gpt-4o: 2 requests');
    expect(output).toContain('  discord:1 42: 1 request');
  });

  it('is that of one guild, for as many days as wanted', async () => {
    expect((await run('discord:1')).output).toMatch(/^Since .*: 1 request /);
    expect((await run('discord:1', '--days', '90')).output).toMatch(/^Since .*: 2 requests /);
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
    const line = 'Not settled, left by processes that died: 1 request, for which $0.25 stays set aside\n';
    expect((await run()).output).toContain(line);
    expect((await run('discord:1')).output).toContain(line);
    expect((await run('slack:T1')).output).not.toContain('Not settled');
  });

  it('is a table or JSON for scripts', async () => {
    const { output } = await run('slack:T1', '--csv');
    expect(output).toMatch(
      /^day,guild,.*\r\n.*,slack:T1,T1\/U1,Mia,openai\/gpt-4o,operator,1,10,20,0\.020000000\n$/,
    );
    expect(JSON.parse((await run('slack:T1', '--json')).output)).toMatchObject([
      { guild: 'slack:T1', requests: 1, costNanoUsd: 20_000_000 },
    ]);
  });

  it.each([
    [['--days', '0'], /--days must be/],
    [['nowhere'], /is no guild/],
    [['discord:1', 'more'], /is too much/],
  ])('refuses %j', async (args, words) => {
    const { code, errors } = await run(...args);
    expect(code).toBe(2);
    expect(errors).toMatch(words);
  });
});
