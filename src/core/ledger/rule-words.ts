import { type GuildId, groupWord, parseGroup, parseUser } from '../ports/actor.ts';
import { GUILD_LIMITS, type GuildLimitName, LIMITS } from '../ports/limits.ts';
import { type GuildRules, MAX_GROUPS, MAX_PEOPLE, type RuleLayer } from './guild-rules.ts';
import { amountInWords, parseAmount } from './limit-words.ts';
import { isPersonal } from './rules.ts';

/** An operator's change of a limit, as typed on the command line or in the dashboard. */
export interface WrittenRule {
  /** `LIMITS[…].option.value` */
  readonly limit: string | undefined;
  /** An amount, `none` or `default`. */
  readonly amount: string | undefined;
  /** A person's id, or a role's; if both are undefined, the change is for the whole guild. */
  readonly user: string | undefined;
  readonly role: string | undefined;
}

type ReadRule =
  | {
      readonly ok: true;
      readonly layer: RuleLayer;
      readonly limit: GuildLimitName;
      readonly most: number | null | undefined;
    }
  /** A sentence for people. */
  | { readonly ok: false; readonly problem: string };

/** Checks an operator's change of a limit. */
export function readRule(guild: GuildId, { limit: option, amount, user, role }: WrittenRule): ReadRule {
  const problem = (text: string): ReadRule => ({ ok: false, problem: text });
  const limit = GUILD_LIMITS.find((name) => LIMITS[name].option.value === option);
  if (limit === undefined) {
    const what = option === undefined ? 'The limit is missing' : `${JSON.stringify(option)} is not a limit`;
    return problem(`${what}. Use ${GUILD_LIMITS.map((name) => LIMITS[name].option.value).join(', ')}.`);
  }
  if (user !== undefined && role !== undefined) return problem('Give a person or a role, not both.');
  const person = user === undefined ? null : parseUser(user, guild, null);
  if (user !== undefined && person === null) {
    return problem(`${JSON.stringify(user)} is not the id of a person there.`);
  }
  const group = role === undefined ? null : parseGroup(role, guild);
  if (role !== undefined && group === null) {
    return problem(`${JSON.stringify(role)} is not the id of a ${groupWord(guild)} there.`);
  }
  const layer = person !== null ? { user: person } : group !== null ? { group } : 'operator';
  if (layer !== 'operator' && !isPersonal(limit)) {
    return problem(`${option} applies to everyone together, not to one person. Name no person and no role.`);
  }
  if (amount === undefined || amount === '') {
    return problem('The amount is missing. Give a number such as 20 or 0.50, or none, or default.');
  }
  if (amount === 'default') return { ok: true, layer, limit, most: undefined };
  if (amount === 'none') {
    if (layer !== 'operator')
      return problem('none can only remove a limit of a whole guild. Use default instead.');
    return { ok: true, layer, limit, most: null };
  }
  const parsed = parseAmount(limit, amount);
  return parsed.ok
    ? { ok: true, layer, limit, most: parsed.most }
    : problem(parsed.problem.replaceAll('`', ''));
}

/** A limit's amount, `none`, or nothing if it was not set. */
export function mostInWords(limit: GuildLimitName, most: number | null | undefined): string {
  return most === undefined ? '' : most === null ? 'none' : amountInWords(limit, most);
}

/** The limits of people and groups. */
export function personalRules(
  guild: GuildId,
  { users, groups }: GuildRules,
): { readonly who: string; readonly limit: GuildLimitName; readonly most: string }[] {
  return [
    ...Object.entries(users).map(([id, amounts]) => [`person ${id}`, amounts] as const),
    ...Object.entries(groups).map(([id, amounts]) => [`${groupWord(guild)} ${id}`, amounts] as const),
  ].flatMap(([who, amounts]) =>
    GUILD_LIMITS.filter((limit) => amounts[limit] !== undefined).map((limit) => ({
      who,
      limit,
      most: mostInWords(limit, amounts[limit]),
    })),
  );
}

/** The sentence for a refusal by `LimitRules.change`. */
export function tooManyRules(guild: GuildId): string {
  return `At most ${MAX_PEOPLE} people and ${MAX_GROUPS} ${groupWord(guild)}s per guild can have limits of their own. Remove one with default.`;
}
