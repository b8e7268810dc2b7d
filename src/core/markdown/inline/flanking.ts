import { splitsPair } from '../../kit/text/text.ts';

/** The two sides of a run of marks, by CommonMark 0.31 and the amendment for CJK text. */
export interface Flanking {
  readonly left: boolean;
  readonly right: boolean;
  readonly spaceBefore: boolean;
  readonly punctuationBefore: boolean;
  readonly punctuationAfter: boolean;
  /** Whether the character on that side is CJK. */
  readonly wideBefore: boolean;
  readonly wideAfter: boolean;
}

const space = /\s/;
const punctuation = /[\p{P}\p{S}]/u;
const cjk =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\u3000-\u303f\ufe30-\ufe6f\uff00-\uffef]/u;

/**
 * Languages without spaces put emphasis next to letters, and its content may end in punctuation (`**优点：**速度快`,
 * `**인공지능(AI)**은`). So CJK punctuation counts as letters, and CJK letters count as the space that other punctuation needs on
 * its outer side (https://github.com/tats-u/markdown-cjk-friendly/blob/main/specification.md).
 */
export function flankingOf(text: string, start: number, end: number, textEnd: number): Flanking {
  const before = start === 0 ? ' ' : charBefore(text, start);
  const after = end === textEnd ? ' ' : String.fromCodePoint(text.codePointAt(end) as number);
  const spaceBefore = space.test(before);
  const spaceAfter = space.test(after);
  const wideBefore = cjk.test(before);
  const wideAfter = cjk.test(after);
  const punctuationBefore = punctuation.test(before);
  const punctuationAfter = punctuation.test(after);
  return {
    left: !spaceAfter && (!punctuationAfter || wideAfter || spaceBefore || punctuationBefore || wideBefore),
    right: !spaceBefore && (!punctuationBefore || wideBefore || spaceAfter || punctuationAfter || wideAfter),
    spaceBefore,
    punctuationBefore,
    punctuationAfter,
    wideBefore,
    wideAfter,
  };
}

function charBefore(text: string, at: number): string {
  return text.slice(at - (splitsPair(text, at - 1) ? 2 : 1), at);
}
