import type { AnswerTimeline } from './answers.ts';

const WIDTH = 1_000;
const MARGIN = 40;
/** Title and legend. */
const HEAD = 64;
const GROWTH_HEIGHT = 320;
/** In a picture of so many answers a tick for each update would cover all else. */
const MOST_WITH_TICKS = 80;

const INK = '#123';
const WAITING = '#ccc';
const GROWING = '#58c';
const LATE = '#d44';

/**
 * A picture of what people see over time, as SVG. One answer has two lines: the words that the model has written, and those that can be
 * read. Several answers have a line each, from the question to the last state.
 */
export function drawTimeline(title: string, answers: readonly AnswerTimeline[]): string {
  const startMs = Math.min(...answers.map(({ askedAtMs }) => askedAtMs));
  const endMs = Math.max(...answers.map((answer) => Math.max(lastOf(answer), answer.endedAtMs)));
  const x = (ms: number) => (MARGIN + ((ms - startMs) / (endMs - startMs)) * (WIDTH - 2 * MARGIN)).toFixed(1);
  const [only] = answers;
  const { body, bodyHeight, legend } =
    answers.length === 1 && only !== undefined ? growth(only, x) : rows(answers, x);
  const height = HEAD + bodyHeight + MARGIN;

  const seconds = (endMs - startMs) / 1_000;
  const step = [1, 2, 5, 10, 30, 60, 120].find((each) => seconds / each <= 12) ?? 300;
  const axis = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => {
    const at = x(startMs + index * step * 1_000);
    const foot = HEAD + bodyHeight;
    return `<line x1="${at}" x2="${at}" y1="${HEAD - 4}" y2="${foot}" stroke="#eee"/><text x="${at}" y="${foot + 16}" text-anchor="middle">${index * step} s</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height.toFixed(0)}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="${MARGIN}" y="22" font-size="14">${title}</text>${drawLegend(legend)}${axis.join('')}${body}</svg>\n`;
}

interface Drawn {
  readonly body: string;
  readonly bodyHeight: number;
  readonly legend: readonly (readonly [color: string, words: string])[];
}

function rows(answers: readonly AnswerTimeline[], x: (ms: number) => string): Drawn {
  const lineHeight = Math.max(2, Math.min(16, 600 / answers.length));
  const hasTicks = answers.length <= MOST_WITH_TICKS;
  const lines = answers.map((answer, index) => {
    const { askedAtMs, endedAtMs, shown } = answer;
    const y = HEAD + lineHeight * (index + 0.5);
    const last = lastOf(answer);
    const first = shown[0]?.atMs ?? last;
    const line = (from: number, to: number, color: string) =>
      to <= from
        ? ''
        : `<line x1="${x(from)}" x2="${x(to)}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="${color}" stroke-width="${(lineHeight * 0.7).toFixed(1)}"/>`;
    const half = lineHeight * 0.35;
    const tick = (atMs: number) =>
      `<line x1="${x(atMs)}" x2="${x(atMs)}" y1="${(y - half).toFixed(1)}" y2="${(y + half).toFixed(1)}" stroke="${INK}" stroke-width="1"/>`;
    return [
      line(askedAtMs, Math.min(first, endedAtMs), WAITING),
      line(first, Math.min(last, endedAtMs), GROWING),
      line(endedAtMs, last, LATE),
      ...(hasTicks ? shown.map(({ atMs }) => tick(atMs)) : [tick(last)]),
    ].join('');
  });
  return {
    body: lines.join(''),
    bodyHeight: lineHeight * answers.length,
    legend: [
      [WAITING, 'nothing can be read yet'],
      [GROWING, 'the answer grows'],
      [LATE, 'the model is done, the reader not yet'],
      [INK, hasTicks ? 'an update' : 'the whole answer stands'],
    ],
  };
}

/** Two lines: what the model has written rises evenly, what can be read in steps. */
function growth({ askedAtMs, endedAtMs, shown }: AnswerTimeline, x: (ms: number) => string): Drawn {
  const words = Math.max(1, shown.at(-1)?.words ?? 1);
  const foot = HEAD + GROWTH_HEIGHT;
  const y = (count: number) => (foot - (count / words) * GROWTH_HEIGHT).toFixed(1);
  const firstMs = shown[0]?.atMs ?? endedAtMs;
  const steps = shown.map(({ atMs, words: count }) => `H${x(atMs)}V${y(count)}`).join('');
  return {
    body: `<path d="M${x(firstMs)},${y(0)}L${x(endedAtMs)},${y(words)}" fill="none" stroke="${LATE}"/><path d="M${x(askedAtMs)},${y(0)}${steps}" fill="none" stroke="${GROWING}" stroke-width="2"/>`,
    bodyHeight: GROWTH_HEIGHT,
    legend: [
      [LATE, `written by the model: ${words.toLocaleString('en-US')} words`],
      [GROWING, 'can be read'],
    ],
  };
}

function drawLegend(entries: Drawn['legend']): string {
  const column = (WIDTH - 2 * MARGIN) / entries.length;
  return entries
    .map(([color, words], index) => {
      const at = MARGIN + index * column;
      return `<rect x="${at}" y="34" width="10" height="10" fill="${color}"/><text x="${at + 15}" y="43">${words}</text>`;
    })
    .join('');
}

/** When its last state stood. */
function lastOf({ shown, endedAtMs }: AnswerTimeline): number {
  return shown.at(-1)?.atMs ?? endedAtMs;
}
