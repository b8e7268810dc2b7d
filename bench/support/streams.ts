import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createParser } from 'eventsource-parser';
import pino from 'pino';
import { createFetch } from '../../src/app/http/http-client.ts';
import { Reply } from '../../src/core/delivery/reply.ts';
import { createWriteLimiters, type WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import type { ChatProvider, TakeEvent } from '../../src/core/ports/provider.ts';
import type { Surface } from '../../src/core/ports/surface.ts';
import { ProviderClient } from '../../src/core/provider/client.ts';
import { defineProvider } from '../../src/core/provider/definition.ts';

export const log = pino({ level: 'silent' });

export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a provider that streams, in a process of its own. */
export function startStreamServer(): Promise<Server> {
  return start(new URL('stream-server.ts', import.meta.url));
}

/** Starts an API that answers at once, in a process of its own. */
export function startAnsweringServer(): Promise<Server> {
  return start(new URL('answering-server.ts', import.meta.url));
}

async function start(file: URL): Promise<Server> {
  const child = spawn(process.execPath, [fileURLToPath(file)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  const [port] = (await once(lines, 'line')) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

export function providerAt(baseUrl: string): ChatProvider {
  return new ProviderClient({
    definition: defineProvider({ id: 'openrouter', preset: 'openrouter', baseUrl }),
    apiKey: 'sk-bench',
    fetch: createFetch(),
    clock: systemClock,
    random: () => 0,
    log,
    timeouts: { requestMs: 60_000, silenceMs: 90_000, firstProgressMs: 300_000, progressMs: 120_000 },
  });
}

/** Shows nothing, at once, under limits like Discord's, which no other surface shares. */
export function nowhere(name: string, onOpen: () => void = () => {}): Surface {
  return {
    limits: { maxChars: 2_000 },
    openScope: { key: `posts ${name}`, limit: 5, windowMs: 5_000 },
    canContinueInThread: false,
    isPrivate: false,
    indicate() {},
    async openMessage() {
      onOpen();
      return { key: name, scope: { key: `edits ${name}`, limit: 5, windowMs: 5_000 }, async update() {} };
    },
    async tellPrivately() {},
  };
}

/** One answer through provider client and reply engine, as the bot does it. */
export async function answerOnce(
  provider: ChatProvider,
  limiters: WriteLimiters,
  surface: Surface,
  signal: AbortSignal,
): Promise<void> {
  const reply = new Reply({
    surface,
    limiters,
    clock: systemClock,
    log,
    answerId: 'a1',
    onOpen() {},
    signal,
  });
  const request = {
    wireModel: 'openai/gpt-4o-mini',
    messages: [{ role: 'user', content: 'Hello' }],
  } as const;
  const write: TakeEvent = (event) => {
    if (event.type === 'text') reply.write(event.delta);
  };
  await provider.stream(request, write, signal);
  await reply.finish({ status: 'complete', note: null, footer: null, buttons: [] });
}

/** Through client and reply engine. */
export function createSubject(url: string): (name: string, signal: AbortSignal) => Promise<void> {
  const provider = providerAt(url);
  const limiters = createWriteLimiters(systemClock);
  return (name, signal) => answerOnce(provider, limiters, nowhere(name), signal);
}

/** The least that any bot does with the same bytes: fetch, eventsource-parser, JSON.parse. */
export function createFloor(url: string): (name: string, signal: AbortSignal) => Promise<void> {
  return async (_, signal) => {
    const response = await fetch(`${url}/chat/completions`, { method: 'POST', body: '{}', signal });
    if (response.body === null) throw new Error('no body');
    const parser = createParser({
      onEvent({ data }) {
        if (data !== '[DONE]') JSON.parse(data);
      },
    });
    const utf8 = new TextDecoder();
    for await (const bytes of response.body) parser.feed(utf8.decode(bytes, { stream: true }));
  };
}
