import { MessageSurface } from '../../src/adapters/discord/answers/message-surface.ts';
import { createWaitingSigns } from '../../src/adapters/discord/answers/waiting-signs.ts';
import { createRest } from '../../src/adapters/discord/rest/rest.ts';
import type { WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import { createTasks } from '../../src/core/kit/scheduling/tasks.ts';
import type { Surface } from '../../src/core/ports/surface.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { log } from '../support/streams.ts';
import type { Screen } from './answers.ts';
import { type BareBot, createBareBot } from './bare-bot.ts';
import { type Counter, type Counting, createCounter } from './windows.ts';

export interface SimulatedPlatform {
  /** An answer to the question with this index, as Parley shows it. */
  open(index: number, screen: Screen, limiters: WriteLimiters): Surface;
  /** The same by a bot on the platform's own library. */
  readonly bareBot: BareBot;
  readonly calls: number;
  readonly refusals: number;
}

/** There and back; the effect is in the middle. */
const ROUND_TRIP_MS = 40;

interface DiscordOptions {
  readonly counting: Counting;
  /** Channels in which people ask, each question in one of them. */
  readonly channels: number;
}

/** Answers to mentions, each in a thread of its own, through the real REST client and surface over a Discord that only counts. */
export function createSimulatedDiscord(clock: FakeClock, options: DiscordOptions): SimulatedPlatform {
  const global = createCounter(options.counting, 50, 1_000);
  const routes = new Map<string, Counter>();
  const screens = new Map<string, Screen>();
  let [calls, refusals, ids] = [0, 0, 0];

  function refusalOf(route: string): number | null {
    const counter = routes.get(route) ?? createCounter(options.counting, 5, 5_000);
    routes.set(route, counter);
    return global.take(clock.now()) ?? counter.take(clock.now());
  }

  async function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const [path = ''] = String(input).slice('http://discord/v10'.length).split('?');
    const method = init?.method ?? 'GET';
    await clock.sleep(ROUND_TRIP_MS / 2);
    calls++;
    const waitMs = refusalOf(`${method} ${path.replace(/\/messages\/\d+$/, '/messages/:id')}`);
    let answer: object = {};
    if (waitMs !== null) {
      refusals++;
      answer = { message: 'You are being rate limited.', retry_after: waitMs / 1_000, global: false };
    } else if (path.includes('/messages')) {
      const id = method === 'PATCH' ? (path.split('/').at(-1) ?? '') : String(++ids);
      const channel = path.split('/')[2] ?? '';
      const { content } = JSON.parse(String(init?.body)) as { content: string };
      screens.get(channel)?.show(id, content);
      answer = { id };
    }
    await clock.sleep(ROUND_TRIP_MS / 2);
    return {
      status: waitMs === null ? 200 : 429,
      headers: new Headers(),
      text: async () => JSON.stringify(answer),
    } as Response;
  }

  async function send(kind: 'thread' | 'post' | 'edit', index: number): Promise<number | null> {
    await clock.sleep(ROUND_TRIP_MS / 2);
    const route = kind === 'thread' ? `channel ${index % options.channels}` : `${kind} ${index}`;
    const waitMs = refusalOf(route);
    if (waitMs === null) calls++;
    await clock.sleep(ROUND_TRIP_MS / 2);
    return waitMs;
  }

  return {
    bareBot: createBareBot({ clock, send, opensThreads: true, inOneQueue: false }),
    open(index, screen, limiters) {
      const rest = createRest({ apiUrl: 'http://discord', token: 'token', fetch, clock, limiters });
      const messageId = String(1_000_000 + index);
      screens.set(messageId, screen);
      const channelId = String(1 + (index % options.channels));
      const question = { channelId, messageId, authorId: '7', guildId: '8' };
      const spot = { kind: 'thread', title: 'A question' } as const;
      const tasks = createTasks(log);
      const surface = new MessageSurface(
        {
          rest,
          tasks,
          signs: createWaitingSigns(rest, clock, tasks),
          botId: '9',
          caveat: undefined,
          isArchived: () => false,
        },
        { kind: 'message', question, spot, canContinueInThread: false, newestId: null },
        { isResumed: false },
      );
      surface.indicate('working');
      return surface;
    },
    get calls() {
      return calls;
    },
    get refusals() {
      return refusals;
    },
  };
}
