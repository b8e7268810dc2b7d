import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSplitter, type Part, splitText } from '../../../src/core/reply/splitter.ts';
import { answers, anything, deltas, isClosed, tables, visible } from './markdown-samples.ts';

const runs = Number(process.env['RUNS'] ?? 200);
const maxChars = fc.oneof(fc.integer({ min: 50, max: 120 }), fc.integer({ min: 50, max: 4000 }));
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3000 })), {
  minLength: 1,
  maxLength: 20,
});
const seed = Number(process.env['SEED'] ?? 20261122);
const utf16Length = (text: string): number => text.length;
const slackLength = (text: string): number => text.length + 4 * (text.match(/[&<>]/g)?.length ?? 0);

const texts = (source: string, max: number): string[] =>
  splitText(source, { maxChars: max }).map(({ text }) => text);

interface PlacedPart extends Part {
  /** Where the body stands in the source. */
  readonly start: number;
  readonly end: number;
}

/** Finds the bodies in the source, one behind the other; throws where more than white space is missing in between. */
function rejoin(parts: readonly Part[], source: string): PlacedPart[] {
  let at = 0;
  const skipSpace = (): number => {
    const rest = source.slice(at);
    return at + rest.length - rest.trimStart().length;
  };
  const placed = parts.map((part) => {
    // Code may begin with white space of its own.
    const start = source.startsWith(part.body, at) ? at : skipSpace();
    expect(source.slice(start, start + part.body.length)).toBe(part.body);
    at = start + part.body.length;
    return { ...part, start, end: at };
  });
  expect(source.slice(at).trim()).toBe('');
  return placed;
}

const withoutIndent = (text: string): string => text.replace(/^[ \t]+/gm, '');
const opensFence = (prefix: string): boolean => /^[> ]*(?:`{3,}|~{3,}).*\n/.test(prefix);

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
      { seed, numRuns: runs },
    );
  });

  it('keeps every part within the limit, as the platform measures it', () => {
    fc.assert(
      fc.property(anything, maxChars, fc.constantFrom(utf16Length, slackLength), (source, max, lengthOf) => {
        for (const { text } of splitText(source, { maxChars: max, lengthOf })) {
          expect(lengthOf(text)).toBeLessThanOrEqual(max);
        }
      }),
      { seed, numRuns: runs },
    );
  });

  it('cuts the same parts however the text was cut into deltas, and shows no view above the limit', () => {
    fc.assert(
      fc.property(
        anything,
        maxChars,
        sizes,
        fc.constantFrom(utf16Length, slackLength),
        (source, max, list, lengthOf) => {
          const limits = { maxChars: max, lengthOf };
          const splitter = createSplitter(limits);
          const parts: Part[] = [];
          for (const delta of deltas(source, list)) {
            parts.push(...splitter.push(delta));
            expect(lengthOf(splitter.view())).toBeLessThanOrEqual(max);
          }
          expect([...parts, ...splitter.finish()]).toEqual(splitText(source, limits));
        },
      ),
      { seed, numRuns: runs },
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
      { seed, numRuns: runs },
    );
  });

  it('shows each part as it would look in the whole: same characters, same formatting', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 200, max: 1000 }), (source, max) => {
        expect(texts(source, max).flatMap(visible)).toEqual(visible(source));
      }),
      { seed, numRuns: runs },
    );
  });

  it('closes every fence in the part that it stands in', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 100, max: 1000 }), fc.nat(), (source, max, length) => {
        for (const text of texts(source.slice(0, length % source.length), max))
          expect(isClosed(text)).toBe(true);
      }),
      { seed, numRuns: runs },
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
      { seed, numRuns: runs },
    );
  });
});
