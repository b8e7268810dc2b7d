import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuditEntry,
  createAuditLog,
  entryInWords,
  INSTALLATION,
  newestChanges,
} from '../../../src/core/access/audit.ts';
import { createGuildNames } from '../../../src/core/access/guild-names.ts';
import { createGuilds, type Grant, type Guilds } from '../../../src/core/access/guilds.ts';
import type { OwnKey } from '../../../src/core/access/key-store.ts';
import { boundsInWords, holdingsInWords } from '../../../src/core/access/tier-words.ts';
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

  it('is listed while it has a grant, a purchase or a key, also when those have ended', async () => {
    const keys = {
      of: async () => [],
      async *all() {
        yield { guild: 'web:local', provider: 'openai' } as const;
        yield { guild: GUILD, provider: 'openai' } as const;
      },
    };
    const all = createGuilds({ store, clock, keys, defaultTier: 'free', skuTiers: SKU_TIERS });
    await all.grant('slack:T1', grantOf('openai', { expiresAtMs: clock.now() + 1_000 }));
    await all.purchased('discord', new Map([['discord:2', [{ sku: '100', endsAtMs: 1 }]]]), 'these');
    await all.grant(GUILD, grantOf('openai'));
    await clock.advance(1_000);
    expect(await all.holding()).toEqual([GUILD, 'discord:2', 'slack:T1', 'web:local']);
  });

  it('has keys of its own in its tier, and those that fail apart', async () => {
    const keyOf = (provider: OwnKey['provider'], isResting: boolean): OwnKey => ({
      provider,
      isResting,
      by: 'discord:9',
      lastFour: '1a2b',
      connectedAtMs: 0,
      fault: null,
    });
    const held = [keyOf('openrouter', true), keyOf('openai', false)];
    const keys = { ...NO_KEYS, of: async () => held };
    const open = createGuilds({ store, clock, keys, defaultTier: 'openai' });
    expect(await open.report(GUILD)).toEqual({
      id: GUILD,
      tier: 'premium',
      operatorTier: 'openai',
      ownKeys: ['openrouter', 'openai'],
      failedKeys: ['openrouter'],
      defaultTier: 'openai',
      grants: [],
      purchases: [],
      onSale: [],
      keys: held,
    });
  });

  it('can buy what is for sale on its platform', async () => {
    const twice = new Map<string, Tier>([...SKU_TIERS, ['300', 'openai']]);
    const onSale = async (guild: 'discord:1' | 'slack:T1') =>
      (await guildsOf('free', twice).report(guild)).onSale;
    expect([await onSale(GUILD), await onSale('slack:T1')]).toEqual([['openai', 'openrouter'], []]);
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
    const held = { sku: '100', endsAtMs: clock.now() + 1, tier: 'openai' };
    expect((await guilds.report(GUILD)).purchases).toEqual([held]);
    await clock.advance(1);
    expect(await tierOf()).toBe('free');
    expect((await guilds.report(GUILD)).purchases).toEqual([]);
  });

  it('of a SKU that is not mapped to a tier gives none, nor does one whose mapping is gone', async () => {
    await guilds.purchased('discord', bought('999'), 'these');
    expect(await tierOf()).toBe('free');
    expect((await guilds.report(GUILD)).purchases).toEqual([]);
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

  it('holds purchases by SKU, each with its tier and its end', async () => {
    const end = Date.UTC(2027, 0, 1);
    const both = [
      { sku: '999', endsAtMs: null },
      { sku: '200', endsAtMs: end },
    ];
    await guilds.purchased('discord', new Map([[GUILD, both]]), 'these');
    await guilds.purchased('discord', new Map(), 'all');
    const words = 'SKU 200 (openrouter) until 2027-01-01, SKU 999 (no tier)';
    expect((await entries()).map(({ from, to }) => [from, to])).toEqual([
      [words, null],
      [null, words],
    ]);
    expect(await guilds.holding()).toEqual([]);
  });

  it('holds a grant in place of the default tier, and all grants that it replaces', async () => {
    await guilds.grant(GUILD, grantOf('free', { replacesDefault: true }));
    await guilds.grant(GUILD, grantOf('openai'));
    expect((await entries()).map(({ from, to }) => [from, to])).toEqual([
      ['free, in place of the default tier', 'openai'],
      [null, 'free, in place of the default tier'],
    ]);
  });

  it('is read from the newest change, of a guild or of all, as many as are wanted', async () => {
    const log = createAuditLog(store.records);
    for (const [atMs, guild] of [
      [1, GUILD],
      [2, 'discord:2'],
      [3, GUILD],
    ] as const) {
      await log.append({ guild, by: 'a', atMs, action: 'x', from: null, to: null, reason: '' });
    }
    const times = async (...of: [typeof GUILD | null, number]) =>
      (await newestChanges(log, ...of)).map(({ atMs }) => atMs);
    expect(await times(null, 2)).toEqual([3, 2]);
    expect(await times(null, 9)).toEqual([3, 2, 1]);
    expect(await times(GUILD, 9)).toEqual([3, 1]);
    expect(await times(GUILD, 1)).toEqual([3]);
  });

  it('reads as one line for each change', () => {
    const change = {
      guild: GUILD,
      by: 'discord:9',
      atMs: Date.UTC(2027, 0, 1, 18, 30),
      action: 'tier.grant',
      from: 'openai',
      to: 'premium',
      reason: 'a trial',
    } as const;
    const when = '2027-01-01 18:30 UTC, discord:9, tier.grant of';
    expect(entryInWords(change)).toBe(`${when} discord:1: openai → premium (a trial)`);
    expect(entryInWords({ ...change, guild: INSTALLATION, from: null, to: null, reason: '' })).toBe(
      `${when} all guilds: nothing → nothing`,
    );
  });

  it('notes no grant that was not made', async () => {
    const full = tapStore(store, ({ kind }) => (kind === 'write' ? Promise.reject(new Error('full')) : null));
    const others = createGuilds({ store: full, clock, keys: NO_KEYS, defaultTier: 'free' });
    await expect(others.grant(GUILD, grantOf('premium'))).rejects.toThrow('full');
    expect([await tierOf(), await entries()]).toEqual(['free', []]);
  });
});

