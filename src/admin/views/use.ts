import { html } from 'hono/html';
import {
  failuresInWords,
  outcomeOf,
  percentile,
  readOutcomes,
} from '../../core/conversations/outcome-report.ts';
import { DIRECT_MESSAGES } from '../../core/conversations/outcomes.ts';
import { formatDuration } from '../../core/kit/time/durations.ts';
import { usdOrNothing } from '../../core/ledger/limit-words.ts';
import {
  automaticGroups,
  groupsOf,
  isUnsettled,
  ratedInWords,
  seriesFor,
  shownOf,
  sumInWords,
  sumOf,
  type UsageReport,
  type UsageRow,
} from '../../core/ledger/report.ts';
import type { GuildId } from '../../core/ports/actor.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import type { Services } from '../../core/services.ts';
import { type Chart, chart } from '../chart.ts';
import type { AdminHost } from '../host.ts';
import { type Html, numeric, table } from '../html.ts';

const HEADINGS = { model: 'Model', guild: 'Guild' } as const;

const counted = (value: number) => value.toLocaleString('en-US');

/** The ways to group usage. */
export type Grouping = keyof typeof HEADINGS;

/** The same sums as in `/usage`, in the same words. */
export function useTiles({ sums, days }: UsageReport): Html {
  const tiles = [
    ['Today', sums.today],
    ['This month', sums.month],
    [`Last ${days.length} days`, sums.days],
  ] as const;
  return html`<dl class="tiles">${tiles.map(
    ([name, sum]) =>
      html`<div><dt>${name}</dt><dd class="amount">${usdOrNothing(sum.costNanoUsd)}</dd><dd class="soft">${sumInWords(sum)}</dd></div>`,
  )}</dl>`;
}

/** Charts and tables of use and outcomes in a guild, or in all (null), by model or by guild. */
export async function useCharts(
  { services, names }: AdminHost,
  { rows, days }: UsageReport,
  { guild, by }: { readonly guild: GuildId | null; readonly by: Grouping },
): Promise<Html> {
  const { outcomes: log, timeZone } = services;
  const went = await readOutcomes(log, { guild, day: days[0] ?? '', timeZone });
  const known = await names.of([...rows, ...went].map((row) => row.guild));
  const keyOf = (row: Pick<UsageRow, 'guild' | 'model'>) => (by === 'guild' ? row.guild : row.model);
  const nameOf = (key: string) =>
    by === 'model'
      ? modelName(key, services)
      : key === DIRECT_MESSAGES
        ? 'Direct messages'
        : (known.get(key as GuildId) ?? key);
  const named = <G extends { readonly key: string }>(group: G) => ({
    ...group,
    id: group.key,
    key: nameOf(group.key),
  });
  const groups = groupsOf(rows, keyOf).map(named);
  const outcomes = Array.from(Map.groupBy(went, keyOf), ([key, some]) => named({ key, rows: some }));
  const shown = shownOf([...groups, ...outcomes].map(({ key }) => key));
  const used = (key: 'costNanoUsd' | 'requests') =>
    seriesFor(shown, groups, days, (some) => sumOf(some)[key]);
  const failed = seriesFor(shown, outcomes, days, (some) => outcomeOf(some).failed);
  const wait = seriesFor(shown, outcomes, days, (some) => percentile(outcomeOf(some).firstTextMs, 50));
  const rowsByDay = Map.groupBy(rows, ({ day }) => day);
  const rated = (verdict: 'good' | 'bad') =>
    days.map((day) => (rowsByDay.get(day) ?? []).reduce((sum, row) => sum + row[verdict], 0));
  const bars = (title: string, series: Chart['series'], format: Chart['format'] = counted) =>
    chart({ title, days, series, kind: 'bars', format });
  const ratings = [
    { name: '👍 good', values: rated('good') },
    { name: '👎 bad', values: rated('bad') },
  ];
  const link = ({ id, key }: { readonly id: string; readonly key: string }) =>
    by === 'guild' && id !== DIRECT_MESSAGES ? guildLink(id, key) : html`<bdi>${key}</bdi>`;
  return html`<section aria-label="Charts"><div class="charts">
${bars(`Cost by ${by}`, used('costNanoUsd'), usdOrNothing)}
${bars(`Requests by ${by}`, used('requests'))}
${bars(`Failed answers by ${by}`, failed)}
${chart({ title: `Wait for the first text by ${by}, median`, days, series: wait, kind: 'lines', format: formatDuration })}
${bars('Rated answers', ratings)}
</div></section>
<section><h2>By ${by}, last ${days.length} days</h2>
${useTable(
  `Use by ${by}`,
  HEADINGS[by],
  groups.map((group) => ({ name: link(group), sum: group.sum })),
)}
${automaticTable(rows)}
<h3>Outcomes</h3>
${outcomeTable(
  HEADINGS[by],
  outcomes.map((group) => ({ name: link(group), outcome: outcomeOf(group.rows) })),
)}
</section>`;
}

/** Outcomes of answers, a row per group, those with the most answers first. */
function outcomeTable(
  by: string,
  groups: readonly { readonly name: Html; readonly outcome: ReturnType<typeof outcomeOf> }[],
): Html {
  return table(
    `Outcomes by ${by}`,
    [by, numeric('Answers'), numeric('First text, median'), numeric('95 of 100'), 'Failed'],
    groups
      .toSorted((a, b) => b.outcome.answers - a.outcome.answers)
      .map(({ name, outcome }) => [
        name,
        outcome.answers,
        timeInWords(percentile(outcome.firstTextMs, 50)),
        timeInWords(percentile(outcome.firstTextMs, 95)),
        failuresInWords(outcome),
      ]),
    'No answers on these days.',
  );
}

function timeInWords(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms);
}

/** Use by automatic tasks, which the tables above include. */
function automaticTable(rows: readonly UsageRow[]): Html {
  const groups = automaticGroups(rows);
  if (groups.length === 0) return html``;
  return html`<h3>Automatic tasks</h3>${useTable(
    'Use that nobody requested',
    'What',
    groups.map(({ key, sum }) => ({ name: html`${key}`, sum })),
  )}`;
}

export function modelName(id: string, { catalogue }: Pick<Services, 'catalogue'>): string {
  // The playground offers all models.
  return catalogue.get(id, LOCAL_PLATFORM)?.name ?? id;
}

export function guildLink(guild: string, name: string): Html {
  return html`<a href="/admin/guilds/${encodeURIComponent(guild)}"><bdi>${name}</bdi></a>`;
}

/** Requests, tokens and cost. Columns for unsettled requests and feedback appear only if there are any. */
export function useTable(
  caption: string,
  heading: string,
  lines: readonly { readonly name: Html; readonly sum: ReturnType<typeof sumOf> }[],
): Html {
  const isOpen = lines.some(({ sum }) => isUnsettled(sum));
  const isRated = lines.some(({ sum }) => sum.good + sum.bad > 0);
  return table(
    caption,
    [
      heading,
      ...['Requests', 'Tokens', 'Cost', ...(isOpen ? ['Not settled', 'At most'] : [])].map(numeric),
      ...(isRated ? ['Rated'] : []),
    ],
    lines.map(({ name, sum }) => [
      name,
      sum.requests,
      sum.promptTokens + sum.completionTokens,
      usdOrNothing(sum.costNanoUsd),
      ...(isOpen ? [sum.unsettled, usdOrNothing(sum.unsettledNanoUsd)] : []),
      ...(isRated ? [ratedInWords(sum)] : []),
    ]),
    'Nothing was used on these days.',
  );
}
