import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditEntry, createAuditLog } from '../../../src/core/access/audit.ts';
import { createGuilds, type Grant, type Guilds } from '../../../src/core/access/guilds.ts';
import { UnreadableValue } from '../../../src/core/coordination/collection.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import type { Tier } from '../../../src/core/ports/tiers.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { tapStore } from '../../support/tapped-store.ts';

const GUILD = 'discord:1';
const SKU_TIERS = new Map<string, Tier>([
  ['100', 'openai'],
  ['200', 'openrouter'],
]);

let clock: FakeClock;
let store: Store;
let guilds: Guilds;

const NO_KEYS = { of: async () => [], async *all() {} };

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log: createLogRecorder().log });
  guilds = guildsOf('free');
});

afterEach(() => store.close());

function guildsOf(defaultTier: Tier, skuTiers = SKU_TIERS): Guilds {
  return createGuilds({ store, clock, keys: NO_KEYS, defaultTier, skuTiers });
}

function grantOf(tier: Tier, more: Partial<Grant> = {}): Grant {
  return { tier, expiresAtMs: null, reason: 'a test', by: 'discord:9', replacesDefault: false, ...more };
}

async function tierOf(guild: 'discord:1' | 'discord:2' | 'slack:T1' = GUILD, of = guilds): Promise<string> {
  return (await of.access(guild)).tier;
}

const entries = (): Promise<AuditEntry[]> => Array.fromAsync(createAuditLog(store.records).query({}));

const bought = (sku: string, endsAtMs: number | null = null) =>
  new Map([[GUILD, [{ sku, endsAtMs }]] as const]);

describe('a guild', () => {
  it('has the default tier until it is given more', async () => {
    expect(await tierOf()).toBe('free');
    expect(await tierOf(GUILD, guildsOf('openai'))).toBe('openai');
  });

  it('has the join of default, grant and purchases, and the operator pays for all of it', async () => {
    const generous = guildsOf('openai');
    await generous.purchased('discord', bought('200'), 'these');
    expect(await generous.access(GUILD)).toEqual({
      id: GUILD,
      tier: 'premium',
      operatorTier: 'premium',
      ownKeys: [],
      failedKeys: [],
    });
    await generous.purchased('discord', new Map([[GUILD, []]]), 'these');
    await generous.grant(GUILD, grantOf('free'));
    expect(await tierOf(GUILD, generous)).toBe('openai');
    await generous.grant(GUILD, grantOf('free', { replacesDefault: true }));
    expect(await tierOf(GUILD, generous)).toBe('free');
  });

  it('opens to an outsider the tier for outsiders, and neither what it was granted nor its keys', async () => {
    const facts = { by: 'discord:9', lastFour: '1a2b', connectedAtMs: 0, fault: null, isResting: false };
    const keys = { ...NO_KEYS, of: async () => [{ ...facts, provider: 'openrouter' } as const] };
    const open = createGuilds({ store, clock, keys, defaultTier: 'free', skuTiers: SKU_TIERS });
    await open.grant(GUILD, grantOf('openai'));
    expect(await open.access(GUILD)).toMatchObject({ tier: 'premium', ownKeys: ['openrouter'] });
    expect(await open.access({ guild: GUILD, isOutsider: true })).toEqual({
      id: GUILD,
      tier: 'free',
      operatorTier: 'free',
      ownKeys: [],
      failedKeys: [],
      hostTier: 'openai',
    });
  });

  it('has a grant until the moment of its end, and then what it had before', async () => {
    await guilds.grant(
      GUILD,
      grantOf('premium', { expiresAtMs: clock.now() + 1_000, replacesDefault: true }),
    );
    await clock.advance(999);
    expect(await tierOf()).toBe('premium');
    await clock.advance(1);
    expect(await tierOf()).toBe('free');
    expect(await tierOf(GUILD, guildsOf('openai'))).toBe('openai');
    expect((await guilds.report(GUILD)).grants).toEqual([]);
  });

  it('has a grant from the next request on, given by another process, and loses it as soon', async () => {
    const elsewhere = guildsOf('free');
    expect(await tierOf()).toBe('free');
    await elsewhere.grant(GUILD, grantOf('openrouter'));
    expect(await tierOf()).toBe('openrouter');
    expect(await elsewhere.revoke(GUILD, { by: 'discord:9', reason: '' })).toBe(true);
    expect(await tierOf()).toBe('free');
    expect(await elsewhere.revoke(GUILD, { by: 'discord:9', reason: '' })).toBe(false);
  });

  it('shares nothing with another guild', async () => {
    await guilds.grant(GUILD, grantOf('premium'));
    await guilds.purchased('discord', bought('100'), 'these');
    expect([await tierOf('discord:2'), await tierOf('slack:T1')]).toEqual(['free', 'free']);
  });
});

