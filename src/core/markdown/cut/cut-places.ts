import type { Dialect } from '../../ports/surface.ts';
import type { PlacedLine } from '../blocks/block-state.ts';
import { blankMarks } from '../blocks/blocks.ts';
import { heldLine } from '../blocks/healer.ts';
import { parseInline } from '../inline/inline.ts';
import type { Span } from '../inline/spans.ts';

/** Kinds of places, from the best one to cut at to the worst. */
export const ranks = { paragraph: 1, line: 2, sentence: 3, word: 4, letter: 5, none: 6 } as const;

/** The damage that a cut at a place would do. */
export const harms = {
  nothing: 0,
  /** Emphasis, which can be closed and reopened; or a heading, which would be separated from its text. */
  slight: 1,
  /** A link, a URL, inline code, a line of code, or a row of a table. */
  whole: 2,
  /** The markup itself: between a delimiter and its content, or before the end of a fence. */
  markup: 3,
} as const;

/** Ranks and harms of every place between two characters of a text, whose last block may continue. */
export class CutPlaces {
  /** By offset, one of `ranks`; within lines only after `lookIntoLines`. */
  readonly ranks: Uint8Array;
  /** By offset, one of `harms`; within lines only after `lookIntoLines`. */
  readonly harms: Uint8Array;
  readonly #reopenable: Span[] = [];
  readonly #text: string;
  readonly #lines: readonly PlacedLine[];
  readonly #dialect: Dialect;
  #hasLookedIntoLines = false;

  constructor(text: string, lines: readonly PlacedLine[], dialect: Dialect) {
    this.ranks = new Uint8Array(text.length + 1).fill(ranks.none);
    this.harms = new Uint8Array(text.length + 1);
    this.#text = text;
    this.#lines = lines;
    this.#dialect = dialect;
    const held = heldLine(text, lines);
    if (held) this.#harm(held.begins ? held.start + 1 : held.start, text.length, harms.whole);
    lines.forEach((line, index) => {
      this.#markLine(line, lines[index - 1]);
    });
    this.#markHeadings();
    this.#markFenceEnds(held);
    for (const block of inlineBlocks(lines)) this.#markInline(block);
    this.#reopenable.sort((a, b) => a.start - b.start);
  }

  /** Emphasis and inline code, closed or not, that can be closed at a cut and reopened after it. */
  get reopenable(): readonly Span[] {
    return this.#reopenable;
  }

  /** Examines the places within lines, which are needed only if no line's start is good enough. */
  lookIntoLines(): void {
    if (this.#hasLookedIntoLines) return;
    this.#hasLookedIntoLines = true;
    for (const { kind, begins, start, content, end } of this.#lines) {
      if (kind === 'blank' && !begins) continue;
      const from = start + content;
      const text = this.#text.slice(from, end);
      markWords(text.trimEnd(), (at, rank) => this.#rank(from + at, rank));
      if (kind !== 'text') continue;
      for (const { index } of text.matchAll(blockMarkPattern))
        if (index > 0) this.#harm(from + index, from + index, harms.markup);
    }
  }

  #rank(at: number, rank: number): void {
    this.ranks[at] = Math.min(this.ranks[at] as number, rank);
  }

  /** From `first` to `last`, inclusive. */
  #harm(first: number, last: number, value: number): void {
    for (let at = first; at <= last; at++) if ((this.harms[at] as number) < value) this.harms[at] = value;
  }

  #markLine(line: PlacedLine, previous: PlacedLine | undefined): void {
    const { kind, start, end } = line;
    if (kind === 'blank' && !line.begins) return;
    this.#rank(start, beginsParagraph(line, previous) ? ranks.paragraph : ranks.line);
    this.#harm(start + 1, start + line.content, harms.markup);
    // Before a line break, a cut would begin the next part as one behind it does, whatever harm that does.
    this.#harm(start + this.#text.slice(start, end).trimEnd().length, end - 1, harms.markup);
    if (kind === 'fence' || kind === 'heading' || kind === 'code' || kind === 'row')
      this.#harm(start + 1, end - 1, harms.whole);
    if (kind === 'fence-end' || kind === 'delimiter-row' || kind === 'underline')
      this.#harm(start, end - 1, harms.markup);
    if (kind === 'rule') this.#harm(start + 1, end - 1, harms.markup);
    // A fence needs its first line of code, and a table's head its first row.
    if (kind === 'fence' || kind === 'delimiter-row') this.#harm(end, end, harms.markup);
    if (kind === 'delimiter-row' && previous) this.#harm(previous.start + 1, previous.end - 1, harms.whole);
    if (kind === 'text') this.#markText(line);
  }

  #markText(line: PlacedLine): void {
    const { start, end, begins } = line;
    // The rest of a numbered item would swallow the next item, because only 1 can interrupt a paragraph.
    if (isNumbered(line)) this.#harm(begins ? start + 1 : start, end - 1, harms.whole);
    if (begins) return;
    if (this.#text.slice(start + line.content, end).search(blockMarkPattern) === 0)
      this.#harm(start, start, harms.markup);
  }

  #markHeadings(): void {
    let heading: PlacedLine | null = null;
    for (const line of this.#lines) {
      if (heading && !(line.kind === 'blank' && !line.begins))
        this.#harm(heading.end, line.start, harms.slight);
      if (line.kind === 'heading' || line.kind === 'underline') heading = line;
      else if (line.kind !== 'blank') heading = null;
    }
    if (heading) this.#harm(heading.end, this.#text.length, harms.slight);
  }

  /** A part must not begin with a fence that closes before any code. */
  #markFenceEnds(held: PlacedLine | undefined): void {
    let closing = true;
    for (const line of this.#lines.toReversed()) {
      if (line.kind === 'fence-end') closing = true;
      else if (line.kind === 'code' && closing) {
        const code = this.#text.slice(line.start + line.content, line.end);
        closing = code.trim() === '' || line === held;
        if (closing) this.#harm(line.start, line.start, harms.markup);
      }
    }
  }

  #markInline(block: readonly PlacedLine[]): void {
    const [first] = block;
    const last = block.at(-1);
    if (!first || !last) return;
    const textEnd = this.#text.length;
    const from = first.start + first.content;
    const growing = last === this.#lines.at(-1);
    const inline = parseInline(blankMarks(this.#text, block, from), growing, this.#dialect);
    const place = (span: Span): Span => ({ ...span, start: span.start + from, end: span.end + from });
    for (const span of inline.spans.map(place)) {
      this.#markSpan(span, spanHarms[span.kind]);
      if (span.delimiter === '') continue;
      this.#harm(span.end - span.delimiter.length, span.end - 1, harms.markup);
      this.#reopenable.push(span);
    }
    for (const span of inline.open.map(place)) {
      this.#markSpan({ ...span, end: textEnd + 1 }, harms.slight);
      this.#reopenable.push({ ...span, end: textEnd + span.delimiter.length + 1 });
    }
    // Emphasis cannot be reopened in front of a quoted line's marks, so the marks stay with it.
    for (const { start, content } of block.slice(1)) {
      const isInSpan = this.#reopenable.some((span) => span.start < start && start < span.end);
      if (isInSpan && this.#text.slice(start, start + content).trim() !== '')
        this.#harm(start, start, harms.markup);
    }
    for (const bracket of inline.brackets) this.#harm(from + bracket.start + 1, textEnd, harms.whole);
    if (inline.partialFrom !== null) this.#harm(from + Math.max(inline.partialFrom, 1), textEnd, harms.whole);
  }

  #markSpan({ start, end, delimiter }: Span, interior: number): void {
    this.#harm(start + 1, start + delimiter.length, harms.markup);
    this.#harm(start + delimiter.length + 1, end - 1, interior);
  }
}

