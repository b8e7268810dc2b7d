import { isHighSurrogate, splitsPair } from '../../kit/text/text.ts';
import type { Dialect, TextLimits } from '../../ports/surface.ts';
import { fenceEnd } from '../blocks/blocks.ts';
import { createRewriter, type Rewriter } from '../rewrite/rewriter.ts';
import { findCut, isReopened, noPrefix, unindent } from './cut.ts';
import { OpenPart } from './open-part.ts';

/** A final part of the answer that fits one message. */
export interface Part {
  /**
   * The text of the message: `prefix`, `body`, `suffix`. A part that begins inside a list is shown without the list's
   * indentation.
   */
  readonly text: string;
  /** Markup repeated so that the part can stand by itself: a fence with its language, a table's head, emphasis. */
  readonly prefix: string;
  /**
   * The source text of this part, verbatim or in the platform's dialect. Between parts, before the first and after the last,
   * only white space is missing, and none inside code.
   */
  readonly body: string;
  /** Markup that closes what the cut left open. */
  readonly suffix: string;
}

const smallestMaxChars = 50;
/** Text is measured in pieces of this size, so that one huge delta costs no more than many small ones. */
const pieceChars = 256;
/** The longest indentation of a part's first line; the rest is dropped. */
const longestIndent = 24;

/**
 * Cuts a growing Markdown answer into parts that each fit one message. A part is sealed only once the text no longer fits.
 * The parts do not depend on how the answer was cut into deltas.
 *
 * A part ends at a paragraph, a line, a sentence or a word, in that order, if there is one in its second half. It does not
 * end inside a link, a URL, inline code, a line of code or a table row, unless that alone is longer than a part. It never
 * ends inside a grapheme that fits one.
 */
export class Splitter {
  readonly #limits: Required<TextLimits>;
  readonly #rewriter: Rewriter;
  #open: OpenPart;
  /** Leading white space of the open part, until something else comes. */
  #indent = '';
  /** The first half of a surrogate pair, until its second half comes. */
  #half = '';
  /** The view of the text so far; null until somebody asks for it. */
  #view: string | null = null;

  /** @throws RangeError if `maxChars` is below 50 */
  constructor({ dialect = 'commonmark', maxChars, lengthOf = (text) => text.length }: TextLimits) {
    if (!(maxChars >= smallestMaxChars)) {
      throw new RangeError(`maxChars must be at least ${smallestMaxChars}, not ${maxChars}`);
    }
    this.#limits = { dialect, maxChars, lengthOf };
    this.#rewriter = createRewriter(dialect);
    this.#open = new OpenPart(noPrefix, this.#limits);
  }

  /** Takes more text of the answer; returns the parts that it completes, usually none. */
  push(delta: string): readonly Part[] {
    this.#view = null;
    const text = this.#half + delta;
    this.#half = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.slice(-1) : '';
    return this.#takeText(this.#rewriter.push(this.#half === '' ? text : text.slice(0, -1)));
  }

