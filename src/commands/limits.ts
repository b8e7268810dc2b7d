import {
  type GuildId,
  mayActAs,
  parseGuildId,
  parseUser,
  platformOf,
  type Role,
  reaches,
} from '../core/actor.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import type { Level } from '../core/ledger/ledger.ts';
import {
  type GuildRules,
  isPersonal,
  MAX_PEOPLE,
  type RuleChange,
  rulesFor,
} from '../core/ledger/limit-rules.ts';
import { amountInWords, parseAmount } from '../core/ledger/limit-words.ts';
import { type GuildLimitName, type LIMITS, UNLIMITED_GUILD } from '../core/ledger/limits.ts';

const NAMES = {
  requestsPerUserPerMinute: { value: 'requests-per-minute', label: 'Requests per person and minute' },
  requestsPerUserPerDay: { value: 'requests-per-day', label: 'Requests per person and day' },
  nanoUsdPerUserPerDay: { value: 'dollars-per-day', label: 'Dollars per person and day' },
  nanoUsdPerGuildPerDay: { value: 'all-dollars-per-day', label: 'Dollars of all together per day' },
  nanoUsdPerGuildPerMonth: { value: 'all-dollars-per-month', label: 'Dollars of all together per month' },
} as const satisfies Record<GuildLimitName, { value: string; label: string }>;

const LIMIT_NAMES = Object.keys(NAMES) as GuildLimitName[];

/** What `to` can say instead of an amount. */
const DEFAULT = 'default';
const NONE = 'none';

export const limits = defineCommand({
  name: 'limits',
  description: 'Show what may be used here, or set it (admins)',
  role: 'member',
  reply: 'private',
  options: {
    limit: {
      type: 'choice',
      description: 'Which limit to set; shows them all if left out',
      choices: Object.values(NAMES),
    },
    to: {
      type: 'text',
      description: 'A number, or dollars such as 0.50; "default" takes it back; operators: "none"',
      maxChars: 40,
    },
    user: {
      type: 'text',
      description: 'For this person alone (admins): a mention or an id',
      maxChars: 100,
    },
    guild: { type: 'text', description: 'Of another place, by its id (operators)', maxChars: 100 },
  },
  async run(context, { limit: value, to, user: named, guild: id }) {
    const { actor, place, services, tell } = context;
    const role = await services.roles(actor);
    const isAdmin = mayActAs(role, 'admin');
    if (!isAdmin && (to !== undefined || named !== undefined || id !== undefined)) {
      return tell('Only an admin can set limits or see those of others. `/limits` alone shows yours.');
    }
    const guild = id === undefined ? place.guild : guildIn(id, role, context);
    if (guild === null) {
      return tell(
        role === 'operator'
          ? 'There is no such place, or you cannot reach it from here: give an id such as `discord:123` or `slack:T123`.'
          : 'Only the operator of this bot can see and set the limits of other places.',
      );
    }
    const user = named === undefined ? null : parseUser(named, guild);
    if (named !== undefined && user === null) {
      return tell('`user` must be a mention or the id of a person: names are not unique.');
    }
    const limit = LIMIT_NAMES.find((name) => NAMES[name].value === value) ?? null;
    if (limit === null && to === undefined) return tell(await overview(context, { guild, user, isAdmin }));
    if (limit === null) return tell('Say which `limit` to set.');
    if (to === undefined) return tell('Say what to set it `to`: an amount, or `default`.');

    const problem = await set({ guild, user, limit, to, role }, context);
    if (problem !== null) return tell(problem);
    await tell(`Done.\n\n${await overview(context, { guild, user, isAdmin })}`);
  },
});

/** The guild that an operator named; null where it is none, or is not theirs to reach. */
function guildIn(id: string, role: Role, { actor }: CommandContext): GuildId | null {
  const guild = parseGuildId(id);
  return role === 'operator' && guild !== null && reaches(actor, guild) ? guild : null;
}

interface Wish {
  readonly guild: GuildId;
  /** Null for everybody. */
  readonly user: string | null;
  readonly limit: GuildLimitName;
  readonly to: string;
  readonly role: Role;
}

