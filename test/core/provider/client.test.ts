import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { freePort } from '../../support/free-port.ts';
import {
  DONE,
  errorChunk,
  finishChunk,
  GENERATION_ID,
  KEEP_ALIVE,
  MODEL,
  textChunk,
} from '../../support/provider/chunks.ts';
import {
  createFakeProvider,
  drop,
  type FakeProvider,
  json,
  raw,
  silence,
  stream,
} from '../../support/provider/fake-provider.ts';
import {
  createTestClient,
  eventsOf,
  never,
  QUESTION,
  readAll,
  textOf,
} from '../../support/provider/test-client.ts';

let fake: FakeProvider;

beforeEach(async () => {
  fake = await createFakeProvider();
});

afterEach(() => fake.close());

/** Lets the event loop turn until the condition holds; the test's own time limit ends a vain wait. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** After the answer, its body's end is waited for. */
const END_OF_BODY_MS = 1_000;

const busy = (headers?: Record<string, string>) =>
  json(
    429,
    { error: { code: 429, message: 'busy', metadata: { error_type: 'rate_limit_exceeded' } } },
    headers,
  );

describe('stream', () => {
  it('streams an answer over HTTP', async () => {
    fake.answer(['A fjord', ' is', ' a valley.'], { prompt_tokens: 5, completion_tokens: 7, cost: 0.00001 });
    const { provider } = createTestClient(fake);
    const { events, error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toBeNull();
    expect(textOf(events)).toBe('A fjord is a valley.');
    expect(events[0]).toEqual({ type: 'start', generationId: GENERATION_ID });
    expect(events.at(-1)).toMatchObject({
      type: 'done',
      finish: 'stop',
      model: MODEL,
      generationId: GENERATION_ID,
      usage: { promptTokens: 5, completionTokens: 7, costNanoUsd: 10_000 },
    });
  });

  it('asks once more without an effort that the model refuses, says so, and tries another one later', async () => {
    const refusal = {
      error: {
        message: "Unsupported value: 'minimal' is not supported with the 'gpt-5.1' model.",
        type: 'invalid_request_error',
        param: 'reasoning_effort',
        code: 'unsupported_value',
      },
    };
    fake.script(json(400, refusal));
    for (let count = 0; count < 3; count++) fake.answer('Yes.');
    const { provider } = createTestClient(fake);
    const startOf = async (effort: 'minimal' | 'low') => {
      const { events, error } = await readAll(eventsOf(provider, { ...QUESTION, effort }, never));
      expect(error).toBeNull();
      return events[0];
    };
    expect(await startOf('minimal')).toMatchObject({ type: 'start', isWithoutEffort: true });
    expect(await startOf('minimal')).toMatchObject({ isWithoutEffort: true });
    expect(await startOf('low')).not.toHaveProperty('isWithoutEffort');
    expect(fake.chats.map(({ body }) => body.reasoning?.effort)).toEqual([
      'minimal',
      undefined,
      undefined,
      'low',
    ]);
  });

  it('keeps the effort where it is the temperature beside it that the model refuses', async () => {
    const raw = JSON.stringify({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: '`temperature` may only be set to 1 when thinking is enabled.',
      },
    });
    const metadata = { raw, provider_name: 'Anthropic' };
    fake.script(json(400, { error: { code: 400, message: 'Provider returned error', metadata } }));
    fake.answer('Yes.');
    const { provider } = createTestClient(fake);
    const request = { ...QUESTION, temperature: 0.7, effort: 'high' } as const;
    const { events, error } = await readAll(eventsOf(provider, request, never));
    expect(error).toBeNull();
    expect(events[0]).not.toHaveProperty('isWithoutEffort');
    expect(fake.chats.map(({ body }) => [body.temperature, body.reasoning?.effort])).toEqual([
      [0.7, 'high'],
      [undefined, 'high'],
    ]);
  });

  it('gives up the effort where the credit leaves no room to think', async () => {
    const poor = 'This request requires more credits, but can only afford 900.';
    fake.script(json(402, { error: { code: 402, message: poor } }));
    fake.answer('Yes.');
    const { provider } = createTestClient(fake);
    const { events } = await readAll(
      eventsOf(provider, { ...QUESTION, maxOutputTokens: 8_192, effort: 'high' }, never),
    );
    expect(events[0]).toMatchObject({ affordableTokens: 900, isWithoutEffort: true });
    expect(fake.chats[1]?.body).toMatchObject({ max_completion_tokens: 900 });
    expect(fake.chats[1]?.body).not.toHaveProperty('reasoning');
  });

  it.each([
    [2_047, false],
    [2_048, true],
  ])('keeps the effort if the credit leaves room to think: %d tokens, %s', async (tokens, keeps) => {
    const poor = `This request requires more credits, but can only afford ${tokens}.`;
    fake.script(json(402, { error: { code: 402, message: poor } }));
    fake.answer('Yes.');
    const { provider } = createTestClient(fake);
    await readAll(eventsOf(provider, { ...QUESTION, maxOutputTokens: 8_192, effort: 'high' }, never));
    expect('reasoning' in (fake.chats[1]?.body ?? {})).toBe(keeps);
  });

  it.each([
    [60_000, 900],
    [70_000, null],
  ])('reads 64 KiB of what a refusal says: of %d bytes', async (bytes, affordableTokens) => {
    const error = { code: 402, message: 'This request requires more credits, but can only afford 900.' };
    fake.script(json(402, { request: 'x'.repeat(bytes), error }), json(402, { error }));
    const { provider } = createTestClient(fake);
    const { error: failure } = await readAll(
      eventsOf(provider, { ...QUESTION, maxOutputTokens: 900 }, never),
    );
    expect(failure).toMatchObject({ code: 'no_credit', affordableTokens });
  });

  it('yields each piece as it comes, not at the end', async () => {
    const live = fake.live();
    const { provider } = createTestClient(fake);
    const events = eventsOf(provider, QUESTION, never);
    expect((await events.next()).value).toMatchObject({ type: 'start' });
    await live.text('first');
    expect((await events.next()).value).toEqual({ type: 'text', delta: 'first' });
    await live.text('second');
    expect((await events.next()).value).toEqual({ type: 'text', delta: 'second' });
    await live.finish();
    expect((await events.next()).value).toMatchObject({ type: 'usage' });
    expect((await events.next()).value).toMatchObject({ type: 'done' });
  });

  it('yields as one piece of text what comes together', async () => {
    const live = fake.live();
    const { provider } = createTestClient(fake);
    const events = eventsOf(provider, QUESTION, never);
    await events.next();
    await live.raw(textChunk('one') + textChunk(' two') + textChunk(' three'));
    expect((await events.next()).value).toEqual({ type: 'text', delta: 'one two three' });
    await live.finish();
    expect((await events.next()).value).toMatchObject({ type: 'usage' });
    expect((await events.next()).value).toMatchObject({ type: 'done' });
  });

  it('reads what an answer begins with at once, and then as often as all streams together may be read', async () => {
    const clock = createFakeClock();
    const turns: (() => void)[] = [];
    const pace = { enter: () => new Promise<void>((resolve) => turns.push(resolve)), hurry() {} };
    const live = fake.live();
    const { provider } = createTestClient(fake, { clock, pace });
    const events = eventsOf(provider, QUESTION, never);
    await events.next();
    for (const word of ['a', 'b', 'c', 'd']) {
      await live.text(word);
      expect((await events.next()).value).toEqual({ type: 'text', delta: word });
    }
    const next = events.next();
    await live.text('e');
    await live.text('f');
    await until(() => turns.length === 1);
    turns[0]?.();
    expect((await next).value).toEqual({ type: 'text', delta: 'ef' });
    await events.return();
  });

  it('reads an answer that comes as JSON where a stream was asked for', async () => {
    fake.script(json(200, { id: 'x', choices: [{ message: { content: 'whole' }, finish_reason: 'stop' }] }));
    const { events, error } = await readAll(eventsOf(createTestClient(fake).provider, QUESTION, never));
    expect(error).toBeNull();
    expect(textOf(events)).toBe('whole');
  });

  it.each([
    ['an error as JSON', json(200, { error: { code: 402, message: 'no' } }), 'no_credit'],
    ['JSON that is no answer', json(200, { hello: 'world' }), 'bad_response'],
    ['JSON that is cut off', raw(200, '{"choices":', { 'content-type': 'application/json' }), 'cut_off'],
    [
      'a page of HTML',
      raw(200, '<html>Log in to the hotel</html>', { 'content-type': 'text/html' }),
      'bad_address',
    ],
    ['no content', raw(204, ''), 'cut_off'],
  ])('fails when HTTP 200 brings %s', async (_, reply, code) => {
    fake.script(reply);
    const { error } = await readAll(eventsOf(createTestClient(fake).provider, QUESTION, never));
    expect(error).toMatchObject({ code });
  });

  it('fails with what had come when the connection drops, and does not try again', async () => {
    fake.script(drop(textChunk('so '), textChunk('far')));
    const { provider, clock } = createTestClient(fake);
    const { events, error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(textOf(events)).toBe('so far');
    expect(error).toMatchObject({ code: 'cut_off', generationId: GENERATION_ID });
    expect(error?.cause).toBeDefined();
    expect(clock.waits).toEqual([]);
  });

  it('takes an answer for whole when the connection drops after its finish reason', async () => {
    fake.script(drop(textChunk('all of it'), finishChunk()));
    const { events, error } = await readAll(eventsOf(createTestClient(fake).provider, QUESTION, never));
    expect(error).toBeNull();
    expect(events.at(-1)).toMatchObject({ type: 'done', finish: 'stop' });
  });

  it('never follows a redirect', async () => {
    const elsewhere = await createFakeProvider();
    elsewhere.answer('stolen');
    fake.script(raw(307, '', { location: `${elsewhere.url}/chat/completions` }));
    const { error } = await readAll(eventsOf(createTestClient(fake).provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'bad_address', status: 307 });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it('serves many streams at once without mixing them', async () => {
    const lives = Array.from({ length: 20 }, () => fake.live());
    const { provider } = createTestClient(fake);
    const reads = lives.map((_, index) =>
      readAll(eventsOf(provider, { ...QUESTION, user: `u${index}` }, never)),
    );
    const users = await Promise.all(lives.map(async (live) => (await live.request).body.user));
    for (const piece of ['a', 'b', 'c']) {
      await Promise.all(lives.map((live, index) => live.text(`${users[index]}${piece} `)));
    }
    await Promise.all(lives.map((live) => live.finish()));
    const texts = (await Promise.all(reads)).map(({ events }) => textOf(events));
    expect(texts).toEqual(lives.map((_, index) => `u${index}a u${index}b u${index}c `));
  });
});

describe('ending a stream', () => {
  it('ends the HTTP request when the signal aborts before the headers', async () => {
    fake.script(silence);
    const stop = new AbortController();
    const reading = readAll(eventsOf(createTestClient(fake).provider, QUESTION, stop.signal));
    await until(() => fake.chats.length === 1);
    stop.abort(new Error('stopped'));
    expect((await reading).error).toBe(stop.signal.reason);
    expect(await fake.chats[0]?.closed).toBe('aborted');
  });

  it('ends the HTTP request when the signal aborts midway', async () => {
    const live = fake.live();
    const stop = new AbortController();
    const events = eventsOf(createTestClient(fake).provider, QUESTION, stop.signal);
    await events.next();
    await live.text('so far');
    await events.next();
    const next = events.next();
    stop.abort(new Error('stopped'));
    await expect(next).rejects.toBe(stop.signal.reason);
    expect(await (await live.request).closed).toBe('aborted');
  });

  it.each([
    ['right after the start', 'start'],
    ['in the middle of the text', 'text'],
  ])('ends the HTTP request when the reader leaves %s', async (_, type) => {
    const live = fake.live();
    await Promise.all([
      live.text('so far'),
      (async () => {
        for await (const event of eventsOf(createTestClient(fake).provider, QUESTION, never)) {
          if (event.type === type) break;
        }
      })(),
    ]);
    expect(await (await live.request).closed).toBe('aborted');
  });

  it('uses the connection again if the end of the body comes some time after [DONE]', async () => {
    const clock = createFakeClock();
    const { provider } = createTestClient(fake, { clock });
    const ports = new Set<number | undefined>();
    for (const text of ['one', 'two']) {
      const ended = Promise.withResolvers<void>();
      fake.script(async (response) => {
        ports.add(response.socket?.remotePort);
        response.write(textChunk(text) + finishChunk() + DONE);
        await ended.promise;
        response.end();
      });
      expect(textOf((await readAll(eventsOf(provider, QUESTION, never))).events)).toBe(text);
      ended.resolve();
      expect(await fake.chats.at(-1)?.closed).toBe('finished');
      // The client hears of it a little later.
      await until(() => clock.pending === 0);
    }
    expect(ports.size).toBe(1);
  });

  it('ends the HTTP request a second after [DONE] if the end of the body does not come', async () => {
    const clock = createFakeClock();
    fake.script((response) => void response.write(textChunk('all') + finishChunk() + DONE));
    const { provider } = createTestClient(fake, { clock });
    expect(textOf((await readAll(eventsOf(provider, QUESTION, never))).events)).toBe('all');
    await clock.advance(END_OF_BODY_MS);
    expect(await fake.chats[0]?.closed).toBe('aborted');
  });

  it('ends the HTTP request of a server that goes on after [DONE]', async () => {
    fake.script(async (response) => {
      response.write(textChunk('all') + finishChunk() + DONE);
      while (!response.destroyed) {
        response.write(KEEP_ALIVE);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const { provider } = createTestClient(fake, { clock: createFakeClock() });
    expect(textOf((await readAll(eventsOf(provider, QUESTION, never))).events)).toBe('all');
    expect(await fake.chats[0]?.closed).toBe('aborted');
  });

  it('ends the HTTP request when the reader leaves before an answer in JSON', async () => {
    fake.script((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    });
    for await (const _ of eventsOf(createTestClient(fake).provider, QUESTION, never)) break;
    expect(await fake.chats[0]?.closed).toBe('aborted');
  });

  it('sends nothing when the signal has aborted already', async () => {
    const { error } = await readAll(
      eventsOf(createTestClient(fake).provider, QUESTION, AbortSignal.abort(new Error('too late'))),
    );
    expect(error?.message).toBe('too late');
    expect(fake.requests).toEqual([]);
  });

  it('stops waiting for the next try when the signal aborts', async () => {
    const clock = createFakeClock();
    fake.script(busy());
    const { provider, logged } = createTestClient(fake, { clock });
    const stop = new AbortController();
    const reading = readAll(eventsOf(provider, QUESTION, stop.signal));
    await until(() => logged().includes('trying again'));
    stop.abort(new Error('stopped'));
    expect((await reading).error).toBe(stop.signal.reason);
    expect(clock.pending).toBe(0);
  });
});

describe('silence', () => {
  it('ends a stream that says nothing for 90 s, headers included', async () => {
    const clock = createFakeClock();
    fake.script(silence);
    const reading = readAll(eventsOf(createTestClient(fake, { clock }).provider, QUESTION, never));
    await until(() => fake.chats.length === 1);
    await clock.advance(89_999);
    expect(await fakeIsOpen()).toBe(true);
    await clock.advance(1);
    expect((await reading).error).toMatchObject({ code: 'timeout' });
    expect(await fake.chats[0]?.closed).toBe('aborted');
    expect(clock.pending).toBe(0);
  });

  it('counts a keep-alive comment as life, and no time while the reader is busy', async () => {
    const clock = createFakeClock();
    let waits = 0;
    // The client looks at the time when a wait begins: that is how the test knows that a comment has arrived.
    const watched = {
      ...clock,
      now() {
        waits++;
        return clock.now();
      },
    };
    const live = fake.live();
    const events = eventsOf(createTestClient(fake, { clock: watched }).provider, QUESTION, never);
    await events.next();
    await clock.advance(1_000_000);
    const next = events.next();
    for (let round = 0; round < 3; round++) {
      await clock.advance(80_000);
      const before = waits;
      await live.raw(KEEP_ALIVE);
      await until(() => waits > before);
    }
    await live.text('alive');
    expect((await next).value).toEqual({ type: 'text', delta: 'alive' });
    await clock.advance(1_000_000);
    await live.text('still');
    expect((await events.next()).value).toEqual({ type: 'text', delta: 'still' });

    const silent = events.next();
    silent.catch(() => {});
    await clock.advance(90_000);
    await expect(silent).rejects.toMatchObject({ code: 'timeout', generationId: GENERATION_ID });
    expect(await (await live.request).closed).toBe('aborted');
  });

  async function fakeIsOpen(): Promise<boolean> {
    const pending = Symbol('pending');
    const state = await Promise.race([
      fake.chats[0]?.closed,
      new Promise((resolve) => setImmediate(resolve, pending)),
    ]);
    return state === pending;
  }
});

describe('trying again', () => {
  const MAY_BE_BILLED = [408, 500, 502, 503, 504, 524, 529];

  it('tries again after HTTP 429, which is not billed', async () => {
    fake.script(json(429, { error: { code: 429, message: 'no' } }));
    fake.answer('then it worked');
    const { provider, clock } = createTestClient(fake);
    const { events, error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toBeNull();
    expect(textOf(events)).toBe('then it worked');
    expect(clock.waits).toEqual([800, END_OF_BODY_MS]);
  });

  it.each(MAY_BE_BILLED)('does not try again after HTTP %i, which may be billed', async (status) => {
    fake.script(json(status, { error: { code: status, message: 'no' } }));
    const { provider, clock } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({ status, mayBeBilled: true });
    expect(fake.chats).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });

  it.each(MAY_BE_BILLED)('tries what is free again after HTTP %i', async (status) => {
    fake.script(json(status, { error: { code: status, message: 'no' } }));
    fake.answer('then it worked');
    const { provider } = createTestClient(fake);
    const { events } = await readAll(eventsOf(provider, { ...QUESTION, isFree: true }, never));
    expect(textOf(events)).toBe('then it worked');
  });

  it.each([400, 401, 402, 403, 404, 405, 413, 422])('never tries again after HTTP %i', async (status) => {
    fake.script(json(status, { error: { code: status, message: 'no' } }));
    const { provider, clock } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({ status, mayBeBilled: false });
    expect(fake.chats).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });

  it('tries three times more, after 0.8, 1.6 and 3.2 s, then fails with the last error', async () => {
    fake.script(busy(), busy(), busy(), json(429, { error: { code: 429 } }));
    const { provider, clock } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(clock.waits).toEqual([800, 1_600, 3_200]);
    expect(fake.chats).toHaveLength(4);
  });

  it('waits as long as Retry-After says', async () => {
    const date = new Date(Date.UTC(2026, 0, 1) + 7_000 + 20_000).toUTCString();
    fake.script(busy({ 'retry-after': '7' }), busy({ 'retry-after': date }), busy({ 'retry-after': '0' }));
    fake.answer('at last');
    const { provider, clock } = createTestClient(fake);
    expect(textOf((await readAll(eventsOf(provider, QUESTION, never))).events)).toBe('at last');
    expect(clock.waits).toEqual([7_000, 20_000, 0, END_OF_BODY_MS]);
  });

  it('fails at once, naming the wait, when it is asked to wait longer than 30 s', async () => {
    fake.script(json(429, { error: { code: 429 } }, { 'retry-after': '31' }));
    const { provider, clock } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 31_000 });
    expect(clock.waits).toEqual([]);
  });

  it('does not try again where the provider says that it would not help', async () => {
    fake.script(
      json(429, { error: { code: 429, availability: { code: 'capacity_exhausted', retryable: false } } }),
    );
    const { error } = await readAll(eventsOf(createTestClient(fake).provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'rate_limited' });
    expect(fake.chats).toHaveLength(1);
  });

  it('does not try again on an empty account, though OpenAI calls that 429', async () => {
    fake.script(
      json(429, { error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'x' } }),
    );
    const { error } = await readAll(eventsOf(createTestClient(fake).provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'no_credit', reason: 'insufficient_quota' });
    expect(fake.chats).toHaveLength(1);
  });

  it('does not try again when the connection breaks after the request was read', async () => {
    fake.script(drop());
    const { provider, clock } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'unreachable', mayBeBilled: true });
    expect(fake.chats).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });

  it('tries again if its connection was reset before the request was written', async () => {
    const sockets: Socket[] = [];
    await using server = await serverThat(({ method, socket }, response) => {
      sockets.push(socket);
      response.end(method === 'POST' ? textChunk('at last') + finishChunk() + DONE : '{"data":[]}');
    });
    const fetch = createFetch();
    const { provider, clock } = createTestClient(server, {
      fetch: (...request) => {
        if (sockets.length === 1) sockets[0]?.resetAndDestroy();
        return fetch(...request);
      },
    });
    await provider.models(never);
    await sleep(5);
    const { events, error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toBeNull();
    expect(textOf(events)).toBe('at last');
    expect(clock.waits).toContain(800);
    expect(sockets).toHaveLength(2);
  });

  it.each([
    ['{"data":"none"}', 'bad_response'],
    ['data: {}', 'bad_response'],
    [' <!doctype html>', 'bad_address'],
  ])('fails to list models for a body that is no list: %s', async (body, code) => {
    const { provider } = createTestClient(fake, { fetch: async () => new Response(body) });
    await expect(provider.models(never)).rejects.toMatchObject({ code });
  });

  it('tries the list of models again whatever broke: it costs nothing', async () => {
    let tries = 0;
    const { provider } = createTestClient(fake, {
      fetch: async () => (++tries < 4 ? new Response(null, { status: 502 }) : Response.json({ data: [] })),
    });
    expect(await provider.models(never)).toEqual([]);
  });

  it('fails as unreachable when nothing listens, with the cause', async () => {
    const port = await freePort();
    const { provider, clock } = createTestClient({ url: `http://127.0.0.1:${port}/v1` });
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({
      code: 'unreachable',
      status: null,
      cause: expect.any(Error),
      mayBeBilled: false,
    });
    expect(clock.waits).toHaveLength(3);
  });

  it('does not try again when the provider takes the request and then reports an error before any text', async () => {
    fake.script(stream(KEEP_ALIVE, errorChunk(502, 'provider_unavailable')));
    const { provider } = createTestClient(fake);
    const { error } = await readAll(eventsOf(provider, QUESTION, never));
    expect(error).toMatchObject({ code: 'provider_down', mayBeBilled: true });
    expect(fake.chats).toHaveLength(1);
  });

  it('tries what is free again when the provider reports an error before any text', async () => {
    fake.script(stream(KEEP_ALIVE, errorChunk(502, 'provider_unavailable')));
    fake.answer('second time lucky');
    const { provider, clock } = createTestClient(fake);
    const { events, error } = await readAll(eventsOf(provider, { ...QUESTION, isFree: true }, never));
    expect(error).toBeNull();
    expect(events.map(({ type }) => type)).toEqual(['start', 'start', 'text', 'usage', 'done']);
    expect(clock.waits).toEqual([800, END_OF_BODY_MS]);
  });

  it.each([false, true])('never tries a live stream again, whether it is free: %j', async (isFree) => {
    fake.script(stream(textChunk('half'), errorChunk(502, 'provider_unavailable')));
    fake.answer('half and whole');
    const { provider, clock } = createTestClient(fake);
    const { events, error } = await readAll(eventsOf(provider, { ...QUESTION, isFree }, never));
    expect(textOf(events)).toBe('half');
    expect(error).toMatchObject({ code: 'provider_down' });
    expect(fake.chats).toHaveLength(1);
    expect(clock.waits).toEqual([]);
  });
});

describe('lookups', () => {
  it('reads the models', async () => {
    await using other = disposable(
      await createFakeProvider({ models: [{ id: 'a/b', context_length: 8 }, { no: 1 }] }),
    );
    const { provider, logged } = createTestClient(other.fake);
    expect(await provider.models(never)).toMatchObject([{ id: 'a/b', name: 'a/b', contextTokens: 8 }]);
    expect(logged()).toContain('skipped');
  });

  it('end the HTTP request after 60 s, whatever comes meanwhile', async () => {
    const clock = createFakeClock();
    const closed = Promise.withResolvers<void>();
    let isAsked = false;
    await using server = await serverThat((_, response) => {
      isAsked = true;
      response.once('close', () => closed.resolve());
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('   ');
    });
    const listing = createTestClient(server, { clock }).provider.models(never);
    listing.catch(() => {});
    await until(() => isAsked);
    await clock.advance(60_000);
    await expect(listing).rejects.toMatchObject({ code: 'timeout' });
    await closed.promise;
    expect(clock.pending).toBe(0);
  });

  it('count the waits between tries into the 60 s', async () => {
    const clock = createFakeClock();
    let tries = 0;
    await using server = await serverThat((_, response) => {
      tries++;
      response.writeHead(503, { 'retry-after': '25' }).end();
    });
    const { provider, logged } = createTestClient(server, { clock });
    const listing = provider.models(never);
    listing.catch(() => {});
    for (const [index, waitMs] of [25_000, 25_000, 10_000].entries()) {
      await until(() => logged().split('trying again').length === index + 2);
      await clock.advance(waitMs);
    }
    await expect(listing).rejects.toMatchObject({ code: 'timeout' });
    expect(tries).toBe(3);
  });

  it('reads what a generation cost, and null where the provider does not know it (yet)', async () => {
    await using other = disposable(
      await createFakeProvider({
        generations: {
          'gen-1': { total_cost: 0.25, is_byok: false, upstream_inference_cost: 0.25 },
          'gen-byok': { total_cost: 0.01, is_byok: true, upstream_inference_cost: 0.2 },
        },
      }),
    );
    const { provider } = createTestClient(other.fake);
    expect(await provider.generationCost('gen-1', undefined, never)).toBe(250_000_000);
    expect(await provider.generationCost('gen-byok', undefined, never)).toBe(210_000_000);
    expect(await provider.generationCost('gen-2', 'sk-test-own', never)).toBeNull();
    expect(other.fake.requests[2]?.headers.authorization).toBe('Bearer sk-test-own');
  });

  it('asks for no cost where the provider has no such lookup', async () => {
    const { provider } = createTestClient(fake, { preset: 'openai' });
    expect(await provider.generationCost('gen-1', undefined, never)).toBeNull();
    expect(fake.requests).toEqual([]);
  });

  it.each([
    ['openrouter', '/v1/key'],
    ['openai', '/v1/models'],
  ] as const)('tells a good key from a bad one at %s', async (preset, path) => {
    await using other = disposable(await createFakeProvider({ dialect: preset, keys: ['sk-test-good'] }));
    const { provider } = createTestClient(other.fake, { preset });
    expect(await provider.checkKey('sk-test-good', never)).toBe(true);
    expect(await provider.checkKey('sk-test-bad', never)).toBe(false);
    expect(await provider.checkKey('sk test\nbad', never)).toBe(false);
    expect(other.fake.requests.map((request) => request.path)).toEqual([path, path]);
  });

  it('says so when a key could not be checked', async () => {
    const port = await freePort();
    const { provider } = createTestClient({ url: `http://127.0.0.1:${port}/v1` });
    await expect(provider.checkKey('sk-test-good', never)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

async function serverThat(answers: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function disposable(fake: FakeProvider): AsyncDisposable & { fake: FakeProvider } {
  return { fake, [Symbol.asyncDispose]: () => fake.close() };
}

/** A port on which nothing listens. */
