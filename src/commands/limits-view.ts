import type { CommandContext } from '../core/command.ts';
import { type GuildRules, rulesFor, rulesOfGroups } from '../core/ledger/guild-rules.ts';
import type { Level } from '../core/ledger/ledger.ts';
import { amountInWords } from '../core/ledger/limit-words.ts';
import { isPersonal } from '../core/ledger/rules.ts';
import { type Actor, type GuildId, groupWord } from '../core/ports/actor.ts';
import { GUILD_LIMITS, type GuildLimitName, isGuildLimit, LIMITS } from '../core/ports/limits.ts';
import type { LedgerEntry } from '../core/ports/store.ts';
import type { GuildAccess } from '../core/ports/tiers.ts';

/** The person or group whose limits are meant; null for everybody's. */
export type Whose = { readonly user: string } | { readonly group: string } | null;

/** Shows a group's limits as they were set; otherwise the limits in effect, their use, and who set them. */
export async function showLimits(
  context: CommandContext,
  { guild, whose, isAdmin }: { guild: GuildId; whose: Whose; isAdmin: boolean },
): Promise<string> {
  const { limits } = context.services;
  if (!limits.isOn) return 'There are no limits: the operator turned them off.';
  const rules = await limits.rules(guild);
  if (whose !== null && 'group' in whose) return groupView(guild, whose.group, rules);
  return overview(context, { guild, user: whose?.user ?? null, isAdmin, rules });
}

/** The reason why a rule has no effect: the tighter rule, and its value. Null if it has an effect. */
export async function tighterThan(
  rule: { guild: GuildId; whose: Whose; limit: GuildLimitName; most: number | null },
  { services }: CommandContext,
): Promise<string | null> {
  const { guild, whose, limit, most } = rule;
  const { guilds, limits } = services;
  const { operatorTier, ownKeys } = await guilds.access(guild);
  const rules = await limits.rules(guild);
  const user = whose !== null && 'user' in whose ? whose.user : '';
  const groups = async () => (whose !== null && 'group' in whose ? [whose.group] : []);
  const ofGroups = await rulesOfGroups(rules, groups);
  let words: string | null = null;
  for (const payer of payersIn({ ownKeys })) {
    const inForce = (await limits.limitsFor({ guild, user, groups, payer }, operatorTier))[limit];
    if (inForce === null || (most !== null && inForce >= most)) return null;
    const setter = setterOf(limit, inForce, { guild, rules, ofGroups, payer, user });
    const cause = setter === null ? `tier \`${operatorTier}\` allows` : `${setter} set the limit to`;
    words ??= `it has no effect: ${cause} only ${amountInWords(limit, inForce)}.`;
  }
  return words;
}

/** The limits set for a group. */
function groupView(guild: GuildId, group: string, { groups }: GuildRules): string {
  const rules = rulesFor(group, groups);
  const lines = GUILD_LIMITS.filter(isPersonal).map((limit) => {
    const most = rules[limit];
    return `- ${nameOf(limit)}: **${most === undefined ? 'not set' : amountInWords(limit, most)}**`;
  });
  return [
    `**Limits of the ${groupWord(guild)} ${group}**, for each person in it:`,
    lines.join('\n'),
    'If several limits apply to a person, the lowest counts. Set one with `limit` and `to`; `default` removes it.',
  ].join('\n\n');
}

