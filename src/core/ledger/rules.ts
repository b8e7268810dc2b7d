import type { AuditLog } from '../access/audit.ts';
import { createCollection, type Guarded } from '../coordination/collection.ts';
import type { Locks } from '../coordination/locks.ts';
import type { Clock } from '../kit/clock.ts';
import type { Actor, GuildId } from '../ports/actor.ts';
import {
  GUILD_LIMITS,
  type GuildLimitName,
  type GuildLimits,
  LIMITS,
  type LimitsConfig,
  tightest,
  UNLIMITED_GUILD,
} from '../ports/limits.ts';
import type { ClaimKey, LedgerEntry, Store } from '../ports/store.ts';
import type { Tier } from '../ports/tiers.ts';
import {
  type GuildRules,
  layerInWords,
  layerOf,
  NO_RULES,
  type RuleLayer,
  rulesFor,
  rulesOfGroups,
  STORED_RULES,
  withLayer,
} from './guild-rules.ts';
import { amountInWords } from './limit-words.ts';

/** One limit of a guild that somebody changes. */
export interface RuleChange {
  readonly guild: GuildId;
  readonly layer: RuleLayer;
  readonly limit: GuildLimitName;
  /** Null lifts the limit, which the operator alone can do; undefined takes the rule back. */
  readonly most: number | null | undefined;
  /** Who changes it, as `<platform>:<user>`. */
  readonly by: string;
}

/** Who asks, and who pays. */
export interface LimitedPerson extends Pick<LedgerEntry, 'guild' | 'user' | 'payer'> {
  /** The groups that the person is in; called only where a group has limits. */
  readonly groups: Actor['groups'];
}

/** Limits of guilds: what their tier has by default, and what operators and admins set instead. */
export interface LimitRules {
  /** False if the operator lifted every limit (`LIMITS=off`); what was set counts for nothing then. */
  readonly isOn: boolean;
  /** What holds for a person's next request; `tier` is what the operator gave. */
  limitsFor(whose: LimitedPerson, tier: Tier): Promise<GuildLimits>;
  /** What was set and counts: nothing if the operator lifted every limit. */
  rulesInForce(guild: GuildId): Promise<GuildRules>;
  /** As `limitsFor`, by rules that were read already; `hostTier` is what the operator gave to the guild if the person is from elsewhere. */
  limitsBy(rules: GuildRules, whose: LimitedPerson, tier: Tier, hostTier?: Tier): Promise<GuildLimits>;
  rules(guild: GuildId): Promise<GuildRules>;
  /**
   * Changes a rule, and notes it in the audit log. False, and nothing is changed, where as many people or groups have
   * limits of their own already as there can be.
   */
  change(change: RuleChange): Promise<boolean>;
}

/** @param config null if limits are off. */
export function createLimitRules(options: {
  readonly store: Store;
  readonly locks: Locks;
  readonly config: LimitsConfig | null;
  readonly audit: AuditLog;
  readonly clock: Clock;
}): LimitRules {
  const { store, locks, config, audit, clock } = options;
  const stored: Guarded<GuildRules> = createCollection(store, 'limits', STORED_RULES);
  const rules = async (guild: GuildId): Promise<GuildRules> => (await stored.get(guild)) ?? NO_RULES;

  async function change({ guild, layer, limit, most, by }: RuleChange, lock: ClaimKey): Promise<boolean> {
    const before = await rules(guild);
    const { [limit]: from, ...others } = layerOf(before, layer);
    if (from === most) return true;
    const after = withLayer(before, layer, most === undefined ? others : { ...others, [limit]: most });
    if (after === null) return false;
    const words = (value: number | null | undefined) =>
      value === undefined
        ? null
        : `${LIMITS[limit].option.value} ${layerInWords(layer)}: ${value === null ? 'none' : amountInWords(limit, value)}`;
    await audit.append({
      guild,
      by,
      atMs: clock.now(),
      action: 'limits.change',
      from: words(from),
      to: words(most),
      reason: '',
    });
    await stored.under(lock).set(guild, after);
    return true;
  }

  const rulesInForce = async (guild: GuildId) => (config === null ? NO_RULES : rules(guild));

  async function limitsBy(
    set: GuildRules,
    { user, payer, groups }: LimitedPerson,
    tier: Tier,
    hostTier = tier,
  ): Promise<GuildLimits> {
    if (config === null) return UNLIMITED_GUILD;
    const given =
      payer === 'guild' ? UNLIMITED_GUILD : { ...limitsOf(config, tier, hostTier), ...set.operator };
    const byAdmins = [set.guild, rulesFor(user, set.users), ...(await rulesOfGroups(set, groups))];
    return byAdmins.reduce<GuildLimits>(
      (limits, more) => tightest(limits, { ...UNLIMITED_GUILD, ...more }),
      given,
    );
  }

  return {
    isOn: config !== null,
    rules,

    limitsFor: async (whose, tier) => limitsBy(await rulesInForce(whose.guild), whose, tier),
    rulesInForce,
    limitsBy,

    change: (wanted) => locks.hold(`limits/${wanted.guild}`, (lock) => change(wanted, lock)),
  };
}

/** What a person may spend goes by their tier, what all may by the guild's. */
function limitsOf({ tiers }: LimitsConfig, tier: Tier, hostTier: Tier): GuildLimits {
  const own = GUILD_LIMITS.filter(isPersonal).map((name) => [name, tiers[tier][name]]);
  return { ...tiers[hostTier], ...Object.fromEntries(own) };
}

/** Whether a limit is one person's, and so can be set for one, and for each in a group. */
export function isPersonal(limit: GuildLimitName): boolean {
  return LIMITS[limit].scope === 'user';
}
