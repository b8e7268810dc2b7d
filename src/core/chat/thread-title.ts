import { plainLine } from '../kit/text.ts';

/** A fence says what language follows, and nothing of the question. */
const FENCE = /^[ \t]*(?:`{3,}|~{3,})[^\n]*$/gm;

/** Names a thread after its question: its first line with words, as plain text, at most `maxChars` (Discord allows 100). */
export function threadTitle(question: string, maxChars = 80): string {
  return titleIn(question, maxChars) ?? 'A question';
}

/** The first line of a text that has words, as plain text; null if none has. */
export function titleIn(text: string, maxChars = 80): string | null {
  for (const line of text.replace(FENCE, '').split(/[\r\n]+/, 20)) {
    const title = plainLine(line, maxChars);
    if (title !== '') return title;
  }
  return null;
}
