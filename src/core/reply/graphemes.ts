const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Where the grapheme begins that `at` stands in; `at` itself where it stands between two. Segments no more than from
 * the last ASCII character before, where a grapheme is sure to begin, to the code point behind, which settles it.
 */
export function graphemeStart(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return at;
  if (text.charCodeAt(at - 1) < 0x80 && text.charCodeAt(at) < 0x80) {
    return text.slice(at - 1, at + 1) === '\r\n' ? at - 1 : at;
  }
  let from = at - 1;
  while (from > 0 && text.charCodeAt(from) >= 0x80) from--;
  return from + (segmenter.segment(text.slice(from, at + 2)).containing(at - from)?.index ?? 0);
}

/** Whether `at` stands between the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return isHighSurrogate(text.charCodeAt(at - 1)) && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

export function isHighSurrogate(codeUnit: number): boolean {
  return (codeUnit & 0xfc00) === 0xd800;
}
