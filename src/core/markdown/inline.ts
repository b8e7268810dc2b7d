import type { Dialect } from '../ports/surface.ts';
import { pairRuns } from './emphasis.ts';
import { flankingOf } from './flanking.ts';
import { linkTail, urlEnd } from './links.ts';
import { createLoneMarks, type Run } from './lone-marks.ts';
import type { Span } from './spans.ts';

/**
 * The inline structure of one Markdown block (CommonMark 0.31, GFM's `~~`, bare URLs, Discord's spoilers), finished or
 * growing. Reference definitions are unknown here: `[text][reference]` counts as a link.
 */

interface Inline {
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
  const end = text.length;
  const contentEnd = text.trimEnd().length;
  const spans: Span[] = [];
  const runs: Run[] = [];
  const brackets: Bracket[] = [];
  const runsWithoutCloser = new Set<number>();
  let openCode: Span | null = null;
  let partialFrom: number | null = null;

  const matchAt = (pattern: RegExp, at: number): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  const opaque = (at: number, token: string): number => {
    spans.push({ kind: 'opaque', start: at, end: at + token.length, delimiter: '' });
    return at + token.length;
  };

  /** Reads the token at a special character; returns the start of the next one. */
  const read = (at: number): number => {
    const char = text[at] as string;
    switch (char) {
      case '\\': {
        const escaped = matchAt(escapePattern, at);
        if (at + 1 >= contentEnd) partialFrom = at;
        return escaped === null ? at + 1 : opaque(at, escaped);
      }
      case '&': {
        const entity = matchAt(entityPattern, at);
        if (entity !== null) return opaque(at, entity);
        if (matchAt(partialEntityPattern, at) !== null) partialFrom = at;
        return at + 1;
      }
      case '<': {
        const tag = matchAt(tagPattern, at);
        if (tag !== null) return opaque(at, tag);
        const isPartial = growing && end - at <= longestOpenTag && matchAt(partialTagPattern, at) !== null;
        if (!isPartial) return at + 1;
        partialFrom = at;
        return end;
      }
      case 'h':
      case 'w': {
        const open = runs.filter(({ opens, length }) => opens && length > 1).map((run) => run.char.repeat(2));
        const urlsEnd = urlEnd(text, at, brackets.length > 0 ? [...open, ']'] : open);
        spans.push({ kind: 'url', start: at, end: urlsEnd, delimiter: '' });
        return urlsEnd;
      }
      case '`':
        return readCode(at);
      case '*':
      case '_':
      case '~':
      case '|':
        return readRun(at, char);
      case '!':
        if (text[at + 1] !== '[') return at + 1;
        brackets.push({ start: at, end: at + 2, image: true, runs: runs.length, active: true });
        return at + 2;
      case '[':
        brackets.push({ start: at, end: at + 1, image: false, runs: runs.length, active: true });
        return at + 1;
      default:
        return readClosingBracket(at);
    }
  };

  const readCode = (at: number): number => {
    const length = runLength(text, at);
    const after = at + length;
    if (!runsWithoutCloser.has(length)) {
      for (let close = text.indexOf('`', after); close !== -1; ) {
        const closeLength = runLength(text, close);
        if (closeLength === length) {
          spans.push({ kind: 'code', start: at, end: close + length, delimiter: text.slice(at, after) });
          return close + length;
        }
        close = text.indexOf('`', close + closeLength);
      }
      runsWithoutCloser.add(length);
    }
    if (!growing || !opensCode(text, at, after)) return after;
    // A run of backticks at the end may be half of the closing one.
    const content = text.slice(after, contentEnd).replace(/`+$/, '');
    if (content.trim() === '') {
      partialFrom = at;
    } else {
      if (after + content.length < contentEnd) partialFrom = after + content.length;
      openCode = { kind: 'code', start: at, end, delimiter: text.slice(at, after) };
    }
    return end;
  };

  const readRun = (at: number, char: string): number => {
    const length = runLength(text, at);
    const after = at + length;
    const flanks = flankingOf(text, at, after, end);
    const isUnderscore = char === '_';
    // For Discord, CJK letters do not count as letters next to underscores within words.
    const endsWord = dialect === 'discord' && flanks.wideAfter;
    const beginsWord = dialect === 'discord' && flanks.wideBefore;
    const counts = (char !== '~' && char !== '|') || length === 2;
    runs.push({
      char,
      start: at,
      end: after,
      length,
      opens:
        counts && flanks.left && (!isUnderscore || !flanks.right || flanks.punctuationBefore || beginsWord),
      closes:
        counts && flanks.right && (!isUnderscore || !flanks.left || flanks.punctuationAfter || endsWord),
      snaps: growing && length === 2 && !isUnderscore && !flanks.spaceBefore,
    });
    return after;
  };

  const readClosingBracket = (at: number): number => {
    const bracket = brackets.pop();
    if (!bracket?.active) return at + 1;
    const tail = linkTail(text, at + 1);
    if (tail === null) return at + 1;
    if (tail === 'partial') {
      if (growing) {
        partialFrom = at;
        brackets.push(bracket);
        return end;
      }
      return at + 1;
    }
    pairRuns(runs, bracket.runs, spans);
    runs.length = bracket.runs;
    spans.push({ kind: 'link', start: bracket.start, end: tail, delimiter: '' });
    // Links cannot contain links; images can.
    if (!bracket.image) for (const outer of brackets) if (!outer.image) outer.active = false;
    return tail;
  };

  const specials = dialect === 'discord' ? specialOnDiscord : special;
  for (let at = 0; at < end; ) {
    specials.lastIndex = at;
    const found = specials.exec(text);
    if (found === null) break;
    at = read(found.index);
  }
  const textEnd = partialFrom ?? end;
  const linkTexts = growing
    ? brackets.filter(({ active, start }) => active && textEnd - start <= longestOpenLinkText)
    : [];
  // Delimiters in a link's text pair with nothing before it.
  const inner: Run[] = [];
  for (const { runs: outside } of linkTexts.toReversed()) {
    pairRuns(runs, outside, spans);
    inner.unshift(...runs.splice(outside));
  }
  pairRuns(runs, 0, spans);
  if (!growing) return { spans, open: [], brackets: [], partialFrom: null };

  runs.push(...inner);
  const isLone = isRewritten ? () => false : createLoneMarks(text, runs);
  const open = runs
    .filter((run) => run.opens && run.start < run.end && run.end < end && !isLone(run))
    .slice(-deepestEmphasis)
    .map(
      (run): Span => ({ kind: 'emphasis', start: run.start, end, delimiter: text.slice(run.start, run.end) }),
    );
  const last = runs.at(-1);
  // A closing delimiter must not stand right after a literal run.
  if (last && last.start < last.end && last.end === (open.length > 0 ? contentEnd : end))
    partialFrom = last.start;
  const lastBracket = linkTexts.at(-1);
  if (lastBracket?.end === end) partialFrom ??= lastBracket.start;
  if (openCode !== null) open.push(openCode);
  return { spans, open, brackets: linkTexts, partialFrom };
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
