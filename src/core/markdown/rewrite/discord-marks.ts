import type { BlockState, Line } from '../blocks/block-state.ts';

/** A Python shell prompt is `>>>`, which on Discord would quote the rest of the message. */
export function prepared(line: string, { leaf }: BlockState): string {
  const isOther = leaf.kind === 'fence' || !line.includes('>>>');
  return isOther ? line : line.replace(/^( {0,3})(?=>>>)/, '$1\\');
}

/** Discord knows one level of quotes, at a line's start with a space after the mark, and no items with `+` or `1)`. */
export function marksOf(prefix: string, { after, begins }: Line): string {
  const marks = quoteMarks(prefix)
    .replace(/\+(?=\s)/, '-')
    .replace(/(\d{1,9})\)/, '$1.');
  const isLazy = !begins && after.containers[0]?.kind === 'quote' && !marks.startsWith('>');
  return isLazy ? `> ${marks}` : marks;
}

export function quoteMarks(prefix: string): string {
  if (prefix === '') return '';
  const inner = prefix.replace(/^\s*>/, '').replaceAll(/> ?/g, '');
  return /^\s*>/.test(prefix) ? `> ${inner.replace(/^ /, '')}` : inner;
}

/** The beginning of a block's later lines, for a block with these marks. */
export function blankMarks(marks: string): string {
  return marks.replace(/[^>\s]/g, ' ');
}

/** The content of a line, with a box in place of the mark of a task. */
export function withTaskBox(marks: string, content: string): string {
  if (!content.startsWith('[') || !/(?:[-*]|\d\.) +$/.test(marks)) return content;
  return content.replace(/^\[([ xX])\] /, (_, mark: string) => (mark === ' ' ? '☐ ' : '☑ '));
}
