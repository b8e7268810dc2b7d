import { html } from 'hono/html';
import {
  failuresInWords,
  type OutcomeRow,
  outcomeOf,
  percentile,
} from '../../core/conversations/outcome-report.ts';
import { formatDuration } from '../../core/kit/durations.ts';
import { seriesFor, type UsageRow } from '../../core/ledger/report.ts';
import { chart } from '../chart.ts';
import { type Html, numeric, table } from '../html.ts';

export interface OutcomeGroup {
  readonly key: string;
  readonly rows: readonly OutcomeRow[];
}

const counted = (value: number) => value.toLocaleString('en-US');

/** Charts of failures and of the wait for the first text by group, and of feedback by day. */
export function outcomeCharts(
  by: string,
  days: readonly string[],
  of: {
    /** Keys of the groups with a colour of their own. */
    readonly shown: readonly string[];
    readonly groups: readonly OutcomeGroup[];
    /** For the feedback chart. */
    readonly rows: readonly UsageRow[];
  },
): Html {
  const { shown, groups, rows } = of;
  const rated = Map.groupBy(rows, ({ day }) => day);
  const ratedOn = (verdict: 'good' | 'bad') =>
    days.map((day) => (rated.get(day) ?? []).reduce((sum, row) => sum + row[verdict], 0));
  return html`${chart({
    title: `Failed answers by ${by}`,
    days,
    series: seriesFor(shown, groups, days, (some) => outcomeOf(some).failed),
    kind: 'bars',
    format: counted,
  })}
${chart({
  title: `Wait for the first text by ${by}, median`,
  days,
  series: seriesFor(shown, groups, days, (some) => percentile(outcomeOf(some).firstTextMs, 50)),
  kind: 'lines',
  format: formatDuration,
})}
${chart({
  title: 'Rated answers',
  days,
  series: [
    { name: '👍 good', values: ratedOn('good') },
    { name: '👎 bad', values: ratedOn('bad') },
  ],
  kind: 'bars',
  format: counted,
})}`;
}

/** Outcomes of answers, a row per group. */
export function outcomeTable(by: string, groups: readonly (OutcomeGroup & { readonly name: Html })[]): Html {
  return table(
    `Outcomes by ${by}`,
    [by, numeric('Answers'), numeric('First text, median'), numeric('95 of 100'), 'Failed'],
    groups
      .map(({ name, rows }) => ({ name, sum: outcomeOf(rows) }))
      .toSorted((a, b) => b.sum.answers - a.sum.answers)
      .map(({ name, sum }) => [
        name,
        sum.answers,
        timeInWords(percentile(sum.firstTextMs, 50)),
        timeInWords(percentile(sum.firstTextMs, 95)),
        failuresInWords(sum),
      ]),
    'No answers on these days.',
  );
}

function timeInWords(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms);
}
