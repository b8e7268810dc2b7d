import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { threadTitle } from '../../../../src/core/chat/words/thread-title.ts';
import {
  counted,
  eitherOf,
  endWithin,
  fenced,
  grown,
  messageOf,
  oneLine,
  plainLine,
  quoted,
  splitsPair,
  upperFirst,
} from '../../../../src/core/kit/text/text.ts';

describe('oneLine', () => {
  it('leaves what fits as it is, on one line', () => {
    expect(oneLine('  one\n\ttwo ', 20)).toBe('one two');
    expect(oneLine('exactly ten', 11)).toBe('exactly ten');
  });

  it('cuts at a word, or where there is none inside one', () => {
    expect(oneLine('what is the meaning of life', 20)).toBe('what is the meaning…');
    expect(oneLine('what is the meaning of life', 19)).toBe('what is the…');
    expect(oneLine('x'.repeat(30), 10)).toBe('xxxxxxxxx…');
  });

  it('is empty where there is nothing to see', () => {
    for (const text of ['', ' \n', '\u200b\u2060', '\u0000', '\u00ad \u202e'])
      expect(oneLine(text, 20)).toBe('');
  });

  it('never passes its limit, and never cuts a grapheme', () => {
    const graphemes = (text: string) =>
      Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
    const words = fc.array(fc.constantFrom('a', ' ', 'word ', '漢字', '👩‍👩‍👧‍👦', 'é', '🇩🇪', '\n'), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 60 }), (parts, maxChars) => {
        const text = parts.join('');
        const line = oneLine(text, maxChars);
        const whole = graphemes(text.replace(/\s+/g, ' ').trim());
        const shown = graphemes(line.replace(/…$/, ''));
        expect(line.length).toBeLessThanOrEqual(maxChars);
        expect(whole.slice(0, shown.length)).toEqual(shown);
      }),
    );
  });
});

describe('threadTitle', () => {
  it('is the first line of the question', () => {
    expect(threadTitle('\n What is this?\nMore of it')).toBe('What is this?');
    expect(threadTitle('x'.repeat(200))).toHaveLength(80);
  });

  it('is never empty', () => {
    for (const question of ['', '\u200b\n\u200b', '\u3000']) expect(threadTitle(question)).toBe('A question');
  });
});

describe('messageOf', () => {
  it('gives the message of an error, and anything else as text', () => {
    expect([messageOf(new Error('It is late.')), messageOf('late'), messageOf(null)]).toEqual([
      'It is late.',
      'late',
      'null',
    ]);
  });

  it('gives all messages of faults in several cleanups, the first one first', async () => {
    const stack = new AsyncDisposableStack();
    for (const name of ['third', 'second', 'first']) {
      stack.defer(() => {
        throw new Error(name);
      });
    }
    const fault: unknown = await stack.disposeAsync().catch((error: unknown) => error);
    expect(messageOf(fault)).toBe('first; second; third');
  });
});

describe('grown', () => {
  it('adds any pieces in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 700 })), (pieces) => {
        expect(pieces.reduce((text, piece) => grown(text, piece), '')).toBe(pieces.join(''));
      }),
    );
  });
});

it('a cut splits a pair between any two of its halves, and nowhere else', () => {
  const units = ['d7ff', 'd800', 'dbff', 'dc00', 'dfff', 'e000'].map((hex) => Number.parseInt(hex, 16));
  const pairs = units.flatMap((first) => units.map((second) => String.fromCharCode(first, second)));
  expect(pairs.filter((text) => splitsPair(text, 1))).toEqual(pairs.filter((text) => [...text].length === 1));
});

it('words to choose from have an or before the last', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(eitherOf)).toEqual(['', 'a', 'a or b', 'a, b or c']);
});

it.each([
  ['a b', '`a b`'],
  ['a`b', '`a\ufffdb`'],
  ['a\nb\u202e', '`a\ufffdb\ufffd`'],
  ['x'.repeat(80), `\`${'x'.repeat(80)}\``],
  ['x'.repeat(81), `\`${'x'.repeat(80)}…\``],
  [`${'x'.repeat(79)}😀`, `\`${'x'.repeat(79)}\ufffd…\``],
])('typed text is quoted on one line: %j', (text, shown) => expect(quoted(text)).toBe(shown));

it.each([
  ['code', '```\ncode\n```'],
  ['a ``` b', '````\na ``` b\n````'],
  ['a ```` b ` c', '`````\na ```` b ` c\n`````'],
])('a block of code is closed by nothing in it: %j', (text, block) => expect(fenced(text)).toBe(block));

it.each([
  ['# **A** `title`', 'A title'],
  ['> - 12) [a](https://e.com) ~~b~~ ||c|| __d__', '- 12) a b c d'],
  ['-# small', 'small'],
  ['1. one\n2. two', 'one two'],
  ['\u202ereversed', 'reversed'],
  ['x'.repeat(21), `${'x'.repeat(19)}…`],
])('a line for a title has no marks: %j', (text, line) => expect(plainLine(text, 20)).toBe(line));

it('counts are words with their number', () => {
  expect([0, 1, 2, 1_234].map((count) => counted(count, 'request', 'requests'))).toEqual([
    '0 requests',
    '1 request',
    '2 requests',
    '1,234 requests',
  ]);
});

it('a text fits to its last whole grapheme, by any measure', () => {
  expect(['', 'ab', 'abcd', 'ab👩‍👩‍👧'].map((text) => endWithin(text, 3))).toEqual([0, 2, 3, 2]);
  expect(endWithin('abc', 4, () => 2)).toBe(2);
  expect([upperFirst('free'), upperFirst('')]).toEqual(['Free', '']);
});
