import { guildsOf } from '../app/core-options.ts';
import { momentInWords } from '../core/access/until.ts';
import { counted } from '../core/kit/text/text.ts';
import { createFeedbackLog } from '../core/ledger/feedback.ts';
import { listGuilds } from '../core/ledger/guild-list.ts';
import { usdOrNothing } from '../core/ledger/limit-words.ts';
import {
  automaticGroups,
  groupsOf,
  isUnsettled,
  peopleGroups,
  ratedInWords,
  readUsage,
  sumInWords,
  type UsageReport,
  type UsageRow,
  usageCsv,
} from '../core/ledger/report.ts';
import { listUnsettled, whatIsUnsettled, whyUnsettled } from '../core/ledger/unsettled.ts';
import { createUsageLog } from '../core/ledger/usage.ts';
import { AUTOMATIC } from '../core/ports/automatic.ts';
import type { OpenReservation } from '../core/ports/store.ts';
import { type CliCommand, type CliContext, guildOrAll } from './command.ts';
import { table } from './table.ts';

export const USAGE_DAYS = 30;

/** Shows the use of all guilds or of one, by guild, model and person, and unsettled requests. */
export const usage: CliCommand = {
  name: 'usage',
  summary: 'Show requests, tokens and cost by guild, model and person',
  usage: [`usage [<guild>] [--days <number, ${USAGE_DAYS} by default>] [--csv]`],
  options: { days: { type: 'string' }, csv: { type: 'boolean' } },

  async run(args, context) {
    const { store, clock } = context;
    const guild = guildOrAll(args.words(1)[0]);
    const { rows, days, sums } = await useOf(context, args.days(USAGE_DAYS), guild);
    if (args.has('csv')) return { text: usageCsv(rows, Number.POSITIVE_INFINITY).csv.trimEnd(), json: rows };
    const left = (await store.ledger.abandoned(clock.now())).filter(
      ({ entry }) => guild === null || entry.guild === guild,
    );
    const names = await context.names.of(rows.map((row) => row.guild));
    const nameOf = (row: UsageRow) => names.get(row.guild) ?? '';
    const by = (keyOf: (row: UsageRow) => string) => groupsOf(rows, keyOf);
    const text = [
      `Today: ${sumInWords(sums.today)}`,
      `This month: ${sumInWords(sums.month)}`,
      `Last ${counted(days.length, 'day', 'days')}: ${sumInWords(sums.days)}`,
      ...(left.length > 0 ? [leftInWords(left)] : []),
      ...listed(
        by(({ guild }) => guild),
        { Guild: ({ guild }) => guild, Name: nameOf },
      ),
      ...listed(
        by(({ model }) => model),
        { Model: ({ model }) => model },
      ),
      ...rated(rows),
      ...listed(peopleGroups(rows), {
        Person: ({ userName }) => userName,
        Id: ({ user }) => user,
        In: (row) => nameOf(row) || row.guild,
      }),
      ...listed(automaticGroups(rows), {
        'Automatic tasks': ({ kind }) => (kind === undefined ? '' : AUTOMATIC[kind].label),
      }),
    ].join('\n');
    return { text, json: rows.map((row) => ({ ...row, guildName: names.get(row.guild) ?? null })) };
  },
};

/** Lists guilds with name, tier and use: those that the bot is in, that hold something, or that used the bot recently. */
export const guilds: CliCommand = {
  name: 'guilds',
  summary: 'List the guilds that the bot is in: tier, use, cost',
  usage: [`guilds [--days <number, ${USAGE_DAYS} by default>]`],
  options: { days: { type: 'string' } },

  async run(args, context) {
    args.words(0);
    const days = args.days(USAGE_DAYS);
    const { rows } = await useOf(context, days, null);
    const sorted = await listGuilds({ guilds: guildsOf(context), names: context.names }, rows);
    const lines = sorted.map(({ guild, name, tier, requests, costNanoUsd, lastDay }) => [
      guild,
      name ?? '',
      tier,
      requests,
      usdOrNothing(costNanoUsd),
      lastDay ?? '-',
    ]);
    const headings = ['Guild', 'Name', 'Tier', `Requests, ${days} days`, 'Cost', 'Last used'];
    return { text: table(headings, lines, 'The bot is not in any guild yet.'), json: sorted };
  },
};

/** Shows requests whose cost is not booked, and the amounts reserved for them. */
export const unsettled: CliCommand = {
  name: 'unsettled',
  summary: 'Show requests whose price is not booked yet',
  usage: ['unsettled [<guild>]'],

  async run(args, { store, names: guildNames, clock }) {
    const guild = guildOrAll(args.words(1)[0]);
    const requests = await listUnsettled(store.ledger, guild, clock.now());
    const names = await guildNames.of(requests.map((request) => request.guild));
    const rows = requests.map((request) => [
      momentInWords(request.madeAtMs),
      names.get(request.guild) ?? request.guild,
      request.userName ?? request.user,
      whatIsUnsettled(request),
      request.model,
      usdOrNothing(request.nanoUsd),
      whyUnsettled(request),
    ]);
    const headings = ['Since', 'Guild', 'Person', 'What', 'Model', 'At most', 'Why'];
    return { text: table(headings, rows, 'Everything is settled.'), json: requests };
  },
};

/** Use in the last days, including this one, in one guild or in all. */
function useOf(
  { config, store, clock }: CliContext,
  count: number,
  guild: UsageRow['guild'] | null,
): Promise<UsageReport> {
  const { records, ledger } = store;
  const logs = { usage: createUsageLog(records), feedback: createFeedbackLog(records) };
  return readUsage({ ...logs, ledger, clock, timeZone: config.TIME_ZONE }, guild, count);
}

/** By model, if people rated answers. */
function rated(rows: readonly UsageRow[]): string[] {
  const groups = groupsOf(rows, ({ model }) => model).filter(({ sum }) => sum.good + sum.bad > 0);
  if (groups.length === 0) return [];
  const lines = groups.map(({ key, sum }) => [key, ratedInWords(sum)]);
  return ['', table(['Model', 'Rated'], lines)];
}

/** Requests of dead processes count at their highest cost until a better figure is known. */
function leftInWords(left: readonly OpenReservation[]): string {
  const nanoUsd = left.reduce((sum, { reserved }) => sum + reserved.nanoUsd, 0);
  return `Not settled, left by dead processes: ${counted(left.length, 'request', 'requests')}, with ${usdOrNothing(nanoUsd)} reserved for them`;
}

/** A table of groups by a key; columns for unsettled requests only if there are any. */
function listed(
  groups: ReturnType<typeof groupsOf>,
  columns: Readonly<Record<string, (row: UsageRow) => string>>,
): string[] {
  if (groups.length === 0) return [];
  const isAllSettled = !groups.some(({ sum }) => isUnsettled(sum));
  const lines = groups.map(({ rows: [first], sum }) => [
    ...Object.values(columns).map((cellOf) => (first === undefined ? '' : cellOf(first))),
    sum.requests,
    sum.promptTokens + sum.completionTokens,
    usdOrNothing(sum.costNanoUsd),
    ...(isAllSettled ? [] : [sum.unsettled, usdOrNothing(sum.unsettledNanoUsd)]),
  ]);
  const open = isAllSettled ? [] : ['Not settled', 'At most'];
  return ['', table([...Object.keys(columns), 'Requests', 'Tokens', 'Cost', ...open], lines)];
}
