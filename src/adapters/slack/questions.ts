import type { MessageContent } from './message-content.ts';
import { escapeText, neutralise } from './neutralise.ts';

/** Two screens; the whole question goes to the model all the same. */
const MAX_SHOWN_CHARS = 3_000;

/** The message that stands for a question which was not written as one: who asked, and what. */
export function questionContent(name: string, question: string): MessageContent {
  const shown =
    question.length > MAX_SHOWN_CHARS ? `${question.slice(0, MAX_SHOWN_CHARS).trimEnd()}…` : question;
  const quote = neutralise(shown)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
  const who = `*${escapeText(name.replaceAll('*', ''))}* asked:`;
  return {
    text: `${who} ${escapeText(neutralise(shown))}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: who } },
      { type: 'markdown', text: quote },
    ],
  };
}
