import type { Dialect } from '../../ports/surface.ts';
import { parseInline } from '../inline/inline.ts';
import { closingOf } from '../inline/spans.ts';
import { type BlockState, type Line, type PlacedLine, startIn } from './block-state.ts';
import { blankMarks, fenceEnd, placeLines, scanLine } from './blocks.ts';

/** A line that is only a block's mark so far, or may become one: `-`, `##`, `3.`, `|--`. */
export const bareMarkPattern = /^[-+*_=#:|`~>\s]*$|^[\s>]*\d{1,9}[.)]\s*$/;
/** A line that may become a table's head. A second pipe makes it a spoiler. */
const tableHeadPattern = /^\|(?!\|)/;
/** A line that may become a link reference definition, which shows nothing. */
const definitionPattern = /^[\s>]*\[[^\]]+\]:/;

/** Shows growing Markdown without half-written markup. The work per view is bounded by the last block. */
export class Healer {
  readonly #dialect: Dialect;
  /** The text that nothing later can change, and the block state after it. */
  #settled = '';
  #settledState: BlockState;
  /** The complete lines of the growing block, and the state after them. */
  #block = '';
  #blockState: BlockState;
  #lastLine = '';

  /** @param start the block state at the beginning of the text */
  constructor(dialect: Dialect = 'commonmark', start = startIn(dialect)) {
    this.#dialect = dialect;
    this.#settledState = this.#blockState = start;
  }

  copy(): Healer {
    const copy = new Healer(this.#dialect, this.#settledState);
    copy.#settled = this.#settled;
    copy.#block = this.#block;
    copy.#blockState = this.#blockState;
    copy.#lastLine = this.#lastLine;
    return copy;
  }

  /** Appends to the text. */
  push(delta: string): void {
    let at = 0;
    for (let end = delta.indexOf('\n'); end !== -1; end = delta.indexOf('\n', at)) {
      this.#lastLine += delta.slice(at, end);
      at = end + 1;
      const line = scanLine(this.#blockState, this.#lastLine);
      if (settles(this.#blockState, line)) {
        this.#settled += this.#block;
        this.#settledState = this.#blockState;
        this.#block = '';
      }
      this.#block += `${this.#lastLine}\n`;
      this.#blockState = line.after;
      this.#lastLine = '';
    }
    this.#lastLine += at === 0 ? delta : delta.slice(at);
  }

  /**
   * The text as it can be shown now, followed by `tail`. Open emphasis, code and fences are closed. An incomplete link is
   * shown as its text. Marks that mean nothing yet (a list marker, half a delimiter, a table's head without its delimiter
   * row) are held back. Complete blocks and code stay as they are.
   */
  view(tail = ''): string {
    return this.#settled + healBlocks(this.#block + this.#lastLine + tail, this.#settledState, this.#dialect);
  }

  /** The block state at the end of the text. An incomplete last line without content counts as not there. */
  endState(): BlockState {
    const line = scanLine(this.#blockState, this.#lastLine);
    return line.kind === 'blank' && !line.begins ? this.#blockState : line.after;
  }
}

/** `Healer.view` of a complete text. */
export function heal(
  text: string,
  dialect: Dialect = 'commonmark',
  start: BlockState = startIn(dialect),
): string {
  const healer = new Healer(dialect, start);
  healer.push(text);
  return healer.view();
}

/** Whether the text before this line stays as it is, whatever follows. */
function settles(before: BlockState, line: Line): boolean {
  if (line.kind === 'code') return before.leaf.kind === 'fence' && before.leaf.filled;
  return line.kind === 'blank' || line.kind === 'row' || line.begins;
}

/** Deeper piles of marks are noise and shown as they are. */
const mostRounds = 20;

/** Heals text that begins with a block. Each round removes a part that must wait, until only closing is left. */
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
    return healed.trimEnd() + closingOf(inline.open);
  }
}

/** The first line that has to wait for more text; undefined if none has. */
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

/** The content start of the block to which the next character would belong. */
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
