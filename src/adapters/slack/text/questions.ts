import { type MessageContent, plainSections } from './message-content.ts';
import { escapeText, neutralise } from './neutralise.ts';

/** Two screens of a question are shown; all of it goes to the model. */
export const MAX_SHOWN_CHARS = 3_000;

/**
 * The message that stands for a question which was not written as one: who asked, and what. `plain` is for a question that
 * Slack refuses as Markdown.
 */
export function questionContent(
  name: string,
  question: string,
): Readonly<Record<'markdown' | 'plain', MessageContent>> {
  const quote = neutralise(question)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
  const who = `*${escapeText(name.replaceAll('*', ''))}* asked:`;
  const text = `${who} ${escapeText(neutralise(question))}`;
  const head = { type: 'section', text: { type: 'mrkdwn', text: who } };
  return {
    markdown: { text, blocks: [head, { type: 'markdown', text: quote }] },
    plain: { text, blocks: [head, ...plainSections(question)] },
  };
}
