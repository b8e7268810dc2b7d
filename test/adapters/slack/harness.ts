import { createServer, type Server } from 'node:http';
import { pino } from 'pino';
import { expect } from 'vitest';
import { createSlackAdapter, type SlackAdapter } from '../../../src/adapters/slack/adapter.ts';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { type Command, defineCommand } from '../../../src/core/command.ts';
import { createWriteLimiters, type WriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { type Clock, systemClock } from '../../../src/core/kit/time/clock.ts';
import type { Adapter } from '../../../src/core/ports/adapter.ts';
import type { Dispatch } from '../../../src/core/ports/events.ts';
import { createRecordingDispatch, type RecordingDispatch } from '../../support/recording-dispatch.ts';
import { createFakeSlack, type FakeSlack, type FakeSlackOptions } from '../../support/slack/fake-slack.ts';
import { manifestOf } from '../../support/slack/parley.ts';
import { waitUntil } from '../../support/wait-until.ts';

export interface Bench {
  readonly slack: FakeSlack;
  readonly adapter: SlackAdapter;
  readonly recorded: RecordingDispatch;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  /** The address to which Slack sends its requests, over HTTP. */
  readonly eventsUrl: string;
  close(): Promise<void>;
}

export interface BenchOptions extends FakeSlackOptions {
  readonly commands?: readonly Command[];
  /** Declare the agent view. Default false. */
  readonly agentView?: boolean;
  /** Signed HTTP instead of Socket Mode. */
  readonly http?: boolean;
  readonly start?: boolean;
  /** The receiver of events; a recording dispatch by default. */
  readonly dispatch?: Dispatch;
  readonly botToken?: string;
  readonly appToken?: string;
}

const nothing = async () => undefined;

export const askCommand = defineCommand({
  name: 'ask',
  description: 'Ask a language model',
  role: 'member',
  reply: 'answer',
  options: {
    prompt: { type: 'text', description: 'Your question', required: true, maxChars: 6_000 },
    model: { type: 'model', description: 'Which model answers' },
    web: { type: 'flag', description: 'Let the model search the web' },
    private: { type: 'flag', description: 'Show the answer only to you' },
  },
  run: nothing,
});

export const modelCommand = defineCommand({
  name: 'model',
  description: 'Show or choose the model for this conversation or channel',
  role: 'member',
  reply: 'private',
  options: {
    model: { type: 'model', description: 'Which model; shows it if left out' },
    scope: {
      type: 'choice',
      description: 'Where it counts',
      choices: [
        { value: 'conversation', label: 'This conversation' },
        { value: 'channel', label: 'This channel (admins)' },
        { value: 'guild', label: 'Everywhere here (admins)' },
      ],
    },
  },
  run: nothing,
});

export const stopCommand = defineCommand({
  name: 'stop',
  description: 'Stop the answers here',
  role: 'member',
  reply: 'private',
  options: {},
  run: nothing,
});

export const COMMANDS: readonly Command[] = [askCommand, modelCommand, stopCommand];

const LOG = pino({ level: process.env['TEST_LOG'] ?? 'silent' });

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const { commands = COMMANDS, agentView = false, clock = systemClock } = options;
  const url = options.http ? 'https://parley.example.com' : null;
  const manifest = manifestOf({ commands, url, agentView });
  const slack = await createFakeSlack({ manifest, deliveryClock: systemClock, ...options, clock });
  const recorded = createRecordingDispatch();
  const limiters = createWriteLimiters(clock);
  const adapter = createSlackAdapter({
    botToken: options.botToken ?? slack.app.botToken,
    transport: options.http
      ? { mode: 'http', signingSecret: slack.app.signingSecret }
      : { mode: 'socket', appToken: options.appToken ?? slack.app.appToken },
    apiUrl: slack.apiUrl,
    commands,
    limiters,
    fetch: createFetch(),
    clock,
    log: LOG,
  });
  const server = options.http ? await serve(adapter) : null;
  const eventsUrl = `${server?.origin}/slack/events`;
  if (server !== null) slack.useHttp(eventsUrl);
  if (options.start !== false) await adapter.start(options.dispatch ?? recorded);
  return {
    slack,
    adapter,
    recorded,
    limiters,
    clock,
    eventsUrl,
    async close() {
      recorded.release();
      await adapter.stop();
      server?.server.closeAllConnections();
      await new Promise<void>((resolve) =>
        server === null ? resolve() : server.server.close(() => resolve()),
      );
      await slack.close();
      expect([...recorded.openClaims]).toEqual([]);
    },
  };
}

async function serve(adapter: Adapter): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const route = adapter.routes.find(({ path }) => path === request.url?.split('?', 1)[0]);
    if (route === undefined) return void response.writeHead(404).end();
    void route.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, origin: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` };
}

/** Waits until something holds; for what real sockets bring. */
export function until(holds: () => boolean): Promise<void> {
  return waitUntil(() => {
    if (!holds()) throw new Error('still waiting');
  });
}

/**
 * Waits until everything that was said has been dealt with: so many messages have come, nothing is under way, and nothing new
 * has come for a while.
 */
export async function quiet({ slack, recorded }: Bench, messages = 0): Promise<void> {
  await until(() => recorded.messages.length >= messages);
  const activity = () =>
    [
      slack.requests.length,
      recorded.messages.length,
      recorded.commands.length,
      recorded.presses.length,
    ].join();
  for (;;) {
    await until(() => slack.undelivered === 0 && slack.requests.every(({ outcome }) => outcome !== null));
    const before = activity();
    await new Promise((resolve) => setTimeout(resolve, 60));
    if (activity() === before) return;
  }
}
