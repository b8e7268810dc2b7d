import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Healer, heal } from '../../../src/core/markdown/blocks/healer.ts';
import {
  answersOf,
  anything,
  deltaSizes,
  deltas,
  endsInItemNumber,
  specExamples,
  visible,
  visibleText,
} from './markdown-samples.ts';

const seed = 20261122;

const isSubsequence = (some: string, all: string): boolean => {
  let at = 0;
  for (const char of all) if (char === some[at]) at++;
  return at === some.length;
};

describe('heal', () => {
  it.each([
    ['GET /_search', 'GET /_search'],
    ['cd _/old', 'cd _/old'],
    ['a=_b', 'a=_b'],
    ['all *.ts', 'all *.ts'],
    ['an ~~/old', 'an ~~/old~~'],
    ['a ||/secret', 'a ||/secret'],
    ['**bo', '**bo**'],
    ['**bold*', '**bold**'],
    ['***both', '***both***'],
    ['***both**', '***both***'],
    ['*a **b', '*a **b***'],
    ['_a', '_a_'],
    ['__a b', '__a b__'],
    ['~~gone', '~~gone~~'],
    ['~~gone~', '~~gone~~'],
    ['**bold ', '**bold**'],
    ['**two\nlines\n', '**two\nlines**'],
    ['中文**粗', '中文**粗**'],
    ['# a **b', '# a **b**'],
    ['> **a\n> b', '> **a\n> b**'],
    ['- a\n- **b', '- a\n- **b**'],
    ['| a |\n|---|\n| **b', '| a |\n|---|\n| **b**'],
    ['这是**「重', '这是**「重**'],
    ['이것은 **인공지능(AI)', '이것은 **인공지능(AI)**'],
    ['**https://e.com/a_b', '**https://e.com/a_b**'],
    ['see (*as', 'see (*as*'],
  ])('closes open emphasis: %j', (text, healed) => {
    expect(heal(text)).toBe(healed);
  });

  it.each([
    ['`co', '`co`'],
    ['``a`', '``a``'],
    ['``a ` b', '``a ` b``'],
    ['**`x', '**`x`**'],
    ['```js\nx', '```js\nx\n```'],
    ['```js\nx\n', '```js\nx\n```'],
    ['~~~~\nx', '~~~~\nx\n~~~~'],
    ['1. a\n   ```py\n   x', '1. a\n   ```py\n   x\n   ```'],
    ['> ```\n> a\n>', '> ```\n> a\n> ```'],
    ['> ```\n > a\n  > ```\n> **b', '> ```\n > a\n  > ```\n> **b**'],
    ['```\n**a `b [c', '```\n**a `b [c\n```'],
  ])('closes open code: %j', (text, healed) => {
    expect(heal(text)).toBe(healed);
  });

  it.each([
    ['see [te', 'see te'],
    ['see [te **x', 'see te **x**'],
    ['see [text]', 'see text'],
    ['see [text](http://e', 'see text'],
    ['see [text](http://e "ti', 'see text'],
    ['see **[text](http://e', 'see **text**'],
    ['see ![alt](http://e', 'see alt'],
    ['see [a](/b) and [c', 'see [a](/b) and c'],
    ['see [text][ref', 'see text'],
  ])('shows the text alone of a link that is not complete: %j', (text, healed) => {
    expect(heal(text)).toBe(healed);
  });

  it.each([
    ['a **', 'a '],
    ['a *', 'a '],
    ['a `', 'a '],
    ['a [', 'a '],
    ['a **[', 'a '],
    ['a \\', 'a '],
    ['a &am', 'a '],
    ['a <span cla', 'a '],
    ['a <https://e', 'a '],
    ['a\n-', 'a\n'],
    ['a\n---', 'a\n'],
    ['a\n==', 'a\n'],
    ['a\n##', 'a\n'],
    ['a\n\n- ', 'a\n\n'],
    ['a\n\n12.', 'a\n\n'],
    ['a\n\n- [', 'a\n\n'],
    ['a\n\n>', 'a\n\n'],
    ['a\n\n```', 'a\n\n'],
    ['a\n\n```js', 'a\n\n'],
    ['a\n\n```js\n', 'a\n\n'],
    ['```\nx\n``', '```\nx\n```'],
    ['a\n\n| b | c |', 'a\n\n'],
    ['a\n\n| b | c |\n|--', 'a\n\n'],
    ['a\n\n[1]: http', 'a\n\n'],
  ])('holds back marks that are nothing without what follows: %j', (text, healed) => {
    expect(heal(text)).toBe(healed);
  });

  it.each([
    '2**10 is 1024',
    '5*6 is 30',
    'snake_case and 3 * 4 * 5',
    'a\n---\n',
    '- [ ] to do',
    '| b | c |\n|---|---|\n| d',
    'not a table\n| at all\nreally',
    '[0, 1) is an interval, and what is written behind it goes on for so long that no link can have a text like that',
    'if x <y then z',
    `see <a href="${'words that never end the attribute '.repeat(10)}`,
    '**a** `b` [c](/d) _e_ ~~f~~',
    '**优点：**速度快',
    'これは**「重要」**な',
    '**인공지능(AI)**은',
    '**重点**：**内容**和更多',
    '**So:**then',
    'http://localhost:9200/_cat/indices and more',
    'http://e.com/a*b and ~~ more',
    'see https://e.com/x`y and more',
    'snake_case and more',
    '*args and **kwargs',
    'def f(*args, **kwargs) and more',
    'GET /_search and more',
    'the field (_id) and more',
    'all of *.ts and **/*.md and more',
    '_id is a field that every document of an index has, whether it was given one or not',
    'a || b',
    'write ``` in prose and more',
    'the ` key and more',
    'l`eau and more',
  ])('leaves alone what is complete: %j', (text) => {
    expect(heal(text)).toBe(text);
  });

  it.each([
    ['||secret', '||secret||'],
    ['||secret|', '||secret||'],
    ['a ||**b', 'a ||**b**||'],
    ['a ||', 'a '],
    ['a || b', 'a || b'],
    ['||a|| and b', '||a|| and b'],
  ])('closes spoilers where the platform has them: %j', (text, healed) => {
    expect(heal(text, 'discord')).toBe(healed);
    if (text.startsWith('||s')) expect(heal(text)).toBe(text);
  });

  it('shows noise instead of holding it back one mark at a time', () => {
    expect(heal('*['.repeat(100)).length).toBeGreaterThan(100);
  });

  it.each([
    ['comments that do not end', '<!--'.repeat(40_000)],
    ['URLs within URLs', '"www..'.repeat(12_000) + '<!--\u0301'.repeat(12_000)],
  ])('does not look again and again for the end of %s', (_, noise) => {
    // With the square of the length this would take minutes.
    expect(heal(noise).length).toBeGreaterThan(100_000);
  });

  it('shows at every moment the beginning of the finished answer, formatted as it will be', () => {
    fc.assert(
      fc.property(answersOf(2), (source) => {
        const whole = visible(source);
        for (let end = 1; end <= source.length; end++) {
          const text = source.slice(0, end);
          if (!text.isWellFormed() || endsInItemNumber(text)) continue;
          const healed = heal(text);
          const unhealed = visible(text);
          const shown = healed === text ? unhealed : visible(healed);
          // An `expect` for each character takes longer than all else.
          if (shown.some((word, at) => word !== whole[at]))
            expect(shown.join(' ')).toBe(whole.slice(0, shown.length).join(' '));
          // Only the mark, the URL or the info string that is being written is held back, not the text.
          if (shown.length <= unhealed.length - 30)
            expect(shown.length).toBeGreaterThan(unhealed.length - 30);
        }
      }),
      { seed, numRuns: 25 },
    );
  });

  it('gives the same view however the text was cut into deltas', () => {
    fc.assert(
      fc.property(anything, deltaSizes, (source, sizes) => {
        const healer = new Healer();
        let text = '';
        for (const delta of deltas(source, sizes)) {
          text += delta;
          healer.push(delta);
          expect(healer.view()).toBe(heal(text));
        }
      }),
      { seed, numRuns: 100 },
    );
  });
});

