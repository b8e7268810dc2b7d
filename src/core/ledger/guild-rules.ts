import { z } from 'zod';
import type { Actor } from '../ports/actor.ts';
import { GUILD_LIMITS } from '../ports/limits.ts';

const amount = z.int().nonnegative();
const amounts = z.partialRecord(z.enum(GUILD_LIMITS), amount);

export const rulesSchema = z.object({
  /** Replaces the tier's limits on what the operator pays for; null removes the limit. */
  operator: z.partialRecord(z.enum(GUILD_LIMITS), amount.nullable()),
  /** Set by the guild's admins, whoever pays. These only tighten. */
  guild: amounts,
  /** Set by the guild's admins for one person, by user id. */
  users: z.record(z.string(), amounts),
  /** Set by the guild's admins for each person in a group, by the group's id. */
  groups: z.record(z.string(), amounts),
});

/** The limits set for one guild. A limit that is not listed was not set. */
export type GuildRules = Readonly<z.infer<typeof rulesSchema>>;

/** Amounts set by admins. */
type Amounts = GuildRules['guild'];

/** The owner of a rule: the operator, or the guild's admins for everybody, one person or each person in a group. */
export type RuleLayer = 'operator' | 'guild' | { readonly user: string } | { readonly group: string };

export const NO_RULES: GuildRules = { operator: {}, guild: {}, users: {}, groups: {} };

/** The version of stored rules, and how older ones become it. */
export const STORED_RULES = {
  version: 2,
  // Version 1 had no groups.
  migrate: (value: unknown) => ({ ...(value as object), groups: {} }),
};

/** The most people in a guild with limits of their own. Bounded because every request reads all rules of its guild. */
export const MAX_PEOPLE = 200;
/** The most groups in a guild with limits of their own. */
export const MAX_GROUPS = 50;

/** The limits set for one person or one group. */
export function rulesFor(id: string, of: Readonly<Record<string, Amounts>>): Amounts {
  return (Object.hasOwn(of, id) ? of[id] : undefined) ?? {};
}

/**
 * The limits set for groups that a person is in. If the platform does not name the person's groups, every group counts,
 * because the tighter limit is safer. Asks the platform only if some group has limits.
 */
export async function rulesOfGroups(
  { groups: limited }: Pick<GuildRules, 'groups'>,
  groups: Actor['groups'],
): Promise<readonly Amounts[]> {
  if (Object.keys(limited).length === 0) return [];
  const ids = (await groups()) ?? Object.keys(limited);
  return ids.map((id) => rulesFor(id, limited));
}

export function layerOf(rules: GuildRules, layer: RuleLayer): GuildRules['operator'] {
  if (typeof layer === 'string') return rules[layer];
  return 'user' in layer ? rulesFor(layer.user, rules.users) : rulesFor(layer.group, rules.groups);
}

/** The rules with one layer replaced; null if too many people or groups have limits already. */
export function withLayer(
  rules: GuildRules,
  layer: RuleLayer,
  limits: GuildRules['operator'],
): GuildRules | null {
  const after = rulesSchema.parse(
    typeof layer === 'string'
      ? { ...rules, [layer]: limits }
      : 'user' in layer
        ? { ...rules, users: withOne(rules.users, layer.user, limits) }
        : { ...rules, groups: withOne(rules.groups, layer.group, limits) },
  );
  const isFull = grows(rules.users, after.users, MAX_PEOPLE) || grows(rules.groups, after.groups, MAX_GROUPS);
  return isFull ? null : after;
}

/** For the audit log. */
export function layerInWords(layer: RuleLayer): string {
  if (layer === 'operator') return 'by the operator';
  if (layer === 'guild') return 'for everybody';
  return 'user' in layer ? `for user ${layer.user}` : `for role ${layer.group}`;
}

function withOne(all: Readonly<Record<string, object>>, id: string, limits: object): object {
  const { [id]: _, ...others } = all;
  return Object.keys(limits).length === 0 ? others : { ...others, [id]: limits };
}

/** Whether there are more entries than allowed, and more than before. */
function grows(before: object, after: object, most: number): boolean {
  const count = Object.keys(after).length;
  return count > most && count > Object.keys(before).length;
}
