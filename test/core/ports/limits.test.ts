import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS, limitsSchema, tightest, UNLIMITED_GUILD } from '../../../src/core/ports/limits.ts';
import { TIERS } from '../../../src/core/ports/tiers.ts';

describe('limitsSchema', () => {
  it('has a default for every limit of every tier and of the installation', () => {
    const { tiers, installation } = limitsSchema.parse(undefined);
    for (const tier of TIERS) {
      for (const most of Object.values(tiers[tier])) expect(most).toBeGreaterThan(0);
    }
    const names = [...Object.keys(tiers.free), ...Object.keys(installation)];
    expect(names.sort()).toEqual(Object.keys(LIMITS).sort());
    for (const most of Object.values(installation)) expect(most).toBeGreaterThan(0);
  });

  it('has an example in docs/costs.md with every limit at its default', () => {
    const [, json = ''] = /```json\n(.*?)```/s.exec(readFileSync('docs/costs.md', 'utf8')) ?? [];
    const { premium, installation } = JSON.parse(json).limits;
    expect(Object.keys({ ...premium, ...installation })).toEqual(
      Object.values(LIMITS).map(({ setting }) => setting),
    );
    expect(limitsSchema.parse({ premium, installation })).toEqual(limitsSchema.parse(undefined));
  });

  it('reads dollars exactly into nano-dollars, and keeps the defaults of what is left out', () => {
    const defaults = limitsSchema.parse({});
    const { tiers, installation } = limitsSchema.parse({
      free: { usdPerUserPerDay: 0.1, requestsPerUserPerDay: 7 },
      installation: { usdPerMonth: 1_000_000 },
    });
    expect(tiers.free).toEqual({
      ...defaults.tiers.free,
      nanoUsdPerUserPerDay: 100_000_000,
      requestsPerUserPerDay: 7,
    });
    expect(tiers.premium).toEqual(defaults.tiers.premium);
    expect(installation.nanoUsdPerMonth).toBe(1e15);
    expect(installation.nanoUsdPerDay).toBe(defaults.installation.nanoUsdPerDay);
  });

  it('lifts a limit that is null, and closes what is 0', () => {
    const { tiers } = limitsSchema.parse({ premium: { usdPerGuildPerDay: null, usdPerGuildPerMonth: 0 } });
    expect(tiers.premium.nanoUsdPerGuildPerDay).toBeNull();
    expect(tiers.premium.nanoUsdPerGuildPerMonth).toBe(0);
  });

  it.each([
    ['a negative amount', { free: { usdPerUserPerDay: -1 } }, ['free', 'usdPerUserPerDay']],
    ['half a request', { free: { requestsPerUserPerDay: 0.5 } }, ['free', 'requestsPerUserPerDay']],
    ['over a million dollars', { installation: { usdPerDay: 1_000_000.01 } }, ['installation', 'usdPerDay']],
    [
      'over a billion requests',
      { free: { requestsPerUserPerDay: 1_000_000_001 } },
      ['free', 'requestsPerUserPerDay'],
    ],
    ['a limit that does not exist', { free: { usdPerUser: 1 } }, ['free']],
    ['a tier that does not exist', { gold: {} }, []],
  ])('refuses %s, and says where', (_, config, path) => {
    expect(limitsSchema.safeParse(config).error?.issues[0]?.path).toEqual(path);
  });
});

describe('each limit', () => {
  const said = Object.values(LIMITS).map(({ setting, scope, unit, period, defaults }) => {
    const most = typeof defaults === 'number' ? [defaults] : TIERS.map((tier) => defaults[tier]);
    return `${setting}: ${unit} per ${scope} and ${period}, ${most.join(' ')}`;
  });

  it('counts this for whom and how long, up to these defaults', () => {
    expect(said).toEqual([
      'requestsPerUserPerMinute: attempts per user and minute, 10 10 10 10',
      'requestsPerUserPerDay: requests per user and day, 100 300 300 300',
      'usdPerUserPerDay: nanoUsd per user and day, 0.1 2 2 4',
      'usdPerGuildPerDay: nanoUsd per guild and day, 0.5 10 10 20',
      'usdPerGuildPerMonth: nanoUsd per guild and month, 5 100 100 200',
      'usdPerDay: nanoUsd per installation and day, 50',
      'usdPerMonth: nanoUsd per installation and month, 500',
    ]);
  });
});

describe('tightest', () => {
  it('takes the smaller of each limit, and the only one where there is one', () => {
    const tier = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 100, nanoUsdPerGuildPerDay: 5 };
    const admin = {
      ...UNLIMITED_GUILD,
      requestsPerUserPerDay: 20,
      nanoUsdPerGuildPerDay: 9,
      nanoUsdPerUserPerDay: 0,
    };
    const both = {
      ...UNLIMITED_GUILD,
      requestsPerUserPerDay: 20,
      nanoUsdPerGuildPerDay: 5,
      nanoUsdPerUserPerDay: 0,
    };
    expect(tightest(tier, admin)).toEqual(both);
    expect(tightest(admin, tier)).toEqual(both);
    expect(tightest(UNLIMITED_GUILD, UNLIMITED_GUILD)).toEqual(UNLIMITED_GUILD);
  });
});
