import type { Dialect } from '../../ports/surface.ts';

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
export type Leaf =
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

export type LineKind =
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

export const noLeaf: Leaf = { kind: 'none' };
export const documentStart: BlockState = { containers: [], leaf: noLeaf, isFree: false };
/** The deepest indentation of a block in CommonMark; what is deeper is code. */
export const deepestIndent = 3;

/** The state before the first block of a text in a dialect. */
export function startIn(dialect: Dialect): BlockState {
  return dialect === 'discord' ? { ...documentStart, isFree: true } : documentStart;
}
