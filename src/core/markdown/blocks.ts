/**
 * The block structure of Markdown (CommonMark 0.31 and GFM's tables), read line by line without looking back: the result for
 * a line depends only on the line and the state before it. HTML blocks and link reference definitions count as paragraphs.
 */

import type { Dialect } from '../ports/surface.ts';

/** An item of a list; its content begins `width` columns after that of its parent. */
export interface Item {
  readonly kind: 'item';
  readonly width: number;
  readonly numbered: boolean;
}

/** A block that contains others: a block quote or list item. */
export type Container = { readonly kind: 'quote' } | Item;

export interface Fence {
  readonly kind: 'fence';
  /** The opening run of three or more backticks or tildes. */
  readonly run: string;
  readonly indent: number;
  /** The text after the run on the opening line; its first word is the language. */
  readonly info: string;
  /** Whether a non-blank line of code has come. */
  readonly filled: boolean;
}

/** The innermost open block. `cells` counts the cells of the paragraph's last line; 0 if it has no pipe. */
type Leaf =
  | { readonly kind: 'none' }
  | { readonly kind: 'paragraph'; readonly cells: number }
  | { readonly kind: 'table' }
  | Fence;

export interface BlockState {
  readonly containers: readonly Container[];
  readonly leaf: Leaf;
  /**
   * Whether lists, quotes and fences begin at any indentation, because there is no indented code: so it is on Discord. Default
   * false.
   */
  readonly isFree?: boolean;
}

type LineKind =
  | 'blank'
  | 'text'
  | 'heading'
  | 'underline'
  | 'rule'
  | 'fence'
  | 'code'
  | 'fence-end'
  | 'indented'
  | 'delimiter-row'
  | 'row';

/** The reading of one line. */
export interface Line {
  readonly kind: LineKind;
  /** The start of the content, after the markers and indentation of containers and headings. */
  readonly content: number;
  /** The number of open containers that this line continues by its markers or indentation. */
  readonly continued: number;
  /** Whether the line begins a block. */
  readonly begins: boolean;
  readonly after: BlockState;
}

/** A line with its position in a text. */
export interface PlacedLine extends Line {
  readonly start: number;
  /** After its line break. */
  readonly end: number;
}

/** Markers nested deeper are read as text, which bounds the work for one line. */
const deepestNesting = 32;

const noLeaf: Leaf = { kind: 'none' };
export const documentStart: BlockState = { containers: [], leaf: noLeaf };
/** The deepest indentation of a block in CommonMark; what is deeper is code. */
const deepestIndent = 3;

/** The state before the first block of a text in a dialect. */
export function startIn(dialect: Dialect): BlockState {
  return dialect === 'discord' ? { ...documentStart, isFree: true } : documentStart;
}

