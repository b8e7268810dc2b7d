import { html } from 'hono/html';
import { failuresInWords, type OutcomeRow, outcomeOf, percentile } from '../../core/chat/outcome-report.ts';
import { formatDuration } from '../../core/kit/durations.ts';
import { seriesOf, type UsageRow } from '../../core/ledger/report.ts';
import { chart, MAX_SERIES } from '../chart.ts';
import { type Html, table } from '../html.ts';

export interface OutcomeGroup {
  readonly key: string;
  readonly rows: readonly OutcomeRow[];
}

const counted = (value: number) => value.toLocaleString('en-US');

/** Failures and the wait for the first text by group, and what people thought of answers, by day. */
export function outcomeCharts(
  by: string,
  days: readonly string[],
  groups: readonly OutcomeGroup[],
  rows: readonly UsageRow[],
): Html {
  const busiest = groups
    .toSorted((a, b) => outcomeOf(b.rows).answers - outcomeOf(a.rows).answers)
    .slice(0, MAX_SERIES);
  const rated = Map.groupBy(rows, ({ day }) => day);
  const ratedOn = (verdict: 'good' | 'bad') =>
    days.map((day) => (rated.get(day) ?? []).reduce((sum, row) => sum + row[verdict], 0));
  return html`${chart({
    title: `Failed answers by ${by}`,
    days,
    series: seriesOf(groups, days, (some) => outcomeOf(some).failed, MAX_SERIES),
    kind: 'bars',
    format: counted,
  })}
${chart({
  title: `Wait for the first text by ${by}, median`,
  days,
  series: busiest.map(({ key, rows: own }) => {
    const byDay = Map.groupBy(own, ({ day }) => day);
    return {
      name: key,
      values: days.map((day) => percentile(outcomeOf(byDay.get(day) ?? []).firstTextMs, 50)),
    };
  }),
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

/** How answers went, a line for each group. */
export function outcomeTable(by: string, groups: readonly (OutcomeGroup & { readonly name: Html })[]): Html {
  return table(
    `How answers went, by ${by}`,
    [
      { heading: by },
      { heading: 'Answers', isNumeric: true },
      { heading: 'First text, median', isNumeric: true },
      { heading: '95 of 100', isNumeric: true },
      { heading: 'Failed' },
    ],
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
    'No answers in these days.',
  );
}

function timeInWords(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms);
}
