import { html } from 'hono/html';
import { type Html, numeric, table } from './html.ts';

/** A chart over days. A table on the same page has the figures. */
export interface Chart {
  readonly title: string;
  /** ISO dates, oldest first. */
  readonly days: readonly string[];
  /** At most one per colour. Null for a day without a value. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** Bars for amounts that add up, which are stacked; lines for others. */
  readonly kind: 'bars' | 'lines';
  format(value: number): string;
}

/** Units of the drawing, which is stretched to the width of the page. */
const SLOT = 10;
const HEIGHT = 100;

/** Drawn by the server: needs no script, and takes its colours from the style sheet. */
export function chart(of: Chart): Html {
  const { title, days, series, format } = of;
  const isEmpty = series.every(({ values }) => values.every((value) => !value));
  if (isEmpty) {
    return html`<figure class="chart"><figcaption>${title}</figcaption><p class="empty">No data for these days.</p></figure>`;
  }
  const top = roundUp(topOf(of));
  const words = `${title}, ${days.length} days from ${days[0]} to ${days.at(-1)}; the table below has the figures`;
  return html`<figure class="chart">
<figcaption>${title}</figcaption>
<div class="plot">
<div class="scale" aria-hidden="true"><span>${format(top)}</span><span>${format(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${days.length * SLOT} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${words}">
<path class="grid" d="M0 0.5H${days.length * SLOT}M0 50H${days.length * SLOT}M0 99.5H${days.length * SLOT}"/>
${of.kind === 'bars' ? bars(of, top) : lines(of, top)}
${days.map((day, index) => html`<rect class="day" x="${index * SLOT}" y="0" width="${SLOT}" height="${HEIGHT}"><title>${dayInWords(of, day, index)}</title></rect>`)}
</svg>
<div class="dates" aria-hidden="true"><span>${days[0]?.slice(5)}</span><span>${days[Math.floor(days.length / 2)]?.slice(5)}</span><span>${days.at(-1)?.slice(5)}</span></div>
</div>
${series.length > 1 || series[0]?.name !== title ? html`<ul class="legend">${series.map(({ name }, index) => html`<li class="s${index}"><bdi>${name}</bdi></li>`)}</ul>` : ''}
<details><summary>Table<span class="visually-hidden">: ${title}</span></summary>${figures(of)}</details>
</figure>`;
}

function figures({ title, days, series, format }: Chart): Html {
  return table(
    title,
    ['Day', ...series.map(({ name }) => numeric(name))],
    days.toReversed().map((day, back) => [
      day,
      ...series.map(({ values }) => {
        const value = values[days.length - 1 - back] ?? null;
        return value === null ? '–' : format(value);
      }),
    ]),
  );
}

function dayInWords({ series, format }: Chart, day: string, index: number): string {
  const lines = series.flatMap(({ name, values }) => {
    const value = values[index] ?? null;
    return value === null || value === 0 ? [] : [`${name}: ${format(value)}`];
  });
  return [day, ...(lines.length === 0 ? ['nothing'] : lines)].join('\n');
}

function bars({ days, series }: Chart, top: number): Html[] {
  return days.flatMap((_, day) => {
    let below = 0;
    return series.flatMap(({ values }, index) => {
      const value = values[day] ?? 0;
      if (value === 0) return [];
      const height = (value / top) * HEIGHT;
      below += height;
      return [
        html`<rect class="s${index}" x="${day * SLOT + 1.5}" y="${fixed(HEIGHT - below)}" width="${SLOT - 3}" height="${fixed(height)}"/>`,
      ];
    });
  });
}

/** A line has a gap where a day has no value; a single day is a dot. */
function lines({ series }: Chart, top: number): Html[] {
  return series.map(({ values }, index) => {
    const path = values.map((value, day) => {
      if (value === null) return '';
      const point = `${(day + 0.5) * SLOT} ${fixed(HEIGHT - (value / top) * HEIGHT)}`;
      return (values[day - 1] ?? null) === null ? `M${point}h0` : `L${point}`;
    });
    return html`<path class="line s${index}" d="${path.join('')}"/>`;
  });
}

function topOf({ kind, days, series }: Chart): number {
  const values = series.map((each) => each.values);
  return kind === 'lines'
    ? Math.max(...values.flat().map((value) => value ?? 0))
    : Math.max(...days.map((_, day) => values.reduce((sum, of) => sum + (of[day] ?? 0), 0)));
}

/** The next of 1, 2, 4, 6 or 8 times a power of ten; at least 2 for counts, so that half of it is a whole number. */
function roundUp(value: number): number {
  if (value === 1) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8].find((factor) => value <= factor * power) ?? 10) * power;
}

function fixed(value: number): string {
  return value.toFixed(2);
}
