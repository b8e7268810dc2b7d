import type { Dialect } from '../../ports/surface.ts';
import { pairRuns } from './emphasis.ts';
import { flankingOf } from './flanking.ts';
import { linkTail, urlEnd } from './links.ts';
import { createLoneMarks, type Run } from './lone-marks.ts';
import type { Span } from './spans.ts';

/**
 * The inline structure of one Markdown block (CommonMark 0.31, GFM's `~~`, bare URLs, Discord's spoilers), finished or
 * growing. Reference definitions are unknown here: `[text][reference]` counts as a link.
 */

export interface Inline {
  readonly spans: readonly Span[];
  /** Emphasis and code that have begun and not ended, in order; they reach to the end. Only in a growing block. */
  readonly open: readonly Span[];
  /** Each `[` and `![` that may become a link; until then its text is shown without it. Only in a growing block. */
  readonly brackets: readonly { readonly start: number; readonly end: number }[];
  /** The start of a token that the end cuts in two, or that needs more text. Only in a growing block. */
  readonly partialFrom: number | null;
}

interface Bracket {
  readonly start: number;
  readonly end: number;
  readonly image: boolean;
  /** The number of delimiter runs before it. */
  readonly runs: number;
  active: boolean;
}

/** A `[` this far back without its `]` is a plain bracket. */
const longestOpenLinkText = 100;
/** A `<` this far back without its `>` is a plain character; so is that of a longer comment. */
const longestOpenTag = 300;
/** Code that is not closed within this length is not code: the backtick stands for itself. */
const longestOpenCode = 1_000;
/** If more delimiters than this are unclosed, the first ones are plain asterisks. */
const deepestEmphasis = 10;

const escapePattern = /\\[!-/:-@[-`{-~\n]/y;
const entityPattern = /&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});/y;
const partialEntityPattern = /&(?:#[0-9]{0,7}|#[xX][0-9a-fA-F]{0,6}|[A-Za-z][A-Za-z0-9]{0,31})?$/y;
const within = `{0,${longestOpenTag}}`;
const attribute = String.raw`\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>${'`'}]+|'[^']*'|"[^"]*"))?`;
const tagPattern = new RegExp(
  String.raw`<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^${'`'}{|}~-]+@[\w.-]+|` +
    String.raw`[A-Za-z][A-Za-z0-9-]*(?:${attribute})*\s*/?|/[A-Za-z][A-Za-z0-9-]*\s*|!--[^]${within}?--|\?[^]${within}?\?|![A-Za-z][^>]${within})>`,
  'y',
);
// A bare word after a tag's name counts as a half-written attribute only while it is the last one: `x <y then z` is prose.
const partialTagPattern = new RegExp(
  String.raw`<(?:[A-Za-z][A-Za-z0-9+.-]*(?::[^\s<>]*)?|[\w.+-]+@[\w.-]*|[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w.:-]*=(?:[^\s"'=<>${'`'}]+|'[^']*'|"[^"]*"))*` +
    String.raw`(?:\s+(?:[A-Za-z_:][\w.:-]*(?:=(?:"[^"]*|'[^']*)?)?)?|/)?|/(?:[A-Za-z][A-Za-z0-9-]*)?|!-{0,2}|!--[^]*)?$`,
  'y',
);
const special = /[\\`*_~[\]!<&]|\b(?:https?:\/\/|www\.)/g;
const specialOnDiscord = /[\\`*_~[\]!<&|]|\b(?:https?:\/\/|www\.)/g;

const plain: Inline = { spans: [], open: [], brackets: [], partialFrom: null };

/** Whether a text is only text, because it contains no character that Markdown knows and no address. */
export function isPlain(text: string, dialect: Dialect): boolean {
  const specials = specialsOf(dialect);
  specials.lastIndex = 0;
  return !specials.test(text);
}

function specialsOf(dialect: Dialect): RegExp {
  return dialect === 'discord' ? specialOnDiscord : special;
}

/**
 * Parses `text` as the content of one block. Container markers inside it must be replaced by spaces. `growing`: more may
 * follow, so half-open markup at the end is reported. `isRewritten`: marks that are not emphasis have been escaped.
 */
export function parseInline(
  text: string,
  growing: boolean,
  dialect: Dialect,
  isRewritten = dialect === 'discord',
): Inline {
  if (isPlain(text, dialect)) return plain;
  const parser = new InlineParser(text, growing, dialect);
  parser.readAll();
  return growing ? parser.growing(isRewritten) : parser.complete();
}

