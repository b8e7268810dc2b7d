import { type Node, Parser } from 'commonmark';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInline } from '../../../src/core/markdown/inline/inline.ts';
import { specExamples } from './markdown-samples.ts';

const parser = new Parser();
const FORMATS: Readonly<Record<string, string>> = { strong: 's', emph: 'e', link: 'l', image: 'i' };

/** The characters of a document, each with the formats around it, outermost first: `a` in `**[a](b)**` is `asl`. */
function byCommonMark(document: Node): string[] {
  const shown: string[] = [];
  const formats: string[] = [];
  const walker = document.walker();
  for (let event = walker.next(); event; event = walker.next()) {
    const { node, entering } = event;
    const format = FORMATS[node.type];
    if (format !== undefined) {
      if (entering) formats.push(format);
      else formats.pop();
    } else if (entering && node.literal) {
      const mark = formats.join('') + (node.type === 'code' ? 'c' : '');
      for (const char of node.literal.replace(/\s+/g, '')) shown.push(char + mark);
    }
  }
  return shown;
}

/** The same of a paragraph, by the spans that Parley finds in it. */
function byParley(source: string): string[] {
  const spans = parseInline(source, false, 'strict').spans.toSorted(
    (a, b) => a.start - b.start || b.end - a.end,
  );
  const shown: string[] = [];
  for (let at = 0; at < source.length; ) {
    const around = spans.filter(({ start, end }) => start <= at && at < end);
    const leaf = around.find(({ kind }) => kind === 'opaque' || kind === 'url');
    const isImage = (start: number) => source[start] === '!';
    const format = around
      .map(({ kind, start, delimiter }) => {
        if (kind === 'link') return isImage(start) ? 'i' : 'l';
        if (kind === 'emphasis') return delimiter.length === 2 ? 's' : 'e';
        return kind === 'code' ? 'c' : '';
      })
      .join('');
    if (leaf !== undefined) {
      const token = source.slice(leaf.start, leaf.end);
      const own = leaf.kind === 'url' ? [...token] : byCommonMark(parser.parse(`x${token}x`)).slice(1, -1);
      shown.push(...own.map((char) => char.replace(/^./su, (first) => first + format)));
      at = leaf.end;
      continue;
    }
    const link = around.findLast(({ kind }) => kind === 'link');
    const isHidden = around.some(({ kind, start, end, delimiter }) => {
      if (kind === 'link') return at <= start + Number(isImage(start));
      return at < start + delimiter.length || at >= end - delimiter.length;
    });
    if (
      link !== undefined &&
      source[at] === ']' &&
      !isHidden &&
      !around.some(({ kind }) => kind === 'code')
    ) {
      // The end of the innermost link's text: no bracket in it is left without its other half.
      const label = source.slice(link.start, at + 1);
      if (
        parser.parse(`x${label}(z)`).firstChild?.firstChild?.next?.type ===
        (isImage(link.start) ? 'image' : 'link')
      ) {
        at = link.end;
        continue;
      }
    }
    if (!isHidden && !/\s/.test(source[at] as string)) {
      const char = String.fromCodePoint(source.codePointAt(at) as number);
      shown.push(char + format);
      at += char.length;
    } else at++;
  }
  return shown;
}

function isParagraph(document: Node): boolean {
  return document.firstChild?.type === 'paragraph' && document.firstChild === document.lastChild;
}

/** Whether a definition, which may come later, decides if it is a link. */
const hasReference = (source: string): boolean => /\]:|\]\[/.test(source);

describe('inline structure, as CommonMark has it', () => {
  it.each(specExamples.filter(({ source }) => !hasReference(source) && isParagraph(parser.parse(source))))(
    'example $number',
    ({ source }) => {
      expect(byParley(source.trimEnd()), source).toEqual(byCommonMark(parser.parse(source)));
    },
  );

  it.each([
    ['whatever', '* ** _ __ ` `` [ ] ](b) ![ \\ <b> < &amp; ! ( " a b . é'],
    ['of emphasis', '* ** *** _ __ a a .'],
    ['of links', '[ ![ ] ( ) ](b) ](<b> "c") * a <'],
  ])('marks %s, put together in any way', (_, pieces) => {
    const piece = fc.constantFrom(...pieces.split(' '), ' ', '\n');
    const text = fc
      .array(piece, { minLength: 5, maxLength: 14 })
      .map((list) => `a${list.join('')}`.trimEnd());
    fc.assert(
      fc.property(text, (source) => {
        const document = parser.parse(source);
        if (!isParagraph(document) || hasReference(source)) return;
        const [ours, theirs] = [byParley(source), byCommonMark(document)];
        // An `expect` for each text takes longer than all else.
        if (ours.join(' ') !== theirs.join(' ')) expect(ours, source).toEqual(theirs);
      }),
      { seed: 20261201, numRuns: 1_000 },
    );
  });
});
