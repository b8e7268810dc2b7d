import { z } from 'zod';
import type { AuditLog } from '../access/audit.ts';
import type { Tier } from '../access/tiers.ts';
import type { GuildId } from '../actor.ts';
import type { Clock } from '../clock.ts';
import { createCollection } from '../collection.ts';
import type { Locks } from '../locks.ts';
import type { LedgerEntry, Store } from '../store.ts';
import { amountInWords } from './limit-words.ts';
import {
  type GuildLimitName,
  type GuildLimits,
  LIMITS,
  type LimitsConfig,
  tightest,
  UNLIMITED_GUILD,
} from './limits.ts';

const names = Object.keys(UNLIMITED_GUILD) as [GuildLimitName, ...GuildLimitName[]];
const amount = z.int().nonnegative();
const amounts = z.partialRecord(z.enum(names), amount);

const rulesSchema = z.object({
  /** In the place of what the tier has, for what the operator pays; null lifts the limit. */
  operator: z.partialRecord(z.enum(names), amount.nullable()),
  /** By the guild's admins, whoever pays: these can only tighten. */
  guild: amounts,
  /** By the guild's admins for one person, by user id. */
  users: z.record(z.string(), amounts),
});

/** What was set for one guild by hand. A limit that is not named was not set. */
export type GuildRules = Readonly<z.infer<typeof rulesSchema>>;

/** One limit of a guild that somebody changes. */
export interface RuleChange {
  readonly guild: GuildId;
  /** Whose rule it is: the operator's, the guild's (set by its admins), or the guild's for one person. */
  readonly layer: 'operator' | 'guild' | { readonly user: string };
  readonly limit: GuildLimitName;
  /** Null lifts the limit, which the operator alone can do; undefined takes the rule back. */
  readonly most: number | null | undefined;
  /** Who changes it, as `<platform>:<user>`. */
  readonly by: string;
}

/** Limits of guilds: what their tier has by default, and what operators and admins set instead. */
export interface LimitRules {
  /** False where the operator lifted every limit (`LIMITS=off`); what was set counts for nothing then. */
  readonly isOn: boolean;
  /** What holds for a person's next request; `tier` is what the operator gave. */
  limitsFor(whose: Pick<LedgerEntry, 'guild' | 'user' | 'payer'>, tier: Tier): Promise<GuildLimits>;
  rules(guild: GuildId): Promise<GuildRules>;
  /**
   * Changes a rule, and notes it in the audit log. False, and nothing is changed, where as many people have limits of
   * their own already as there can be.
   */
  change(change: RuleChange): Promise<boolean>;
}

/** People with limits of their own in a guild: all that is set for it is read with every request. */
export const MAX_PEOPLE = 200;

const NO_RULES: GuildRules = { operator: {}, guild: {}, users: {} };

/** @param config null where limits are off. */
export function createLimitRules(options: {
  readonly store: Store;
  readonly locks: Locks;
  readonly config: LimitsConfig | null;
  readonly audit: AuditLog;
  readonly clock: Clock;
}): LimitRules {
  const { store, locks, config, audit, clock } = options;
  const stored = createCollection(store.keyv('limits'), { version: 1, schema: rulesSchema });
  const rules = async (guild: GuildId): Promise<GuildRules> => (await stored.get(guild)) ?? NO_RULES;

  async function change({ guild, layer, limit, most, by }: RuleChange): Promise<boolean> {
    const before = await rules(guild);
    const layerOf = ({ operator, guild: ofGuild, users }: GuildRules) => {
      if (layer === 'operator') return operator;
      return layer === 'guild' ? ofGuild : rulesFor(layer.user, { users });
    };
    const from = layerOf(before)[limit];
    if (from === most) return true;
    const { [limit]: _, ...others } = layerOf(before);
    const now = most === undefined ? others : { ...others, [limit]: most };
    const after = rulesSchema.parse(
      typeof layer === 'string'
        ? { ...before, [layer]: now }
        : { ...before, users: withUser(before.users, layer.user, now) },
    );
    const people = Object.keys(after.users).length;
    if (people > MAX_PEOPLE && people > Object.keys(before.users).length) return false;
    const whose = typeof layer === 'string' ? layer : `user ${layer.user}`;
    const words = (value: number | null | undefined) =>
      value === undefined
        ? null
        : `${limit} of ${whose}: ${value === null ? 'none' : amountInWords(limit, value)}`;
    await audit.append({
      guild,
      by,
      atMs: clock.now(),
      action: 'limits.change',
      from: words(from),
      to: words(most),
      reason: '',
    });
    await stored.set(guild, after);
    return true;
  }

  return {
    isOn: config !== null,
    rules,

    async limitsFor({ guild, user, payer }, tier) {
      if (config === null) return UNLIMITED_GUILD;
      const set = await rules(guild);
      const given = payer === 'guild' ? UNLIMITED_GUILD : { ...config.tiers[tier], ...set.operator };
      return [set.guild, rulesFor(user, set)].reduce<GuildLimits>(
        (limits, more) => tightest(limits, { ...UNLIMITED_GUILD, ...more }),
        given,
      );
    },

    change: (wanted) => locks.hold(`limits/${wanted.guild}`, () => change(wanted)),
  };
}

/** What was set for one person. */
export function rulesFor(user: string, { users }: Pick<GuildRules, 'users'>): GuildRules['users'][string] {
  return (Object.hasOwn(users, user) ? users[user] : undefined) ?? {};
}

function withUser(
  users: GuildRules['users'],
  user: string,
  limits: GuildRules['users'][string],
): GuildRules['users'] {
  const { [user]: _, ...others } = users;
  return Object.keys(limits).length === 0 ? others : { ...others, [user]: limits };
}

/** Whether a limit is one person's, and so can be set for one. */
export function isPersonal(limit: GuildLimitName): boolean {
  return LIMITS[limit].scope === 'user';
}
