import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Part, Splitter, splitText } from '../../../src/core/markdown/cut/splitter.ts';
import {
  answers,
  anything,
  deltaSizes,
  deltas,
  endsInItemNumber,
  isClosed,
  tables,
  visible,
} from './markdown-samples.ts';

const seed = 20261122;
const maxChars = fc.oneof(fc.integer({ min: 50, max: 120 }), fc.integer({ min: 50, max: 4000 }));
const utf16Length = (text: string): number => text.length;
const slackLength = (text: string): number => text.length + 4 * (text.match(/[&<>]/g)?.length ?? 0);

const texts = (source: string, max: number): string[] =>
  splitText(source, { maxChars: max }).map(({ text }) => text);

interface PlacedPart extends Part {
  /** The position of the body in the source. */
  readonly start: number;
  readonly end: number;
}

/** Finds the bodies in the source, one behind the other; throws where more than white space is missing in between. */
function rejoin(parts: readonly Part[], source: string): PlacedPart[] {
  let at = 0;
  const placed = parts.map((part) => {
    const start = source.indexOf(part.body, at);
    expect(start, part.body).not.toBe(-1);
    expect(source.slice(at, start).trim()).toBe('');
    at = start + part.body.length;
    return { ...part, start, end: at };
  });
  expect(source.slice(at).trim()).toBe('');
  return placed;
}

