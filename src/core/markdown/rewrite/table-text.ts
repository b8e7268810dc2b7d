import { withoutCode } from '../../kit/text/code-spans.ts';
import { parseInline } from '../inline/inline.ts';
import { withoutDelimiters } from '../inline/spans.ts';
import { displayWidth } from './display-width.ts';
import { breakFences, type Definitions, HARD_BREAK, rewriteInline } from './rewrite-inline.ts';

type Align = 'left' | 'right' | 'center';

/** The cells of one line. */
export interface Row {
  readonly cells: readonly string[];
  /** Without markup, because code renders none. */
  readonly plain: readonly string[];
}

export interface Table {
  readonly head: Row;
  readonly aligns: readonly Align[];
  readonly rows: readonly Row[];
}

/** Wider tables wrap on phones, and on computers beside the member list. */
const MAX_COLUMNS = 60;
const GAP = '  ';

/** @param columns of the table, whose rows keep every word; null for its head, which sets them */
export function rowOf(line: string, columns: number | null): Row {
  const found = cellsOf(line);
  const cells = (columns === null ? found : fitted(found, columns)).map((cell) => cell.trim());
  return { cells, plain: cells.map(plainText) };
}

/** In a row with too many cells, bars inside code do not separate cells, and the last cell takes what is still too much. */
function fitted(cells: readonly string[], columns: number): readonly string[] {
  if (cells.length <= columns) return cells;
  const whole: string[] = [];
  for (const cell of cells) {
    const before = whole.at(-1);
    if (before !== undefined && withoutCode(before).includes('`')) whole.splice(-1, 1, `${before}|${cell}`);
    else whole.push(cell);
  }
  const rest = whole.slice(columns - 1).filter((cell) => cell.trim() !== '');
  return [...whole.slice(0, columns - 1), rest.join('|')];
}

function cellsOf(row: string): string[] {
  // A pipe behind a backslash belongs to the cell, and stands there without it.
  const cells = row
    .trim()
    .replace(/^\|/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|'));
  if (cells.length > 1 && cells.at(-1)?.trim() === '') cells.pop();
  return cells;
}

export function alignsOf(delimiterRow: string): Align[] {
  return cellsOf(delimiterRow).map((spaced) => {
    const cell = spaced.trim();
    if (!cell.endsWith(':')) return 'left';
    return cell.startsWith(':') ? 'center' : 'right';
  });
}

/** The table as an aligned code block; as a list of its rows if it is too wide or contains links, which code would break. */
export function tableText({ head, aligns, rows }: Table, definitions: Definitions): string[] {
  const lines = [head, ...rows].map(({ plain }) => head.cells.map((_, column) => plain[column] ?? ''));
  const widths = head.cells.map((_, column) =>
    Math.max(...lines.map((cells) => displayWidth(cells[column] ?? ''))),
  );
  const width = widths.reduce((sum, cell) => sum + cell, GAP.length * (widths.length - 1));
  const hasLinks = rows.some(({ cells }) => cells.some((cell) => /\]\(|https?:\/\//.test(cell)));
  if (rows.length > 0 && (width > MAX_COLUMNS || hasLinks)) return listOf(head.plain, rows, definitions);
  const [first = '', ...others] = lines.map((cells) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, aligns[column] ?? 'left'))
      .join(GAP)
      .trimEnd(),
  );
  return ['```', first, widths.map((cell) => '-'.repeat(Math.max(1, cell))).join(GAP), ...others, '```'];
}

function listOf(head: readonly string[], rows: Table['rows'], definitions: Definitions): string[] {
  return rows.flatMap(({ cells }, row) => {
    const filled = head.flatMap((name, column) => {
      const cell = rewriteInline(cells[column] ?? '', 'complete', definitions).replaceAll(HARD_BREAK, ', ');
      const isNamed = row === 0 && rows.every(({ cells }) => (cells[column] ?? '') === '');
      if (cell === '' && !(isNamed && name !== '')) return [];
      const label = rewriteInline(name.replace(/[\\*_~`|]/g, '\\$&'), 'complete', definitions);
      return [label === '' ? cell : `**${label}:** ${cell || '–'}`];
    });
    return filled.map((line, index) => (index === 0 ? `- ${line}` : `  - ${line}`));
  });
}

function plainText(cell: string): string {
  const marked = parseInline(cell, false, 'discord').spans.map((span) =>
    // Of an escape the backslash goes.
    span.kind === 'opaque' && cell[span.start] === '\\'
      ? { ...span, end: span.start + 1, delimiter: '\\' }
      : span,
  );
  return breakFences(
    withoutDelimiters(cell, marked)
      .replace(/<br\s*\/?>/gi, ', ')
      .replace(
        /&(amp|lt|gt|nbsp|quot);/g,
        (_, name: string) => ({ amp: '&', lt: '<', gt: '>', nbsp: ' ', quot: '"' })[name] ?? '',
      ),
  );
}

function pad(cell: string, width: number, align: Align): string {
  const room = width - displayWidth(cell);
  const before = align === 'left' ? 0 : align === 'right' ? room : Math.floor(room / 2);
  return ' '.repeat(Math.max(0, before)) + cell + ' '.repeat(Math.max(0, room - before));
}
