import { type CommandContext, defineCommand, type ViewContext } from '../core/command.ts';
import { createDates } from '../core/kit/time/periods.ts';
import { PERIOD_WORDS, usdOrNothing, useInWords } from '../core/ledger/limit-words.ts';
import {
  automaticGroups,
  groupsOf,
  peopleGroups,
  ratedInWords,
  readUsage,
  seriesFor,
  shownOf,
  sumInWords,
  sumOf,
  type UsageReport,
  type UsageRow,
  type UsageSum,
  usageCsv,
  usageSince,
} from '../core/ledger/report.ts';
import { type GuildId, mayActAs, OUT_OF_REACH, type Role, reaches } from '../core/ports/actor.ts';
import { LIMITS } from '../core/ports/limits.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import type { NoticeFile } from '../core/ports/surface.ts';
import { payersIn } from './limits-view.ts';
import { choice } from './options/choice.ts';

const DEFAULT_DAYS = '30';
/** The most models, people and places in a list; the CSV has all. */
const MAX_LISTED = 10;
/** Discord accepts files of 10 MiB, and a character can take three bytes. */
const MAX_CSV_CHARS = 3_000_000;

export const usage = defineCommand({
  name: 'usage',
  description: 'Show your requests and their cost; admins see everyone’s',
  role: 'member',
  reply: 'private',
  options: {
    of: choice('Whose usage (default: yours; admins: everyone here)', {
      me: 'Me',
      here: 'Everyone in this {guild} (admins)',
      everywhere: 'All servers and workspaces (operators)',
    }),
    days: choice(`Number of days (default: ${DEFAULT_DAYS})`, {
      '7': '7 days',
      '30': '30 days',
      '90': '90 days',
    }),
  },
  async view(context) {
    const { actor, place, services } = context;
    const isAdmin = mayActAs(await services.roles(actor), 'admin');
    if (!isAdmin) return own(context);
    const guild = place.guild;
    return inWords(await readUsage(services, guild, Number(DEFAULT_DAYS)), guild, services).join('\n\n');
  },
  async run(context, { of, days = DEFAULT_DAYS }) {
    const { actor, place, services } = context;
    const role = await services.roles(actor);
    const scope = of ?? (mayActAs(role, 'admin') ? 'here' : 'me');
    const refusal = refusalOf(scope, role, context);
    if (refusal !== null) return refusal;
    if (scope === 'me') return own(context);
    return ofAll(context, scope === 'here' ? place.guild : null, Number(days));
  },
});

function refusalOf(
  scope: 'me' | 'here' | 'everywhere',
  role: Role,
  { actor }: CommandContext,
): string | null {
  if (scope === 'here' && !mayActAs(role, 'admin')) {
    return 'Only an admin can see the usage of others. `/usage of:me` shows yours.';
  }
  if (scope !== 'everywhere') return null;
  if (role !== 'operator') return 'Only the operator can see the usage of all servers and workspaces.';
  return reaches(actor, 'all') ? null : `${OUT_OF_REACH} \`/usage\` without options shows the usage here.`;
}

/** A person's own usage in this guild: today, this month, by model, and against their limits. */
async function own({ actor, place: { guild }, services }: ViewContext): Promise<string> {
  const { guilds, limits, ledger, clock, timeZone } = services;
  const dateOf = createDates(timeZone);
  const today = dateOf(clock.now());
  const rows = await usageSince(
    services,
    { of: { guild, user: actor.user }, day: `${today.slice(0, 7)}-01` },
    dateOf,
  );
  const { operatorTier, ownKeys } = await guilds.access(guild);
  const against: string[] = [];
  for (const payer of payersIn({ ownKeys })) {
    const whose = { guild, user: actor.user, groups: actor.groups, payer };
    const levels = await ledger.levels(whose, await limits.limitsFor(whose, operatorTier));
    const of = payer === 'guild' ? ' (paid with the API keys connected here)' : '';
    for (const { limit, used, most } of levels) {
      const { scope, period } = LIMITS[limit];
      if (scope === 'user' && most !== null)
        against.push(`- ${useInWords(limit, used, most)} ${PERIOD_WORDS[period].current}${of}`);
    }
  }
  return [
    [
      '**Your usage here**',
      `- Today: ${sumInWords(sumOf(rows.filter(({ day }) => day === today)))}`,
      `- This month: ${sumInWords(sumOf(rows))}`,
    ].join('\n'),
    ...listed('By model, this month', modelGroups(rows, services), true),
    ...listed('Automatic tasks, this month', automaticGroups(rows)),
    ...(against.length > 0 ? [`**Your limits**\n${against.join('\n')}`] : []),
  ].join('\n\n');
}