const spanHarms = {
  emphasis: harms.slight,
  code: harms.whole,
  link: harms.whole,
  url: harms.whole,
  opaque: harms.markup,
} as const satisfies Record<Span['kind'], number>;

function isNumbered({ after }: PlacedLine): boolean {
  return after.containers.some((container) => container.kind === 'item' && container.numbered);
}

function beginsParagraph(line: PlacedLine, previous: PlacedLine | undefined): boolean {
  if (line.kind === 'code' || line.kind === 'fence-end') return false;
  if (!previous || previous.kind === 'blank' || previous.kind === 'fence-end') return true;
  if (previous.kind === 'heading' || previous.kind === 'underline' || previous.kind === 'rule') return true;
  return line.kind === 'heading' || line.kind === 'fence' || line.kind === 'rule';
}

/** The blocks with inline structure, line by line. Without table cells, because a row is never cut by choice. */
function inlineBlocks(lines: readonly PlacedLine[]): PlacedLine[][] {
  const blocks: PlacedLine[][] = [];
  let paragraph: PlacedLine[] | null = null;
  for (const line of lines) {
    if (line.kind === 'text' && !line.begins && paragraph) {
      paragraph.push(line);
      continue;
    }
    paragraph = line.kind === 'text' ? [line] : null;
    if (paragraph) blocks.push(paragraph);
    else if (line.kind === 'heading') blocks.push([line]);
  }
  return blocks;
}

/** Marks that begin a block at the start of a part, on any platform; `-#` and `>>>` are Discord's. */
const blockMarkPattern =
  />|(?:#{1,6}|-#|[-+*]|\d{1,9}[.)])(?=\s|$)|`{3}|~{3}|\||(?:-{2,}|_{3,}|\*{3,}|=+)(?=[ \t]*\r?(?:\n|$))/g;
const spacePattern = /\s+/g;
// A single letter before the full stop is more often an abbreviation (e.g., J. Doe) than a sentence's end.
const sentenceEndPattern = /(?:[!?…。！？]|(?<!(?:^|[\s.(])\p{L})\.)["'”’»)\]*_~`]*$/u;
/** The characters in which `sentenceEndPattern` ends. */
const sentenceEnds = '!?…。！？."\'”’»)]*_~`';
const wideSentencePattern = /[。！？｡][」』”’）】》]*/g;
const wideWordPattern = /[，、；：][」』”’）】》]*/g;
const unspacedPattern =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]{2,}/gu;
const asciiPattern = /^[\0-\x7f]*$/;

/** Calls `rank` for each place within a line of text. */
function markWords(words: string, rank: (at: number, value: number) => void): void {
  for (spacePattern.lastIndex = 0; spacePattern.test(words); ) {
    const next = spacePattern.lastIndex;
    const end = words.slice(0, next).trimEnd().length;
    rank(next, endsSentence(words, end) ? ranks.sentence : ranks.word);
  }
  if (asciiPattern.test(words)) return;
  for (const { index, 0: mark } of words.matchAll(wideSentencePattern))
    rank(index + mark.length, ranks.sentence);
  for (const { index, 0: mark } of words.matchAll(wideWordPattern)) rank(index + mark.length, ranks.word);
  for (const { index, 0: run } of words.matchAll(unspacedPattern)) {
    let at = index;
    for (const letter of run) {
      if (at > index) rank(at, ranks.letter);
      at += letter.length;
    }
  }
}

function endsSentence(words: string, end: number): boolean {
  if (end === 0 || !sentenceEnds.includes(words.charAt(end - 1))) return false;
  return sentenceEndPattern.test(words.slice(Math.max(0, end - 12), end));
}
