import { auditRecord } from '../access/audit.ts';
import { type Collection, createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
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
import type { LedgerEntry, Store } from '../ports/store.ts';
import type { Tier } from '../ports/tiers.ts';
import {
  type GuildRules,
  layerInWords,
  layerOf,
  NO_RULES,
  type RuleLayer,
  rulesFor,
  rulesOfGroups,
  rulesSchema,
  STORED_RULES,
  withLayer,
} from './guild-rules.ts';
import { amountInWords } from './limit-words.ts';

/** A change of one limit of a guild. */
export interface RuleChange {
  readonly guild: GuildId;
  readonly layer: RuleLayer;
  readonly limit: GuildLimitName;
  /** Null removes the limit, which only the operator may do; undefined removes the rule. */
  readonly most: number | null | undefined;
  /** The person who changes it, as `<platform>:<user>`. */
  readonly by: string;
}

/** The person who asks, and the payer. */
export interface LimitedPerson extends Pick<LedgerEntry, 'guild' | 'user' | 'payer'> {
  /** The person's groups. Called only if a group has limits. */
  readonly groups: Actor['groups'];
}

export type LimitRules = ReturnType<typeof createLimitRules>;

/**
 * Limits of guilds: defaults by tier, and changes by operators and admins.
 *
 * @param config null with `LIMITS=off`
 */
export function createLimitRules(options: {
  readonly store: Store;
  readonly config: LimitsConfig | null;
  readonly clock: Clock;
}) {
  const { store, config, clock } = options;
  const stored: Collection<GuildRules> = createCollection(store, 'limits', rulesSchema, STORED_RULES);
  const rules = async (guild: GuildId): Promise<GuildRules> => (await stored.get(guild)) ?? NO_RULES;

  /** Changes a rule, with an entry in the audit log. False, without a change, if too many people or groups have limits already. */
  async function change({ guild, layer, limit, most, by }: RuleChange): Promise<boolean> {
    const words = (value: number | null | undefined) =>
      value === undefined
        ? null
        : `${LIMITS[limit].option.value} ${layerInWords(layer)}: ${value === null ? 'none' : amountInWords(limit, value)}`;
    for (;;) {
      const seen = await stored.look(guild);
      const before = seen.value ?? NO_RULES;
      const { [limit]: from, ...others } = layerOf(before, layer);
      if (from === most) return true;
      const after = withLayer(before, layer, most === undefined ? others : { ...others, [limit]: most });
      if (after === null) return false;
      const facts = { guild, by, atMs: clock.now(), action: 'limits.change', reason: '' };
      const record = auditRecord({ ...facts, from: words(from), to: words(most) });
      if (await stored.replace(guild, seen, after, record)) return true;
    }
  }

  /** The rules that count: none with `LIMITS=off`. */
  const rulesInForce = async (guild: GuildId) => (config === null ? NO_RULES : rules(guild));

  /** As `limitsFor`, from rules that were read. `hostTier`: for an outsider, the guild's tier from the operator. */
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
    /** False with `LIMITS=off`; changes then have no effect. */
    isOn: config !== null,
    rules,

    /** The limits for a person's next request. `tier` is the tier from the operator. */
    limitsFor: async (whose: LimitedPerson, tier: Tier) =>
      limitsBy(await rulesInForce(whose.guild), whose, tier),
    rulesInForce,
    limitsBy,
    change,
  };
}

/** The person's tier sets the limits per person, the guild's tier the limits for all. */
function limitsOf({ tiers }: LimitsConfig, tier: Tier, hostTier: Tier): GuildLimits {
  const own = GUILD_LIMITS.filter(isPersonal).map((name) => [name, tiers[tier][name]]);
  return { ...tiers[hostTier], ...Object.fromEntries(own) };
}

/** Whether a limit applies per person, so that it can be set for one person or group. */
export function isPersonal(limit: GuildLimitName): boolean {
  return LIMITS[limit].scope === 'user';
}