type Services = CommandContext['services'];

/** Everybody's usage in a guild, or in all guilds, by model and by person. */
function inWords({ days, rows, sums }: UsageReport, guild: GuildId | null, services: Services): string[] {
  const where = guild === null ? 'in all servers' : 'here';
  const summary = [
    `**Usage ${where}**`,
    `- Today: ${sumInWords(sums.today)}`,
    `- This month: ${sumInWords(sums.month)}`,
    `- Last ${days.length} days: ${sumInWords(sums.days)}`,
  ].join('\n');
  const servers = guild === null ? groupsOf(rows, (row) => row.guild) : [];
  return [
    summary,
    ...listed('By server', servers),
    ...listed('By model', modelGroups(rows, services), true),
    ...listed(
      'By person',
      peopleGroups(rows).map((group) => ({ ...group, key: group.rows[0]?.userName ?? '' })),
    ),
    ...listed('Automatic tasks', automaticGroups(rows)),
  ];
}

/** The same with a chart, and a table to download. */
async function ofAll(
  { services }: CommandContext,
  guild: GuildId | null,
  count: number,
): Promise<{ text: string; files: NoticeFile[] }> {
  const usage = await readUsage(services, guild, count);
  const { today, days, rows } = usage;
  const words = inWords(usage, guild, services);
  if (rows.length === 0) return { text: words.join('\n\n'), files: [] };

  const { csv, left } = usageCsv(rows, MAX_CSV_CHARS);
  const chart = await chartOf(rows, days, services);
  if (left > 0) {
    words.push(
      `The CSV file would be too long, so its oldest ${left.toLocaleString('en-US')} lines are left out.`,
    );
  }
  const table: NoticeFile = {
    name: `usage-${days[0]}-to-${today}.csv`,
    mediaType: 'text/csv',
    bytes: new TextEncoder().encode(csv),
    description: 'Usage by day, person and model',
  };
  return { text: words.join('\n\n'), files: chart === null ? [table] : [chart, table] };
}

/** Dollars by day and model, or requests if everything was free. */
async function chartOf(
  rows: readonly UsageRow[],
  days: readonly string[],
  services: Services,
): Promise<NoticeFile | null> {
  const isMoney = sumOf(rows).costNanoUsd > 0;
  const amountOf = ({ costNanoUsd, requests }: UsageSum) => (isMoney ? costNanoUsd : requests);
  const groups = modelGroups(rows, services);
  const shown = shownOf(groups.map(({ key }) => key));
  const series = seriesFor(shown, groups, days, (some) => amountOf(sumOf(some)));
  const title = `${isMoney ? 'Dollars' : 'Requests'} per day by model`;
  const png = await services.drawChart({
    title,
    days,
    series,
    format: isMoney
      ? usdOrNothing
      : (value) => (Number.isInteger(value) ? value.toLocaleString('en-US') : ''),
  });
  if (png === null) return null;
  return {
    name: 'usage.png',
    mediaType: 'image/png',
    bytes: png,
    description: `${title}, ${days.length} days: ${sumInWords(sumOf(rows))}`,
  };
}

function modelGroups(rows: readonly UsageRow[], { catalogue }: Services) {
  return groupsOf(rows, ({ model }) => model).map((group) => ({
    ...group,
    // The playground offers all models.
    key: catalogue.get(group.key, LOCAL_PLATFORM)?.name ?? group.key,
  }));
}

function listed(
  heading: string,
  groups: readonly { readonly key: string; readonly sum: UsageSum }[],
  isRated = false,
): string[] {
  if (groups.length === 0) return [];
  const lines = groups
    .slice(0, MAX_LISTED)
    .map(
      ({ key, sum }) =>
        `- ${plain(key)}: ${[sumInWords(sum), isRated && ratedInWords(sum)].filter(Boolean).join(' · ')}`,
    );
  const more = groups.length - lines.length;
  return [`**${heading}**\n${[...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n')}`];
}

/** A name that a person chose, on one line and without effect as Markdown. */
function plain(name: string): string {
  return name.replace(/\s+/g, ' ').replace(/[\\`*_~|<>[\]]/g, '\\$&');
}
