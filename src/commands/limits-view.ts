import type { CommandContext } from '../core/command.ts';
import { type GuildRules, rulesFor, rulesOfGroups } from '../core/ledger/guild-rules.ts';
import type { Level } from '../core/ledger/ledger.ts';
import { amountInWords } from '../core/ledger/limit-words.ts';
import { isPersonal } from '../core/ledger/rules.ts';
import { type Actor, type GuildId, groupWord } from '../core/ports/actor.ts';
import { GUILD_LIMITS, type GuildLimitName, isGuildLimit, LIMITS } from '../core/ports/limits.ts';
import type { LedgerEntry } from '../core/ports/store.ts';
import type { GuildAccess } from '../core/ports/tiers.ts';

/** Whose limits are meant; null for everybody's. */
export type Whose = { readonly user: string } | { readonly group: string } | null;

export interface Subject {
  readonly guild: GuildId;
  readonly whose: Whose;
  readonly isAdmin: boolean;
}

/** Shows the limits of a group as they were set, else those that hold, what is used of them, and who set them. */
export async function showLimits(
  context: CommandContext,
  { guild, whose, isAdmin }: Subject,
): Promise<string> {
  const { limits } = context.services;
  if (!limits.isOn) return 'Nothing is limited: the operator of this bot has lifted all limits.';
  const rules = await limits.rules(guild);
  if (whose !== null && 'group' in whose) return groupView(guild, whose.group, rules);
  return overview(context, { guild, user: whose?.user ?? null, isAdmin, rules });
}

/** Says that a rule has no effect, since others are tighter: which one, and what holds; null where the rule has one. */
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
    const what = most === null ? 'lifting it' : `a limit of ${amountInWords(limit, most)}`;
    const whoAllows = setter === null ? `the tier \`${operatorTier}\` allows` : `${setter} has set`;
    words ??= `${what} has no effect: ${whoAllows} ${amountInWords(limit, inForce)}, and the tightest counts.`;
  }
  return words;
}

/** What was set for a group. */
function groupView(guild: GuildId, group: string, { groups }: GuildRules): string {
  const rules = rulesFor(group, groups);
  const lines = GUILD_LIMITS.filter(isPersonal).map((limit) => {
    const most = rules[limit];
    return `- ${nameOf(limit)}: **${most === undefined ? 'not set' : amountInWords(limit, most)}**`;
  });
  return [
    `**Limits of the ${groupWord(guild)} ${group}**, for each person in it:`,
    lines.join('\n'),
    'Of all that limits a person the tightest counts. Set one with `limit` and `to`; `default` takes it back.',
  ].join('\n\n');
}

/** What holds, what is used of it, and who set it. */
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
  // Only who asks has groups that the platform tells with it.
  const groups = isKnown ? actor.groups : NO_GROUPS;
  const ofGroups = await rulesOfGroups(rules, groups);
  const sections = await Promise.all(
    payersIn({ ownKeys }).map(async (payer) => {
      const whose = { guild, user: person, groups, payer };
      const levels = await ledger.levels(whose, await limits.limitsFor(whose, operatorTier));
      const line: LineContext = {
        guild,
        rules,
        ofGroups,
        payer,
        user: person,
        isAdmin,
        isSelf: user === null,
      };
      const lines = levels.flatMap((level) =>
        isGuildLimit(level.limit) ? [lineOf(level.limit, level, line)] : [],
      );
      const heading =
        payer === 'guild' ? '**What its own API keys pay**' : `**Limits of the tier \`${operatorTier}\`**`;
      return `${heading}\n${lines.join('\n')}`;
    }),
  );
  return [
    ...(user === null ? [] : [`For ${everybody?.find(({ id }) => id === user)?.name ?? user}:`]),
    ...sections,
    ...(isAdmin ? groupsWithLimits(guild, rules, user !== null && !isKnown) : []),
    isAdmin
      ? 'Set one with `limit` and `to`: it tightens what holds here.'
      : 'Admins can tighten them; the operator of this bot can set any.',
  ].join('\n\n');
}

/** Who may pay for requests of a guild; what each pays is counted and limited apart. */
export function payersIn({ ownKeys }: Pick<GuildAccess, 'ownKeys'>): readonly LedgerEntry['payer'][] {
  return ownKeys.length > 0 ? ['operator', 'guild'] : ['operator'];
}

const NO_GROUPS: Actor['groups'] = async () => [];

/** Where there are any. */
function groupsWithLimits(guild: GuildId, { groups }: GuildRules, isOfAnother: boolean): string[] {
  const ids = Object.keys(groups).map((id) => `\`${id}\``);
  if (ids.length === 0) return [];
  const rest = isOfAnother
    ? ' What is shown above leaves them out, whether this person is in one or not.'
    : '';
  return [
    `These ${groupWord(guild)}s have limits of their own, which \`role\` shows: ${ids.join(', ')}.${rest}`,
  ];
}

interface LineContext {
  readonly guild: GuildId;
  readonly rules: GuildRules;
  /** Of groups that the person is in. */
  readonly ofGroups: Awaited<ReturnType<typeof rulesOfGroups>>;
  readonly payer: string;
  readonly user: string;
  readonly isAdmin: boolean;
  readonly isSelf: boolean;
}

function lineOf(limit: GuildLimitName, { used, most }: Level, about: LineContext): string {
  const amount = most === null ? 'no limit' : amountInWords(limit, most);
  // What all have used together is the admins' to see.
  const isShown = isPersonal(limit) || about.isAdmin;
  const who = isPersonal(limit) ? (about.isSelf ? 'you have used' : 'used') : 'used';
  const use = isShown ? ` · ${who} ${amountInWords(limit, used)}` : '';
  const setter = setterOf(limit, most, about);
  const origin = setter === null ? '' : ` (set by ${setter})`;
  return `- ${nameOf(limit)}: **${amount}**${origin}${use}`;
}

/** Who set what holds; null where it is the tier's own. */
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

/** What it is, and how it is written in the option `limit`. */
function nameOf(limit: GuildLimitName): string {
  const { value, label } = LIMITS[limit].option;
  return `${label} (\`${value}\`)`;
}
