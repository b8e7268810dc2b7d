import type { AnswerTimeline } from './answers.ts';

const WIDTH = 1_000;
const MARGIN = 40;

/**
 * One line for each answer, from its question to its last state: grey while nothing can be read, blue from the first text
 * on, a tick for each update, red from the model's end until the last state stands.
 */
export function drawTimeline(title: string, answers: readonly AnswerTimeline[]): string {
  const startMs = Math.min(...answers.map(({ askedAtMs }) => askedAtMs));
  const endMs = Math.max(
    ...answers.map(({ shown, endedAtMs }) => Math.max(shown.at(-1)?.atMs ?? 0, endedAtMs)),
  );
  const lineHeight = Math.max(2, Math.min(16, 600 / answers.length));
  const height = MARGIN * 2 + lineHeight * answers.length;
  const x = (ms: number) => (MARGIN + ((ms - startMs) / (endMs - startMs)) * (WIDTH - 2 * MARGIN)).toFixed(1);

  const lines = answers.map(({ askedAtMs, endedAtMs, shown }, index) => {
    const y = (MARGIN + lineHeight * (index + 0.5)).toFixed(1);
    const first = shown[0]?.atMs ?? endMs;
    const last = shown.at(-1)?.atMs ?? endMs;
    const line = (from: number, to: number, color: string) =>
      to <= from
        ? ''
        : `<line x1="${x(from)}" x2="${x(to)}" y1="${y}" y2="${y}" stroke="${color}" stroke-width="${(lineHeight * 0.7).toFixed(1)}"/>`;
    const ticks =
      answers.length > 80
        ? ''
        : shown
            .map(
              ({ atMs }) =>
                `<circle cx="${x(atMs)}" cy="${y}" r="${Math.min(3, lineHeight / 3).toFixed(1)}" fill="#123"/>`,
            )
            .join('');
    return (
      line(askedAtMs, first, '#ccc') +
      line(first, Math.max(first, Math.min(last, endedAtMs)), '#58c') +
      line(Math.max(first, endedAtMs), last, '#d44') +
      ticks
    );
  });

  const seconds = (endMs - startMs) / 1_000;
  const step = [1, 2, 5, 10, 30, 60, 120].find((each) => seconds / each <= 12) ?? 300;
  const axis = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => {
    const at = x(startMs + index * step * 1_000);
    return `<line x1="${at}" x2="${at}" y1="${MARGIN - 4}" y2="${height - MARGIN}" stroke="#eee"/><text x="${at}" y="${height - MARGIN + 16}" text-anchor="middle">${index * step} s</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height.toFixed(0)}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="${MARGIN}" y="22" font-size="14">${title}</text>${axis.join('')}${lines.join('')}</svg>\n`;
}
