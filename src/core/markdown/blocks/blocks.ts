/**
 * The block structure of Markdown (CommonMark 0.31 and GFM's tables), read line by line without looking back: the result for
 * a line depends only on the line and the state before it. HTML blocks and link reference definitions count as paragraphs.
 */

import {
  type BlockState,
  type Container,
  documentStart,
  type Fence,
  type Item,
  type Leaf,
  noLeaf,
  type PlacedLine,
} from './block-state.ts';
import { LineReader } from './line-reader.ts';

/** Markers nested deeper are read as text, which bounds the work for one line. */
const deepestNesting = 32;

const tableLeaf: Leaf = { kind: 'table' };
const plainParagraph: Leaf = { kind: 'paragraph', cells: 0 };
const quote: Container = { kind: 'quote' };

const rulePattern = /(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/y;
const headingPattern = /#{1,6}(?:[ \t]+|$)/y;
const underlinePattern = /(?:=+|-+)[ \t]*$/y;
const fencePattern = /(?:(`{3,})([^`]*)|(~{3,})(.*))$/y;
const fenceEndPattern = /(`{3,}|~{3,})[ \t]*$/y;
const markerPattern = /(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)/y;
const delimiterRowPattern = /\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/y;

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

/** Reads one line, without its line feed. `start`, `end`: its place, with the line feed, in the whole text. */
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
