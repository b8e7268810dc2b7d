import {
  type BlockState,
  type Container,
  deepestIndent,
  type Leaf,
  type LineKind,
  type PlacedLine,
} from './block-state.ts';

/** The characters that begin a container, a rule, an underline, a heading or a fence. */
const blockMarks = '>#-+*_=`~0123456789';
const TAB = 9;
const SPACE = 32;
const visible = /\S/g;

/**
 * Walks a line's beginning: its containers, and its indentation by columns. A tab reaches to the next multiple of four and may
 * be taken in parts.
 */
export class LineReader {
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
  visible.lastIndex = from;
  return visible.test(text) ? visible.lastIndex - 1 : text.length;
}
