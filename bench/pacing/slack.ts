import { placeUnder } from '../../src/adapters/slack/answers/answer-place.ts';
import { SlackSurface } from '../../src/adapters/slack/answers/slack-surface.ts';
import type { WebApi } from '../../src/adapters/slack/api/web-api.ts';
import { createWorkspace } from '../../src/adapters/slack/api/workspace.ts';
import { createTasks } from '../../src/core/kit/scheduling/tasks.ts';
import { RateLimited } from '../../src/core/ports/delivery-errors.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { log } from '../support/streams.ts';
import type { Screen } from './answers.ts';
import { createBareBot } from './bare-bot.ts';
import type { SimulatedPlatform } from './discord.ts';
import { type Counter, type Counting, createCounter } from './windows.ts';

const ROUND_TRIP_MS = 60;
const no = async () => false;

interface SlackOptions {
  readonly counting: Counting;
  readonly channels: number;
  /** The most posts at once in one channel, above one a second. */
  readonly postBurst: number;
  /** The updates with these numbers are refused, although the limit is kept. */
  readonly surprises?: ReadonlySet<number>;
}

/** Answers to mentions in one workspace, through the real surface over a Slack that only counts. */
export function createSimulatedSlack(clock: FakeClock, options: SlackOptions): SimulatedPlatform {
  const updates = createCounter(options.counting, 50, 60_000);
  const posts = new Map<string, Counter>();
  const screens = new Map<string, Screen>();
  let [calls, refusals, updated, ids] = [0, 0, 0, 0];

  function refusalOf(method: string, channel: string): number | null {
    if (method === 'chat.update') {
      if (options.surprises?.has(++updated)) return 1_000;
      return updates.take(clock.now());
    }
    if (method !== 'chat.postMessage') return null;
    let counter = posts.get(channel);
    if (!counter) {
      counter = createCounter('bucket', options.postBurst, options.postBurst * 1_000);
      posts.set(channel, counter);
    }
    return counter.take(clock.now());
  }

  const api: WebApi = {
    async call(method, args) {
      const channel = String(args['channel']);
      await clock.sleep(ROUND_TRIP_MS / 2);
      calls++;
      const waitMs = refusalOf(method, channel);
      const ts = method === 'chat.update' ? String(args['ts']) : `1.${String(++ids).padStart(6, '0')}`;
      if (waitMs === null) {
        const blocks = (args['blocks'] ?? []) as readonly { readonly text?: unknown }[];
        const screen = screens.get(method === 'chat.update' ? ts : String(args['thread_ts']));
        if (screen) screens.set(ts, screen);
        screen?.show(ts, blocks.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n'));
      }
      await clock.sleep(ROUND_TRIP_MS / 2);
      if (waitMs !== null) {
        refusals++;
        // Slack counts in whole seconds.
        throw new RateLimited(Math.ceil(waitMs / 1_000) * 1_000);
      }
      return { data: { ok: true, ts, channel }, scopes: [] };
    },
    async upload() {},
  };

  async function send(kind: 'thread' | 'post' | 'edit', index: number): Promise<number | null> {
    await clock.sleep(ROUND_TRIP_MS / 2);
    calls++;
    const method = kind === 'edit' ? 'chat.update' : 'chat.postMessage';
    const waitMs = refusalOf(method, `C${index % options.channels}`);
    if (waitMs !== null) refusals++;
    await clock.sleep(ROUND_TRIP_MS / 2);
    return waitMs === null ? null : Math.ceil(waitMs / 1_000) * 1_000;
  }

  return {
    bareBot: createBareBot({ clock, send, opensThreads: false, inOneQueue: false }),
    open(index, screen, limiters) {
      const identity = { team: 'T1', botUser: 'U1', botId: 'B1', botName: 'Parley' };
      const workspace = createWorkspace(identity, api, limiters, clock);
      const questionTs = `0.${String(index).padStart(6, '0')}`;
      screens.set(questionTs, screen);
      const parts = {
        workspace,
        agentView: { isOn: false, probe: no, showWorking: no, showWaiting: async () => {} },
        channels: { refusalOf: async () => null },
        tasks: createTasks(log),
        clock,
        log,
        signal: new AbortController().signal,
      };
      const channel = `C${index % options.channels}`;
      return new SlackSurface(
        parts,
        placeUnder({ channel, user: 'U2', isDirect: false }, questionTs, questionTs),
      );
    },
    get calls() {
      return calls;
    },
    get refusals() {
      return refusals;
    },
  };
}
