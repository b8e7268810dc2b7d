import { plainLine } from '../kit/text.ts';

/** A fence says what language follows, and nothing of the question. */
const FENCE = /^[ \t]*(?:`{3,}|~{3,})[^\n]*$/gm;

/** Names a thread after its question: its first line with words, as plain text, at most `maxChars` (Discord allows 100). */
export function threadTitle(question: string, maxChars = 80): string {
  for (const line of question.replace(FENCE, '').split(/[\r\n]+/, 20)) {
    const title = plainLine(line, maxChars);
    if (title !== '') return title;
  }
  return 'A question';
}
