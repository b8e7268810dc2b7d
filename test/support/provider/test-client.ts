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

/** A logger that keeps what it writes. */
export function createLogRecorder(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }), lines };
}

export const QUESTION: ChatRequest = {
  wireModel: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a fjord?' }],
};

export const never: AbortSignal = new AbortController().signal;

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