describe('a tier in words', () => {
  const end = Date.UTC(2027, 0, 1);
  const key = { by: 'discord:9', connectedAtMs: 0, isResting: false } as const;
  const report = {
    id: GUILD,
    tier: 'premium',
    operatorTier: 'premium',
    ownKeys: [],
    failedKeys: [],
    onSale: [],
    defaultTier: 'free',
    grants: [grantOf('premium', { expiresAtMs: end }), grantOf('openai', { reason: '', by: 'the CLI' })],
    purchases: [
      { sku: '100', tier: 'openai', endsAtMs: null },
      { sku: '200', tier: 'openrouter', endsAtMs: end },
    ],
    keys: [
      { ...key, provider: 'openrouter', lastFour: '1a2b', fault: null },
      { ...key, provider: 'openai', lastFour: '3c4d', fault: 'no_credit' },
      { ...key, provider: 'openai', lastFour: '5e6f', fault: 'bad_key' },
      { ...key, provider: 'openai', lastFour: '7a8b', fault: 'unreadable' },
    ],
  } as const;
  const keys = [
    'openrouter: an API key of its own for OpenRouter (…1a2b)',
    'openai: an API key of its own for OpenAI (…3c4d), whose account has run out of credit',
    'openai: an API key of its own for OpenAI (…5e6f), which the provider rejects',
    'openai: an API key of its own for OpenAI (…7a8b), which can no longer be read; connect it again',
  ];

  it('names its parts, and to operators alone who gave them and why', () => {
    expect(holdingsInWords(report, { forOperator: false })).toEqual([
      'free: the default tier',
      'premium: given by the operator until 2027-01-01',
      'openai: given by the operator',
      'openai: bought',
      'openrouter: bought until 2027-01-01',
      ...keys,
    ]);
    expect(holdingsInWords(report, { forOperator: true })).toEqual([
      'free: the default tier',
      'premium: given by the operator until 2027-01-01 (discord:9: a test)',
      'openai: given by the operator (the CLI)',
      'openai: bought (SKU 100)',
      'openrouter: bought until 2027-01-01 (SKU 200)',
      ...keys,
    ]);
  });

  it('leaves out the default tier if a grant replaces it', () => {
    const grants = [grantOf('openai', { replacesDefault: true })];
    const replaced = { ...report, grants, purchases: [], keys: [] };
    expect(holdingsInWords(replaced, { forOperator: false })).toEqual(['openai: given by the operator']);
    expect(holdingsInWords(replaced, { forOperator: true })).toEqual([
      'openai: given by the operator, in place of the default tier (discord:9: a test)',
    ]);
  });

  it.each([
    [null, null, null],
    [null, 3_000, 'at most 3,000 tokens'],
    ['low', null, 'effort at most `low`'],
    ['low', 3_000, 'at most 3,000 tokens, effort at most `low`'],
  ] as const)('bounds answers: effort %s, %s tokens', (maxEffort, maxAnswerTokens, words) => {
    expect(boundsInWords({ maxEffort, maxAnswerTokens })).toBe(words);
  });
});

it('the name of a guild is stored when it is new or has changed, and found by its id', async () => {
  const written: string[] = [];
  const names = createGuildNames(
    tapStore(store, ({ kind, key }) => void (kind === 'write' && written.push(key))),
  );
  await names.keep(
    new Map([
      [GUILD, 'Chess'],
      ['discord:2', 'Go'],
    ]),
  );
  await names.keep(
    new Map([
      [GUILD, 'Chess'],
      ['discord:2', 'Baduk'],
    ]),
  );
  expect(written).toEqual([GUILD, 'discord:2', 'discord:2']);
  expect(await names.of(['discord:2', 'discord:2', GUILD, 'discord:3'])).toEqual(
    new Map([
      ['discord:2', 'Baduk'],
      [GUILD, 'Chess'],
    ]),
  );
  expect((await Array.fromAsync(names.guilds())).toSorted()).toEqual([GUILD, 'discord:2']);
  await valuesOf(store, 'guild-names').set(GUILD, { version: 1, value: 'no name' });
  await names.keep(new Map([[GUILD, 'Chess']]));
  expect((await names.of([GUILD])).get(GUILD)).toBe('Chess');
});