describe("heal, over CommonMark's examples", () => {
  /** A delimiter stands in the last block that is never closed. */
  const unclosed = new Set([
    14, 42, 126, 127, 137, 139, 158, 237, 327, 338, 341, 342, 343, 344, 345, 346, 347, 348, 349, 354, 363,
    365, 366, 367, 368, 371, 372, 374, 375, 391, 392, 397, 398, 400, 401, 417, 442, 444, 445, 454, 456, 457,
    471, 472, 473, 474, 475, 476, 477, 480, 481, 497, 521, 524, 525, 526, 546, 618, 620, 644,
  ]);
  /** A fence is never closed. */
  const unclosedFence = new Set([126, 127, 137, 139, 237]);
  /** Emphasis that begins between two ASCII letters or digits is shown when its other half is there. */
  const insideWord = new Set([355, 356, 381, 411, 415, 416, 417, 429]);
  /** Code that begins with a space: a lone backtick before one is shown as it is. */
  const spacedCode = new Set([332, 333, 334, 340]);
  /** Examples that look like the beginning of code, emphasis or a link, and are none. */
  const misleading = new Set([14, 158, 349, 523]);
  /** Whether `[text]` is a link depends on a definition that may come later. */
  const hasDefinition = (source: string): boolean => /^[ >#]*\[[\s\S]*?\]:/m.test(source);

  it('leaves every finished example as it is', () => {
    for (const { number, source } of specExamples) {
      if (!unclosed.has(number)) expect(heal(source), `example ${number}`).toBe(source);
      if (!unclosedFence.has(number)) expect(heal(`${source}\n`), `example ${number}`).toBe(`${source}\n`);
    }
  });

  it('never shows a delimiter that turns out to be formatting', () => {
    for (const { number, source } of specExamples) {
      if (insideWord.has(number) || spacedCode.has(number)) continue;
      if (misleading.has(number) || hasDefinition(source)) continue;
      const whole = visibleText(source);
      for (let end = 1; end < source.length; end++) {
        const text = source.slice(0, end);
        // The mark of an exclamation is not held back for the image that it may begin.
        if (endsInItemNumber(text) || source.startsWith('![', end - 1)) continue;
        const shown = visibleText(heal(text));
        if (!isSubsequence(shown, whole)) {
          expect.fail(`example ${number}: ${JSON.stringify(text)} shows ${shown}`);
        }
      }
    }
  });
});
