import { graphemes } from '../../kit/text/text.ts';

/** Wide and full-width East Asian characters (https://www.unicode.org/reports/tr11/), and pictures. */
const wide =
  /^(?:[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\u3000-\u303e\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;
const invisible = /^[\p{M}\p{Cf}\p{Cc}]+$/u;

/** The number of columns that a text takes in a monospaced font. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (invisible.test(segment)) continue;
    columns += wide.test(segment) && !/^[\uff61-\uffdc]/.test(segment) ? 2 : 1;
  }
  return columns;
}
