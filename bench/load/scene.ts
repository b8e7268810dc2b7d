import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLLECTS_ON_SIGNAL, type LoadBot, startBareBot, startBot } from './bot.ts';
import type { LoadOptions } from './options.ts';
import { openStage, type Stage } from './stage.ts';

/** The bots, each in a process of its own, on their stage. */
export interface Scene extends Stage {
  readonly bots: readonly LoadBot[];
  /** Parley's store, if it is a file. */
  readonly databasePath: string;
}

export async function openScene(options: LoadOptions): Promise<Scene> {
  const { ask, mention, slack, bare, processes } = options;
  const stage = await openStage(options);
  const folder = mkdtempSync(join(tmpdir(), 'parley-load-'));
  const nodeFlags = [...options.nodeFlags, ...(options.soak === null ? [] : COLLECTS_ON_SIGNAL)];
  const environment = {
    ...stage.environment,
    ...(options.redis === null ? {} : { STORE_URL: options.redis }),
    DEFAULT_TIER: 'premium',
    DEFAULT_MODEL: 'openai/gpt-4o-mini',
    LIMITS: 'off',
    ...(options.titles ? {} : { AUTOMATIC: 'off' }),
    LOG_LEVEL: 'error',
    MAX_STREAMS: String(ask + mention + slack),
    MAX_STREAMS_PER_GUILD: String(Math.max(50, slack)),
  };
  const bots: LoadBot[] = [];
  if (bare) {
    if (mention > 0) bots.push(await startBareBot('discord', stage.environment, nodeFlags));
    if (slack > 0) bots.push(await startBareBot('slack', stage.environment, nodeFlags));
  } else if (processes === 1) bots.push(await startBot(folder, environment, nodeFlags));
  else {
    for (let shard = 0; shard < processes; shard++) {
      const shards = { DISCORD_SHARDS: String(shard), DISCORD_SHARD_COUNT: String(processes) };
      bots.push(await startBot(folder, { ...environment, ...shards }, nodeFlags));
    }
  }

  return {
    ...stage,
    bots,
    databasePath: join(folder, 'data', 'parley.db'),
    async close() {
      for (const bot of bots) await bot.stop();
      await stage.close();
      rmSync(folder, { recursive: true });
    },
  };
}
