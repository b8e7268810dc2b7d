import { setPriority } from 'node:os';
import { createLoadDiscord } from './discord.ts';
import type { LoadOptions } from './options.ts';
import type { AskingWay, LoadPlatform } from './platform.ts';
import { type LoadProvider, startProvider } from './provider.ts';
import { createLoadSlack } from './slack.ts';

/** All that surrounds a bot: the platforms, in this process, and the model's provider, in one of its own. */
export interface Stage {
  readonly provider: LoadProvider;
  /** Those in which somebody asks, and how many answers are to stream at once in each. */
  readonly ways: readonly { readonly way: AskingWay; readonly streams: number }[];
  /** The variables by which a bot finds all this. */
  readonly environment: Readonly<Record<string, string>>;
  violations(): readonly string[];
  /** Requests to the platforms so far. */
  calls(): number;
  close(): Promise<void>;
}

/** As `nice` counts: higher is less. */
const LOWER_PRIORITY = 5;

export async function openStage(options: LoadOptions): Promise<Stage> {
  const { ask, mention, slack: slackStreams } = options;
  const provider = await startProvider(options);
  const discord = ask + mention > 0 ? await createLoadDiscord(options) : null;
  const slack = slackStreams > 0 ? await createLoadSlack(options) : null;
  const platforms: readonly LoadPlatform[] = [discord, slack].filter((each) => each !== null);

  // The load gives way: in earnest the bot need not share its processors with platforms and providers.
  for (const pid of [process.pid, provider.pid]) setPriority(pid, LOWER_PRIORITY);

  const ways = [
    { way: discord?.byCommand, streams: ask },
    { way: discord?.byMention, streams: mention },
    { way: slack?.byMention, streams: slackStreams },
  ];
  return {
    provider,
    ways: ways.flatMap(({ way, streams }) => (way === undefined || streams === 0 ? [] : [{ way, streams }])),
    environment: {
      ...discord?.environment,
      ...slack?.environment,
      OPENROUTER_API_KEY: 'sk-or-v1-load',
      OPENROUTER_BASE_URL: provider.url,
    },
    violations: () => platforms.flatMap((platform) => platform.violations()),
    calls: () => platforms.reduce((sum, platform) => sum + platform.calls(), 0),
    async close() {
      provider.stop();
      for (const platform of platforms) await platform.close();
    },
  };
}
