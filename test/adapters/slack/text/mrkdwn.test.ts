import { describe, expect, it } from 'vitest';
import { toMrkdwn } from '../../../../src/adapters/slack/text/mrkdwn.ts';
import { pingsIn } from '../../../support/slack/mentions.ts';

describe('Markdown as Slack’s own markup', () => {
  it('has links, and what was kept from having a meaning without its backslash', () => {
    expect(toMrkdwn('[the *docs*](https://example.com/a|b?c&d) and \\*this\\* & a \\<b\\>')).toBe(
      '<https://example.com/a%7Cb?c&amp;d|the _docs_> and *this* &amp; a &lt;b&gt;',
    );
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
