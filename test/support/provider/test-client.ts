import pino, { type Logger } from 'pino';
import { createFetch } from '../../../src/app/http/http-client.ts';
import type { ChatEvent, ChatProvider, ChatRequest } from '../../../src/core/ports/provider.ts';
import type { ProviderError } from '../../../src/core/ports/provider-errors.ts';
import {
  ProviderClient,
  type ProviderClientOptions,
  type ProviderTimeouts,
} from '../../../src/core/provider/client.ts';
import { defineProvider } from '../../../src/core/provider/definition.ts';
import type { FakeProvider } from './fake-provider.ts';
import { createHastyClock, type HastyClock } from './hasty-clock.ts';

export interface TestClient {
  readonly provider: ChatProvider;
  readonly clock: HastyClock;
  /** Everything that was logged, as text. */
  readonly logged: () => string;
}

export const TIMEOUTS: ProviderTimeouts = {
  requestMs: 60_000,
  silenceMs: 90_000,
  firstProgressMs: 300_000,
  progressMs: 120_000,
};

/** The real client, against the given server; waits of up to 30 s pass at once. */
export function createTestClient(
  { url }: Pick<FakeProvider, 'url'>,
  overrides: Partial<ProviderClientOptions> & { preset?: 'openrouter' | 'openai' | 'compatible' } = {},
): TestClient {
  const { preset = 'openrouter', ...options } = overrides;
  const clock = createHastyClock();
  const { log, lines } = createLogRecorder();
  const provider = new ProviderClient({
    definition: defineProvider({ id: preset, preset, baseUrl: url, keyless: preset === 'compatible' }),
    apiKey: preset === 'compatible' ? null : 'sk-test-operator-key',
    fetch: createFetch(),
    clock,
    random: () => 0,
    log,
    timeouts: TIMEOUTS,
    ...options,
  });
  return { provider, clock, logged: () => lines.join('') };
}

/** What every recorder comes from: a new logger takes half a millisecond, to find out by whom it is made. */
const logger = pino({ level: 'trace' }, { write: () => {} });

/** A logger that keeps what it writes. */
export function createLogRecorder(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  return { log: Object.assign(logger.child({}), { [pino.symbols.streamSym]: stream }), lines };
}

export const QUESTION: ChatRequest = {
  wireModel: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a fjord?' }],
};

export const never: AbortSignal = new AbortController().signal;

/** The events of an answer as an iterable. The provider waits for the reader, and ends the request if the reader leaves. */
export async function* eventsOf(
  provider: Pick<ChatProvider, 'stream'>,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void, void> {
  let arrival = Promise.withResolvers<ChatEvent | null>();
  let demand = Promise.withResolvers<void>();
  const take = (event: ChatEvent) => {
    arrival.resolve(event);
    return demand.promise;
  };
  const ended = provider.stream(request, take, signal).then(
    () => arrival.resolve(null),
    (error: unknown) => arrival.reject(error),
  );
  try {
    for (let event = await arrival.promise; event !== null; event = await arrival.promise) {
      yield event;
      const { resolve } = demand;
      [arrival, demand] = [Promise.withResolvers(), Promise.withResolvers()];
      resolve();
    }
  } finally {
    demand.promise.catch(() => {}); // nobody waits for it if the stream has ended
    demand.reject(new Error('the reader has left'));
    await ended;
  }
}

/** Reads a stream to its end, or to its error. */
export async function readAll(
  stream: AsyncIterable<ChatEvent>,
): Promise<{ events: ChatEvent[]; error: ProviderError | null }> {
  const events: ChatEvent[] = [];
  try {
    for await (const event of stream) events.push(event);
    return { events, error: null };
  } catch (error) {
    return { events, error: error as ProviderError };
  }
}

/** The text of the events. */
export function textOf(events: readonly ChatEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
}
