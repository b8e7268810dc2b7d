import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createWebApi, SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';

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

it('takes neither the token nor a file to where an address leads', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createWebApi({ token: 'xoxb-1', apiUrl: `${origin}/api/`, fetch });
  const { signal } = new AbortController();
  await expect(api.call('auth.test', {}, signal)).rejects.toThrow(SlackUnreachable);
  await expect(api.upload(`${origin}/upload`, new Uint8Array(1), signal)).rejects.toThrow(SlackUnreachable);
  expect(asked).toEqual(['/api/auth.test', '/upload']);
});
