import { splitsPair } from '../../kit/text/text.ts';
import type { Dialect } from '../../ports/surface.ts';
import type { BlockState, Container, Fence, Item, PlacedLine } from '../blocks/block-state.ts';
import { continuation, fenceEnd, placeLines } from '../blocks/blocks.ts';
import { closingOf } from '../inline/spans.ts';
import { CutPlaces, harms, ranks } from './cut-places.ts';
import { createGraphemes } from './graphemes.ts';

/** Markup that a part repeats from the previous one, so that it can stand by itself. */
export interface Prefix {
  /** The list items of the previous part that continue here; lines are shown without their indentation. */
  readonly items: readonly Item[];
  /** Indentation, quote marks, an opening fence, or a table's head. */
  readonly block: string;
  /** Delimiters of emphasis and inline code. */
  readonly inline: string;
}

interface Cut {
  /** The end of the first part's text … */
  readonly end: number;
  /** … and the markup that closes it. */
  readonly suffix: string;
  /** The beginning of the second part … */
  readonly prefix: Prefix;
  /** … and the start of its text. Only white space is left out in between, and none inside code. */
  readonly next: number;
}

interface CutRequest {
  /** The open part with its prefix. Its last character is not white space, unless nothing follows. */
  readonly text: string;
  /** The end of the prefix; the cut comes after it. */
  readonly from: number;
  /** The block state at the beginning of the text. */
  readonly start: BlockState;
  readonly dialect: Dialect;
  readonly maxChars: number;
  lengthOf(text: string): number;
}

export const noPrefix: Prefix = { items: [], block: '', inline: '' };

/** The share of a part's length that a repeated prefix and its closing markup may take. */
const markupShare = 2 / 3;

/** Finds the best place to end a part that has become too long. */
export function findCut(request: CutRequest): Cut {
  const { text, from, start, dialect, maxChars, lengthOf } = request;
  const lines = placeLines(text, start);
  const places = new CutPlaces(text, lines, dialect);
  const graphemeStart = createGraphemes(text);
  const length = lengthOf(text);
  const half = Math.ceil((from + text.length) / 2);
  // A part must not consist of blank lines of code.
  const filled = text.length - text.slice(from).trimStart().length + 1;

  const cutAt = (at: number): Cut => describeCut(request, lines, places, at);
  const fits = ({ end, suffix }: Cut): boolean =>
    end > from && length - lengthOf(text.slice(end)) + lengthOf(suffix) <= maxChars;

  /** The last place from `first` on that has at best this rank, does at most this harm, and leaves a part that fits. */
  const search = (first: number, rank: number, harm: number): Cut | null => {
    if (rank >= ranks.sentence) places.lookIntoLines();
    for (let at = text.length; at >= first; at--) {
      if ((places.ranks[at] as number) > rank || (places.harms[at] as number) > harm) continue;
      const boundary = graphemeStart(at);
      if (boundary < at) {
        at = boundary + 1;
        continue;
      }
      const cut = cutAt(at);
      if (fits(cut)) return cut;
    }
    return null;
  };
  const searchByRank = (harm: number): Cut | null => {
    for (let rank: number = ranks.paragraph; rank < ranks.none; rank++) {
      const cut = search(Math.max(half, filled), rank, harm);
      if (cut) return cut;
    }
    return null;
  };

  return (
    searchByRank(harms.nothing) ??
    searchByRank(harms.slight) ??
    // A span that reaches to the end starts in the first half, so it may fit into the next part.
    search(filled, ranks.letter, harms.nothing) ??
    search(filled, ranks.letter, harms.slight) ??
    searchByRank(harms.whole) ??
    search(filled, ranks.none, harms.whole) ??
    search(from + 1, ranks.none, harms.markup) ??
    cutAnywhere(request)
  );
}

/** Used if not even one grapheme fits together with the closing markup: cuts the text as it is. */
function cutAnywhere({ text, from, maxChars, lengthOf }: CutRequest): Cut {
  let end = text.length;
  while (end > from + 1 && (splitsPair(text, end) || lengthOf(text.slice(0, end)) > maxChars)) end--;
  if (splitsPair(text, end)) end++;
  return { end, suffix: '', prefix: noPrefix, next: end };
}

function describeCut(request: CutRequest, lines: readonly PlacedLine[], places: CutPlaces, at: number): Cut {
  const { text } = request;
  const place = placeOf(request, lines, at);
  if (place.state.leaf.kind === 'fence') return cutCode(request, place, place.state.leaf, at);
  const end = text.slice(0, at).trimEnd().length;
  const content = text.length - text.slice(at).trimStart().length;
  const nextPlace = placeOf(request, lines, at);
  const next = keepsIndent(nextPlace) && nextPlace.line ? nextPlace.line.start : content;
  const open = places.reopenable.filter(
    (span) => span.start + span.delimiter.length < at && at < span.end - span.delimiter.length,
  );
  const inline = open.map(({ delimiter }) => delimiter).join('');
  const suffix = closingOf(open);
  return { end, suffix, prefix: prefixOfText(request, lines, nextPlace, inline, suffix), next };
}

