import { expect, it } from 'vitest';
import { decodeEntities } from '../../../../src/adapters/slack/text/inbound-text.ts';

it('decodes what Slack escaped once, and nothing that a person typed', () => {
  expect(decodeEntities('&lt;b&gt; &amp; &amp;lt;b&amp;gt; &amp;amp;')).toBe('<b> & &lt;b&gt; &amp;');
});
