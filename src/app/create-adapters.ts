import type { Shards } from '../adapters/discord/gateway/client.ts';
import type { SlackAdapterOptions } from '../adapters/slack/adapter.ts';
import { commands } from '../commands/index.ts';
import type { WriteLimiters } from '../core/delivery/write-limiter.ts';
import type { Adapter } from '../core/ports/adapter.ts';
import type { Store } from '../core/ports/store.ts';
import type { Services } from '../core/services.ts';
import type { Login } from '../http/login.ts';
import { fileLimitsOf, retentionMsOf } from './config/config.ts';
import { isPlaygroundOn } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import { createSocketProxy } from './http/proxies.ts';
import type { Means } from './means.ts';
import type { Offer } from './offer.ts';

export interface AdaptersOptions extends Means {
  readonly config: Config;
  readonly store: Store;
  readonly services: Services;
  readonly offer: Pick<Offer, 'providers' | 'demoLacks'>;
  readonly limiters: WriteLimiters;
  /** Null if there is no `ADMIN_TOKEN`. */
  readonly login: Login | null;
}

/** An adapter, with notes for the operator after its start. */
export type StartedAdapter = Adapter & { readonly notes?: readonly string[] };

/** The adapters of all platforms that the configuration switches on; each is loaded only then. */
export async function createAdapters(options: AdaptersOptions): Promise<readonly StartedAdapter[]> {
  const { config } = options;
  const adapters: StartedAdapter[] = [];
  if (config.DISCORD_TOKEN !== undefined) adapters.push(await createDiscord(options));
  if (config.SLACK_BOT_TOKEN !== undefined) adapters.push(await createSlack(options));
  if (isPlaygroundOn(config)) adapters.push(await createPlayground(options));
  return adapters;
}

export type ChatAdapterOptions = Means & Pick<AdaptersOptions, 'config' | 'limiters'>;

/**
 * Discord's adapter by the settings, behind their proxy. `DISCORD_TOKEN` must be set.
 * @param shards default: those of the settings
 */
export async function createDiscord(
  { config, limiters, fetch, clock, log }: ChatAdapterOptions,
  shards = shardsOf(config),
): Promise<StartedAdapter> {
  const { createDiscordAdapter } = await import('../adapters/discord/adapter.ts');
  const { DISCORD_TOKEN: token = '', DISCORD_API_URL: apiUrl } = config;
  const socketAgent = createSocketProxy(config)?.agent;
  return createDiscordAdapter({
    connection: { token, apiUrl, fetch, shards, ...(socketAgent && { socketAgent }) },
    commandGuilds: config.DISCORD_COMMAND_GUILDS,
    commands,
    skus: new Set(config.DISCORD_SKU_TIERS.keys()),
    limiters,
    clock,
    log: log.child({ platform: 'discord' }),
  });
}

/** Slack's adapter by the settings, behind their proxy. `SLACK_BOT_TOKEN` must be set. */
export async function createSlack(options: ChatAdapterOptions): Promise<StartedAdapter> {
  const { config, limiters, fetch, clock, log } = options;
  const { createSlackAdapter } = await import('../adapters/slack/adapter.ts');
  const socketDispatcher = createSocketProxy(config)?.dispatcher;
  return createSlackAdapter({
    botToken: config.SLACK_BOT_TOKEN ?? '',
    transport: slackTransport(config),
    apiUrl: config.SLACK_API_URL,
    commands,
    limiters,
    clock,
    log: log.child({ platform: 'slack' }),
    fetch,
    ...(socketDispatcher && { socketDispatcher }),
  });
}

async function createPlayground(options: AdaptersOptions): Promise<Adapter> {
  const { config, store, services, offer, login, clock, log } = options;
  const { createWebAdapter } = await import('../adapters/web/adapter.ts');
  const { createPlaygroundHost } = await import('./playground-host.ts');
  return createWebAdapter({
    host: createPlaygroundHost({
      commands,
      services,
      nameOf: offer.providers.nameOf,
      isDemo: offer.demoLacks !== null,
    }),
    store,
    clock,
    log,
    ...(login === null ? {} : { login }),
    maxFileBytes: fileLimitsOf(config).maxBytes,
    retentionMs: retentionMsOf(config),
  });
}

function shardsOf({ DISCORD_SHARDS: ids, DISCORD_SHARD_COUNT: count }: Config): Shards {
  return ids === 'auto' || count === 'auto' ? 'auto' : { ids, count };
}

function slackTransport({
  SLACK_APP_TOKEN: appToken,
  SLACK_SIGNING_SECRET: signingSecret,
}: Config): SlackAdapterOptions['transport'] {
  if (appToken !== undefined) return { mode: 'socket', appToken };
  if (signingSecret !== undefined) return { mode: 'http', signingSecret };
  throw new Error('SLACK_BOT_TOKEN is set without a transport');
}