/** Sets a limit, or says why it cannot be set. */
async function set({ guild, user, limit, to, role }: Wish, context: CommandContext): Promise<string | null> {
  const { actor, services } = context;
  if (!services.limits.isOn) {
    return 'The operator of this bot has lifted all limits (`LIMITS=off`), so that none can be set.';
  }
  if (user !== null && !isPersonal(limit)) {
    return `“${NAMES[limit].label}” is not a limit of one person. Leave \`user\` out.`;
  }
  const word = to.trim().toLowerCase();
  let most: RuleChange['most'];
  if (word === NONE) {
    if (role !== 'operator' || user !== null) {
      return 'Only the operator of this bot can lift a limit, and for a whole place alone. `default` takes back what was set.';
    }
    most = null;
  } else if (word !== DEFAULT) {
    const amount = parseAmount(limit, to);
    if (!amount.ok) return amount.problem;
    most = amount.most;
  }
  const layer = user !== null ? { user } : role === 'operator' ? 'operator' : 'guild';
  const by = `${platformOf(actor.guild)}:${actor.user}`;
  const isChanged = await services.limits.change({ guild, layer, limit, most, by });
  if (isChanged) return null;
  return `${MAX_PEOPLE} people have limits of their own here, and there cannot be more. Take one back, or limit everybody.`;
}

/** What holds, what is used of it, and who set it. */
async function overview(
  { actor, services }: CommandContext,
  { guild, user, isAdmin }: { guild: GuildId; user: string | null; isAdmin: boolean },
): Promise<string> {
  const { guilds, ledger, limits } = services;
  if (!limits.isOn) return 'Nothing is limited: the operator of this bot has lifted all limits.';
  const [{ tier, operatorTier, ownKeys }, rules] = await Promise.all([
    guilds.access(guild),
    limits.rules(guild),
  ]);
  const person = user ?? actor.user;
  const payers = ownKeys.length > 0 ? (['operator', 'guild'] as const) : (['operator'] as const);
  const sections = await Promise.all(
    payers.map(async (payer) => {
      const whose = { guild, user: person, payer };
      const levels = await ledger.levels(whose, await limits.limitsFor(whose, operatorTier));
      const lines = levels.flatMap((level) =>
        isGuildLimit(level.limit)
          ? [lineOf(level.limit, level, { rules, payer, user: person, isAdmin, isSelf: user === null })]
          : [],
      );
      const heading =
        payer === 'guild' ? '**What its own API keys pay**' : `**Limits of the tier \`${tier}\`**`;
      return `${heading}\n${lines.join('\n')}`;
    }),
  );
  return [
    ...(user === null ? [] : [`For ${user}:`]),
    ...sections,
    isAdmin
      ? 'Set one with `limit` and `to`: it tightens what holds here.'
      : 'Admins can tighten them; the operator of this bot can set any.',
  ].join('\n\n');
}

function lineOf(
  limit: GuildLimitName,
  { used, most }: Level,
  about: { rules: GuildRules; payer: string; user: string; isAdmin: boolean; isSelf: boolean },
): string {
  const amount = most === null ? 'no limit' : amountInWords(limit, most);
  // What all have used together is the admins' to see.
  const isShown = isPersonal(limit) || about.isAdmin;
  const who = isPersonal(limit) ? (about.isSelf ? 'you have used' : 'used') : 'used';
  const use = isShown ? ` · ${who} ${amountInWords(limit, used)}` : '';
  const origin = originOf(limit, most, about);
  return `- ${NAMES[limit].label}: **${amount}**${origin}${use}`;
}

/** Who set what holds, where it is not the tier's own. */
function originOf(
  limit: GuildLimitName,
  most: number | null,
  { rules, payer, user }: { rules: GuildRules; payer: string; user: string },
): string {
  if (most !== null && rulesFor(user, rules)[limit] === most) return ' (set by an admin for this person)';
  if (most !== null && rules.guild[limit] === most) return ' (set by an admin)';
  if (payer === 'operator' && rules.operator[limit] === most) return ' (set by the operator)';
  return '';
}

function isGuildLimit(name: keyof typeof LIMITS): name is GuildLimitName {
  return Object.hasOwn(UNLIMITED_GUILD, name);
}
