import { type CommandContext, defineCommand } from '../core/command.ts';
import { quoted } from '../core/kit/text/text.ts';
import { MAX_GROUPS, MAX_PEOPLE, type RuleLayer } from '../core/ledger/guild-rules.ts';
import { parseAmount } from '../core/ledger/limit-words.ts';
import { isPersonal, type RuleChange } from '../core/ledger/rules.ts';
import {
  accountOf,
  type GuildId,
  groupWord,
  hasGroups,
  mayActAs,
  type Person,
  parseGroup,
  parseGuildId,
  parseUser,
  type Role,
  reaches,
} from '../core/ports/actor.ts';
import { GUILD_LIMITS, type GuildLimitName, LIMITS } from '../core/ports/limits.ts';
import { showLimits, tighterThan, type Whose } from './limits-view.ts';

/** Values of `to` other than an amount. */
const DEFAULT = 'default';
const NONE = 'none';

const CHOICES = GUILD_LIMITS.map((name) => LIMITS[name].option);
const LIMIT_VALUES = CHOICES.map(({ value }) => `\`${value}\``).join(', ');

export const limits = defineCommand({
  name: 'limits',
  description: 'Show or set the limits on requests and spending',
  role: 'member',
  reply: 'private',
  options: {
    limit: { type: 'choice', description: 'Limit to set (default: show all limits)', choices: CHOICES },
    to: {
      type: 'text',
      description:
        'A number, or dollars like 0.50; "default" removes the limit you set; "none" lifts it (operators)',
      maxChars: 40,
    },
    user: { type: 'text', description: 'Only for this person, by mention or ID (admins)', maxChars: 100 },
    role: {
      type: 'text',
      description: 'For each person with this role or user group, by mention or ID (admins)',
      maxChars: 100,
    },
    guild: { type: 'text', description: 'Another server or workspace, by ID (operators)', maxChars: 100 },
  },
  async run(context, given) {
    const { limit: value, to, user, role: group, guild: id } = given;
    const { actor, place, services } = context;
    const role = await services.roles(actor);
    const isAdmin = mayActAs(role, 'admin');
    if (!isAdmin && Object.keys(given).length > 0) {
      return 'Only an admin can set limits or see those of other people. `/limits` without options shows yours.';
    }
    const guild = id === undefined ? place.guild : guildIn(id, role, context);
    if (guild === null) {
      return role === 'operator'
        ? 'Unknown server, or not reachable from here. Use an ID such as `discord:123` or `slack:T123`.'
        : 'Only the operator can see or set the limits of other servers.';
    }
    const whose = whoseIn(guild, user, group, services.peopleIn(guild));
    if (typeof whose === 'string') return whose;
    const limit = GUILD_LIMITS.find((name) => LIMITS[name].option.value === value) ?? null;
    if (limit === null && to === undefined) return showLimits(context, { guild, whose, isAdmin });
    if (limit === null) return `Choose which \`limit\` to set: ${LIMIT_VALUES}.`;
    if (to === undefined) return 'Add the new value in `to`: an amount, or `default`.';

    const wish = { guild, whose, limit, to, role };
    const meant = meaningOf(wish, context);
    if (typeof meant === 'string') return meant;
    const { most } = meant;
    const problem = await set({ ...wish, most }, context);
    if (problem !== null) return problem;
    const tighter = most === undefined ? null : await tighterThan({ guild, whose, limit, most }, context);
    const done = tighter === null ? 'Saved.' : `Saved, but ${tighter}`;
    return `${done}\n\n${await showLimits(context, { guild, whose, isAdmin })}`;
  },
});

/** The person or group that the options name, or a sentence on what is wrong with them. */
function whoseIn(
  guild: GuildId,
  user: string | undefined,
  group: string | undefined,
  everybody: readonly Person[] | null,
): Whose | string {
  if (user !== undefined && group !== undefined) return 'Give `user` or `role`, not both.';
  if (user !== undefined) {
    const id = parseUser(user, guild, everybody);
    if (id !== null) return { user: id };
    if (everybody === null) return '`user` must be a mention or a user ID, because names are not unique.';
    return `Nobody here is called ${quoted(user)}. Use one of ${everybody.map(({ name }) => `\`${name}\``).join(', ')}.`;
  }
  if (group === undefined) return null;
  if (!hasGroups(guild)) return 'There are no roles here. Leave out `role`.';
  const id = parseGroup(group, guild);
  return id === null ? `\`role\` must be a mention or ID of a ${groupWord(guild)}.` : { group: id };
}

/** The guild that an operator named; null if it is not valid, or out of reach. */
function guildIn(id: string, role: Role, { actor }: CommandContext): GuildId | null {
  const guild = parseGuildId(id);
  return role === 'operator' && guild !== null && reaches(actor, guild) ? guild : null;
}

interface Wish {
  readonly guild: GuildId;
  readonly whose: Whose;
  readonly limit: GuildLimitName;
  readonly to: string;
  readonly role: Role;
}

/** The new value of a limit, or a sentence on why it is impossible. */
function meaningOf(
  { whose, limit, to, role }: Wish,
  { services }: CommandContext,
): Pick<RuleChange, 'most'> | string {
  if (!services.limits.isOn)
    return 'The operator switched all limits off (`LIMITS=off`), so none can be set.';
  if (whose !== null && !isPersonal(limit)) {
    return `\`${LIMITS[limit].option.value}\` applies to everyone together, not to one person. Leave out \`${'user' in whose ? 'user' : 'role'}\`.`;
  }
  const word = to.trim().toLowerCase();
  if (word === DEFAULT) return { most: undefined };
  if (word === NONE) {
    if (role === 'operator' && whose === null) return { most: null };
    return 'Only the operator can remove a limit completely, and only for everyone. `default` removes a limit that you set.';
  }
  const amount = parseAmount(limit, to);
  return amount.ok ? amount : amount.problem;
}

/** Sets a limit, or says why there is no room for it. */
async function set(
  { guild, whose, limit, role, most }: Wish & Pick<RuleChange, 'most'>,
  { actor, services }: CommandContext,
): Promise<string | null> {
  const by = accountOf(actor);
  const change = (layer: RuleLayer) =>
    services.limits.change({
      guild,
      layer,
      limit,
      most: layer === 'operator' ? most : (most ?? undefined),
      by,
    });
  if (whose === null && role === 'operator') {
    await change('operator');
    // Requests paid with the guild's own keys are limited only by its admins.
    if (guild === actor.guild && (await actor.managesGuild())) await change('guild');
    return null;
  }
  if (await change(whose ?? 'guild')) return null;
  const full =
    whose !== null && 'group' in whose ? `${MAX_GROUPS} ${groupWord(guild)}s` : `${MAX_PEOPLE} people`;
  return `${full} already have their own limits here, which is the maximum. Remove one, or set the limit for everyone.`;
}
