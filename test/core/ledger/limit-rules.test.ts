import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from '../../../src/core/access/audit.ts';
import { createLimitRules } from '../../../src/core/ledger/limit-rules.ts';
import { type LimitsConfig, limitsSchema, UNLIMITED_GUILD } from '../../../src/core/ledger/limits.ts';
import type { Store } from '../../../src/core/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const config = limitsSchema.parse(undefined);
const mia = { guild: 'discord:1', user: 'mia', payer: 'operator' } as const;

describe('limit rules', () => {
  const clock = createFakeClock();
  let store: Store;

  beforeEach(async () => {
    store = await openStore('memory:', { clock, log: pino({ level: 'silent' }) });
  });
  afterEach(() => store.close());

  const rulesOf = (tiers: LimitsConfig | null = config) =>
    createLimitRules({ store, config: tiers, audit: createAuditLog(store.records), clock });
  const change = { guild: 'discord:1', limit: 'requestsPerUserPerDay', by: 'discord:ada' } as const;

  it('are the tier’s where nobody set any, and none for what a guild pays itself', async () => {
    expect(await rulesOf().limitsFor(mia, 'premium')).toEqual(config.tiers.premium);
    expect(await rulesOf().limitsFor({ ...mia, payer: 'guild' }, 'premium')).toEqual(UNLIMITED_GUILD);
  });

  it('of the operator stand in the place of the tier’s; those of admins tighten them, whoever pays', async () => {
    const rules = rulesOf();
    await rules.change({ ...change, layer: 'operator', most: 1_000 });
    expect((await rules.limitsFor(mia, 'free')).requestsPerUserPerDay).toBe(1_000);
    await rules.change({ ...change, layer: 'guild', most: 20 });
    await rules.change({ ...change, layer: { user: 'mia' }, most: 10 });
    await rules.change({ ...change, layer: { user: 'ben' }, most: 30 });
    const of = async (user: string, payer: 'operator' | 'guild') =>
      (await rules.limitsFor({ ...mia, user, payer }, 'free')).requestsPerUserPerDay;
    expect([await of('mia', 'operator'), await of('ben', 'operator'), await of('zoe', 'operator')]).toEqual([
      10, 20, 20,
    ]);
    expect([await of('mia', 'guild'), await of('zoe', 'guild')]).toEqual([10, 20]);
  });

  it('are kept for the next process, and gone when they are taken back', async () => {
    await rulesOf().change({ ...change, layer: { user: 'mia' }, most: 10 });
    expect((await rulesOf().limitsFor(mia, 'free')).requestsPerUserPerDay).toBe(10);
    await rulesOf().change({ ...change, layer: { user: 'mia' }, most: undefined });
    expect(await rulesOf().rules('discord:1')).toEqual({ operator: {}, guild: {}, users: {} });
  });

  it('know people by any name', async () => {
    const limits = await rulesOf().limitsFor({ ...mia, user: 'constructor' }, 'free');
    expect(limits).toEqual(config.tiers.free);
  });

  it('count for nothing where all limits are off', async () => {
    await rulesOf().change({ ...change, layer: 'guild', most: 1 });
    expect(await rulesOf(null).limitsFor(mia, 'free')).toEqual(UNLIMITED_GUILD);
  });
});
