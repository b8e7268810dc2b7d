import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUsageLog, type UsageRecord, usageRecord } from '../../../src/core/ledger/usage.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { collect } from '../../support/collect.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const USAGE: UsageRecord = {
  id: 'r1',
  guild: 'discord:1',
  user: '42',
  model: 'openai/gpt-4o',
  provider: 'openai',
  payer: 'operator',
  atMs: 1,
  costNanoUsd: 123,
  promptTokens: 10,
  completionTokens: 20,
  basis: 'tokens',
};

describe('the usage log', () => {
  let store: Store;

  beforeEach(async () => {
    store = await openStore('memory:', { clock: createFakeClock(), log: pino({ level: 'silent' }) });
  });
  afterEach(() => store.close());

  it('gives back what was spent, by guild, person and time, and nothing of other kinds', async () => {
    const usage = createUsageLog(store.records);
    const later: UsageRecord = { ...USAGE, id: 'r2', user: '43', atMs: 2 };
    await store.records.append(usageRecord(USAGE));
    await store.records.append(usageRecord(later));
    await store.records.append({ ...usageRecord(USAGE), kind: 'audit', data: null });
    expect(await collect(usage.query({}))).toEqual([later, USAGE]);
    expect(await collect(usage.query({ of: { guild: 'discord:1', user: '42' } }))).toEqual([USAGE]);
    expect(await collect(usage.query({ fromMs: 2 }))).toEqual([later]);
  });

  it('forgets what it is told to', async () => {
    const usage = createUsageLog(store.records);
    await store.records.append(usageRecord(USAGE));
    await store.records.append({ ...usageRecord(USAGE), kind: 'audit', data: null });
    expect(await usage.remove({ of: { guild: 'discord:1', user: '42' } })).toBe(1);
    expect(await collect(usage.query({}))).toEqual([]);
    expect(await collect(store.records.query({ kind: 'audit' }))).toHaveLength(1);
  });

  it('rejects where a record is not one', async () => {
    await store.records.append({ ...usageRecord(USAGE), data: { costNanoUsd: 'much' } });
    await expect(collect(createUsageLog(store.records).query({}))).rejects.toThrow();
  });
});