const withoutIndent = (text: string): string => text.replace(/^\s+/gm, '');
const opensFence = (prefix: string): boolean => /^[> ]*(?:`{3,}|~{3,}).*\n/.test(prefix);

const sentences = (count: number): string =>
  Array.from({ length: count }, (_, index) => `Sentence ${index} is here.`).join(' ');

describe('a cut', () => {
  it.each([
    ['at a paragraph', `${sentences(4)}\n\n${sentences(2)}`, [sentences(4), sentences(2)]],
    [
      'at a line where there is no paragraph',
      'first line of text\nsecond line of text\nthird line of text',
      ['first line of text\nsecond line of text', 'third line of text'],
    ],
    [
      'at a sentence where there is no line',
      'One is here. Two is here. Three is here. Four is here. Five.',
      ['One is here. Two is here. Three is here.', 'Four is here. Five.'],
    ],
    [
      'at a word where there is no sentence',
      `${'word '.repeat(11)}end`,
      ['word '.repeat(10).trim(), 'word end'],
    ],
    [
      'after wide punctuation',
      `${'文'.repeat(29)}。${'字'.repeat(30)}`,
      [`${'文'.repeat(29)}。`, '字'.repeat(30)],
    ],
    ['between wide letters', '文'.repeat(60), ['文'.repeat(50), '文'.repeat(10)]],
    ['between graphemes', '👩‍👩‍👧‍👦'.repeat(5), ['👩‍👩‍👧‍👦'.repeat(4), '👩‍👩‍👧‍👦']],
    ['between flags, however many', '🇩🇪'.repeat(20), ['🇩🇪'.repeat(12), '🇩🇪'.repeat(8)]],
    [
      'not after an abbreviation',
      'Something that is quite long, e.g. this one thing and more',
      ['Something that is quite long, e.g. this one thing', 'and more'],
    ],
    [
      'before a heading, not behind it',
      'Some words that come first.\n\n## Heading\n\nThe text of it.',
      ['Some words that come first.', '## Heading\n\nThe text of it.'],
    ],
    [
      'before a link',
      'Some words first and [a link](https://example.com/path) behind',
      ['Some words first and', '[a link](https://example.com/path) behind'],
    ],
    [
      'before a URL',
      'Some words and https://example.com/a/long/path?with=query',
      ['Some words and', 'https://example.com/a/long/path?with=query'],
    ],
    [
      'before inline code',
      'Some words, then a call: `npm install --save-exact` ok',
      ['Some words, then a call:', '`npm install --save-exact` ok'],
    ],
    [
      'before emphasis',
      'Some words, then the point: **it is very important** ok',
      ['Some words, then the point:', '**it is very important** ok'],
    ],
    [
      'before a list item',
      '- one one one one one\n- two two two two two\n- three',
      ['- one one one one one\n- two two two two two', '- three'],
    ],
  ])('falls %s', (_, source, parts) => {
    expect(texts(source, source.includes('Sentence') ? 100 : 50)).toEqual(parts);
  });

  it('closes a fence and reopens it with its language', () => {
    const source = 'See:\n\n```js title="x"\nconst a = 1;\nconst b = 2;\nconst c = 3;\n```\n\nDone.';
    expect(texts(source, 50)).toEqual([
      'See:\n\n```js title="x"\nconst a = 1;\n```',
      '```js\nconst b = 2;\nconst c = 3;\n```\n\nDone.',
    ]);
  });

  it('reopens a fence in a quote behind its mark', () => {
    const source = '> ~~~\n> first line of code\n> second line of code\n> ~~~';
    expect(texts(source, 50)).toEqual([
      '> ~~~\n> first line of code\n> ~~~',
      '> ~~~\n> second line of code\n> ~~~',
    ]);
  });

  it('takes the indentation of a list off what goes on in the next part', () => {
    const source =
      '- item\n  - nested:\n\n    ```\n    first line\n      second line\n    ```\n  - last\n- end';
    expect(texts(source, 56)).toEqual([
      '- item\n  - nested:\n\n    ```\n    first line\n    ```',
      '```\n  second line\n```\n- last\n- end',
    ]);
  });

  it('leaves no fence without code on either side', () => {
    const source = `\`\`\`\n${'x'.repeat(20)}\n${'y'.repeat(20)}\n\`\`\`\nand on with text`;
    for (const text of texts(source, 50)) expect(text).not.toMatch(/```\n+```/);
    expect(texts(`${'word '.repeat(9)}\n\`\`\`\ncode\n\`\`\``, 50)).toEqual([
      'word '.repeat(9).trim(),
      '```\ncode\n```',
    ]);
  });

  it('closes and reopens emphasis that is longer than a part', () => {
    const source = '*All of this is emphasised and goes on for longer than a part holds.* End.';
    expect(texts(source, 50)).toEqual([
      '*All of this is emphasised and goes on for longer*',
      '*than a part holds.* End.',
    ]);
  });

  it('does not repeat an asterisk that turns out to be one', () => {
    const source = '*All of this is a footnote and goes on for longer than a part holds.\n\nEnd.';
    expect(texts(source, 50).at(-1)).toBe('than a part holds.\n\nEnd.');
  });

  it('repeats no head of a table that leaves too little room for rows', () => {
    const source = `| ${'a'.repeat(30)} |\n|---|\n| b |\n| c |\n| d |`;
    expect(texts(source, 50).at(-1)).toBe('| c |\n| d |');
  });

  it('cuts by code point what is one grapheme longer than a part', () => {
    const source = `z${'\u0301'.repeat(70)}`;
    expect(texts(source, 50)).toEqual([source.slice(0, 50), source.slice(50)]);
    const pairs = '👩🏽‍'.repeat(20);
    for (const max of [50, 51, 52]) {
      for (const text of texts(pairs, max)) {
        expect(text.isWellFormed()).toBe(true);
        expect(text.length).toBeLessThanOrEqual(max);
      }
    }
  });

  it('costs no more where nothing but graphemes of several characters stands before it', () => {
    // With the square of it this would take minutes.
    expect(texts('！\uFE0F'.repeat(50_000), 50_000)).toHaveLength(2);
  });
});

