/** The longest text that `quoted` shows whole, in UTF-16 units. */
export const MAX_QUOTED_CHARS = 80;
/** A power of two. A growing text of 32 kB is copied 64 times in all. */
const PIECE_CHARS = 512;

/** Cuts text into graphemes: what people take for one character. */
export const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The end of the last grapheme that fits into `room`. Measures UTF-16 units by default. */
export function endWithin(text: string, room: number, sizeOf = (part: string) => part.length): number {
  let left = room;
  let end = 0;
  for (const { index, segment } of graphemes.segment(text)) {
    left -= sizeOf(segment);
    if (left < 0) break;
    end = index + segment.length;
  }
  return end;
}

/**
 * Puts a text on one line of at most `maxChars` UTF-16 units. Cuts at a word if one ends in the second half, never inside a
 * grapheme. Empty if nothing in it is visible.
 */
export function oneLine(text: string, maxChars: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (!/[^\p{C}\p{Z}\p{M}]/u.test(line)) return '';
  if (line.length <= maxChars) return line;
  const end = endWithin(line.slice(0, 2 * maxChars), maxChars - 1);
  const cut = line.slice(0, end);
  const word = line[end] === ' ' ? end : cut.lastIndexOf(' ');
  return `${(word > maxChars / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}

/** Characters that change the direction of text: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters */
const BIDI_CONTROLS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
const MAX_NAME_CHARS = 80;

/**
 * The name of a person or thing, safe to show anywhere on one line: nothing in it breaks the line, changes the direction of
 * text, mentions anybody or acts as Markdown. Empty if nothing in it is visible.
 */
export function plainName(name: string): string {
  const line = oneLine(name.replace(BIDI_CONTROLS, ''), MAX_NAME_CHARS);
  return line
    .replace(/[*~`|\\<>[\]]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '')
    .replace(/@(?=everyone|here)/gi, '')
    .trim();
}

/** A text without Markdown's marks on one line of at most `maxChars`, for titles; empty if nothing in it is visible. */
export function plainLine(text: string, maxChars: number): string {
  const plain = text
    .replace(BIDI_CONTROLS, '')
    .replace(/\[([^\]\n]{1,200})\]\([^()\s]{1,2000}\)/g, '$1')
    .replace(/^[ \t]*(?:#{1,6}|>{1,3}|[-*+]|\d{1,9}[.)]|-#)[ \t]+/gm, '')
    .replace(/`+|\*\*|__|~~|\|\|/g, '');
  return oneLine(plain, maxChars);
}

/**
 * Adds to a text that grows by many small pieces. V8 keeps such a text as a tree, with 32 bytes for each piece, until somebody
 * reads in it: that is five times an answer's text.
 */
export function grown(text: string, piece: string): string {
  const whole = text + piece;
  // A search makes one string of the tree. V8 drops calls like `charCodeAt` if nobody uses their result.
  if (Math.floor(whole.length / PIECE_CHARS) !== Math.floor(text.length / PIECE_CHARS)) /^/.test(whole);
  return whole;
}

/** Shows typed text in code marks on one line. Nothing in it acts as Markdown; invisible characters become `\u{FFFD}`. */
export function quoted(text: string): string {
  const start = text.slice(0, MAX_QUOTED_CHARS).toWellFormed();
  const visible = start.replace(/[`\p{C}\p{Z}]/gu, (character) => (character === ' ' ? ' ' : '\u{FFFD}'));
  return `\`${visible}${text.length > MAX_QUOTED_CHARS ? '…' : ''}\``;
}

/** Puts a text into a code block that nothing in it can close. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** Whether `at` lies between the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return isHighSurrogate(text.charCodeAt(at - 1)) && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

export function isHighSurrogate(codeUnit: number): boolean {
  return (codeUnit & 0xfc00) === 0xd800;
}

/** `a, b or c`. */
export function eitherOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** `1 request`, `1,234 requests`. */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The message of whatever was thrown; of faults that a stack of cleanups collected, all messages. */
export function messageOf(error: unknown): string {
  if (error instanceof SuppressedError) return `${messageOf(error.suppressed)}; ${messageOf(error.error)}`;
  return error instanceof Error ? error.message : String(error);
}
