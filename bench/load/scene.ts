import { mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadBot, startBot } from './bot.ts';
import { createLoadDiscord } from './discord.ts';
import type { LoadOptions } from './options.ts';
import type { AskingWay } from './platform.ts';
import { type LoadProvider, startProvider } from './provider.ts';
import { createLoadSlack } from './slack.ts';

/** The bot between its platforms and its provider, each in a process of its own; the platforms are in this one. */
export interface Scene {
  readonly bot: LoadBot;
  readonly provider: LoadProvider;
  /** Those in which somebody asks, and how many answers are to stream at once in each. */
  readonly ways: readonly { readonly way: AskingWay; readonly streams: number }[];
  /** The bot's store, where it is a file. */
  readonly databasePath: string;
  violations(): readonly string[];
  close(): Promise<void>;
}

/** As `nice` counts: higher is less. */
const LOWER_PRIORITY = 5;

export async function openScene(options: LoadOptions): Promise<Scene> {
  const { ask, mention, slack: slackStreams, guilds, channels, words, rate } = options;
  const provider = await startProvider(words, rate);
  const discord = ask + mention > 0 ? await createLoadDiscord(guilds, channels) : null;
  const slack = slackStreams > 0 ? await createLoadSlack(channels) : null;
  const folder = mkdtempSync(join(tmpdir(), 'parley-load-'));

  const bot = await startBot(folder, {
    ...discord?.environment,
    ...slack?.environment,
    OPENROUTER_API_KEY: 'sk-or-v1-load',
    OPENROUTER_BASE_URL: provider.url,
    ...(options.redis === null ? {} : { STORE_URL: options.redis }),
    DEFAULT_TIER: 'premium',
    DEFAULT_MODEL: 'openai/gpt-4o-mini',
    LIMITS: 'off',
    LOG_LEVEL: 'error',
    MAX_STREAMS: String(ask + mention + slackStreams),
    MAX_STREAMS_PER_GUILD: String(Math.max(50, slackStreams)),
  });

  // The load gives way: in earnest the bot need not share its processors with platforms and providers.
  for (const pid of [process.pid, provider.pid]) setPriority(pid, LOWER_PRIORITY);

  const ways = [
    { way: discord?.byCommand, streams: ask },
    { way: discord?.byMention, streams: mention },
    { way: slack?.byMention, streams: slackStreams },
  ];
  return {
    bot,
    provider,
    ways: ways.flatMap(({ way, streams }) => (way === undefined || streams === 0 ? [] : [{ way, streams }])),
    databasePath: join(folder, 'data', 'parley.db'),
    violations: () => [...(discord?.violations() ?? []), ...(slack?.violations() ?? [])],
    async close() {
      bot.signal('SIGTERM');
      await bot.exited;
      provider.stop();
      await discord?.close();
      await slack?.close();
      rmSync(folder, { recursive: true });
    },
  };
}
