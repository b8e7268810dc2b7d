import { describe, expect, it } from 'vitest';
import { toMrkdwn } from '../../../../src/adapters/slack/text/mrkdwn.ts';
import { pingsIn } from '../../../support/slack/mentions.ts';

describe('Markdown as Slack’s own markup', () => {
  it('has links, and what was kept from having a meaning without its backslash', () => {
    expect(toMrkdwn('[the *docs*](https://example.com/a|b?c&d) and \\*this\\* & a \\<b\\>')).toBe(
      '<https://example.com/a%7Cb?c&amp;d|the _docs_> and *this* &amp; a &lt;b&gt;',
    );
  });

  it('keeps dates, which Slack shows in each reader’s time zone', () => {
    const date = '<!date^1764547200^{date_short_pretty} at {time}|at 00:00 (UTC)>';
    expect(toMrkdwn(`**Limit reached.** It resets ${date}. See \`/usage\`.`)).toBe(
      `*Limit reached.* It resets ${date}. See \`/usage\`.`,
    );
    expect(toMrkdwn('<!date^1^{date}^https://evil.example|today>')).not.toContain('<!date');
  });

  it.each([
    ['# Title\n\nText', '*Title*\n\nText'],
    ['**bold** *italic* ~~gone~~ `a < b`', '*bold* _italic_ ~gone~ `a &lt; b`'],
    ['one  \ntwo', 'one\ntwo'],
    ['```\na < b\n```\n\nafter', '```\na &lt; b\n```\n\nafter'],
    ['> one\n>\n> two\n\nafter', '> one\n> \n> two\n\nafter'],
    ['- one\n- two\n\nafter', '• one\n• two\n\nafter'],
    ['1. one\n2. two', '1. one\n2. two'],
    ['7. one\n8. two', '7. one\n8. two'],
    ['- one\n  1. two\n  2. three\n- four', '• one\n    1. two\n    2. three\n• four'],
    ['- ✗ no\n- 🔒 closed\n- open', '✗ no\n🔒 closed\n• open'],
    ['one\n\n---\n\ntwo', 'one\n\ntwo'],
    ['| a | b |\n|---|---|\n| 1 | 2 |', '| a | b |\n|---|---|\n| 1 | 2 |'],
  ])('writes %j as %j', (markdown, mrkdwn) => {
    expect(toMrkdwn(markdown)).toBe(mrkdwn);
  });

  it.each([
    '[x](!channel)',
    '[x](!here "title")',
    '[x](@U0123ABCD)',
    '[x](#C0123ABCD)',
    '[x]\n\n[x]: !subteam^S0123ABCD',
    '[x](<!everyone>)',
    '\\<!channel>',
    '[<!here>](https://example.com)',
    '![x](!channel)',
  ])('makes no mention of %s', (markdown) => {
    expect(pingsIn(toMrkdwn(markdown))).toEqual([]);
  });
});
