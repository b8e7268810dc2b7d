import { oneLine } from '../kit/text.ts';

/** Names a thread after its question: its first line, at most `maxChars` (Discord allows 100). */
export function threadTitle(question: string, maxChars = 80): string {
  const [line = ''] = question.trim().split(/[\r\n]/, 1);
  return oneLine(line, maxChars) || 'A question';
}