/** The limits in effect, their use, and who set them. */
async function overview(
  { actor, services }: CommandContext,
  about: { guild: GuildId; user: string | null; isAdmin: boolean; rules: GuildRules },
): Promise<string> {
  const { guilds, ledger, limits } = services;
  const { guild, user, isAdmin, rules } = about;
  const { operatorTier, ownKeys } = await guilds.access(guild);
  const everybody = services.peopleIn(guild);
  const person = user ?? actor.user;
  const isKnown = person === actor.user && guild === actor.guild;
  // Only the asker's own groups are known.
  const groups = isKnown ? actor.groups : NO_GROUPS;
  const ofGroups = await rulesOfGroups(rules, groups);
  const sections = await Promise.all(
    payersIn({ ownKeys }).map(async (payer) => {
      const whose = { guild, user: person, groups, payer };
      const levels = await ledger.levels(whose, await limits.limitsFor(whose, operatorTier));
      const line = { ...about, user: person, ofGroups, payer, isSelf: user === null };
      const lines = levels.flatMap((level) =>
        isGuildLimit(level.limit) ? [lineOf(level.limit, level, line)] : [],
      );
      const heading =
        payer === 'guild' ? '**Paid with own API keys**' : `**Limits of the tier \`${operatorTier}\`**`;
      return `${heading}\n${lines.join('\n')}`;
    }),
  );
  return [
    ...(user === null ? [] : [`For ${everybody?.find(({ id }) => id === user)?.name ?? user}:`]),
    ...sections,
    ...(isAdmin ? groupsWithLimits(guild, rules, user !== null && !isKnown) : []),
    isAdmin
      ? 'Lower a limit with `limit` and `to`.'
      : 'Admins can lower these limits; the operator can set any value.',
  ].join('\n\n');
}

/** The possible payers of a guild's requests. Each has its own counters and limits. */
export function payersIn({ ownKeys }: Pick<GuildAccess, 'ownKeys'>): readonly LedgerEntry['payer'][] {
  return ownKeys.length > 0 ? ['operator', 'guild'] : ['operator'];
}

const NO_GROUPS: Actor['groups'] = async () => [];

/** If there are any. */
function groupsWithLimits(guild: GuildId, { groups }: GuildRules, isOfAnother: boolean): string[] {
  const ids = Object.keys(groups).map((id) => `\`${id}\``);
  if (ids.length === 0) return [];
  const rest = isOfAnother
    ? ' They are not included above, because the groups of this person are not known here.'
    : '';
  return [
    `These ${groupWord(guild)}s have their own limits (use \`role\` to see them): ${ids.join(', ')}.${rest}`,
  ];
}

interface LineContext {
  readonly guild: GuildId;
  readonly rules: GuildRules;
  /** The limits of the person's groups. */
  readonly ofGroups: Awaited<ReturnType<typeof rulesOfGroups>>;
  readonly payer: string;
  readonly user: string;
  readonly isAdmin: boolean;
  readonly isSelf: boolean;
}

function lineOf(limit: GuildLimitName, { used, most }: Level, about: LineContext): string {
  const amount = most === null ? 'no limit' : amountInWords(limit, most);
  // Only admins may see what everybody together has used.
  const isShown = isPersonal(limit) || about.isAdmin;
  const who = isPersonal(limit) ? (about.isSelf ? 'you have used' : 'used') : 'used';
  const use = isShown ? ` · ${who} ${amountInWords(limit, used)}` : '';
  const setter = setterOf(limit, most, about);
  const origin = setter === null ? '' : ` (set by ${setter})`;
  return `- ${nameOf(limit)}: **${amount}**${origin}${use}`;
}

/** The author of the limit in effect; null for the tier's own. */
function setterOf(
  limit: GuildLimitName,
  most: number | null,
  { guild, rules, ofGroups, payer, user }: Omit<LineContext, 'isAdmin' | 'isSelf'>,
): string | null {
  if (most !== null && rulesFor(user, rules.users)[limit] === most) return 'an admin for this person';
  if (most !== null && ofGroups.some((group) => group[limit] === most))
    return `an admin for a ${groupWord(guild)}`;
  if (most !== null && rules.guild[limit] === most) return 'an admin';
  if (payer === 'operator' && rules.operator[limit] === most) return 'the operator';
  return null;
}

/** The limit's label, and its value in the option `limit`. */
function nameOf(limit: GuildLimitName): string {
  const { value, label } = LIMITS[limit].option;
  return `${label} (\`${value}\`)`;
}
