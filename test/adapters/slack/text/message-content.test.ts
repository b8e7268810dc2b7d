import { expect, it } from 'vitest';
import {
  contentOf,
  markdownContent,
  plainNotice,
} from '../../../../src/adapters/slack/text/message-content.ts';

const DATE = '<!date^1764547200^{date_short_pretty} at {time}|at 00:00 (UTC)>';

it('shows dates in Slack’s own markup, and in words wherever that is not read', () => {
  expect(markdownContent(`It **resets** ${DATE}.`)).toEqual({
    text: 'It **resets** at 00:00 (UTC).',
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: `It *resets* ${DATE}.` } }],
  });
  expect(plainNotice(`It resets ${DATE}.`)).toMatchObject({
    text: 'It resets at 00:00 (UTC).',
    blocks: [{ text: { type: 'plain_text', text: 'It resets at 00:00 (UTC).' } }],
  });
  const view = { text: '', source: '', status: 'failed', footer: null, buttons: [] } as const;
  expect(contentOf({ ...view, note: `It resets ${DATE}.` }, { takesFeedback: true })).toMatchObject({
    text: 'It resets at 00:00 (UTC).',
    blocks: [{ text: { type: 'plain_text', text: 'It resets at 00:00 (UTC).' } }],
  });
});

it('leaves a notice without a date to Slack’s Markdown', () => {
  expect(markdownContent('**Hi**').blocks).toEqual([{ type: 'markdown', text: '**Hi**' }]);
});
