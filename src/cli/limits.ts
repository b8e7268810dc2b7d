import { MAX_GROUPS, MAX_PEOPLE, type RuleLayer } from '../core/ledger/guild-rules.ts';
import { amountInWords, parseAmount } from '../core/ledger/limit-words.ts';
import { isPersonal, type LimitRules } from '../core/ledger/rules.ts';
import { type GuildId, groupWord, parseGroup, parseUser } from '../core/ports/actor.ts';
import { GUILD_LIMITS, type GuildLimitName, LIMITS } from '../core/ports/limits.ts';
import {
  type CliArguments,
  type CliCommand,
  type CliContext,
  type CliOutput,
  guildIn,
  refuseMore,
  textIn,
  UsageError,
} from './command.ts';
import { guildsOf, withLimits } from './services.ts';
import { table } from './table.ts';

const OPTIONS = GUILD_LIMITS.map((name) => LIMITS[name].option.value);

/** Shows what limits a guild has, and sets one: for all in it, or for one person or role. */
export const limits: CliCommand = {
  name: 'limits',
  usage: [
    'limits show <guild>',
    'limits set <guild> <limit> <amount|none|default> [--user <id> | --role <id>]',
  ],
  options: { user: { type: 'string' }, role: { type: 'string' } },

  async run({ positionals: [action, given, ...rest], values }, context) {
    if (action !== 'show' && action !== 'set') {
      throw new UsageError(
        `${action === undefined ? 'What to do is missing' : `limits cannot ${JSON.stringify(action)}`}: show or set.`,
      );
    }
    const guild = guildIn(given);
    if (action === 'show') {
      refuseMore([...rest, ...Object.keys(values).filter((name) => name === 'user' || name === 'role')]);
      return withLimits(context, (rules) => show(guild, rules, context));
    }
    const [option, amount, ...extra] = rest;
    refuseMore(extra);
    const layer = layerIn(guild, values);
    const { limit, most } = meaningOf(option, amount, layer);
    return withLimits(context, async (rules) => {
      if (!rules.isOn) throw new UsageError('LIMITS=off lifts every limit, so that none can be set.');
      if (!(await rules.change({ guild, layer, limit, most, by: context.by }))) {
        throw new UsageError(
          `At most ${MAX_PEOPLE} people and ${MAX_GROUPS} ${groupWord(guild)}s of a guild can have limits of their own. Take one back with default.`,
        );
      }
      return show(guild, rules, context);
    });
  },
};

function layerIn(guild: GuildId, values: CliArguments['values']): RuleLayer {
  const [user, role] = [textIn(values, 'user'), textIn(values, 'role')];
  if (user !== undefined && role !== undefined) throw new UsageError('Give --user or --role, not both.');
  if (user !== undefined) {
    const id = parseUser(user, guild, null);
    if (id === null) throw new UsageError(`${JSON.stringify(user)} is not the id of a person there.`);
    return { user: id };
  }
  if (role === undefined) return 'operator';
  const group = parseGroup(role, guild);
  if (group === null)
    throw new UsageError(`${JSON.stringify(role)} is not the id of a ${groupWord(guild)} there.`);
  return { group };
}

function meaningOf(
  option: string | undefined,
  amount: string | undefined,
  layer: RuleLayer,
): { readonly limit: GuildLimitName; readonly most: number | null | undefined } {
  const limit = GUILD_LIMITS.find((name) => LIMITS[name].option.value === option);
  if (limit === undefined) {
    const what = option === undefined ? 'A limit is missing' : `${JSON.stringify(option)} is no limit`;
    throw new UsageError(`${what}: there are ${OPTIONS.join(', ')}.`);
  }
  if (amount === undefined)
    throw new UsageError('An amount is missing, such as 20 or 0.50; or none, or default.');
  if (layer !== 'operator' && !isPersonal(limit)) {
    throw new UsageError(
      `${option} applies to everyone together, not to one person. Leave out --user and --role.`,
    );
  }
  if (amount === 'default') return { limit, most: undefined };
  if (amount === 'none') {
    if (layer !== 'operator')
      throw new UsageError('none lifts a limit of a whole guild alone: write default.');
    return { limit, most: null };
  }
  const parsed = parseAmount(limit, amount);
  if (!parsed.ok) throw new UsageError(parsed.problem.replaceAll('`', ''));
  return { limit, most: parsed.most };
}

/** What holds for all, and what was set for people and roles. */
async function show(guild: GuildId, rules: LimitRules, context: CliContext): Promise<CliOutput> {
  const { operatorTier } = await guildsOf(context).access(guild);
  const set = await rules.rules(guild);
  const inForce = await rules.limitsFor(
    { guild, user: '', groups: async () => [], payer: 'operator' },
    operatorTier,
  );
  const json = { guild, tier: operatorTier, isOn: rules.isOn, limits: inForce, set };
  if (!rules.isOn) return { text: 'Nothing is limited: LIMITS=off lifts every limit.', json };
  const words = (limit: GuildLimitName, most: number | null | undefined) =>
    most === undefined ? '' : most === null ? 'none' : amountInWords(limit, most);
  const people = Object.entries(set.users).map(([id, own]) => [`person ${id}`, own] as const);
  const groups = Object.entries(set.groups).map(([id, own]) => [`${groupWord(guild)} ${id}`, own] as const);
  const own = [...people, ...groups].flatMap(([who, amounts]) =>
    GUILD_LIMITS.filter((limit) => amounts[limit] !== undefined).map((limit) => [
      who,
      LIMITS[limit].option.value,
      words(limit, amounts[limit]),
    ]),
  );
  return {
    text: [
      `${guild} has the limits of the tier ${operatorTier}; of all that applies the tightest counts:`,
      table(
        ['Limit', 'Holds', 'Set by the operator', 'Set by admins'],
        GUILD_LIMITS.map((limit) => [
          LIMITS[limit].option.value,
          words(limit, inForce[limit]),
          words(limit, set.operator[limit]),
          words(limit, set.guild[limit]),
        ]),
      ),
      ...(own.length === 0 ? [] : ['', table(['For', 'Limit', 'At most'], own)]),
    ].join('\n'),
    json,
  };
}
