import { z } from 'zod';
import { parseNanoUsd } from '../kit/money.ts';
import type { PeriodKind } from '../kit/time/periods.ts';
import type { LedgerUnit } from './store.ts';
import { TIERS, type Tier } from './tiers.ts';

/** A unit that is counted one by one, unlike money. */
export type CountedUnit = Exclude<LedgerUnit, 'nanoUsd' | 'setAsideNanoUsd'>;

/** One limit: the unit, whom it applies to, its period, and its names. */
interface LimitRow {
  readonly scope: 'user' | 'guild' | 'installation';
  readonly unit: CountedUnit | 'nanoUsd';
  readonly period: PeriodKind;
  /** Its name in `limits` of `models.json`. */
  readonly setting: string;
  /** If `models.json` has none; money in US dollars. One per tier, or one number for a limit that all guilds share. */
  readonly defaults: Readonly<Record<Tier, number>> | number;
  /** The value and label of the option `limit` of `/limits`; null if `/limits` cannot set it. */
  readonly option: { readonly value: string; readonly label: string } | null;
}

/** Free models cost the operator nothing; the amount for `free` pays for web searches. */
function byTier(free: number, paid: number, premium = paid): Record<Tier, number> {
  return { free, openai: paid, openrouter: paid, premium };
}

/**
 * All limits, narrowest first: if a request exceeds several, the refusal names the first. Requests per minute count attempts
 * and are never given back, because they protect the bot and its providers; requests per day are an allowance. The money
 * defaults let a busy guild of some dozens of people work, and keep one guild's worst day from using up everybody's month.
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

/** The value of each limit; null for no limit. */
export type GuildLimits = Readonly<Record<GuildLimitName, number | null>>;

/** Limits on the operator's spending for all guilds together. */
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

/** The smaller value of each limit. */
export function tightest(one: GuildLimits, other: GuildLimits): GuildLimits {
  return each(GUILD_LIMITS, (name) => {
    const [a, b] = [one[name], other[name]];
    return a === null ? b : b === null ? a : Math.min(a, b);
  });
}

/** The section `limits` of `models.json`. */
export interface LimitsConfig {
  /** For requests that the operator pays for, by the guild's tier. */
  readonly tiers: Readonly<Record<Tier, GuildLimits>>;
  readonly installation: InstallationLimits;
}

const count = z.int().nonnegative().max(1_000_000_000).nullable();
/** At most a million US dollars, far below the range of a counter. */
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

/** `null` removes a limit; a missing one has its default. */
export const limitsSchema = z
  .strictObject({ ...tierSettings, installation: settingsSchema(INSTALLATION_LIMITS, null) })
  .prefault({})
  .transform(({ installation, ...tiers }): LimitsConfig => ({ tiers, installation }));
