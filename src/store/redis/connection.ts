import { createHash } from 'node:crypto';
import { createClient } from '@keyv/redis';
import type { Logger } from 'pino';
import { StartError } from '../../core/ports/adapter.ts';
import { StoreError } from '../../core/ports/store.ts';

/** Redis answers within about a millisecond. After this time a connection counts as dead and is replaced, though not closed. */
const COMMAND_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection without data for so long, not even a ping's answer, is replaced; so is one that hangs while connecting. */
const SILENCE_TIMEOUT_MS = 30_000;
const PING_EVERY_MS = 10_000;
const RECONNECT_AFTER_MS = { first: 50, most: 2_000 } as const;

export type RedisClient = ReturnType<typeof createClient>;

/** A Lua script; Redis runs it as one atomic step. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
  readonly keys: readonly string[];
}

/** The script of a template. @param keys the first of its `KEYS` */
export function script(...keys: readonly string[]) {
  return (strings: TemplateStringsArray, ...values: readonly (string | number)[]): Script => {
    const text = String.raw({ raw: strings }, ...values);
    return { text, sha1: createHash('sha1').update(text).digest('hex'), keys };
  };
}

/** A connection that reconnects by itself. While Redis is unreachable, commands fail at once and none is queued. */
export interface RedisConnection {
  readonly client: RedisClient;
  /** Runs `work` within the time limit. Rejects with `StoreError` for every fault. */
  run<T>(work: (client: RedisClient) => Promise<T>): Promise<T>;
  /** @param moreKeys `KEYS` after those of the script itself; none by default */
  runScript(
    script: Script,
    values: readonly (string | number)[],
    moreKeys?: readonly string[],
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** @throws StartError if Redis cannot be reached or refuses the connection */
export async function connectRedis(
  url: string,
  log: Logger,
  commandTimeoutMs = COMMAND_TIMEOUT_MS,
): Promise<RedisConnection> {
  let started = false;
  let isClosing = false;
  const client = openClient(url, (retries) => {
    // At the start a person is watching and is better told at once.
    if (!started) return false;
    const afterMs = Math.min(RECONNECT_AFTER_MS.first * 2 ** retries, RECONNECT_AFTER_MS.most);
    return afterMs * (0.5 + Math.random());
  });

  let away = false;
  client.on('error', (error: Error) => {
    if (away || !started) return;
    away = true;
    log.warn({ err: error }, 'Redis is unreachable; everything that needs the store fails until it is back');
  });
  client.on('ready', () => {
    if (away) log.info('Redis is reachable again');
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

  /** Replaces a connection that no longer delivers anything. Its running commands fail. */
  function reconnect(epoch: number): void {
    if (isClosing || !client.isReady || client.socketEpoch !== epoch) return;
    client.destroy();
    // Only `close` ends the attempts, and then the failure does not matter.
    client.connect().catch(() => {});
  }

  async function run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    const epoch = client.socketEpoch;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`no answer within ${commandTimeoutMs} ms`));
      reconnect(epoch);
    }, commandTimeoutMs);
    try {
      return await Promise.race([work(client), late.promise]);
    } catch (cause) {
      throw new StoreError(`Redis: ${wordsOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    run,
    client,
    runScript: ({ sha1, text, keys }, values, moreKeys = []) =>
      run(async () => {
        const given = { keys: [...keys, ...moreKeys], arguments: values.map(String) };
        try {
          return await client.evalSha(sha1, given);
        } catch (error) {
          if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
          return client.eval(text, given);
        }
      }),
    async close() {
      isClosing = true;
      // Running commands get their answers first, because Redis answers in turn. Nothing could end a `client.close`.
      if (client.isReady) await run(() => client.ping()).catch(() => {});
      if (client.isOpen) client.destroy();
    },
  };
}

function openClient(url: string, reconnectStrategy: (retries: number) => number | false): RedisClient {
  try {
    return createClient({
      url,
      // Otherwise commands would wait for Redis without limit.
      disableOfflineQueue: true,
      pingInterval: PING_EVERY_MS,
      socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS, reconnectStrategy },
    });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

/** The error for the start. */
export function unreachable(url: string, cause: unknown): StartError {
  // Only the host, because the URL also contains user and password.
  const host = URL.parse(url)?.host ?? 'at STORE_URL';
  return new StartError(
    `Redis ${host} cannot be used: ${wordsOf(cause)}`,
    'Check that Redis runs there and that STORE_URL names it: redis://USER:PASSWORD@HOST:PORT, or rediss:// with TLS.',
    { cause },
  );
}

/** Some socket errors have a name but no message. */
function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
