import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Splitter } from '../../../src/core/markdown/cut/splitter.ts';
import type { TextLimits } from '../../../src/core/ports/surface.ts';
import { type Shown, shownOnDiscord, shownOnSlack, strayMarks, wordsOf } from './shown.ts';

/** Answers as models write them, in six languages, with what the platforms render and what they do not. */
const folder = 'test/fixtures/markdown';
const answers = readdirSync(folder).map((file) => ({
  file,
  source: readFileSync(`${folder}/${file}`, 'utf8'),
}));

/** Every state of every message of an answer that comes character by character. */
function* viewsOf(
  source: string,
  limits: TextLimits,
): Generator<{ readonly text: string; readonly at: number; readonly isSealed: boolean }> {
  const splitter = new Splitter(limits);
  for (let at = 1; at <= source.length; at++) {
    for (const { text } of splitter.push(source.charAt(at - 1))) yield { text, at, isSealed: true };
    yield { text: splitter.view(), at, isSealed: false };
  }
  for (const { text } of splitter.finish()) yield { text, at: source.length, isSealed: true };
}

/** Matches pieces of markup alone, without words of the answer. */
const markup = /\]\([^)]*\)?|\]\[\w*\]|^\[\w+\]: .*|<br>|\[[ x]\]|&\w+;|https?:\S*/gm;

function lostWords(source: string, shown: string): string[] {
  return wordsOf(source.replace(markup, ' ')).filter((word) => /\p{L}/u.test(word) && !shown.includes(word));
}

/** Marks that the answers mean as they are, or that mean nothing on Slack: addresses, names, formulas, tags, spoilers. */
const literals =
  /^(?:\(?[/\w]*_\w+\)?\p{L}?|\*{1,2}(?:args|kwargs)[,:。]?|\*\.\w*|\d\*\*\d*|`{3}|(?:__admin|(?:__)?밑줄)__\p{L}?|>>>.*)$|[_^\\$]\{|\|\||<br/u;

const strayOnDiscord = ({ prose }: Shown): string[] => strayMarks(prose);
const strayOnSlack = ({ prose }: Shown): string[] =>
  strayMarks(prose).filter((stray) => {
    const word = stray.replace(/[.,:;]$/, '');
    return (
      !literals.test(word) &&
      !['*args', '**kwargs', '/_search', '__admin__'].some((mark) => mark.startsWith(word))
    );
  });

/** Until a table has a row or a picture its address, its words wait. */
const heldBack = 200;

describe.each([
  ['on Discord', { maxChars: 1_494, dialect: 'discord' }, shownOnDiscord, strayOnDiscord],
  ['on Discord, in many messages', { maxChars: 300, dialect: 'discord' }, shownOnDiscord, strayOnDiscord],
  ['on Slack', { maxChars: 9_000, dialect: 'strict' }, shownOnSlack, strayOnSlack],
] satisfies [string, TextLimits, (text: string) => Shown, (shown: Shown) => string[]][])(
  'an answer %s',
  (_, limits, show, stray) => {
    it.each(answers)('shows no stray mark and loses no word: $file', ({ source }) => {
      let sealed = '';
      let views = 0;
      let last = '';
      let shown = show(last);
      for (const { text, at, isSealed } of viewsOf(source, limits)) {
        // A quarter of all characters change nothing.
        if (text !== last) {
          shown = show(text);
          const marks = stray(shown);
          // An `expect` for each character takes longer than all else.
          if (marks.length > 0) expect(marks, text).toEqual([]);
          last = text;
        }
        if (isSealed) sealed += `${shown.all}\n`;
        if (++views % 20 > 0 || limits.maxChars < 1_000) continue;
        expect(lostWords(source.slice(0, Math.max(0, at - heldBack)), sealed + shown.all), text).toEqual([]);
      }
      expect(lostWords(source, sealed)).toEqual([]);
    });
  },
);

it('are forty in six languages', () => {
  expect(answers).toHaveLength(40);
  expect(new Set(answers.map(({ file }) => file.slice(0, 2))).size).toBe(7);
});
