import type { Button } from '../../../core/ports/buttons.ts';

/** The texts that the live check posts; none comes from a person. */

export const MARKDOWN = `**Bold**, *italic*, ~~struck~~ and \`code\` with \`a_b * c_d\`.

> A quotation
> of two lines

- one
- two
  - nested

1. first
2. second

[A link](https://example.com/a_b?c=d&e=f) and 2 < 3 & 5 > 4.`;

export const TABLE = `| name | price |
|---|---:|
| Small | $0.15 |
| 大きい | $2.50 |`;

export const CODE = `\`\`\`ts
// <@everyone> & "quotes" stay as they are
const sum = (a: number, b: number): number => a + b;
\`\`\``;

/** Scripts with one, two, three and four bytes per letter. */
export const SCRIPTS = {
  ASCII: 'the quick brown fox jumps over the lazy dog ',
  Cyrillic: 'съешь же ещё этих мягких французских булок да выпей чаю ',
  CJK: '天地玄黄宇宙洪荒日月盈昃辰宿列張',
  Emoji: '🦊🐶🌍🎲',
} as const satisfies Readonly<Record<string, string>>;

/** A text of exactly `size`, or less by at most one letter; it begins and ends with a letter. */
export function fillTo(size: number, sample: string, lengthOf: (text: string) => number): string {
  const letters = [...sample];
  const filler = letters.find((letter) => letter !== ' ') ?? 'x';
  const each = lengthOf(filler);
  let text = '';
  let length = 0;
  for (let at = 0; ; at++) {
    const letter = letters[at % letters.length] ?? filler;
    const next = lengthOf(letter);
    if (length + next > size) break;
    text += letter;
    length += next;
  }
  return text.endsWith(' ') ? `${text.slice(0, -1)}${each === 1 ? filler : ''}` : text;
}

/** The first difference between two texts; null if they are equal. */
export function firstDifference(sent: string, stands: string): string | null {
  if (sent === stands) return null;
  let at = 0;
  while (at < sent.length && sent[at] === stands[at]) at++;
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 10), at + 20).toWellFormed());
  return `at character ${at}, ${around(sent)} was sent and ${around(stands)} arrived (${sent.length} and ${stands.length} characters)`;
}

/** Letters and digits only, for platforms that return their own rendering. */
export function wordsAlone(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{Extended_Pictographic}]/gu, '');
}

/** Enough edits to use up Discord's limit of 5 in 5 s twice. */
export const EDITS = 12;

/** The answer that the buttons name. */
export const LIVE_LOOK = 'live-look';

export const BUTTONS: readonly Button[] = [
  { kind: 'retry', answerId: LIVE_LOOK },
  { kind: 'continue', answerId: LIVE_LOOK },
];

export const FILE = {
  name: 'parley-look.txt',
  mediaType: 'text/plain',
  bytes: new TextEncoder().encode('Parley looks at this platform.\n'),
  description: 'A file of Parley’s look',
};
