/** A part of a block with a meaning of its own, by offsets into the block's text. */
export interface Span {
  /** `opaque`: an escape, an entity, an autolink or an HTML tag. */
  readonly kind: 'emphasis' | 'code' | 'link' | 'url' | 'opaque';
  readonly start: number;
  readonly end: number;
  /** The delimiter on each side; empty if the span cannot be closed and reopened. */
  readonly delimiter: string;
}

/** The delimiters that close these spans, the innermost first. */
export function closingOf(open: readonly Span[]): string {
  return open
    .map(({ delimiter }) => delimiter)
    .toReversed()
    .join('');
}

/** The text without the delimiters of these spans. */
export function withoutDelimiters(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const hidden = new Uint8Array(text.length);
  for (const { start, end, delimiter } of spans) {
    hidden.fill(1, start, start + delimiter.length);
    hidden.fill(1, end - delimiter.length, end);
  }
  return text
    .split('')
    .filter((_, at) => hidden[at] === 0)
    .join('');
}
