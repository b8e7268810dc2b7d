import type { Dialect } from '../ports/surface.ts';
import {
  type BlockState,
  blankMarks,
  documentStart,
  fenceEnd,
  type Line,
  type PlacedLine,
  placeLines,
  scanLine,
} from './blocks.ts';
import { parseInline } from './inline.ts';

/** Shows Markdown while it grows, without half-written markup. The work of a view is bounded by the last block. */
export interface Healer {
  /** Appends to the text. */
  push(delta: string): void;
  /**
   * The text as it can be shown now: open emphasis, code and fences are closed; of a link that is not complete, its
   * text is shown; marks that are nothing without what follows (a list marker, half a delimiter, a table's head
   * without its delimiter row) are held back. Complete blocks, and code, stay as they are. `tail` stands behind it for now.
   */
  view(tail?: string): string;
}

/** A line that is only a block's mark so far, or a run that may yet turn out to be one: `-`, `##`, `3.`, `|--`. */
const bareMarkPattern = /^[-+*_=#:|`~>\s]*$|^[\s>]*\d{1,9}[.)]\s*$/;
/** A line that may yet become a table's head. A second pipe makes it a spoiler. */
const tableHeadPattern = /^\|(?!\|)/;
/** A line that may yet become a link reference definition, which shows nothing. */
const definitionPattern = /^[\s>]*\[[^\]]+\]:/;

/** `start` is the state of blocks that the text begins in. */
export function createHealer(dialect: Dialect = 'commonmark', start: BlockState = documentStart): Healer {
  /** What no later text can change, and the state of blocks behind it. */
  let settled = '';
  let settledState = start;
  /** The complete lines of the block that still grows, and the state behind them. */
  let block = '';
  let blockState = start;
  let lastLine = '';

  return {
    push(delta) {
      const [first, ...others] = delta.split('\n');
      lastLine += first;
      for (const next of others) {
        const line = scanLine(blockState, lastLine);
        if (settles(blockState, line)) {
          settled += block;
          settledState = blockState;
          block = '';
        }
        block += `${lastLine}\n`;
        blockState = line.after;
        lastLine = next;
      }
    },
    view: (tail = '') => settled + healBlocks(block + lastLine + tail, settledState, dialect),
  };
}

/** `createHealer` for a text that is at hand as a whole. */
export function heal(
  text: string,
  dialect: Dialect = 'commonmark',
  start: BlockState = documentStart,
): string {
  const healer = createHealer(dialect, start);
  healer.push(text);
  return healer.view();
}

/** Whether what stands before this line stays as it is, whatever comes. */
function settles(before: BlockState, line: Line): boolean {
  if (line.kind === 'code') return before.leaf.kind === 'fence' && before.leaf.filled;
  return line.kind === 'blank' || line.kind === 'row' || line.begins;
}

/** Marks that are piled up higher than this are noise, and shown as they are. */
const mostRounds = 20;

/** Heals text that begins with a block. Each round takes away what must wait, until only closing is left to do. */
function healBlocks(text: string, start: BlockState, dialect: Dialect): string {
  let shown = text;
  for (let round = 1; ; round++) {
    const mayHold = round <= mostRounds;
    const lines = placeLines(shown, start);
    shown = shown.slice(0, lines.at(-1)?.end ?? 0);
    const held = heldLine(shown, lines);
    if (held && mayHold) {
      shown = shown.slice(0, held.start);
      continue;
    }
    const last = lines.at(-1);
    const state = last?.after ?? start;
    if (state.leaf.kind === 'fence') return shown + fenceEnd(shown, state);
    const from = growingFrom(shown, lines);
    if (from === null) return shown;
    const content = blankMarks(shown, lines, from);
    const inline = parseInline(content, true, dialect);
    if (inline.partialFrom !== null && mayHold) {
      shown = shown.slice(0, from + inline.partialFrom);
      continue;
    }
    if (inline.open.length === 0 && inline.brackets.length === 0) return shown;
    let healed = shown.slice(0, from);
    let at = 0;
    for (const bracket of inline.brackets) {
      healed += shown.slice(from + at, from + bracket.start);
      at = bracket.end;
    }
    healed += shown.slice(from + at);
    if (inline.open.length === 0) return healed;
    return (
      healed.trimEnd() +
      inline.open
        .map(({ delimiter }) => delimiter)
        .reverse()
        .join('')
    );
  }
}

/** The line from which on the text has to wait for what follows. */
export function heldLine(text: string, lines: readonly PlacedLine[]): PlacedLine | undefined {
  const last = lines.at(-1);
  if (!last) return undefined;
  const { leaf } = last.after;
  if (leaf.kind === 'fence' && !leaf.filled) return lines.findLast((line) => line.kind === 'fence');
  const content = text.slice(last.start, last.end);
  if (!content.endsWith('\n')) {
    if (last.kind === 'code') {
      const run = leaf.kind === 'fence' ? leaf.run : '';
      const rest = content.slice(last.content).trim();
      return rest.length < run.length && run.startsWith(rest) ? last : undefined;
    }
    const isMark = bareMarkPattern.test(content) || definitionPattern.test(content);
    if (isMark && last.kind !== 'fence-end') return last;
  }
  return last.kind === 'text' && tableHeadPattern.test(content.slice(last.content)) ? last : undefined;
}

/** Where the content of the block begins that the next character would still belong to. */
function growingFrom(text: string, lines: readonly PlacedLine[]): number | null {
  const last = lines.at(-1);
  if (!last) return null;
  if (last.kind === 'text') {
    const first = lines.findLast((line) => line.begins) ?? last;
    return first.start + first.content;
  }
  if (last.end === text.length && text.endsWith('\n')) return null;
  if (last.kind === 'heading') return last.start + last.content;
  if (last.kind === 'row') {
    const row = text.slice(last.start, last.end);
    const pipe = [...row.matchAll(/\\.|\|/g)].findLast(([token]) => token === '|')?.index;
    return last.start + Math.max(last.content, (pipe ?? -1) + 1);
  }
  return null;
}
