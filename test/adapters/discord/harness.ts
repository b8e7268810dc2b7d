import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { createDiscordAdapter, type DiscordAdapter } from '../../../src/adapters/discord/adapter.ts';
import type { Shards } from '../../../src/adapters/discord/gateway/client.ts';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { commands } from '../../../src/commands/index.ts';
import { type Command, defineCommand } from '../../../src/core/command.ts';
import { createWriteLimiters, type WriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { type Clock, systemClock } from '../../../src/core/kit/time/clock.ts';
import type { Dispatch } from '../../../src/core/ports/events.ts';
import {
  createFakeDiscord,
  type FakeDiscord,
  type FakeDiscordOptions,
} from '../../support/discord/fake-discord.ts';
import { openGuild } from '../../support/discord/guild.ts';
import { createRecordingDispatch, type RecordingDispatch } from '../../support/recording-dispatch.ts';
import type { TestBot } from '../../support/test-bot.ts';

const nothing = async () => undefined;

export const askCommand = defineCommand({
  name: 'ask',
  description: 'Ask a language model',
  role: 'member',
  reply: 'answer',
  options: {
    prompt: { type: 'text', description: 'Your question', required: true, maxChars: 6_000 },
    model: { type: 'model', description: 'Which model answers' },
    file: { type: 'file', description: 'A file' },
    file2: { type: 'file', description: 'Another file' },
    private: { type: 'flag', description: 'Show the answer only to you' },
  },
  run: nothing,
});

export const helpCommand = defineCommand({
  name: 'help',
  description: 'Show what the bot can do',
  role: 'member',
  reply: 'private',
  options: {},
  run: nothing,
});

/** A bot of its own on the same Discord. */
export interface BotOptions {
  readonly commands?: readonly Command[];
  readonly commandGuilds?: readonly string[];
  readonly shards?: Shards;
  readonly skus?: ReadonlySet<string>;
  readonly token?: string;
  /** A core of its own, in the place of the bench's. */
  readonly dispatch?: Dispatch;
  readonly limiters?: WriteLimiters;
}

export interface Bench {
  readonly discord: FakeDiscord;
  /** The bot that was started with the bench. */
  readonly adapter: DiscordAdapter;
  readonly recorded: RecordingDispatch;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  /** Starts one more bot, as after a restart or in another process. It is stopped with the bench. */
  startBot(options?: BotOptions): Promise<DiscordAdapter>;
  close(): Promise<void>;
}

export interface BenchOptions extends FakeDiscordOptions, BotOptions {
  /** Those of another core than the recording one. */
  readonly limiters?: WriteLimiters;
  /** A core in the place of the recording one. */
  readonly dispatch?: Dispatch;
  /** Prepares Discord before the bot connects. */
  readonly prepare?: (discord: FakeDiscord) => void;
  /** Whether a bot is started (true). */
  readonly start?: boolean;
}

const SILENT = pino({ level: 'silent' });

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = options.clock ?? systemClock;
  const discord = await createFakeDiscord({ ...options, clock });
  options.prepare?.(discord);
  const limiters = options.limiters ?? createWriteLimiters(clock);
  const adapters: DiscordAdapter[] = [];

  function createBot(bot: BotOptions): DiscordAdapter {
    const adapter = createDiscordAdapter({
      connection: {
        token: bot.token ?? discord.token,
        apiUrl: discord.apiUrl,
        fetch: createFetch(),
        shards: bot.shards ?? 'auto',
        waitForIdentify: nothing,
      },
      commands: bot.commands ?? [askCommand, helpCommand],
      ...(bot.commandGuilds ? { commandGuilds: bot.commandGuilds } : {}),
      ...(bot.skus ? { skus: bot.skus } : {}),
      limiters: bot.limiters ?? limiters,
      clock,
      log: SILENT,
    });
    adapters.push(adapter);
    return adapter;
  }

  const recorded = createRecordingDispatch();
  const adapter = createBot(options);
  const close = async () => {
    recorded.release();
    for (const each of adapters) await each.stop();
    await discord.close();
    expect([...recorded.openClaims]).toEqual([]);
  };
  try {
    if (options.start ?? true) await adapter.start(options.dispatch ?? recorded);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    discord,
    adapter,
    recorded,
    limiters,
    clock,
    async startBot(bot = {}) {
      const another = createBot(bot);
      await another.start(bot.dispatch ?? options.dispatch ?? recorded);
      return another;
    },
    close,
  };
}

/** Puts a core behind the real discord.js, in a guild with two people. Closed after the test, before the core. */
export async function openBehind(bot: TestBot, options: BenchOptions = {}) {
  const bench = await openBench({ commands, ...options, limiters: bot.limiters, dispatch: bot.dispatch });
  onTestFinished(bench.close);
  bot.finders.push(bench.adapter);
  return { ...bot, ...bench, ...openGuild(bench.discord) };
}

/** Limits for `rateLimits`: edits come quickly, so that a test need not wait for them; the rules are the same. */
export const QUICK = {
  'POST /channels/:id/messages': { limit: 5, windowMs: 200 },
  'PATCH /channels/:id/messages/:id': { limit: 5, windowMs: 200 },
  '* /webhooks/:id/:token': { limit: 5, windowMs: 200 },
};
