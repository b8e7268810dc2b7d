import { plainName } from '../../../core/kit/text/text.ts';
import { clip } from '../../../core/kit/text/text-size.ts';
import { SIZES } from '../api/sizes.ts';
import { type MessageContent, plainSections, shortText } from './message-content.ts';
import { escapeText, neutralise } from './neutralise.ts';

/** Two screens of a question are shown; the model gets all of it. */
export const SHOWN = { max: 3_000, unit: 'utf16' } as const;

/** The room beside the asker's name. */
const QUOTE = { ...SIZES.message, max: SIZES.message.max - 1_000 };

/**
 * The message that shows a question which was not written as one: who asked, and what. `plain`: for a question that Slack
 * refuses as Markdown.
 */
export function questionContent(
  name: string,
  question: string,
): Readonly<Record<'markdown' | 'plain', MessageContent>> {
  const quote = neutralise(question)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
  // 3,000 characters may be 9,000 bytes, and each short line begins with a mark.
  const shown = clip(quote, QUOTE);
  const who = `*${escapeText(plainName(name) || 'Somebody')}* asked:`;
  const text = `${who} ${shortText(question)}`;
  const head = { type: 'section', text: { type: 'mrkdwn', text: who } };
  return {
    markdown: { text, blocks: [head, { type: 'markdown', text: shown }] },
    plain: { text, blocks: [head, ...plainSections(clip(question, QUOTE))] },
  };
}
