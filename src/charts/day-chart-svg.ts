import type { DayChart } from '../core/ports/chart.ts';

const WIDTH = 960;
const PLOT = { left: 116, right: 936, top: 72, bottom: 392 };
/** Chats show pictures about 550 pixels wide, which scales this to 13 pixels. */
const FONT_SIZE = 22;
const TICKS = 4;
/** The most dates that fit side by side below the bars. */
const MAX_DATES = 10;
const MAX_NAME_CHARS = 22;
const LEGEND = { top: PLOT.bottom + 72, columns: 2, row: 34 };

/** Colours of similar lightness that colour-blind readers can tell apart: Paul Tol's bright scheme, grey last. */
const COLOURS = ['#6ea3d8', '#f08a97', '#59b86c', '#d9c85b', '#74d2ef', '#a9aab2'];
const GROUND = '#24262c';
const INK = '#f2f2f5';
const FAINT = '#b9bbc6';
const LINE = '#3d4049';

/** The chart as SVG. It has its own background, so it suits light and dark surroundings. */
export function dayChartSvg({ title, days, series, format }: DayChart): string {
  const totals = days.map((_, day) => series.reduce((sum, { values }) => sum + (values[day] ?? 0), 0));
  const top = roundUp(Math.max(...totals, 0));
  const slot = (PLOT.right - PLOT.left) / Math.max(1, days.length);
  const yOf = (value: number) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top);

  const grid = Array.from({ length: TICKS + 1 }, (_, index) => {
    const value = (top * index) / TICKS;
    const y = yOf(value);
    return `<path d="M${PLOT.left} ${y}H${PLOT.right}" stroke="${LINE}"/>${label(PLOT.left - 8, y + 8, format(value), { anchor: 'end' })}`;
  });

  const bars = days.map((_, day) => {
    let below = 0;
    return series
      .map(({ values }, index) => {
        const value = values[day] ?? 0;
        if (value === 0) return '';
        const y = yOf(below + value);
        const height = yOf(below) - y;
        below += value;
        const x = PLOT.left + day * slot + slot * 0.12;
        return `<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${(slot * 0.76).toFixed(2)}" height="${height.toFixed(2)}" fill="${colourOf(index)}"/>`;
      })
      .join('');
  });

  const every = Math.ceil(days.length / MAX_DATES);
  const dates = days.map((day, index) =>
    (days.length - 1 - index) % every === 0
      ? label(PLOT.left + (index + 0.5) * slot, PLOT.bottom + 30, day.slice(5), { anchor: 'middle' })
      : '',
  );

  const { columns, row } = LEGEND;
  const height = LEGEND.top + Math.ceil(series.length / columns) * row;
  const legend = series.map(({ name, values }, index) => {
    const x = PLOT.left + (index % columns) * ((PLOT.right - PLOT.left) / columns);
    const y = LEGEND.top + Math.floor(index / columns) * row;
    const sum = format(values.reduce((total, value) => total + value, 0));
    return `<rect x="${x}" y="${y - 16}" width="18" height="18" fill="${colourOf(index)}"/>${label(x + 26, y, `${shortened(name)} · ${sum}`, {})}`;
  });

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="Inter" font-size="${FONT_SIZE}">`,
    `<rect width="${WIDTH}" height="${height}" rx="16" fill="${GROUND}"/>`,
    `<text x="${PLOT.left}" y="44" font-size="28" fill="${INK}">${escaped(title)}</text>`,
    ...grid,
    ...bars,
    ...dates,
    ...legend,
    '</svg>',
  ].join('');
}

function colourOf(index: number): string {
  return COLOURS[index] ?? '#a9aab2';
}

function label(x: number, y: number, text: string, { anchor = 'start' }: { anchor?: string }): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${FAINT}">${escaped(text)}</text>`;
}

/** The next of 1, 2, 4 or 8 times a power of ten, so that a quarter of it is a round number. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8].find((factor) => value <= factor * power) ?? 10) * power;
}

function shortened(name: string): string {
  return name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS - 1)}…`;
}

/** Escapes text for XML and drops characters that XML cannot contain. */
function escaped(text: string): string {
  return text
    .replace(/[^\P{C}\u{E000}-\u{F8FF}]/gu, '')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
