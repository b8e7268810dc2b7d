import { createHash } from 'node:crypto';
import { createClient } from '@keyv/redis';
import type { Logger } from 'pino';
import { StartError } from '../../core/ports/adapter.ts';
import { StoreError } from '../../core/ports/store.ts';

/**
 * How long a command may take. Redis answers within a millisecond or so; after this long the connection is taken for
 * dead, although nobody closed it, and made anew.
 */
const COMMAND_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection that says nothing for that long, not even to a ping, is made anew; so is one that hangs as it begins. */
const SILENCE_TIMEOUT_MS = 30_000;
const PING_EVERY_MS = 10_000;
const RECONNECT_AFTER_MS = { first: 50, most: 2_000 } as const;

export type RedisClient = ReturnType<typeof createClient>;

/** A Lua script, which Redis runs as one atomic step. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** One connection that comes back by itself. While Redis is away, commands fail at once; none is queued for later. */
export interface RedisConnection {
  readonly client: RedisClient;
  /** Bounds the time that `work` takes. Rejects with `StoreError` for whatever goes wrong. */
  run<T>(work: (client: RedisClient) => Promise<T>): Promise<T>;
  runScript(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
  close(): Promise<void>;
}

/** @throws StartError where Redis cannot be reached or refuses the connection. */
export async function connectRedis(
  url: string,
  log: Logger,
  commandTimeoutMs = COMMAND_TIMEOUT_MS,
): Promise<RedisConnection> {
  let started = false;
  let closed = false;
  const client = open(url, (retries) => {
    // At the start a person is watching, who is better told at once.
    if (!started) return false;
    const afterMs = Math.min(RECONNECT_AFTER_MS.first * 2 ** retries, RECONNECT_AFTER_MS.most);
    return afterMs * (0.5 + Math.random());
  });

  let away = false;
  client.on('error', (error: Error) => {
    if (away || !started) return;
    away = true;
    log.warn({ err: error }, 'Redis is away; what needs the store fails until it is back');
  });
  client.on('ready', () => {
    if (away) log.info('Redis is back');
    away = false;
  });

  try {
    await client.connect();
    await client.ping();
  } catch (cause) {
    if (client.isOpen) client.destroy();
    throw unreachable(url, cause);
  }
  started = true;

  /** Gives up a connection over which nothing comes any more. What is under way on it fails. */
  function reconnect(epoch: number): void {
    if (!client.isReady || client.socketEpoch !== epoch) return;
    client.destroy();
    // Nothing but `close` ends the attempts, and then nobody needs to know.
    client.connect().catch(() => {});
  }

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    const epoch = client.socketEpoch;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`no answer within ${commandTimeoutMs} ms`));
      reconnect(epoch);
    }, commandTimeoutMs);
    try {
      return await Promise.race([work(), late.promise]);
    } catch (cause) {
      throw new StoreError(`Redis: ${wordsOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  async function run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    if (closed) throw new StoreError('Redis: the store is closed');
    return bounded(() => work(client));
  }

  return {
    run,
    client,
    runScript: ({ sha1, text }, keys, values) =>
      run(async () => {
        const given = { keys: [...keys], arguments: values.map(String) };
        try {
          return await client.evalSha(sha1, given);
        } catch (error) {
          if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
          return client.eval(text, given);
        }
      }),
    async close() {
      if (closed) return;
      closed = true;
      // What is under way gets its answer first.
      if (client.isReady) await bounded(() => client.close()).catch(() => {});
      if (client.isOpen) client.destroy();
    },
  };
}

function open(url: string, reconnectStrategy: (retries: number) => number | false): RedisClient {
  try {
    return createClient({
      url,
      // Else commands would wait for Redis to come back, for ever if need be.
      disableOfflineQueue: true,
      pingInterval: PING_EVERY_MS,
      socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS, reconnectStrategy },
    });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

/** For the start. */
export function unreachable(url: string, cause: unknown): StartError {
  // The host alone: user and password stand in the URL too.
  const host = URL.parse(url)?.host ?? 'at STORE_URL';
  return new StartError(
    `Redis ${host} cannot be used: ${wordsOf(cause)}`,
    'Check that Redis runs there and that STORE_URL names it: redis://USER:PASSWORD@HOST:PORT, or rediss:// with TLS.',
    { cause },
  );
}

/** Some errors of sockets have a name and no message. */
function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
