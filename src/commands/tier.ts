import { entryInWords, newestChanges } from '../core/access/audit.ts';
import type { GuildReport } from '../core/access/guilds.ts';
import { boundsInWords, holdingsInWords } from '../core/access/tier-words.ts';
import { momentInWords, parseUntil } from '../core/access/until.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import { eitherOf, upperFirst } from '../core/kit/text/text.ts';
import {
  accountOf,
  type GuildId,
  mayActAs,
  OUT_OF_REACH,
  parseGuildId,
  placeOf,
  platformOf,
  reaches,
} from '../core/ports/actor.ts';
import { GUILD_EXAMPLES } from '../core/ports/platforms.ts';
import { keyProviderName, opens, TIERS, type Tier } from '../core/ports/tiers.ts';
import { choice } from './options/choice.ts';

/** As many as fit into a message or two. */
const LOG_ENTRIES = 25;

/** The actions that each option applies to; `guild` applies to all. */
const MEANT_FOR = { tier: ['grant'], until: ['grant'], reason: ['grant', 'revoke'] } as const;

export const tier = defineCommand({
  name: 'tier',
  description: 'Show the tier here, its models, and how to get more',
  role: 'member',
  reply: 'private',
  options: {
    action: choice('What to do (default: show the tier)', {
      show: 'Show',
      grant: 'Grant (operators)',
      revoke: 'Revoke (operators)',
      log: 'Log of changes (operators)',
    }),
    guild: {
      type: 'text',
      description: 'Another server or workspace (operators): discord:<server id>, slack:<team id>',
      maxChars: 40,
    },
    tier: {
      type: 'choice',
      description: 'The tier to grant (operators)',
      choices: TIERS.map((name) => ({ value: name, label: name })),
    },
    until: {
      type: 'text',
      description: 'When the grant ends (operators), for example 2027-01-01',
      maxChars: 40,
    },
    reason: { type: 'text', description: 'Reason, for the audit log (operators)', maxChars: 200 },
  },

  async run(context, given) {
    const { actor, place, services } = context;
    const { action = 'show' } = given;
    const isOperator = mayActAs(await services.roles(actor), 'operator');
    const { guild, tier: granted, until, reason = '' } = given;
    if (!isOperator && (action !== 'show' || Object.keys(given).some((name) => name !== 'action'))) {
      return 'Only the operator can do that. `/tier` without options shows the tier here.';
    }
    for (const [name, actions] of Object.entries(MEANT_FOR)) {
      if (!Object.hasOwn(given, name) || actions.some((each) => each === action)) continue;
      const meant = actions.map((each) => `\`action:${each}\``).join(' or ');
      return `\`${name}\` only works with ${meant}. Nothing was changed.`;
    }
    const id = guild === undefined ? place.guild : parseGuildId(guild);
    if (id === null) return `\`guild\` must look like ${eitherOf(GUILD_EXAMPLES.map((id) => `\`${id}\``))}.`;
    if (!reaches(actor, id)) return OUT_OF_REACH;
    const by = accountOf(actor);
    switch (action) {
      case 'show':
        return describe(id, isOperator, context);
      case 'log':
        return recent(guild === undefined && reaches(actor, 'all') ? null : id, context);
      case 'revoke': {
        const revoked = await services.guilds.revoke(id, { by, reason });
        const { tier: now } = await services.guilds.access(id);
        const done = revoked ? 'Grant revoked.' : 'There was no grant to revoke.';
        return `${done} \`${id}\` has the tier \`${now}\`.`;
      }
      case 'grant': {
        if (granted === undefined) return 'Choose which `tier` to grant.';
        const end = parseUntil(until, services.clock.now());
        if (!end.ok) return end.problem;
        const expiresAtMs = end.atMs;
        await services.guilds.grant(id, { tier: granted, expiresAtMs, reason, by, replacesDefault: false });
        const { tier: now } = await services.guilds.access(id);
        const ending = expiresAtMs === null ? '' : ` until ${momentInWords(expiresAtMs)}`;
        return `Granted \`${granted}\`${ending}. \`${id}\` now has the tier \`${now}\`.`;
      }
    }
  },
});

async function describe(
  id: GuildId,
  isOperator: boolean,
  { place, services }: CommandContext,
): Promise<string> {
  const report = await services.guilds.report(id);
  const here = id === place.guild ? upperFirst(placeOf(id)) : `\`${id}\``;
  const held = holdingsInWords(report, { forOperator: isOperator }).map((line) => `- ${line}`);
  const models = services.catalogue.list(platformOf(id)).filter(({ gone }) => !gone);
  const opened = TIERS.map((name) => {
    const names = models.filter((model) => opens(name, model.tier)).map((model) => model.name);
    return `- ${name === report.tier ? `**${name}** (here)` : name}: ${names.join(', ') || 'no model'}`;
  });
  const parts = [
    `${here} has the tier \`${report.tier}\`:\n${held.join('\n')}`,
    `Models by tier:\n${opened.join('\n')}`,
  ];
  const bounds = boundsInWords(services.catalogue.bounds(report.operatorTier));
  if (bounds !== null) parts.push(`Answers here: ${bounds}.`);
  if (report.tier !== 'premium') parts.push(waysToMore(report, services.ownKeys.providers));
  return parts.join('\n\n');
}

function waysToMore({ onSale, tier: now }: GuildReport, keyProviders: readonly string[]): string {
  const better = onSale.filter((sold: Tier) => !opens(now, sold)).map((sold) => `\`${sold}\``);
  const shop =
    better.length === 0
      ? ''
      : ` ${better.join(' and ')} can be bought on Discord: open my profile, then its store.`;
  const names = keyProviders.map(keyProviderName).join(' or ');
  const keys =
    names === '' ? '' : ` An admin can also add an API key for ${names} with \`/connect\`; its account pays.`;
  return `To get more models, ask the operator.${shop}${keys}`;
}

async function recent(guild: GuildId | null, { services }: CommandContext): Promise<string> {
  const entries = await newestChanges(services.audit, guild, LOG_ENTRIES + 1);
  if (entries.length === 0) return 'No changes yet.';
  const lines = entries.slice(0, LOG_ENTRIES).map(entryInWords);
  if (entries.length > LOG_ENTRIES) lines.push('… `npm run parley -- audit` shows more.');
  return lines.map((line) => `- ${line}`).join('\n');
}
