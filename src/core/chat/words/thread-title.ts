import { plainLine } from '../../kit/text/text.ts';

/** A fence's line only names a language. */
const FENCE = /^[ \t]*(?:`{3,}|~{3,})[^\n]*$/gm;

/** Discord allows 100. */
const MAX_CHARS = 80;

/** A thread's title from its question: the first line with words, as plain text of at most 80 characters. */
export function threadTitle(question: string): string {
  return titleIn(question) ?? 'A question';
}

/** The first line of a text with words, as plain text; null if there is none. */
export function titleIn(text: string): string | null {
  for (const line of text.replace(FENCE, '').split(/[\r\n]+/, 20)) {
    const title = plainLine(line, MAX_CHARS);
    if (title !== '') return title;
  }
  return null;
}
