import { expect, it } from 'vitest';
import { createWebApi } from '../../../../src/adapters/slack/api/web-api.ts';

it('sends every text as it is, and half a surrogate pair as the replacement character', async () => {
  const sent: RequestInit[] = [];
  const api = createWebApi({
    token: 'xoxb-1',
    apiUrl: 'https://slack.test/api/',
    fetch: async (_, init = {}) => {
      sent.push(init);
      return Response.json({ ok: true });
    },
  });
  const texts = ['a=b&c+d %20\n“é” 😀', 'half \ud83d', ''];
  for (const text of texts) {
    const args = { text, blocks: [{ text }], unfurl_links: false, thread_ts: null, metadata: undefined };
    await api.call('chat.postMessage', args, new AbortController().signal);
  }
  const forms = sent.map(({ body }) => Object.fromEntries(new URLSearchParams(String(body))));
  expect(forms).toEqual(
    texts.map((text) => ({
      text: text.toWellFormed(),
      blocks: JSON.stringify([{ text: text.toWellFormed() }]),
      unfurl_links: 'false',
    })),
  );
});
