import { z } from 'zod';
import { parseNanoUsd } from '../kit/money.ts';
import type { PeriodKind } from '../kit/periods.ts';
import type { LedgerUnit } from './store.ts';
import { TIERS, type Tier } from './tiers.ts';

/** What a limit counts, of whom, for how long, and how it is written. */
interface LimitRow {
  readonly scope: 'user' | 'guild' | 'installation';
  readonly unit: LedgerUnit;
  readonly period: PeriodKind;
  /** Its name in `limits` of `models.json`. */
  readonly setting: string;
  /** What holds where `models.json` does not say; money in US dollars. By tier, unless all guilds share it. */
  readonly defaults: Readonly<Record<Tier, number>> | number;
  /** For `/limits`: its value in the option `limit`, and in words. Null if `/limits` cannot set it. */
  readonly option: { readonly value: string; readonly label: string } | null;
}

/** Free models cost the operator nothing; what money there is in `free` is for web searches. */
function byTier(free: number, paid: number, premium = paid): Record<Tier, number> {
  return { free, openai: paid, openrouter: paid, premium };
}

/**
 * Every limit there is, the narrowest first: of several that a request would pass, the first is named. Requests per
 * minute count attempts, which are never given back: they guard the bot and its providers, where a day's requests are
 * somebody's allowance. The defaults of money let a busy guild of some dozens of people work, and keep the worst day of one
 * guild from being a month of all.
 */
export const LIMITS = {
  requestsPerUserPerMinute: {
    scope: 'user',
    unit: 'attempts',
    period: 'minute',
    setting: 'requestsPerUserPerMinute',
    defaults: byTier(10, 10),
    option: { value: 'requests-per-minute', label: 'Requests per person per minute' },
  },
  requestsPerUserPerDay: {
    scope: 'user',
    unit: 'requests',
    period: 'day',
    setting: 'requestsPerUserPerDay',
    defaults: byTier(100, 300),
    option: { value: 'requests-per-day', label: 'Requests per person per day' },
  },
  nanoUsdPerUserPerDay: {
    scope: 'user',
    unit: 'nanoUsd',
    period: 'day',
    setting: 'usdPerUserPerDay',
    defaults: byTier(0.1, 2, 4),
    option: { value: 'dollars-per-day', label: 'Spending per person per day' },
  },
  nanoUsdPerGuildPerDay: {
    scope: 'guild',
    unit: 'nanoUsd',
    period: 'day',
    setting: 'usdPerGuildPerDay',
    defaults: byTier(0.5, 10, 20),
    option: { value: 'all-dollars-per-day', label: 'Total spending per day' },
  },
  nanoUsdPerGuildPerMonth: {
    scope: 'guild',
    unit: 'nanoUsd',
    period: 'month',
    setting: 'usdPerGuildPerMonth',
    defaults: byTier(5, 100, 200),
    option: { value: 'all-dollars-per-month', label: 'Total spending per month' },
  },
  nanoUsdPerDay: {
    scope: 'installation',
    unit: 'nanoUsd',
    period: 'day',
    setting: 'usdPerDay',
    defaults: 50,
    option: null,
  },
  nanoUsdPerMonth: {
    scope: 'installation',
    unit: 'nanoUsd',
    period: 'month',
    setting: 'usdPerMonth',
    defaults: 500,
    option: null,
  },
} as const satisfies Record<string, LimitRow>;

export type LimitName = keyof typeof LIMITS;

type NamesOf<S extends LimitRow['scope']> = {
  [K in LimitName]: (typeof LIMITS)[K]['scope'] extends S ? K : never;
}[LimitName];

export type GuildLimitName = NamesOf<'user' | 'guild'>;
type InstallationLimitName = NamesOf<'installation'>;

/** The most of each; null if there is no limit. */
export type GuildLimits = Readonly<Record<GuildLimitName, number | null>>;

/** What the operator spends on all guilds together. */
export type InstallationLimits = Readonly<Record<InstallationLimitName, number | null>>;

const ALL = Object.keys(LIMITS) as LimitName[];
export const GUILD_LIMITS = ALL.filter(isGuildLimit) as [GuildLimitName, ...GuildLimitName[]];
const INSTALLATION_LIMITS = ALL.filter((name) => !isGuildLimit(name)) as InstallationLimitName[];

export function isGuildLimit(name: LimitName): name is GuildLimitName {
  return LIMITS[name].scope !== 'installation';
}

function each<N extends LimitName>(
  names: readonly N[],
  most: (name: N) => number | null,
): Readonly<Record<N, number | null>> {
  return Object.fromEntries(names.map((name) => [name, most(name)])) as Record<N, number | null>;
}

export const UNLIMITED_GUILD: GuildLimits = each(GUILD_LIMITS, () => null);
export const UNLIMITED_INSTALLATION: InstallationLimits = each(INSTALLATION_LIMITS, () => null);

/** Both at once: of each limit the smaller one. */
export function tightest(one: GuildLimits, other: GuildLimits): GuildLimits {
  return each(GUILD_LIMITS, (name) => {
    const [a, b] = [one[name], other[name]];
    return a === null ? b : b === null ? a : Math.min(a, b);
  });
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

/** @param tier Null for the limits of all guilds together. */
function settingsSchema<N extends LimitName>(names: readonly N[], tier: Tier | null) {
  const shape = names.map((name) => {
    const { unit, setting, defaults }: LimitRow = LIMITS[name];
    const standard = typeof defaults === 'number' ? defaults : defaults[tier ?? 'free'];
    return [setting, (unit === 'nanoUsd' ? usd : count).default(standard)] as const;
  });
  return z
    .strictObject(Object.fromEntries(shape))
    .prefault({})
    .transform((settings) =>
      each(names, (name) => {
        const { unit, setting }: LimitRow = LIMITS[name];
        const most = settings[setting] ?? null;
        return unit === 'nanoUsd' && most !== null ? parseNanoUsd(most) : most;
      }),
    );
}

const tierSettings = Object.fromEntries(
  TIERS.map((tier) => [tier, settingsSchema(GUILD_LIMITS, tier)]),
) as Record<Tier, ReturnType<typeof settingsSchema<GuildLimitName>>>;

/** `null` lifts a limit; what is left out has its default. */
export const limitsSchema = z
  .strictObject({ ...tierSettings, installation: settingsSchema(INSTALLATION_LIMITS, null) })
  .prefault({})
  .transform(({ installation, ...tiers }): LimitsConfig => ({ tiers, installation }));

/** For `LIMITS=off`. */
export const NO_LIMITS: LimitsConfig = {
  tiers: Object.fromEntries(TIERS.map((tier) => [tier, UNLIMITED_GUILD])) as Record<Tier, GuildLimits>,
  installation: UNLIMITED_INSTALLATION,
};
