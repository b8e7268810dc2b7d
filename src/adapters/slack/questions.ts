import type { MessageContent } from './message-content.ts';
import { escapeText, neutralise } from './neutralise.ts';

/** Two screens; the whole question goes to the model all the same. */
const MAX_SHOWN_CHARS = 3_000;

/** As much of a question as is shown. */
export function shorten(question: string): string {
  if (question.length <= MAX_SHOWN_CHARS) return question;
  return `${question
    .slice(0, MAX_SHOWN_CHARS)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()}…`;
}

/** The message that stands for a question which was not written as one: who asked, and what. */
export function questionContent(name: string, question: string): MessageContent {
  const quote = neutralise(question)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
  const who = `*${escapeText(name.replaceAll('*', ''))}* asked:`;
  return {
    text: `${who} ${escapeText(neutralise(question))}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: who } },
      { type: 'markdown', text: quote },
    ],
  };
}
