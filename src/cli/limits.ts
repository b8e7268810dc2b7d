import { guildsOf } from '../app/core-options.ts';
import { mostInWords, personalRules, readRule, tooManyRules } from '../core/ledger/rule-words.ts';
import type { LimitRules } from '../core/ledger/rules.ts';
import type { GuildId } from '../core/ports/actor.ts';
import { GUILD_LIMITS, LIMITS } from '../core/ports/limits.ts';
import {
  actionIn,
  type CliCommand,
  type CliContext,
  type CliOutput,
  guildIn,
  UsageError,
} from './command.ts';
import { limitsOf } from './services.ts';
import { table } from './table.ts';

/** Shows a guild's limits, and sets one for everybody, a person or a role. */
export const limits: CliCommand = {
  name: 'limits',
  summary: 'Show and set limits on requests and spending',
  usage: [
    'limits show <guild>',
    'limits set <guild> <limit> <amount|none|default> [--user <id> | --role <id>]',
  ],
  options: { user: { type: 'string' }, role: { type: 'string' } },

  async run(args, context) {
    const [action, given, option, amount] = args.words(4);
    const isShow = actionIn('limits', ['show', 'set'], action) === 'show';
    const guild = guildIn(given);
    if (isShow) {
      args.words(2);
      args.refuse('user', 'role');
      return show(guild, await limitsOf(context), context);
    }
    const rule = readRule(guild, {
      limit: option,
      amount,
      user: args.text('user'),
      role: args.text('role'),
    });
    if (!rule.ok) throw new UsageError(rule.problem);
    const { layer, limit, most } = rule;
    const rules = await limitsOf(context);
    if (!rules.isOn) throw new UsageError('LIMITS=off turns all limits off. Remove it to set limits.');
    if (!(await rules.change({ guild, layer, limit, most, by: context.by }))) {
      throw new UsageError(tooManyRules(guild));
    }
    return show(guild, rules, context);
  },
};

/** The limits for everybody, and those for people and roles. */
async function show(guild: GuildId, rules: LimitRules, context: CliContext): Promise<CliOutput> {
  const { operatorTier } = await guildsOf(context).access(guild);
  const set = await rules.rules(guild);
  const inForce = await rules.limitsFor(
    { guild, user: '', groups: async () => [], payer: 'operator' },
    operatorTier,
  );
  const json = { guild, tier: operatorTier, isOn: rules.isOn, limits: inForce, set };
  if (!rules.isOn) return { text: 'There are no limits: LIMITS=off turns them off.', json };
  const own = personalRules(guild, set).map(({ who, limit, most }) => [
    who,
    LIMITS[limit].option.value,
    most,
  ]);
  return {
    text: [
      `${guild} has the limits of tier ${operatorTier}. If several limits apply, the lowest counts:`,
      table(
        ['Limit', 'In force', 'Set by the operator', 'Set by admins'],
        GUILD_LIMITS.map((limit) => [
          LIMITS[limit].option.value,
          mostInWords(limit, inForce[limit]),
          mostInWords(limit, set.operator[limit]),
          mostInWords(limit, set.guild[limit]),
        ]),
      ),
      ...(own.length === 0 ? [] : ['', table(['For', 'Limit', 'At most'], own)]),
    ].join('\n'),
    json,
  };
}
