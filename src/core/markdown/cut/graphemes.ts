import { graphemes } from '../../kit/text/text.ts';

/**
 * Returns a function that finds the start of the grapheme around a place, or the place itself if it lies between two. A
 * grapheme always begins at an ASCII character, so each stretch between two of them is segmented only once.
 */
export function createGraphemes(text: string): (at: number) => number {
  const isAscii = (at: number): boolean => text.charCodeAt(at) < 0x80;
  /** The segmented stretch: from an ASCII character (or the beginning) to the next one, which fixes everything before it. */
  let from = 0;
  let to = 0;
  let segments = graphemes.segment('');

  return (at) => {
    if (at <= 0 || at >= text.length) return at;
    if (isAscii(at - 1) && isAscii(at)) return text.slice(at - 1, at + 1) === '\r\n' ? at - 1 : at;
    if (at <= from || at > to) {
      for (from = at - 1; from > 0 && !isAscii(from); from--);
      for (to = at; to < text.length && !isAscii(to); to++);
      segments = graphemes.segment(text.slice(from, to + 1));
    }
    return from + (segments.containing(at - from)?.index ?? 0);
  };
}
