import { plainLine } from '../../kit/text.ts';

/** A fence's line only names a language. */
const FENCE = /^[ \t]*(?:`{3,}|~{3,})[^\n]*$/gm;

/**
 * A thread's title from its question: the first line with words, as plain text.
 * @param maxChars default 80; Discord allows 100
 */
export function threadTitle(question: string, maxChars = 80): string {
  return titleIn(question, maxChars) ?? 'A question';
}

/** The first line of a text with words, as plain text; null if there is none. */
export function titleIn(text: string, maxChars = 80): string | null {
  for (const line of text.replace(FENCE, '').split(/[\r\n]+/, 20)) {
    const title = plainLine(line, maxChars);
    if (title !== '') return title;
  }
  return null;
}
