import { type Inline, isPlain, parseInline } from '../inline/inline.ts';
import type { Span } from '../inline/spans.ts';
import { hideMath, showMath } from './math.ts';

/**
 * How a source ends. `complete`: at the end of its block. `continued`: the rest of its block comes later, and emphasis that is open stays
 * open. `shown`: the same, but the text is shown as if it ended here, and is written anew with the next state.
 */
export type SourceEnd = 'complete' | 'continued' | 'shown';

/** Targets of links by reference, by label in lower case. */
export type Definitions = ReadonlyMap<string, string>;

/** A program name such as `__init`, if `__` stands before it. */
const namePattern = /[a-z]\w*/y;

/** A line break within a line of the source. */
export const HARD_BREAK = '\v';

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  times: '×',
  rarr: '→',
  larr: '←',
  le: '≤',
  ge: '≥',
  ne: '≠',
  copy: '©',
  deg: '°',
  bull: '•',
  middot: '·',
};

const markChars = new Set('*_~`|');

const linkPattern =
  /^(!?)\[([\s\S]*)\]\(\s*(<[^<>\n]*>|(?:[^\s()]|\([^\s()]*\))*)((?:\s+(?:"[^"]*"|'[^']*'|\([^)]*\)))?)\s*\)$/;
const referencePattern = /^(!?)\[([\s\S]*)\]\[([^\]]*)\]$/;

/**
 * Rewrites the content of a block for Discord. Pictures and references become links, entities become characters. Marks that
 * are not emphasis are escaped, because Discord pairs marks without CommonMark's rules.
 */
export function rewriteInline(source: string, ends: SourceEnd, definitions: Definitions): string {
  const { text, formulas } = hideMath(source, ends !== 'complete');
  return showMath(rewriteText(text, ends, definitions), formulas);
}

function rewriteText(text: string, ends: SourceEnd, definitions: Definitions): string {
  if (isPlain(text, 'discord')) return text;
  const inline = parseInline(text, ends !== 'complete', 'discord', false);
  const tokens = tokensOf(inline, text);
  const marks = marksOf(inline, text, ends);
  const end = inline.partialFrom ?? text.length;
  let rewritten = '';
  for (let at = 0; at < end; ) {
    const token = tokens.get(at);
    if (token !== undefined && token.end <= text.length) {
      rewritten += rewriteToken(token.kind, text.slice(at, token.end), definitions);
      at = token.end;
      continue;
    }
    const mark = marks.get(at);
    if (mark !== undefined) {
      rewritten += mark;
      at++;
      continue;
    }
    const char = text[at] as string;
    if (markChars.has(char)) {
      let after = at + 1;
      while (after < end && !marks.has(after) && text[after] === char) after++;
      const run = text.slice(at, after);
      rewritten += escapesLone(text, at, after) ? run.replace(/./g, '\\$&') : run;
      at = after;
      continue;
    }
    let after = at + 1;
    while (after < end && !markChars.has(text[after] as string) && !tokens.has(after)) after++;
    rewritten += text.slice(at, after);
    at = after;
  }
  return rewritten + text.slice(Math.max(end, 0));
}

/** Everything that is no emphasis, by its start. */
function tokensOf({ spans, open }: Inline, text: string): ReadonlyMap<number, Span> {
  const tokens = new Map<number, Span>();
  for (const span of spans)
    if (span.kind !== 'emphasis' && !tokens.has(span.start)) tokens.set(span.start, span);
  for (const { start, kind } of open)
    if (kind === 'code') tokens.set(start, { kind: 'url', start, end: text.length, delimiter: '' });
  return tokens;
}

/**
 * How each emphasis mark is written: as it is; as `*` instead of a single `_`, because Discord allows no other underscore
 * between underscores; or not at all inside other italics, which Discord cannot nest.
 */
function marksOf({ spans, open }: Inline, text: string, ends: SourceEnd): ReadonlyMap<number, string> {
  const marks = new Map<number, string>();
  const keep = (from: number, delimiter: string): void => {
    for (let at = from; at < from + delimiter.length; at++)
      marks.set(at, delimiter === '_' ? '*' : (text[at] as string));
  };
  for (const { kind, start, end, delimiter } of spans) {
    if (kind !== 'emphasis') continue;
    keep(start, delimiter);
    keep(end - delimiter.length, delimiter);
  }
  for (const { start, delimiter, kind } of open)
    if (kind !== 'code' && (ends !== 'shown' || !isName(text, start, delimiter))) keep(start, delimiter);
  const italics = [...spans, ...open].filter(({ delimiter }) => delimiter === '*' || delimiter === '_');
  for (const { start, end, delimiter } of italics) {
    if (!italics.some((outer) => outer.start < start && end <= outer.end)) continue;
    marks.set(start, '');
    if (!open.some((span) => span.start === start && span.delimiter === delimiter)) marks.set(end - 1, '');
  }
  return marks;
}

/** Whether an open `__` begins a program name more likely than underlined text, which models hardly ever write. */
function isName(text: string, start: number, delimiter: string): boolean {
  namePattern.lastIndex = start + delimiter.length;
  return delimiter === '__' && namePattern.test(text);
}

/** Whether Discord might pair a run of marks that is not emphasis. */
function escapesLone(text: string, start: number, end: number): boolean {
  const length = end - start;
  const isWord = (char: string | undefined): boolean => char !== undefined && /\w/.test(char);
  const isSpaced = (): boolean => /\s/.test(text[start - 1] ?? ' ') && /\s/.test(text[end] ?? ' ');
  switch (text[start]) {
    case '*':
      return length > 1 || !isSpaced();
    case '_':
      return length > 1 || !(isWord(text[start - 1]) && isWord(text[end]));
    case '~':
    case '|':
      return length > 1;
    case '`':
      return true;
    default:
      return false;
  }
}

function rewriteToken(kind: Span['kind'], token: string, definitions: Definitions): string {
  if (kind === 'code') return rewriteCode(token);
  if (kind === 'opaque') return rewriteOpaque(token);
  return kind === 'link' ? rewriteLink(token, definitions) : token;
}

/** Discord reads three backticks as a fence anywhere. */
function rewriteCode(token: string): string {
  const run = /^`+/.exec(token)?.[0] ?? '';
  const content = breakFences(token.slice(run.length, -run.length)).replaceAll('\n', ' ');
  if (run.length < 3) return run + content + run;
  return content.includes('`') ? `\`\`${content}\`\`` : `\`${content}\``;
}

/** Puts an invisible character between the second and third of three backticks, so that they do not end the code. */
export function breakFences(code: string): string {
  return code.replace(/``(?=`)/g, '``\u200b');
}

function rewriteOpaque(token: string): string {
  if (token === '\\\n') return '\n';
  if (/^<br\s*\/?>$/i.test(token)) return HARD_BREAK;
  if (/^<[^\s:>]+@[^\s>]+>$/.test(token)) return token.slice(1, -1);
  if (!token.startsWith('&')) return token;
  const [, hex, decimal, name] = /^&(?:#x([0-9a-f]+)|#(\d+)|(\w+));$/i.exec(token) ?? [];
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  const char =
    name === undefined ? (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : token) : entities[name];
  if (char === undefined) return token;
  return /^[\\*_~`|<>#[\]-]$/.test(char) ? `\\${char}` : char;
}

function rewriteLink(token: string, definitions: Definitions): string {
  const [, , label, target, title] = linkPattern.exec(token) ?? [];
  if (label !== undefined && target !== undefined) {
    return linkTo(label, target.replace(/^<|>$/g, ''), title ?? '', definitions);
  }
  const [, mark, text, reference] = referencePattern.exec(token) ?? [];
  if (text === undefined || reference === undefined) return token;
  const url = definitions.get((reference || text).toLowerCase());
  if (url !== undefined) return linkTo(text, url, '', definitions);
  // A definition further down may give the address. An index (`matrix[i][j]`) is not a reference.
  const isLink = mark === '!' || /[\p{L}\p{N}]{2}/u.test(text);
  if (!isLink) return token;
  const shown = rewriteText(text, 'complete', definitions);
  return reference === '' ? `[${shown}]` : `${shown} [${reference}]`;
}

/** Discord makes links only of web addresses, and not if the text shows another address. */
function linkTo(label: string, target: string, title: string, definitions: Definitions): string {
  const shown = rewriteText(label.replaceAll('\n', ' '), 'complete', definitions).trim();
  const url = target.replaceAll(' ', '%20').replace(/^mailto:/i, '');
  if (!/^https?:\/\/[^\s/]/i.test(url)) {
    const isWords = url === '' || url.startsWith('#') || url === shown;
    return isWords ? shown : `${shown} (${url})`.trim();
  }
  if (shown === '' || shown === url) return url;
  if (/https?:\/\//i.test(shown)) return shown.startsWith('[') ? shown : `${shown} ${url}`;
  return `[${shown}](${url}${title})`;
}
