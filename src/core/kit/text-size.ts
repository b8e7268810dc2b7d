/** How a platform counts a text against a limit. Each is additive over code points. */
const UNITS = {
  /** JavaScript's own length: an emoji counts two or more. Never less than code points or graphemes. */
  utf16: (text: string) => text.length,
  utf8: (text: string) => Buffer.byteLength(text),
  /** UTF-8 bytes once `&`, `<` and `>` have become entities. */
  'utf8-escaped': (text: string) => Buffer.byteLength(text) + entityBytes(text),
} as const;

export type TextUnit = keyof typeof UNITS;

/** One line of a platform's table of limits. */
export interface SizeLimit {
  readonly max: number;
  readonly unit: TextUnit;
  /** Where the number and its unit come from; says so if the unit is a guess on the safe side. */
  readonly source: string;
}

export function sizeOf(text: string, unit: TextUnit): number {
  return UNITS[unit](text);
}

/** The text, cut at a whole grapheme with `…` behind it if it is too long. The cut one is not longer than the limit either. */
export function clip(text: string, { max, unit }: Pick<SizeLimit, 'max' | 'unit'>): string {
  if (sizeOf(text, unit) <= max) return text;
  let room = max - sizeOf('…', unit);
  let end = 0;
  // No unit makes a text shorter than its UTF-16 length, so that what is behind `max` cannot fit.
  for (const { index, segment } of new Intl.Segmenter().segment(text.slice(0, max + 1))) {
    room -= sizeOf(segment, unit);
    if (room < 0) break;
    end = index + segment.length;
  }
  return `${text.slice(0, end).trimEnd()}…`;
}

function entityBytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x26) bytes += 4;
    else if (code === 0x3c || code === 0x3e) bytes += 3;
  }
  return bytes;
}
