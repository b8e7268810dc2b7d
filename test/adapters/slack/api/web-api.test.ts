import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  lookUpScope,
  MESSAGE_LIMITS,
  reactionScope,
  sessionScope,
  streamScope,
  thinkingScope,
} from '../../../../src/adapters/slack/api/limits.ts';
import { METHODS } from '../../../../src/adapters/slack/api/methods.ts';
import { createWebApi, SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';
import { RateLimited } from '../../../../src/core/ports/delivery-errors.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { silentFetch } from '../../../support/slack/silence.ts';

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

it('gives up on a call after 10 s, on an upload after 60 s, and on both when their work ends', async () => {
  const clock = createFakeClock();
  const api = createWebApi({
    token: 'xoxb-1',
    apiUrl: 'https://slack.test/api/',
    fetch: silentFetch,
    clock,
  });
  const sends = [
    [10_000, (signal: AbortSignal) => api.call('auth.test', {}, signal)],
    [60_000, (signal: AbortSignal) => api.upload('https://slack.test/upload', new Uint8Array(1), signal)],
  ] as const;
  for (const [limitMs, send] of sends) {
    const late = expect(send(new AbortController().signal)).rejects.toThrow(SlackUnreachable);
    await clock.advance(limitMs - 1);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await late;
    const work = new AbortController();
    const over = expect(send(work.signal)).rejects.toThrow('the work is over');
    work.abort(new Error('the work is over'));
    await over;
  }
  expect(clock.pending).toBe(0);
});

it.each([
  ['as the header says', Response.json({}, { status: 429, headers: { 'retry-after': '7' } }), 7_000],
  [
    'at once, though the body never ends',
    new Response(new ReadableStream(), { status: 429, headers: { 'retry-after': '7' } }),
    7_000,
  ],
  ['30 s where no header says how long', Response.json({}, { status: 429 }), 30_000],
  [
    '30 s where the header says nothing',
    Response.json({}, { status: 429, headers: { 'retry-after': '0' } }),
    30_000,
  ],
  ['30 s where only the answer says it', Response.json({ ok: false, error: 'ratelimited' }), 30_000],
  ['30 s in the other spelling', Response.json({ ok: false, error: 'rate_limited' }), 30_000],
])('waits %s after a rate limit', async (_, response, retryAfterMs) => {
  const apiUrl = 'https://slack.test/api/';
  const api = createWebApi({ token: 'xoxb-1', apiUrl, fetch: async () => response });
  const refused = api.call('auth.test', {}, new AbortController().signal).catch((error: unknown) => error);
  expect(await refused).toBeInstanceOf(RateLimited);
  expect(await refused).toMatchObject({ retryAfterMs });
});

describe('an answer', () => {
  const { signal } = new AbortController();
  const apiWith = (fetch: () => Promise<Response>) =>
    createWebApi({ token: 'xoxb-1', apiUrl: 'https://slack.test/api/', fetch });
  const answering = (body: object | string, init?: ResponseInit) =>
    apiWith(async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), init));

  it('brings the scopes of the token, if Slack names them', async () => {
    const scopesOf = async (header: string | null) => {
      const headers = header === null ? {} : { 'x-oauth-scopes': header };
      return (await answering({ ok: true }, { headers }).call('auth.test', {}, signal)).scopes;
    };
    expect(await scopesOf('chat:write, commands,users:read')).toEqual([
      'chat:write',
      'commands',
      'users:read',
    ]);
    expect(await scopesOf('')).toEqual([]);
    expect(await scopesOf(null)).toEqual([]);
  });

  it('that refuses says what is needed, and the details', async () => {
    const refusal = {
      ok: false,
      error: 'missing_scope',
      needed: 'files:read',
      response_metadata: { messages: ['why'] },
    };
    const call = (body: object, init?: ResponseInit) => answering(body, init).call('files.info', {}, signal);
    await expect(call(refusal)).rejects.toThrow('files.info: missing_scope; needs files:read; why');
    await expect(call({ ok: false, error: 'no_text' })).rejects.toThrow(/^files.info: no_text$/);
    await expect(call({ ok: false })).rejects.toThrow('files.info: unknown_error');
  });

  it.each([
    ['a page', '<html>', 200],
    ['nothing', '', 200],
    ['JSON of somebody else', '{"status":"up"}', 200],
    ['a refusal with a status of 500', '{"ok":false,"error":"no_text"}', 500],
    ['a passing fault', '{"ok":false,"error":"internal_error"}', 200],
  ])('that is %s leaves open whether the call took effect', async (_, body, status) => {
    await expect(answering(body, { status }).call('auth.test', {}, signal)).rejects.toThrow(SlackUnreachable);
  });

  it('that breaks off leaves it open too, unless the work has ended', async () => {
    const stop = new AbortController();
    const broken = () =>
      apiWith(
        async () => new Response(new ReadableStream({ pull: (reader) => reader.error(new Error('reset')) })),
      );
    await expect(broken().call('auth.test', {}, stop.signal)).rejects.toThrow(SlackUnreachable);
    const ending = apiWith(async () => {
      stop.abort(new Error('the work is over'));
      return new Response(new ReadableStream({ pull: (reader) => reader.error(new Error('reset')) }));
    });
    await expect(ending.call('auth.test', {}, stop.signal)).rejects.toThrow('the work is over');
  });

  it('to an upload has to be one of success', async () => {
    const upload = (status: number) =>
      answering('', { status }).upload('https://slack.test/upload', new Uint8Array(1), signal);
    await upload(200);
    await expect(upload(500)).rejects.toThrow('the upload failed with HTTP 500');
  });
});

describe('the bot’s own limits', () => {
  it('leave room for the word joiners that a text gets', () => {
    const { lengthOf } = MESSAGE_LIMITS;
    for (const [text, bytes] of [
      ['ab', 2],
      ['я', 2],
      // Escaped, and with a joiner of three bytes.
      ['a<b', 2 + '&lt;'.length + 3],
      ['<&', '&lt;&amp;'.length + 6],
    ] as const) {
      expect(lengthOf?.(text), text).toBe(bytes);
    }
  });

  // Calls a minute: docs.slack.dev/apis/web-api/rate-limits. A session costs two calls of its method.
  it.each([
    ['taking off reactions', reactionScope('T1'), 20],
    ['sessions', sessionScope('T1'), 50 / 2],
    ['streams', streamScope('T1'), 20],
    [
      'the statuses of models that think',
      thinkingScope('T1'),
      METHODS['assistant.threads.setStatus'].perMinute,
    ],
    ['looking people up', lookUpScope('T1', 'users.info'), METHODS['users.info'].perMinute],
  ])('stay below those of Slack: %s', (_, { limit, windowMs, isShared }, perMinute) => {
    expect([windowMs, isShared]).toEqual([60_000, true]);
    expect(limit).toBeLessThan(perMinute);
    expect(limit).toBeGreaterThan(perMinute / 2);
  });
});
