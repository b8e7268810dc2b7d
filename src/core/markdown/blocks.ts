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
  /** Whether lists, quotes and fences begin at any indentation, because there is no indented code: so it is on Discord. */
  readonly isFree: boolean;
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
const tableLeaf: Leaf = { kind: 'table' };
const plainParagraph: Leaf = { kind: 'paragraph', cells: 0 };
const quote: Container = { kind: 'quote' };
export const documentStart: BlockState = { containers: [], leaf: noLeaf, isFree: false };
/** The deepest indentation of a block in CommonMark; what is deeper is code. */
const deepestIndent = 3;

/** The state before the first block of a text in a dialect. */
export function startIn(dialect: Dialect): BlockState {
  return dialect === 'discord' ? { ...documentStart, isFree: true } : documentStart;
}

const rulePattern = /(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/y;
const headingPattern = /#{1,6}(?:[ \t]+|$)/y;
const underlinePattern = /(?:=+|-+)[ \t]*$/y;
const fencePattern = /(?:(`{3,})([^`]*)|(~{3,})(.*))$/y;
const fenceEndPattern = /(`{3,}|~{3,})[ \t]*$/y;
const markerPattern = /(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)/y;
const delimiterRowPattern = /\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/y;
/** The characters that begin a container, a rule, an underline, a heading or a fence. */
const blockMarks = '>#-+*_=`~0123456789';
const TAB = 9;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
/** From here on, white space is rare and is left to `trim`. */
const FIRST_WIDE = 128;

/** The lines of `text`. An incomplete last line without content is left out, because nothing is known of it. */
export function placeLines(text: string, start: BlockState): PlacedLine[] {
  const lines: PlacedLine[] = [];
  for (let at = 0, state = start; at < text.length; ) {
    const lineBreak = text.indexOf('\n', at);
    const end = lineBreak === -1 ? text.length : lineBreak + 1;
    const line = scanLine(state, text.slice(at, lineBreak === -1 ? end : lineBreak), at, end);
    if (lineBreak === -1 && line.kind === 'blank' && !line.begins) break;
    lines.push(line);
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

/**
 * Reads one line, given without its line feed. `start`, `end`: its place, with the line feed, in a text that it is part of.
 */
export function scanLine(before: BlockState, text: string, start = 0, end = text.length): PlacedLine {
  const prose = scanProse(before, text, start, end);
  if (prose !== null) return prose;
  const reader = new LineReader(before, text.endsWith('\r') ? text.slice(0, -1) : text, start, end);
  const leaf = reader.continuesAll ? before.leaf : noLeaf;
  if (leaf.kind === 'fence') return scanCode(reader, leaf);
  if (reader.blank) return reader.line('blank', noLeaf, false);
  // A paragraph also continues in a line without its containers' markers, unless that line begins a block.
  const paragraph = before.leaf.kind === 'paragraph' ? before.leaf : null;
  const outer = reader.containers;
  const ended = enterNew(reader, leaf, paragraph !== null && reader.continuesAll);
  if (ended !== null) return ended;
  const nested = reader.containers !== outer;
  if (reader.blank) return reader.line('blank', noLeaf, true);
  const isContinued = paragraph !== null && !nested;
  if (reader.indent > reader.mostIndent) {
    if (!isContinued) return reader.line('indented', noLeaf, !nested);
  } else if (reader.isAtMark) {
    const begun = scanMarked(reader);
    if (begun !== null) return begun;
  }
  return scanText(reader, nested ? noLeaf : leaf, isContinued);
}

/** Reads a line that is certainly plain text, at the least cost. */
function scanProse(before: BlockState, text: string, start: number, end: number): PlacedLine | null {
  const { containers, leaf, isFree } = before;
  if (containers.length > 0 || (leaf.kind !== 'none' && leaf.kind !== 'paragraph')) return null;
  if (!isAsciiLetter(text.charCodeAt(0)) || text.includes('|')) return null;
  const after = leaf === plainParagraph ? before : { containers, leaf: plainParagraph, isFree };
  return { kind: 'text', content: 0, continued: 0, begins: leaf.kind === 'none', after, start, end };
}

function isAsciiLetter(char: number): boolean {
  const lower = char | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function scanCode(reader: LineReader, leaf: Fence): PlacedLine {
  const end = reader.indent <= reader.mostIndent ? reader.matchVisible(fenceEndPattern)?.[1] : undefined;
  if (end?.startsWith(leaf.run)) return reader.line('fence-end', noLeaf, false);
  return reader.line('code', leaf.filled || reader.blank ? leaf : { ...leaf, filled: true }, false);
}

/** Enters the containers that the line opens; returns the line if it is an underline or a rule. */
function enterNew(reader: LineReader, outerLeaf: Leaf, isInParagraph: boolean): PlacedLine | null {
  let leaf = outerLeaf;
  let interrupts = isInParagraph;
  while (reader.indent <= reader.mostIndent && reader.containers.length < deepestNesting) {
    reader.skipIndent();
    if (!reader.isAtMark) break;
    if (reader.startsWith('>')) {
      reader.enter(quote);
      reader.add(quote);
    } else if (leaf.kind === 'paragraph' && reader.test(underlinePattern)) {
      return reader.line('underline', noLeaf, false);
    } else if (reader.test(rulePattern)) {
      return reader.line('rule', noLeaf, true);
    } else {
      const item = enterItem(reader, interrupts);
      if (item === null) break;
      reader.add(item);
    }
    interrupts = false;
    leaf = noLeaf;
  }
  return null;
}

/** A heading or the beginning of a fence. */
function scanMarked(reader: LineReader): PlacedLine | null {
  const heading = reader.match(headingPattern);
  if (heading) {
    reader.advance(heading[0].length);
    return reader.line('heading', noLeaf, true);
  }
  const fence = reader.match(fencePattern);
  if (!fence) return null;
  const [, ticks, ticksInfo, tildes, tildesInfo] = fence;
  const info = (ticksInfo ?? tildesInfo ?? '').trim();
  return reader.line(
    'fence',
    { kind: 'fence', run: ticks ?? tildes ?? '', indent: reader.skipped, info, filled: false },
    true,
  );
}

function scanText(reader: LineReader, leaf: Leaf, isContinued: boolean): PlacedLine {
  reader.skipIndent();
  if (leaf.kind === 'table') return reader.line('row', leaf, false);
  const cells = reader.includes('|') ? countCells(reader.rest) : 0;
  if (leaf.kind === 'paragraph' && cells > 0 && cells === leaf.cells && reader.test(delimiterRowPattern)) {
    return reader.line('delimiter-row', tableLeaf, false);
  }
  if (!isContinued) return reader.line('text', paragraphOf(cells), true);
  return reader.lazyLine(paragraphOf(reader.continuesAll ? cells : 0));
}

function paragraphOf(cells: number): Leaf {
  return cells === 0 ? plainParagraph : { kind: 'paragraph', cells };
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

/** Only an item with content can interrupt a paragraph, and if it is numbered, only one that begins with 1. */
function enterItem(reader: LineReader, interrupts: boolean): Item | null {
  const marker = reader.match(markerPattern);
  if (!marker) return null;
  const [text, number] = marker;
  const empty = reader.isBlankAfter(text.length);
  if (interrupts && (empty || (number !== undefined && Number(number) !== 1))) return null;
  const outer = reader.skipped;
  reader.advance(text.length);
  // Five columns or more are one column of space and then indented code.
  const space = empty || reader.indent > 4 ? 1 : reader.indent;
  reader.skipColumns(space);
  return { kind: 'item', width: outer + text.length + space, numbered: number !== undefined };
}

/**
 * Walks a line's beginning: its containers, and its indentation by columns. A tab reaches to the next multiple of four and may
 * be taken in parts.
 */
class LineReader {
  readonly mostIndent: number;
  /** The containers entered so far. */
  containers: readonly Container[];
  readonly continuesAll: boolean;
  /** Columns that the last `skipIndent` skipped. */
  skipped = 0;
  readonly #before: BlockState;
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  readonly #continued: number;
  #at = 0;
  /** The column of `#at`, and the number of columns already taken of the tab there. */
  #column = 0;
  #taken = 0;
  /** The first character from `#at` on that is not white space; behind `#at` if it is to be found again. */
  #visible = -1;

  /** Enters the containers of `before` that the line continues. */
  constructor(before: BlockState, text: string, start: number, end: number) {
    this.#before = before;
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.mostIndent = before.isFree ? Number.POSITIVE_INFINITY : deepestIndent;
    const { containers } = before;
    let continued = 0;
    while (continued < containers.length && this.enter(containers[continued] as Container)) continued++;
    this.#continued = continued;
    this.continuesAll = continued === containers.length;
    this.containers = this.continuesAll ? containers : containers.slice(0, continued);
  }

  /** The line, whose content begins here. */
  line(kind: LineKind, leaf: Leaf, begins: boolean, containers = this.containers): PlacedLine {
    const { isFree } = this.#before;
    const isSame = leaf === this.#before.leaf && containers === this.#before.containers;
    return {
      kind,
      content: this.#at,
      continued: this.#continued,
      begins,
      after: isSame ? this.#before : { containers, leaf, isFree },
      start: this.#start,
      end: this.#end,
    };
  }

  /** A line of a paragraph, whose containers stay open. */
  lazyLine(leaf: Leaf): PlacedLine {
    return this.line('text', leaf, false, this.#before.containers);
  }

  add(container: Container): void {
    this.containers = [...this.containers, container];
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  get blank(): boolean {
    return this.#findVisible() === this.#text.length;
  }

  /** Whether the next character may begin a block. */
  get isAtMark(): boolean {
    return blockMarks.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length;
  }

  /** Columns of white space from here to the next character. */
  get indent(): number {
    let column = this.#column;
    for (let at = this.#at; ; at++) {
      const char = this.#text.charCodeAt(at);
      if (char === SPACE) column++;
      else if (char === TAB) column += 4 - (column % 4);
      else return column - this.#column - this.#taken;
    }
  }

  startsWith(mark: string): boolean {
    return this.#text.startsWith(mark, this.#at);
  }

  includes(mark: string): boolean {
    return this.#text.includes(mark, this.#at);
  }

  test(sticky: RegExp): boolean {
    sticky.lastIndex = this.#at;
    return sticky.test(this.#text);
  }

  match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#at;
    return sticky.exec(this.#text);
  }

  /** `match` after all white space. */
  matchVisible(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#findVisible();
    return sticky.exec(this.#text);
  }

  isBlankAfter(chars: number): boolean {
    return visibleFrom(this.#text, this.#at + chars) === this.#text.length;
  }

  /** Enters a container if the line stands in it. */
  enter(container: Container): boolean {
    if (container.kind === 'item') {
      if (!this.blank && this.indent < container.width) return false;
      this.skipColumns(container.width);
      return true;
    }
    if (this.indent > deepestIndent || !this.#text.startsWith('>', this.#findVisible())) return false;
    this.skipIndent();
    this.advance(1);
    this.skipColumns(1);
    return true;
  }

  /** Skips at most this many columns of white space. */
  skipColumns(columns: number): void {
    this.#taken += Math.min(columns, this.indent);
    while (this.#taken > 0) {
      const width = this.#text.charCodeAt(this.#at) === TAB ? 4 - (this.#column % 4) : 1;
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

  #findVisible(): number {
    if (this.#visible < this.#at) this.#visible = visibleFrom(this.#text, this.#at);
    return this.#visible;
  }
}

/** The first character from `from` on that is not white space; the text's length if there is none. */
function visibleFrom(text: string, from: number): number {
  let at = from;
  while (at < text.length && isWhiteSpace(text, at)) at++;
  return at;
}

function isWhiteSpace(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  if (char < FIRST_WIDE) return char === SPACE || (char >= TAB && char <= CARRIAGE_RETURN);
  return text.charAt(at).trim() === '';
}