describe('a purchase', () => {
  it('holds until the moment of its end', async () => {
    await guilds.purchased('discord', bought('100', clock.now() + 1_000), 'these');
    await clock.advance(999);
    expect(await tierOf()).toBe('openai');
    await clock.advance(1);
    expect(await tierOf()).toBe('free');
  });

  it('of a SKU that is not mapped to a tier gives none, nor does one whose mapping is gone', async () => {
    await guilds.purchased('discord', bought('999'), 'these');
    expect(await tierOf()).toBe('free');
    await guilds.purchased('discord', bought('100'), 'these');
    expect(await tierOf(GUILD, guildsOf('free', new Map()))).toBe('free');
  });

  it('that the platform no longer names is gone', async () => {
    await guilds.purchased('discord', bought('100'), 'these');
    await guilds.purchased('discord', new Map([['discord:2', []]]), 'these');
    expect(await tierOf()).toBe('openai');
    await guilds.purchased('discord', new Map([['discord:2', [{ sku: '200', endsAtMs: null }]]]), 'all');
    expect([await tierOf(), await tierOf('discord:2')]).toEqual(['free', 'openrouter']);
  });

  it('of another platform is left alone when one platform names all of its own', async () => {
    await guilds.purchased('slack', new Map([['slack:T1', [{ sku: '100', endsAtMs: null }]]]), 'these');
    await guilds.purchased('discord', new Map(), 'all');
    expect(await tierOf('slack:T1')).toBe('openai');
  });

  it('whose end moves by less than a minute ends by the new one', async () => {
    await guilds.purchased('discord', bought('100', clock.now() + 20_000), 'these');
    await guilds.purchased('discord', bought('100', clock.now() + 10_000), 'these');
    await clock.advance(10_000);
    expect(await tierOf()).toBe('free');
  });

  it('named twice with different ends holds until the later one', async () => {
    const twice = [
      { sku: '100', endsAtMs: clock.now() + 1_000 },
      { sku: '100', endsAtMs: clock.now() + 2_000 },
    ];
    await guilds.purchased('discord', new Map([[GUILD, twice]]), 'these');
    await clock.advance(1_500);
    expect(await tierOf()).toBe('openai');
    const forEver = { sku: '100', endsAtMs: null };
    for (const all of [
      [...twice, forEver],
      [forEver, ...twice],
    ]) {
      await guilds.purchased('discord', new Map([[GUILD, all]]), 'these');
      expect((await guilds.report(GUILD)).purchases).toMatchObject([forEver]);
    }
  });
});

describe('what cannot be read', () => {
  it.each(['guilds', 'purchases'])('in %s opens nothing, and can be replaced', async (namespace) => {
    const unreadable = { version: 1, value: { grants: [{ tier: 'gold' }], purchases: 1 } };
    await valuesOf(store, namespace).set(GUILD, unreadable);
    await expect(guilds.access(GUILD)).rejects.toThrow(UnreadableValue);
    await guilds.grant(GUILD, grantOf('openrouter'));
    await guilds.purchased('discord', bought('100'), 'these');
    expect(await tierOf()).toBe('premium');
    expect((await entries()).map(({ from }) => from)).toContain('unreadable');
  });
});

describe('the audit log', () => {
  it('holds who changed what, when, from what to what, and why', async () => {
    const end = Date.UTC(2027, 0, 1);
    await guilds.grant(GUILD, grantOf('openai', { reason: 'a trial', expiresAtMs: end }));
    await clock.advance(1_000);
    await guilds.grant(GUILD, grantOf('premium', { by: 'discord:8' }));
    await guilds.purchased('discord', bought('100'), 'these');
    await guilds.revoke(GUILD, { by: 'slack:T1/U1', reason: 'over' });
    const atMs = clock.now();
    expect(await entries()).toEqual([
      {
        guild: GUILD,
        by: 'slack:T1/U1',
        atMs,
        action: 'tier.revoke',
        from: 'premium',
        to: null,
        reason: 'over',
      },
      {
        guild: GUILD,
        by: 'discord',
        atMs,
        action: 'tier.purchases',
        from: null,
        to: 'SKU 100 (openai)',
        reason: '',
      },
      {
        guild: GUILD,
        by: 'discord:8',
        atMs,
        action: 'tier.grant',
        from: 'openai until 2027-01-01',
        to: 'premium',
        reason: 'a test',
      },
      {
        guild: GUILD,
        by: 'discord:9',
        atMs: atMs - 1_000,
        action: 'tier.grant',
        from: null,
        to: 'openai until 2027-01-01',
        reason: 'a trial',
      },
    ]);
  });

  it('holds nothing of purchases that are as they were', async () => {
    await guilds.purchased('discord', bought('100'), 'these');
    await guilds.purchased('discord', bought('100'), 'these');
    await guilds.purchased('discord', bought('100'), 'all');
    expect(await entries()).toHaveLength(1);
  });

  it('notes no grant that was not made', async () => {
    const full = tapStore(store, ({ kind }) => (kind === 'write' ? Promise.reject(new Error('full')) : null));
    const others = createGuilds({ store: full, clock, keys: NO_KEYS, defaultTier: 'free' });
    await expect(others.grant(GUILD, grantOf('premium'))).rejects.toThrow('full');
    expect([await tierOf(), await entries()]).toEqual(['free', []]);
  });
});