  /** The open part as it can be shown now: healed, and within the limit. Empty if nothing is visible yet. */
  view(): string {
    if (this.#view !== null) return this.#view;
    const tail = this.#rewriter.pending();
    const isFirst = this.#open.text === '';
    this.#view = this.#open.view(isFirst ? (this.#indent + tail).replace(/^(?:[^\S\n]*\n)+/, '') : tail);
    return this.#view;
  }

  /** The open part as it was sent, for platforms that append. Only grows at its end until the part is sealed. */
  source(): string {
    return this.#open.source();
  }

  /**
   * Returns the rest as it was sent: usually one part, none if nothing is left to show. Closes an open code fence.
   * `isCutShort`: the answer did not reach its end, and is healed as while it grew. `tailLength`: room in the last part that
   * the text after it takes; default 0.
   */
  finish({ isCutShort = false, tailLength = 0 } = {}): readonly Part[] {
    this.#view = null;
    const rest = this.#rewriter.push(this.#half) + this.#rewriter.finish(isCutShort);
    this.#half = '';
    const room = Math.max(smallestMaxChars, this.#limits.maxChars - tailLength);
    return [...this.#takeText(rest), ...this.#takeRest(room, isCutShort)];
  }

  /** Adds text to the open part, and seals parts while it does not fit. */
  #takeText(text: string): Part[] {
    const sealed: Part[] = [];
    for (let at = 0; at < text.length; ) {
      const end = Math.min(at + pieceChars, text.length);
      const piece = text.slice(at, splitsPair(text, end) ? end + 1 : end);
      at += piece.length;
      this.#takePiece(this.#open.text === '' ? this.#withoutBlankLines(piece) : piece, sealed);
    }
    return sealed;
  }

  /** Halves a piece that does not fit until it is the one character at which the part ends. */
  #takePiece(piece: string, sealed: Part[]): void {
    const middle = splitsPair(piece, piece.length >> 1) ? (piece.length >> 1) + 1 : piece.length >> 1;
    if (this.#open.fits(piece)) {
      this.#open.append(piece);
    } else if (middle > 0 && middle < piece.length) {
      this.#takePiece(piece.slice(0, middle), sealed);
      this.#takePiece(piece.slice(middle), sealed);
    } else {
      this.#open.append(piece);
      // White space at a part's end is not shown, and only the text after it tells the kind of place.
      if (piece.trim() !== '') sealed.push(...this.#seal(this.#limits.maxChars));
    }
  }

  /** A part begins with a line that shows something. */
  #withoutBlankLines(piece: string): string {
    const text = this.#indent + piece;
    const first = text.length - text.trimStart().length;
    const indent = text.slice(text.lastIndexOf('\n', first - 1) + 1, first).slice(-longestIndent);
    this.#indent = first === text.length ? indent : '';
    if (first === text.length) return '';
    return (first > 0 ? indent : '') + text.slice(first);
  }

  #seal(room: number): Part[] {
    const { text, lead, start } = this.#open;
    const cut = findCut({ ...this.#limits, text, from: lead.length, start, maxChars: room });
    const part = partOf(this.#open, cut.end, cut.suffix, this.#limits.dialect);
    this.#open = new OpenPart(cut.prefix, this.#limits);
    return [part, ...this.#takeText(text.slice(cut.next))];
  }

  /** Seals the rest; the last part takes at most this room. */
  #takeRest(room: number, isCutShort: boolean): Part[] {
    const parts: Part[] = [];
    while (this.#open.isFilled) {
      const last = this.#lastPart(room, isCutShort);
      if (last === null) parts.push(...this.#seal(room));
      else if (last.text !== '') parts.push(last);
      if (last !== null) this.#open = new OpenPart(noPrefix, this.#limits);
    }
    return parts;
  }

  /** The open part as the last one; null if that takes more room. */
  #lastPart(room: number, isCutShort: boolean): Part | null {
    const { dialect, lengthOf } = this.#limits;
    const open = this.#open;
    const state = open.endState();
    const end = state.leaf.kind === 'fence' ? open.text.length : open.text.trimEnd().length;
    const suffix = fenceEnd(open.text.slice(0, end), state);
    const healed = isCutShort ? open.healed().trimEnd() : null;
    const length = lengthOf(open.text.slice(0, end)) + lengthOf(suffix);
    if (Math.max(length, lengthOf(healed ?? '')) > room) return null;
    const part = partOf(open, end, suffix, dialect);
    return { ...part, text: healed ?? part.text };
  }
}

/** The parts of a complete text. */
export function splitText(text: string, limits: TextLimits): readonly Part[] {
  const splitter = new Splitter(limits);
  return [...splitter.push(text), ...splitter.finish()];
}

function partOf(
  { text, lead, prefix, start }: OpenPart,
  end: number,
  suffix: string,
  dialect: Dialect,
): Part {
  const body = text.slice(lead.length, end);
  // Apparent emphasis at the cut may turn out to be a plain asterisk, which is not repeated.
  const inline = isReopened(prefix, lead + body + suffix, start, dialect) ? prefix.inline : '';
  return {
    text: unindent(prefix.block + inline + body + suffix, prefix.items),
    prefix: unindent(prefix.block + inline, prefix.items),
    body,
    suffix: unindent(suffix, prefix.items),
  };
}
