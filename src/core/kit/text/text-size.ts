import { endWithin } from './text.ts';

/** The ways in which platforms measure a text. Each is additive over code points. */
const UNITS = {
  /** JavaScript's own length; an emoji counts two or more. Never less than the number of code points or graphemes. */
  utf16: (text: string) => text.length,
  utf8: (text: string) => Buffer.byteLength(text),
  /** UTF-8 bytes after `&`, `<` and `>` have become entities. */
  'utf8-escaped': (text: string) => Buffer.byteLength(text) + entityBytes(text),
} as const;

export type TextUnit = keyof typeof UNITS;

/** One line of a platform's table of limits. */
export interface SizeLimit {
  readonly max: number;
  readonly unit: TextUnit;
  /** The source of number and unit; says so if the unit is a cautious guess. */
  readonly source: string;
}

export function sizeOf(text: string, unit: TextUnit): number {
  return UNITS[unit](text);
}

/** Cuts a text that is too long at a whole grapheme, and adds `…`. The result, `…` included, fits the limit. */
export function clip(text: string, { max, unit }: Pick<SizeLimit, 'max' | 'unit'>): string {
  if (sizeOf(text, unit) <= max) return text;
  // A text measures at least its UTF-16 length in every unit, so nothing beyond `max` can fit.
  const end = endWithin(text.slice(0, max + 1), max - UNITS[unit]('…'), UNITS[unit]);
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
