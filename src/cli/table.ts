import { displayWidth } from '../core/markdown/rewrite/display-width.ts';

/**
 * A table for people: a heading per column, cells padded to one width, numbers right-aligned.
 * @param ifEmpty stands in its place if there are no rows
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  ifEmpty = '',
): string {
  if (rows.length === 0) return ifEmpty;
  const cells = [headings, ...rows.map((row) => row.map(textOf))];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => displayWidth(row[column] ?? ''))),
  );
  const isNumeric = headings.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0, isNumeric[column] ?? false))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** People choose their names; control characters in them could manipulate the terminal. */
function textOf(cell: string | number): string {
  return typeof cell === 'number'
    ? cell.toLocaleString('en-US')
    : cell.replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ');
}

function padded(cell: string, width: number, toTheRight: boolean): string {
  const padding = ' '.repeat(Math.max(0, width - displayWidth(cell)));
  return toTheRight ? padding + cell : cell + padding;
}
