const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Whether a cut at `at` leaves every character that a reader sees whole. Segments no more than from the last ASCII
 * character before the cut, where a grapheme is sure to begin, to the code point behind it, which settles the matter.
 */
export function isGraphemeBoundary(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return true;
  if (text.charCodeAt(at - 1) < 0x80 && text.charCodeAt(at) < 0x80)
    return text.slice(at - 1, at + 1) !== '\r\n';
  let from = at - 1;
  while (from > 0 && text.charCodeAt(from) >= 0x80) from--;
  return segmenter.segment(text.slice(from, at + 2)).containing(at - from)?.index === at - from;
}

/** Whether `at` stands between the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return isHighSurrogate(text.charCodeAt(at - 1)) && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

export function isHighSurrogate(codeUnit: number): boolean {
  return (codeUnit & 0xfc00) === 0xd800;
}