const rulePattern = /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const headingPattern = /^#{1,6}(?:[ \t]+|$)/;
const underlinePattern = /^(?:=+|-+)[ \t]*$/;
const fencePattern = /^(?:(`{3,})([^`]*)|(~{3,})(.*))$/;
const fenceEndPattern = /^(`{3,}|~{3,})[ \t]*$/;
const markerPattern = /^(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)/;
const delimiterRowPattern = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** The lines of `text`. An incomplete last line without content is left out, because nothing is known of it. */
export function placeLines(text: string, start: BlockState): PlacedLine[] {
  const lines: PlacedLine[] = [];
  for (let at = 0, state = start; at < text.length; ) {
    const lineBreak = text.indexOf('\n', at);
    const end = lineBreak === -1 ? text.length : lineBreak + 1;
    const content = text.slice(at, lineBreak === -1 ? end : lineBreak);
    const line = scanLine(state, content);
    if (lineBreak === -1 && line.kind === 'blank' && !line.begins) break;
    lines.push({ ...line, start: at, end });
    state = line.after;
    at = end;
  }
  return lines;
}

/** The text of `lines` from `from` on, with the container markers of later lines replaced by spaces. */
export function blankMarks(text: string, lines: readonly PlacedLine[], from: number): string {
  let content = '';
  for (const { start, end, content: mark } of lines) {
    if (end <= from) continue;
    const begins = Math.max(from, start + mark);
    content += ' '.repeat(begins - Math.max(from, start)) + text.slice(begins, end);
  }
  return content;
}

/** Reads one line, given without its line feed. */
export function scanLine(before: BlockState, text: string): Line {
  const cursor = new Cursor(text.endsWith('\r') ? text.slice(0, -1) : text);
  let continued = 0;
  for (const container of before.containers) {
    if (!enter(cursor, container)) break;
    continued++;
  }
  const continuesAll = continued === before.containers.length;
  const containers = before.containers.slice(0, continued);
  let leaf = continuesAll ? before.leaf : noLeaf;
  const mostIndent = before.isFree ? Number.POSITIVE_INFINITY : deepestIndent;

  const line = (kind: LineKind, next: Leaf, begins: boolean): Line => ({
    kind,
    content: cursor.at,
    continued,
    begins,
    after: { ...before, containers, leaf: next },
  });

  if (leaf.kind === 'fence') {
    const end = cursor.indent <= mostIndent ? fenceEndPattern.exec(cursor.afterIndent)?.[1] : undefined;
    if (end?.startsWith(leaf.run)) return line('fence-end', noLeaf, false);
    return line('code', leaf.filled || cursor.blank ? leaf : { ...leaf, filled: true }, false);
  }
  if (cursor.blank) return line('blank', noLeaf, false);

  // A paragraph also continues in a line without its containers' markers, unless that line begins a block.
  const paragraph = before.leaf.kind === 'paragraph' ? before.leaf : null;
  let nested = false;
  while (cursor.indent <= mostIndent && containers.length < deepestNesting) {
    cursor.skipIndent();
    const rest = cursor.rest;
    if (rest.startsWith('>')) {
      enter(cursor, { kind: 'quote' });
      containers.push({ kind: 'quote' });
    } else if (leaf.kind === 'paragraph' && underlinePattern.test(rest)) {
      return line('underline', noLeaf, false);
    } else if (rulePattern.test(rest)) {
      return line('rule', noLeaf, true);
    } else {
      const item = enterItem(cursor, paragraph !== null && !nested && continuesAll);
      if (item === null) break;
      containers.push(item);
    }
    nested = true;
    leaf = noLeaf;
  }

  if (cursor.blank) return line('blank', noLeaf, true);
  if (cursor.indent > mostIndent) {
    if (paragraph === null || nested) return line('indented', noLeaf, !nested);
  } else {
    const heading = headingPattern.exec(cursor.rest);
    if (heading) {
      cursor.advance(heading[0].length);
      return line('heading', noLeaf, true);
    }
    const fence = fencePattern.exec(cursor.rest);
    if (fence) {
      const [, ticks, ticksInfo, tildes, tildesInfo] = fence;
      const info = (ticksInfo ?? tildesInfo ?? '').trim();
      return line(
        'fence',
        { kind: 'fence', run: ticks ?? tildes ?? '', indent: cursor.skipped, info, filled: false },
        true,
      );
    }
  }
  cursor.skipIndent();
  if (leaf.kind === 'table') return line('row', leaf, false);
  const cells = countCells(cursor.rest);
  if (
    leaf.kind === 'paragraph' &&
    cells > 0 &&
    cells === leaf.cells &&
    delimiterRowPattern.test(cursor.rest)
  ) {
    return line('delimiter-row', { kind: 'table' }, false);
  }
  if (paragraph !== null && !nested) {
    return {
      ...line('text', noLeaf, false),
      after: { ...before, leaf: { kind: 'paragraph', cells: continuesAll ? cells : 0 } },
    };
  }
  return line('text', { kind: 'paragraph', cells }, true);
}

/** The beginning that a line needs to stand inside these containers. */
export function continuation(containers: readonly Container[]): string {
  return containers
    .map((container) => (container.kind === 'quote' ? '> ' : ' '.repeat(container.width)))
    .join('');
}

/** Closes the fence that is open in `state`, at the end of `text`. */
export function fenceEnd(text: string, { leaf, containers }: BlockState): string {
  if (leaf.kind !== 'fence') return '';
  return `${text.endsWith('\n') ? '' : '\n'}${continuation(containers)}${' '.repeat(leaf.indent)}${leaf.run}`;
}

/** Closes the fence that a whole text leaves open; empty if there is none. */
export function fenceLeftOpen(text: string): string {
  return fenceEnd(text, placeLines(text, documentStart).at(-1)?.after ?? documentStart);
}

/** The number of cells in a table row; 0 for a line without a pipe. */
function countCells(row: string): number {
  const pipes = row.match(/\\.|\|/g)?.filter((token) => token === '|').length ?? 0;
  if (pipes === 0) return 0;
  const trimmed = row.trim();
  return (
    pipes + 1 - (trimmed.startsWith('|') ? 1 : 0) - (/(?<!\\)\|$/.test(trimmed) && trimmed.length > 1 ? 1 : 0)
  );
}

function enter(cursor: Cursor, container: Container): boolean {
  if (container.kind === 'item') {
    if (!cursor.blank && cursor.indent < container.width) return false;
    cursor.skipColumns(container.width);
    return true;
  }
  if (cursor.indent > deepestIndent || !cursor.afterIndent.startsWith('>')) return false;
  cursor.skipIndent();
  cursor.advance(1);
  cursor.skipColumns(1);
  return true;
}

/** Only an item with content can interrupt a paragraph, and if it is numbered, only one that begins with 1. */
function enterItem(cursor: Cursor, interrupts: boolean): Item | null {
  const marker = markerPattern.exec(cursor.rest);
  if (!marker) return null;
  const [text, number] = marker;
  const empty = cursor.rest.slice(text.length).trim() === '';
  if (interrupts && (empty || (number !== undefined && Number(number) !== 1))) return null;
  const outer = cursor.skipped;
  cursor.advance(text.length);
  // Five columns or more are one column of space and then indented code.
  const space = empty || cursor.indent > 4 ? 1 : cursor.indent;
  cursor.skipColumns(space);
  return { kind: 'item', width: outer + text.length + space, numbered: number !== undefined };
}

/** Walks a line's indentation by columns. A tab reaches to the next multiple of four and may be taken in parts. */
class Cursor {
  readonly #text: string;
  #at = 0;
  /** The column of `#at`, and the number of columns already taken of the tab there. */
  #column = 0;
  #taken = 0;
  /** Columns that the last `skipIndent` skipped. */
  skipped = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  get afterIndent(): string {
    return this.rest.trimStart();
  }

  get blank(): boolean {
    return this.rest.trim() === '';
  }

  /** Columns of white space from here to the next character. */
  get indent(): number {
    let column = this.#column;
    for (let at = this.#at; ; at++) {
      const char = this.#text[at];
      if (char === ' ') column++;
      else if (char === '\t') column += 4 - (column % 4);
      else return column - this.#column - this.#taken;
    }
  }

  /** Skips at most this many columns of white space. */
  skipColumns(columns: number): void {
    this.#taken += Math.min(columns, this.indent);
    while (this.#taken > 0) {
      const width = this.#text[this.#at] === '\t' ? 4 - (this.#column % 4) : 1;
      if (width > this.#taken) return;
      this.#taken -= width;
      this.#column += width;
      this.#at++;
    }
  }

  skipIndent(): void {
    this.skipped = this.indent;
    this.skipColumns(this.skipped);
  }

  /** Skips this many characters that are not white space, or the space after a heading's mark. */
  advance(chars: number): void {
    this.#at += chars;
    this.#column += chars;
    this.#taken = 0;
  }
}
