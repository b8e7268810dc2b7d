import { z } from 'zod';
import type { Actor } from '../ports/actor.ts';
import { GUILD_LIMITS } from '../ports/limits.ts';

const amount = z.int().nonnegative();
const amounts = z.partialRecord(z.enum(GUILD_LIMITS), amount);

const rulesSchema = z.object({
  /** In the place of what the tier has, for what the operator pays; null lifts the limit. */
  operator: z.partialRecord(z.enum(GUILD_LIMITS), amount.nullable()),
  /** By the guild's admins, whoever pays: these can only tighten. */
  guild: amounts,
  /** By the guild's admins for one person, by user id. */
  users: z.record(z.string(), amounts),
  /** By the guild's admins for each person in a group of the platform's, by the group's id. */
  groups: z.record(z.string(), amounts),
});

/** What was set for one guild by hand. A limit that is not named was not set. */
export type GuildRules = Readonly<z.infer<typeof rulesSchema>>;

/** What admins set, of what they limit. */
type Amounts = GuildRules['guild'];

/** Whose rule it is: the operator's, the guild's (set by its admins), or the guild's for one person or for each in a group. */
export type RuleLayer = 'operator' | 'guild' | { readonly user: string } | { readonly group: string };

export const NO_RULES: GuildRules = { operator: {}, guild: {}, users: {}, groups: {} };

/** How rules are kept. */
export const STORED_RULES = {
  version: 2,
  schema: rulesSchema,
  // Version 1 knew of no groups.
  migrate: (value: unknown) => ({ ...(value as object), groups: {} }),
};

/** People and groups with limits of their own in a guild: all that is set for it is read with every request. */
export const MAX_PEOPLE = 200;
export const MAX_GROUPS = 50;

/** What was set for one person, or for one group. */
export function rulesFor(id: string, of: Readonly<Record<string, Amounts>>): Amounts {
  return (Object.hasOwn(of, id) ? of[id] : undefined) ?? {};
}

/**
 * What was set for groups that a person is in. Where the platform does not say, that is any: in doubt the tighter limit
 * counts. It is asked only where a group has limits.
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

/** The rules with a layer replaced; null if as many people or groups have limits of their own already as there can be. */
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

/** Whether there are more than there may be, and more than before. */
function grows(before: object, after: object, most: number): boolean {
  const count = Object.keys(after).length;
  return count > most && count > Object.keys(before).length;
}