class InlineParser {
  readonly #text: string;
  readonly #isGrowing: boolean;
  readonly #dialect: Dialect;
  readonly #contentEnd: number;
  readonly #spans: Span[] = [];
  readonly #runs: Run[] = [];
  readonly #brackets: Bracket[] = [];
  /** The lengths of runs of backticks without a closing one. */
  readonly #unclosedCode: number[] = [];
  #openCode: Span | null = null;
  #partialFrom: number | null = null;

  constructor(text: string, isGrowing: boolean, dialect: Dialect) {
    this.#text = text;
    this.#isGrowing = isGrowing;
    this.#dialect = dialect;
    this.#contentEnd = text.trimEnd().length;
  }

  readAll(): void {
    const specials = specialsOf(this.#dialect);
    for (let at = 0; at < this.#text.length; ) {
      specials.lastIndex = at;
      const found = specials.exec(this.#text);
      if (found === null) return;
      at = this.#read(found.index);
    }
  }

  complete(): Inline {
    pairRuns(this.#runs, 0, this.#spans);
    return { spans: this.#spans, open: [], brackets: [], partialFrom: null };
  }

  growing(isRewritten: boolean): Inline {
    const text = this.#text;
    const end = text.length;
    const runs = this.#runs;
    const textEnd = this.#partialFrom ?? end;
    const linkTexts = this.#brackets.filter(
      ({ active, start }) => active && textEnd - start <= longestOpenLinkText,
    );
    // Delimiters in a link's text pair with nothing before it.
    const inner: Run[] = [];
    for (const { runs: outside } of linkTexts.toReversed()) {
      pairRuns(runs, outside, this.#spans);
      inner.unshift(...runs.splice(outside));
    }
    pairRuns(runs, 0, this.#spans);
    runs.push(...inner);
    const isLone = isRewritten ? () => false : createLoneMarks(text, runs);
    const open = runs
      .filter((run) => run.opens && run.start < run.end && run.end < end && !isLone(run))
      .slice(-deepestEmphasis)
      .map(
        (run): Span => ({
          kind: 'emphasis',
          start: run.start,
          end,
          delimiter: text.slice(run.start, run.end),
        }),
      );
    let partialFrom = this.#partialFrom;
    const last = runs.at(-1);
    // A closing delimiter must not stand right after a literal run.
    if (last && last.start < last.end && last.end === (open.length > 0 ? this.#contentEnd : end))
      partialFrom = last.start;
    const lastBracket = linkTexts.at(-1);
    if (lastBracket?.end === end) partialFrom ??= lastBracket.start;
    if (this.#openCode !== null) open.push(this.#openCode);
    return { spans: this.#spans, open, brackets: linkTexts, partialFrom };
  }

  /** Reads the token at a special character; returns the start of the next one. */
  #read(at: number): number {
    const char = this.#text[at] as string;
    switch (char) {
      case '\\': {
        const escaped = this.#matchAt(escapePattern, at);
        if (at + 1 >= this.#contentEnd) this.#partialFrom = at;
        return escaped === null ? at + 1 : this.#opaque(at, escaped);
      }
      case '&': {
        const entity = this.#matchAt(entityPattern, at);
        if (entity !== null) return this.#opaque(at, entity);
        if (this.#matchAt(partialEntityPattern, at) !== null) this.#partialFrom = at;
        return at + 1;
      }
      case '<':
        return this.#readTag(at);
      case 'h':
      case 'w':
        return this.#readUrl(at);
      case '`':
        return this.#readCode(at);
      case '*':
      case '_':
      case '~':
      case '|':
        return this.#readRun(at, char);
      case '!':
        if (this.#text[at + 1] !== '[') return at + 1;
        return this.#openBracket(at, at + 2, true);
      case '[':
        return this.#openBracket(at, at + 1, false);
      default:
        return this.#readClosingBracket(at);
    }
  }

  #readTag(at: number): number {
    const tag = this.#matchAt(tagPattern, at);
    if (tag !== null) return this.#opaque(at, tag);
    const end = this.#text.length;
    const isPartial =
      this.#isGrowing && end - at <= longestOpenTag && this.#matchAt(partialTagPattern, at) !== null;
    if (!isPartial) return at + 1;
    this.#partialFrom = at;
    return end;
  }

  #readUrl(at: number): number {
    const open = this.#runs
      .filter(({ opens, length }) => opens && length > 1)
      .map((run) => run.char.repeat(2));
    const end = urlEnd(this.#text, at, this.#brackets.length > 0 ? [...open, ']'] : open);
    this.#spans.push({ kind: 'url', start: at, end, delimiter: '' });
    return end;
  }

  #readCode(at: number): number {
    const text = this.#text;
    const length = runLength(text, at);
    const after = at + length;
    if (!this.#unclosedCode.includes(length)) {
      for (let close = text.indexOf('`', after); close !== -1; ) {
        const closeLength = runLength(text, close);
        if (closeLength === length) {
          const end = close + length;
          this.#spans.push({ kind: 'code', start: at, end, delimiter: text.slice(at, after) });
          return end;
        }
        close = text.indexOf('`', close + closeLength);
      }
      this.#unclosedCode.push(length);
    }
    if (!this.#isGrowing || !opensCode(text, at, after)) return after;
    // A run of backticks at the end may be half of the closing one.
    const content = text.slice(after, this.#contentEnd).replace(/`+$/, '');
    const end = text.length;
    if (content.trim() === '') {
      this.#partialFrom = at;
    } else {
      if (after + content.length < this.#contentEnd) this.#partialFrom = after + content.length;
      this.#openCode = { kind: 'code', start: at, end, delimiter: text.slice(at, after) };
    }
    return end;
  }

  #readRun(at: number, char: string): number {
    const length = runLength(this.#text, at);
    const after = at + length;
    const flanks = flankingOf(this.#text, at, after, this.#text.length);
    const isUnderscore = char === '_';
    // For Discord, CJK letters do not count as letters next to underscores within words.
    const endsWord = this.#dialect === 'discord' && flanks.wideAfter;
    const beginsWord = this.#dialect === 'discord' && flanks.wideBefore;
    const counts = (char !== '~' && char !== '|') || length === 2;
    this.#runs.push({
      char,
      start: at,
      end: after,
      length,
      opens:
        counts && flanks.left && (!isUnderscore || !flanks.right || flanks.punctuationBefore || beginsWord),
      closes:
        counts && flanks.right && (!isUnderscore || !flanks.left || flanks.punctuationAfter || endsWord),
      snaps: this.#isGrowing && length === 2 && !isUnderscore && !flanks.spaceBefore,
    });
    return after;
  }

  #openBracket(start: number, end: number, image: boolean): number {
    this.#brackets.push({ start, end, image, runs: this.#runs.length, active: true });
    return end;
  }

  #readClosingBracket(at: number): number {
    const bracket = this.#brackets.pop();
    if (!bracket?.active) return at + 1;
    const tail = linkTail(this.#text, at + 1);
    if (tail === null || (tail === 'partial' && !this.#isGrowing)) return at + 1;
    if (tail === 'partial') {
      this.#partialFrom = at;
      this.#brackets.push(bracket);
      return this.#text.length;
    }
    pairRuns(this.#runs, bracket.runs, this.#spans);
    this.#runs.length = bracket.runs;
    this.#spans.push({ kind: 'link', start: bracket.start, end: tail, delimiter: '' });
    // Links cannot contain links; images can.
    if (!bracket.image) for (const outer of this.#brackets) if (!outer.image) outer.active = false;
    return tail;
  }

  #matchAt(pattern: RegExp, at: number): string | null {
    pattern.lastIndex = at;
    return pattern.exec(this.#text)?.[0] ?? null;
  }

  #opaque(at: number, token: string): number {
    const end = at + token.length;
    this.#spans.push({ kind: 'opaque', start: at, end, delimiter: '' });
    return end;
  }
}

/**
 * Whether unpaired backticks may begin code. Not inside a word (l`eau), not before a space, and not three or more, which
 * occur in prose about fences.
 */
function opensCode(text: string, at: number, after: number): boolean {
  const length = after - at;
  if (after === text.length) return true;
  if (length >= 3 || text.length - after > longestOpenCode) return false;
  if (length === 1 && text[after] === ' ') return false;
  return !(/\w/.test(text[at - 1] ?? ' ') && /\w/.test(text[after] ?? ' '));
}

function runLength(text: string, at: number): number {
  let after = at + 1;
  while (text[after] === text[at]) after++;
  return after - at;
}