interface Place {
  readonly index: number;
  readonly line: PlacedLine | undefined;
  /** Whether the place is at the beginning of the line, before its indentation and marks. */
  readonly isLineStart: boolean;
  /** The open containers and block at the place. */
  readonly state: BlockState;
}

function placeOf({ start }: CutRequest, lines: readonly PlacedLine[], at: number): Place {
  const index = lines.findLastIndex((candidate) => candidate.start <= at);
  const line = lines[index];
  const before = lines[index - 1]?.after ?? start;
  const isLineStart = line?.start === at;
  return {
    index,
    line,
    isLineStart,
    state: line && !isLineStart && line.kind !== 'fence-end' ? line.after : before,
  };
}

function cutCode(
  request: CutRequest,
  { state, isLineStart }: Place,
  { run, indent, info }: Fence,
  at: number,
): Cut {
  const suffix = fenceEnd(request.text.slice(0, at), state);
  const lead = continuation(state.containers);
  const reopen = (language: string): Prefix => ({
    items: leadingItems(state.containers),
    block: `${lead}${' '.repeat(indent)}${run}${language}\n${isLineStart ? '' : lead}`,
    inline: '',
  });
  const [language = ''] = info.split(/\s/, 1);
  const prefix = [reopen(language), reopen('')].find((candidate) => leavesRoom(request, candidate, suffix));
  return { end: at, suffix, prefix: prefix ?? noPrefix, next: at };
}

function prefixOfText(
  request: CutRequest,
  lines: readonly PlacedLine[],
  place: Place,
  inline: string,
  suffix: string,
): Prefix {
  const { index, line, isLineStart, state } = place;
  const containers = isLineStart ? state.containers.slice(0, line?.continued) : state.containers;
  const items = leadingItems(containers);
  const lead = keepsIndent(place) ? '' : continuation(isLineStart ? items : containers);
  const head =
    isLineStart && line?.kind === 'row' ? tableHead(request.text, lines.slice(0, index), containers) : '';
  const candidates: Prefix[] = [
    { items, block: head + lead, inline },
    { items, block: lead, inline },
  ];
  return candidates.find((candidate) => leavesRoom(request, candidate, suffix)) ?? noPrefix;
}

/** Whether a part's first line keeps its white space: more than three columns would make code of a paragraph's line. */
function keepsIndent({ line, isLineStart }: Place): boolean {
  if (!line || !isLineStart) return false;
  if (line.kind !== 'text' || line.begins) return true;
  const items = leadingItems(line.after.containers.slice(0, line.continued));
  return line.content <= items.reduce((sum, { width }) => sum + width, 3);
}

function leavesRoom({ maxChars, lengthOf }: CutRequest, { block, inline }: Prefix, suffix: string): boolean {
  return lengthOf(block + inline + suffix) <= maxChars * markupShare;
}

/** The list items that enclose everything else. */
function leadingItems(containers: readonly Container[]): Item[] {
  const items: Item[] = [];
  for (const container of containers) {
    if (container.kind !== 'item') break;
    items.push(container);
  }
  return items;
}

function tableHead(text: string, lines: readonly PlacedLine[], containers: readonly Container[]): string {
  const delimiterRow = lines.findLastIndex((line) => line.kind === 'delimiter-row');
  return lines
    .slice(Math.max(0, delimiterRow - 1), delimiterRow + 1)
    .map((line) => continuation(containers) + text.slice(line.start + line.content, line.end))
    .join('');
}

/** Whether each delimiter that `prefix` repeats at the beginning of `text` begins a span that ends in it. */
export function isReopened(
  { block, inline }: Prefix,
  text: string,
  start: BlockState,
  dialect: Dialect,
): boolean {
  if (inline === '') return true;
  const { reopenable } = new CutPlaces(text, placeLines(text, start), dialect);
  const end = block.length + inline.length;
  const paired = reopenable.filter(
    (span) => span.start >= block.length && span.start < end && span.end <= text.length,
  );
  return paired.reduce((sum, { delimiter }) => sum + delimiter.length, 0) === inline.length;
}

/**
 * Removes the indentation of these list items from the lines that still belong to them. A numbered line that leaves them gets
 * a blank line before it, because only number 1 can end a paragraph.
 */
export function unindent(text: string, items: readonly Item[]): string {
  if (items.length === 0) return text;
  const widths = items.map(({ width }) => width);
  let indent = widths.reduce((sum, width) => sum + width);
  let isAfterBlank = true;
  const lines = text.split('\n').map((line) => {
    const isBlank = line.trim() === '';
    let column = 0;
    let at = 0;
    const skip = (): void => {
      for (; column < indent && (line[at] === ' ' || line[at] === '\t'); at++) {
        column += line[at] === '\t' ? 4 - (column % 4) : 1;
      }
    };
    skip();
    const leaves = !isBlank && column < indent;
    while (!isBlank && column < indent) indent -= widths.pop() ?? 0;
    const gap = leaves && !isAfterBlank && /\d/.test(line[at] as string) ? '\n' : '';
    isAfterBlank = isBlank;
    return gap + ' '.repeat(Math.max(0, column - indent)) + line.slice(at);
  });
  return lines.join('\n');
}
