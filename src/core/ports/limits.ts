import { z } from 'zod';
import { parseNanoUsd } from '../kit/money.ts';
import type { PeriodKind } from '../kit/periods.ts';
import type { LedgerUnit } from './store.ts';
import { TIERS, type Tier } from './tiers.ts';

/** What a limit counts, of whom, and for how long. */
export interface LimitKind {
  readonly scope: 'user' | 'guild' | 'installation';
  readonly unit: LedgerUnit;
  readonly period: PeriodKind;
}

/**
 * Every limit there is, the narrowest first: of several that a request would pass, the first is named. Requests per
 * minute count attempts, which are never given back: they guard the bot and its providers, where a day's requests are
 * somebody's allowance.
 */
export const LIMITS = {
  requestsPerUserPerMinute: { scope: 'user', unit: 'attempts', period: 'minute' },
  requestsPerUserPerDay: { scope: 'user', unit: 'requests', period: 'day' },
  nanoUsdPerUserPerDay: { scope: 'user', unit: 'nanoUsd', period: 'day' },
  nanoUsdPerGuildPerDay: { scope: 'guild', unit: 'nanoUsd', period: 'day' },
  nanoUsdPerGuildPerMonth: { scope: 'guild', unit: 'nanoUsd', period: 'month' },
  nanoUsdPerDay: { scope: 'installation', unit: 'nanoUsd', period: 'day' },
  nanoUsdPerMonth: { scope: 'installation', unit: 'nanoUsd', period: 'month' },
} as const satisfies Record<string, LimitKind>;

export type LimitName = keyof typeof LIMITS;

type NamesOf<S extends LimitKind['scope']> = {
  [K in LimitName]: (typeof LIMITS)[K]['scope'] extends S ? K : never;
}[LimitName];

/** The most of each; null where there is no limit. */
export type GuildLimits = Readonly<Record<NamesOf<'user' | 'guild'>, number | null>>;

export type GuildLimitName = keyof GuildLimits;

/** What the operator spends on all guilds together. */
export type InstallationLimits = Readonly<Record<NamesOf<'installation'>, number | null>>;

export const UNLIMITED_GUILD: GuildLimits = {
  requestsPerUserPerMinute: null,
  requestsPerUserPerDay: null,
  nanoUsdPerUserPerDay: null,
  nanoUsdPerGuildPerDay: null,
  nanoUsdPerGuildPerMonth: null,
};

export const GUILD_LIMITS = Object.keys(UNLIMITED_GUILD) as [GuildLimitName, ...GuildLimitName[]];

export const UNLIMITED_INSTALLATION: InstallationLimits = { nanoUsdPerDay: null, nanoUsdPerMonth: null };

/** Both at once: of each limit the smaller one. */
export function tightest(one: GuildLimits, other: GuildLimits): GuildLimits {
  const least = (name: GuildLimitName) => {
    const [a, b] = [one[name], other[name]];
    return a === null ? b : b === null ? a : Math.min(a, b);
  };
  return {
    requestsPerUserPerMinute: least('requestsPerUserPerMinute'),
    requestsPerUserPerDay: least('requestsPerUserPerDay'),
    nanoUsdPerUserPerDay: least('nanoUsdPerUserPerDay'),
    nanoUsdPerGuildPerDay: least('nanoUsdPerGuildPerDay'),
    nanoUsdPerGuildPerMonth: least('nanoUsdPerGuildPerMonth'),
  };
}

/** `limits` of `models.json`. */
export interface LimitsConfig {
  /** For requests that the operator pays for, by the guild's tier. */
  readonly tiers: Readonly<Record<Tier, GuildLimits>>;
  readonly installation: InstallationLimits;
}

const count = z.int().nonnegative().max(1_000_000_000).nullable();
/** In US dollars; up to a million, far below what a counter holds. */
const usd = z.number().nonnegative().max(1_000_000).nullable();

interface TierDefaults {
  readonly requestsPerUserPerMinute: number;
  readonly requestsPerUserPerDay: number;
  readonly usdPerUserPerDay: number;
  readonly usdPerGuildPerDay: number;
  readonly usdPerGuildPerMonth: number;
}

/**
 * Free models cost the operator nothing; what money there is in `free` is for web searches. The others let a busy guild
 * of some dozens of people work, and keep the worst day of one guild from being a month of all.
 */
const TIER_DEFAULTS: Record<Tier, TierDefaults> = {
  free: {
    requestsPerUserPerMinute: 10,
    requestsPerUserPerDay: 100,
    usdPerUserPerDay: 0.1,
    usdPerGuildPerDay: 0.5,
    usdPerGuildPerMonth: 5,
  },
  openai: paid(1),
  openrouter: paid(1),
  premium: paid(2),
};

const INSTALLATION_DEFAULTS = { usdPerDay: 50, usdPerMonth: 500 };

function paid(factor: number): TierDefaults {
  return {
    requestsPerUserPerMinute: 10,
    requestsPerUserPerDay: 300,
    usdPerUserPerDay: 2 * factor,
    usdPerGuildPerDay: 10 * factor,
    usdPerGuildPerMonth: 100 * factor,
  };
}

function tierSchema(defaults: TierDefaults) {
  return z
    .strictObject({
      requestsPerUserPerMinute: count.default(defaults.requestsPerUserPerMinute),
      requestsPerUserPerDay: count.default(defaults.requestsPerUserPerDay),
      usdPerUserPerDay: usd.default(defaults.usdPerUserPerDay),
      usdPerGuildPerDay: usd.default(defaults.usdPerGuildPerDay),
      usdPerGuildPerMonth: usd.default(defaults.usdPerGuildPerMonth),
    })
    .prefault({})
    .transform(
      (limits): GuildLimits => ({
        requestsPerUserPerMinute: limits.requestsPerUserPerMinute,
        requestsPerUserPerDay: limits.requestsPerUserPerDay,
        nanoUsdPerUserPerDay: parseNanoUsd(limits.usdPerUserPerDay),
        nanoUsdPerGuildPerDay: parseNanoUsd(limits.usdPerGuildPerDay),
        nanoUsdPerGuildPerMonth: parseNanoUsd(limits.usdPerGuildPerMonth),
      }),
    );
}

/** `null` lifts a limit; what is left out has its default. */
export const limitsSchema = z
  .strictObject({
    free: tierSchema(TIER_DEFAULTS.free),
    openai: tierSchema(TIER_DEFAULTS.openai),
    openrouter: tierSchema(TIER_DEFAULTS.openrouter),
    premium: tierSchema(TIER_DEFAULTS.premium),
    installation: z
      .strictObject({
        usdPerDay: usd.default(INSTALLATION_DEFAULTS.usdPerDay),
        usdPerMonth: usd.default(INSTALLATION_DEFAULTS.usdPerMonth),
      })
      .prefault({}),
  })
  .prefault({})
  .transform(
    ({ installation, ...tiers }): LimitsConfig => ({
      tiers,
      installation: {
        nanoUsdPerDay: parseNanoUsd(installation.usdPerDay),
        nanoUsdPerMonth: parseNanoUsd(installation.usdPerMonth),
      },
    }),
  );

/** For `LIMITS=off`. */
export const NO_LIMITS: LimitsConfig = {
  tiers: Object.fromEntries(TIERS.map((tier) => [tier, UNLIMITED_GUILD])) as Record<Tier, GuildLimits>,
  installation: UNLIMITED_INSTALLATION,
};