describe('a part', () => {
  it.each([
    ['a quote mark', 'Some words that say that the price is > 5 and more', 46],
    ['a number with a dot', 'Some words about what happened there in 1990. And more', 46],
    ['a dash', 'Some words that need a pause in the middle - and more', 46],
    ['a hash', 'Some words that speak of the one that is # 1 of all', 46],
    ['a number at the start of a line', 'Some words on this line here and\n1990. That was the year', 50],
    ["Discord's mark of small print", 'Some words that speak of the one that is -# 1 of all', 46],
  ])('does not begin with %s', (_, source, max) => {
    const [, second] = texts(`${source} ${'word '.repeat(9)}`, Math.max(50, max));
    expect(second).not.toMatch(/^(?:>|\d+\.|- |# |-# )/);
  });

  it('keeps the indentation of its first line', () => {
    const poem = 'The first line of the poem that is here\n\n  the second line\n    the third';
    expect(texts(poem, 50)).toEqual([
      'The first line of the poem that is here',
      '  the second line\n    the third',
    ]);
    expect(texts('\n  a\n b', 50)).toEqual(['  a\n b']);
  });

  it('begins without the indentation of a line that goes on with a paragraph, which would make it code', () => {
    const source = 'The first line of the paragraph that stands here\n      and the second line of it';
    expect(texts(source, 50)).toEqual([
      'The first line of the paragraph that stands here',
      'and the second line of it',
    ]);
  });

  it.each([
    ['a quote', '> ', '> '],
    ['an indented line', '', '    '],
  ])('opens emphasis again if a line ends in wide punctuation before %s', (_, before, mark) => {
    const source = `${before}**${'文'.repeat(40)}。\n${mark}${'字'.repeat(40)}** end`;
    expect(texts(source, 50).flatMap(visible)).toEqual(visible(source));
  });

  it('keeps the numbers of the list that goes on behind a nested one', () => {
    const source = '1. one one one one\n   - nested one one\n   - nested two two\n2. two two\n3. three';
    const [, second = ''] = texts(source, 50);
    expect(second).toBe('- nested two two\n\n2. two two\n3. three');
    expect(visible(second).join('')).not.toContain('2.');
    const splitter = new Splitter({ maxChars: 50 });
    splitter.push(source);
    expect(splitter.view()).toBe(second);
  });

  it('closes and reopens spoilers where the platform has them', () => {
    const source = '||The murderer is the gardener, as everybody has known for long.|| End.';
    expect(splitText(source, { maxChars: 50, dialect: 'discord' }).map(({ text }) => text)).toEqual([
      '||The murderer is the gardener, as everybody has||',
      '||known for long.|| End.',
    ]);
  });

  it('repeats no mark that stands in an address or a name', () => {
    for (const source of [
      'Ask http://localhost:9200/_cat/indices for it and see what it says to you',
      'The *args and **kwargs of it are what every other function would take too',
      'Then send GET /_search to it and look at what comes back, which may be long',
      'A field (_id) is what every document has, whether it has been given one or not',
    ]) {
      const parts = texts(source, 50);
      expect(parts.length).toBe(2);
      expect(parts.join(' ')).toBe(source);
    }
  });

  it('is healed where the answer was cut short', () => {
    const splitter = new Splitter({ maxChars: 50 });
    splitter.push('**See** [the docs](https://exam');
    expect(splitter.finish({ isCutShort: true }).map(({ text }) => text)).toEqual(['**See** the docs']);
    splitter.push('**');
    expect(splitter.finish({ isCutShort: true })).toEqual([]);
  });

  it('is cut once more where only the marks that close it would not fit', () => {
    const splitter = new Splitter({ maxChars: 50 });
    const source = `**${'word '.repeat(9)}end`;
    expect(source).toHaveLength(50);
    expect(splitter.push(source)).toEqual([]);
    const parts = splitter.finish({ isCutShort: true }).map(({ text }) => text);
    for (const text of parts) expect(text.length).toBeLessThanOrEqual(50);
    expect(parts.join(' ').match(/\w+/g)).toEqual([...Array.from({ length: 9 }, () => 'word'), 'end']);
  });
});

describe('Splitter', () => {
  it('keeps in one part what fits it exactly', () => {
    const source = 'x'.repeat(50);
    expect(texts(source, 50)).toEqual([source]);
    expect(texts(`${source}\n\n`, 50)).toEqual([source]);
  });

  it('has no part where there is nothing to show', () => {
    expect(texts('', 50)).toEqual([]);
    expect(texts(' \n\n ', 50)).toEqual([]);
    expect(texts(`word${'\n'.repeat(200)}`, 50)).toEqual(['word']);
  });

  it('closes a fence that the answer leaves open, in a part of its own where there is no room', () => {
    expect(texts('```js\ncode', 50)).toEqual(['```js\ncode\n```']);
    const line = 'x'.repeat(20);
    expect(texts(`\`\`\`\n${line}\n${line}\n//`, 50)).toEqual([
      `\`\`\`\n${line}\n${line}\n\`\`\``,
      '```\n//\n```',
    ]);
  });

  it('leaves the rest as it was sent', () => {
    expect(texts('an **open [link](https://e', 50)).toEqual(['an **open [link](https://e']);
  });

  it('shows half of a surrogate pair only together with the other', () => {
    const splitter = new Splitter({ maxChars: 50 });
    splitter.push('a\ud83d');
    expect(splitter.view()).toBe('a');
    splitter.push('\ude00');
    expect(splitter.view()).toBe('a😀');
  });

  it('shows nothing where only marks have come', () => {
    const splitter = new Splitter({ maxChars: 50 });
    for (const delta of ['\n', '*', '*', '[']) {
      splitter.push(delta);
      expect(splitter.view()).toBe('');
    }
    splitter.push('x');
    expect(splitter.view()).toBe('**x**');
  });

  it('holds back the last words of a part where closing it would not fit', () => {
    const splitter = new Splitter({ maxChars: 50 });
    splitter.push(`\`\`\`\n${'x'.repeat(20)}\n${'y'.repeat(24)}`);
    expect(splitter.view()).toBe(`\`\`\`\n${'x'.repeat(20)}\n${'y'.repeat(21)}\n\`\`\``);
  });

  it('gives a source that only grows until the part is sealed', () => {
    fc.assert(
      fc.property(anything, maxChars, deltaSizes, (source, max, sizes) => {
        const splitter = new Splitter({ maxChars: max });
        let before = '';
        for (const delta of deltas(source, sizes)) {
          if (splitter.push(delta).length > 0) before = '';
          expect(splitter.source().startsWith(before)).toBe(true);
          before = splitter.source();
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('looks at each character a bounded number of times, however long the text', () => {
    const measured = (source: string): number => {
      let chars = 0;
      const lengthOf = (text: string): number => {
        chars += text.length;
        return text.length;
      };
      const splitter = new Splitter({ maxChars: 2000, lengthOf });
      for (const delta of deltas(source, [5])) splitter.push(delta);
      splitter.finish();
      return chars / source.length;
    };
    const answer = `${sentences(30)}\n\n\`\`\`js\n${'const a = 1;\n'.repeat(30)}\`\`\`\n\n`;
    expect(measured(answer.repeat(10))).toBeLessThan(6);
    expect(measured(answer.repeat(200))).toBeLessThan(6);
  });

  it('refuses a limit that leaves no room, and says which', () => {
    expect(() => new Splitter({ maxChars: 49 })).toThrow(/49/);
    expect(() => new Splitter({ maxChars: Number.NaN })).toThrow(RangeError);
  });
});

describe('splitText', () => {
  it('loses nothing and doubles nothing but markup, whatever the text', () => {
    fc.assert(
      fc.property(anything, maxChars, (source, max) => {
        const parts = rejoin(splitText(source, { maxChars: max }), source);
        for (const [index, { text, prefix, body, suffix, start }] of parts.entries()) {
          expect(withoutIndent(text)).toBe(withoutIndent(prefix + body + suffix));
          expect(text.trim()).not.toBe('');
          // Between the lines of cut code nothing at all is missing.
          if (opensFence(prefix)) expect(start).toBe(parts[index - 1]?.end);
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('keeps every part within the limit, as the platform measures it', () => {
    fc.assert(
      fc.property(anything, maxChars, fc.constantFrom(utf16Length, slackLength), (source, max, lengthOf) => {
        for (const { text } of splitText(source, { maxChars: max, lengthOf })) {
          expect(lengthOf(text)).toBeLessThanOrEqual(max);
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('cuts the same parts however the text was cut into deltas, and shows no view above the limit', () => {
    fc.assert(
      fc.property(
        anything,
        maxChars,
        deltaSizes,
        fc.constantFrom(utf16Length, slackLength),
        (source, max, sizes, lengthOf) => {
          const limits = { maxChars: max, lengthOf };
          const splitter = new Splitter(limits);
          const parts: Part[] = [];
          for (const delta of deltas(source, sizes)) {
            parts.push(...splitter.push(delta));
            expect(lengthOf(splitter.view())).toBeLessThanOrEqual(max);
          }
          expect([...parts, ...splitter.finish()]).toEqual(splitText(source, limits));
        },
      ),
      { seed, numRuns: 150 },
    );
  });

  it('cuts no grapheme that fits a part, and no surrogate pair ever', () => {
    fc.assert(
      fc.property(anything, maxChars, (source, max) => {
        const graphemes = [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(source)];
        const inside = new Set<number>();
        for (const { index, segment } of graphemes) {
          if (segment.length > max / 3) continue;
          for (let at = index + 1; at < index + segment.length; at++) inside.add(at);
        }
        const parts = rejoin(splitText(source, { maxChars: max }), source);
        for (const { start, text } of parts) {
          // White space with a mark on it may end at the cut, where nobody sees it.
          if (inside.has(start)) expect(source[start - 1]).toMatch(/\s/);
          if (source.isWellFormed()) expect(text.isWellFormed()).toBe(true);
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('shows each part as it would look in the whole: same characters, same formatting', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 200, max: 1000 }), (source, max) => {
        expect(texts(source, max).flatMap(visible)).toEqual(visible(source));
      }),
      { seed, numRuns: 150 },
    );
  });

  it('shows at every moment the beginning of the finished answer over all parts', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(answers, fc.integer({ min: 200, max: 1000 }), sizes, (source, max, list) => {
        const whole = visible(source).join();
        const splitter = new Splitter({ maxChars: max });
        let taken = '';
        let sealed: string[] = [];
        for (const delta of deltas(source, list)) {
          taken += delta;
          sealed = [...sealed, ...splitter.push(delta).flatMap(({ text }) => visible(text))];
          if (endsInItemNumber(taken)) continue;
          const shown = [...sealed, ...visible(splitter.view())].join();
          expect(whole.slice(0, shown.length)).toBe(shown);
        }
      }),
      { seed, numRuns: 40 },
    );
  });

  it('closes every fence in the part that it stands in', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 100, max: 1000 }), fc.nat(), (source, max, length) => {
        for (const text of texts(source.slice(0, length % source.length), max))
          expect(isClosed(text)).toBe(true);
      }),
      { seed, numRuns: 150 },
    );
  });

  it('repeats the head of a table and keeps its rows whole', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 300, max: 600 }), (source, max) => {
        const [head, delimiters, ...rows] = source.split('\n');
        const shown = texts(source, max).map((text) => text.split('\n'));
        for (const lines of shown) expect(lines.slice(0, 2)).toEqual([head, delimiters]);
        expect(shown.flatMap((lines) => lines.slice(2))).toEqual(rows);
      }),
      { seed, numRuns: 150 },
    );
  });
});
