import { guildsOf } from '../app/core-options.ts';
import type { GuildReport } from '../core/access/guilds.ts';
import { holdingsInWords } from '../core/access/tier-words.ts';
import { parseUntil } from '../core/access/until.ts';
import type { GuildId } from '../core/ports/actor.ts';
import { isTier, TIERS } from '../core/ports/tiers.ts';
import {
  actionIn,
  type CliArguments,
  type CliCommand,
  type CliContext,
  type CliOutput,
  guildIn,
  UsageError,
} from './command.ts';
import { table } from './table.ts';

/** Shows a guild's tier, and grants or revokes one. A running bot applies it from the next request on. */
export const tier: CliCommand = {
  name: 'tier',
  summary: 'Show, grant and revoke the tiers of guilds',
  usage: [
    'tier list',
    'tier show <guild>',
    `tier grant <guild> <${TIERS.join('|')}> [--until <date>] [--reason <text>]`,
    'tier revoke <guild> [--reason <text>]',
  ],
  options: { until: { type: 'string' }, reason: { type: 'string' } },

  async run(args, context) {
    const [action, guild, tierName] = args.words(4);
    switch (actionIn('tier', ['list', 'show', 'grant', 'revoke'], action)) {
      case 'list':
        args.words(1);
        args.refuse('until', 'reason');
        return list(context);
      case 'show':
        args.words(2);
        args.refuse('until', 'reason');
        return outputOf(await guildsOf(context).report(guildIn(guild)));
      case 'grant':
        args.words(3);
        return grant(guildIn(guild), tierName, args, context);
      case 'revoke':
        args.words(2);
        args.refuse('until');
        return revoke(guildIn(guild), args, context);
    }
  },
};

/** Guilds that have more than the default tier. */
async function list(context: CliContext): Promise<CliOutput> {
  const guilds = guildsOf(context);
  const holding = await guilds.holding();
  const names = await context.names.of(holding);
  const reports = await Promise.all(holding.map((id) => guilds.report(id)));
  const rows = reports.map((report) => [
    report.id,
    names.get(report.id) ?? '',
    report.tier,
    holdingsInWords(report, { forOperator: true })
      .slice(report.grants.some(({ replacesDefault }) => replacesDefault) ? 0 : 1)
      .join('; '),
  ]);
  return {
    text: table(
      ['Guild', 'Name', 'Tier', 'By'],
      rows,
      `Every guild has the default tier, ${context.config.DEFAULT_TIER}.`,
    ),
    json: reports.map((report) => ({ ...outputOf(report).json, name: names.get(report.id) ?? null })),
  };
}

async function grant(
  guild: GuildId,
  tierName: string | undefined,
  args: CliArguments,
  context: CliContext,
): Promise<CliOutput> {
  if (tierName === undefined || !isTier(tierName)) {
    const what = tierName === undefined ? 'The tier is missing' : `${JSON.stringify(tierName)} is not a tier`;
    throw new UsageError(`${what}. Use ${TIERS.join(', ')}.`);
  }
  const end = parseUntil(args.text('until'), context.clock.now());
  if (!end.ok) throw new UsageError(end.problem);
  const guilds = guildsOf(context);
  await guilds.grant(guild, {
    tier: tierName,
    expiresAtMs: end.atMs,
    reason: args.text('reason') ?? '',
    by: context.by,
    replacesDefault: false,
  });
  return outputOf(await guilds.report(guild));
}

async function revoke(guild: GuildId, args: CliArguments, context: CliContext): Promise<CliOutput> {
  const guilds = guildsOf(context);
  const revoked = await guilds.revoke(guild, { by: context.by, reason: args.text('reason') ?? '' });
  const { text, json } = outputOf(await guilds.report(guild));
  return {
    text: `${revoked ? 'Grant revoked.' : 'There was no grant to revoke.'}\n${text}`,
    json: { ...json, revoked },
  };
}

function outputOf(report: GuildReport) {
  const { id, tier: now, operatorTier, defaultTier, grants, purchases, keys } = report;
  const lines = holdingsInWords(report, { forOperator: true }).map((line) => `  - ${line}`);
  return {
    text: [`${id} has the tier ${now}:`, ...lines].join('\n'),
    json: { guild: id, tier: now, operatorTier, defaultTier, grants, purchases, keys },
  };
}
