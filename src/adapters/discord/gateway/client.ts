import type { Agent } from 'node:https';
import { Client, Events, GatewayIntentBits, Partials, type ResponseLike, Status } from 'discord.js';
import type { Logger } from 'pino';
import { StartError } from '../../../core/ports/adapter.ts';
import { type Fetch, webFetch } from '../../../core/ports/fetch.ts';
import { makeCache } from './caches.ts';
import { botPage } from './invite.ts';
import { leadGateway } from './lead-gateway.ts';

/** The shards of this process: all that Discord recommends, or these ids of a total count. */
export type Shards = 'auto' | { readonly ids: readonly number[]; readonly count: number };

/** The way to Discord, for requests and for the gateway. */
export interface Connection {
  readonly token: string;
  /** Without the version: `https://discord.com/api`, or a proxy's address. */
  readonly apiUrl: string;
  readonly fetch: Fetch;
  readonly shards: Shards;
  /** Routes the gateway's connections through a proxy. Default: direct. */
  readonly socketAgent?: Agent;
  /** Waits until the client may identify. For tests, which skip the 5 s between two. */
  readonly waitForIdentify?: () => Promise<void>;
}

/** Creates discord.js's client, for the gateway and its cache of guilds, channels and roles. Answers use `rest.ts`. */
export function createClient(connection: Connection, messageContent: boolean, log: Logger): Client {
  const { apiUrl, shards, fetch, socketAgent, waitForIdentify } = connection;
  if (socketAgent !== undefined) leadGateway(socketAgent);
  const web = webFetch(fetch);
  const client = new Client({
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.DirectMessages,
      ...(messageContent ? [GatewayIntentBits.MessageContent] : []),
    ],
    // Direct messages come from channels that are not cached.
    partials: [Partials.Channel],
    makeCache,
    allowedMentions: { parse: [] },
    rest: {
      api: apiUrl,
      async makeRequest(url, { dispatcher: _, ...init }) {
        const response = await web(url, init as RequestInit);
        // The same object in the types of two versions.
        return response as unknown as ResponseLike;
      },
    },
    shards: shards === 'auto' ? 'auto' : [...shards.ids],
    ...(shards === 'auto' ? {} : { shardCount: shards.count }),
    ...(waitForIdentify ? { ws: { buildIdentifyThrottler: async () => ({ waitForIdentify }) } } : {}),
  });
  client.on(Events.Error, (error) => log.warn({ err: error }, 'discord.js reported a fault'));
  client.on(Events.ShardError, (error, shard) =>
    log.warn({ err: error, shard }, 'a gateway connection failed'),
  );
  client.on(Events.ShardReconnecting, (shard) => log.info({ shard }, 'reconnecting to the gateway'));
  client.on(Events.ShardResume, (shard, replayed) =>
    log.info({ shard, replayed }, 'reconnected to the gateway'),
  );
  return client;
}

/**
 * Connects every shard; resolves once all guilds are known.
 * @throws StartError
 */
export async function login(
  client: Client,
  { token, shards }: Connection,
  applicationId: string,
  log: Logger,
): Promise<void> {
  let closeCode: number | null = null;
  client.on(Events.ShardDisconnect, ({ code }, shard) => {
    closeCode = code;
    const fatal = startErrorFor(code, applicationId, shards);
    log.error(
      { shard, closeCode: code, remedy: fatal?.remedy },
      'Discord closed a gateway connection for good',
    );
  });
  const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()));
  try {
    await client.login(token);
  } catch (error) {
    throw (closeCode === null ? null : startErrorFor(closeCode, applicationId, shards)) ?? error;
  }
  await ready;
}

/** Whether every shard is connected. `client.isReady()` stays true while one reconnects. */
export function isConnected(client: Client): boolean {
  const shards = [...client.ws.shards.values()];
  return shards.length > 0 && shards.every((shard) => shard.status === Status.Ready);
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function startErrorFor(closeCode: number, applicationId: string, shards: Shards): StartError | null {
  const page = botPage(applicationId);
  switch (closeCode) {
    case 4004:
      return new StartError('Discord does not accept DISCORD_TOKEN.', tokenRemedy(page));
    case 4010:
    case 4011: {
      const now = shards === 'auto' ? 'auto' : `${shards.ids.join(',')} of ${shards.count}`;
      return new StartError(
        `Discord does not accept the shards ${now}.`,
        'Set DISCORD_SHARDS and DISCORD_SHARD_COUNT to "auto", or to more shards: Discord allows at most 2,500 guilds on one.',
      );
    }
    case 4013:
    case 4014:
      return new StartError(
        'Discord refuses the message-content intent (4014).',
        `Open ${page}, switch on "Message Content Intent" under "Privileged Gateway Intents", save, and restart Parley. If it stays off, the bot only sees commands, mentions and direct messages.`,
      );
    default:
      return null;
  }
}

export function tokenRemedy(page: string): string {
  return `Open ${page}, press "Reset Token", and put the new token into DISCORD_TOKEN.`;
}
