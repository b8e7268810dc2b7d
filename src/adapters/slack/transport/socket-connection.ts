import {
  type Logger as BoltLogger,
  type Receiver,
  SocketModeReceiver,
  type SocketModeReceiverOptions,
} from '@slack/bolt';
import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import { waitAtMost } from '../../../core/kit/deadline.ts';

export type SocketDispatcher = NonNullable<SocketModeReceiverOptions['dispatcher']>;

/** A Socket Mode connection that reconnects by itself. */
export interface SocketConnection {
  readonly receiver: Receiver;
  /** Connects for the first time. Rejects if that fails; Slack's refusals have `data.error`. */
  open(): Promise<void>;
  readonly isOpen: boolean;
  close(): Promise<void>;
}

export interface SocketOptions {
  readonly appToken: string;
  readonly apiUrl: string;
  readonly boltLogger: BoltLogger;
  readonly fetch: typeof fetch;
  /** Opens the socket, for example through a proxy. Default: direct. */
  readonly dispatcher?: SocketDispatcher | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after a reconnect, with the time of the interruption. */
  readonly onBack: (awayMs: number) => void;
}

/** Slack's greeting comes within a second. */
const GREETING_TIMEOUT_MS = 15_000;
const GOODBYE_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Bolt's client waits five seconds before it reconnects, and gives up after the first failure. So its own reconnects are off,
 * and this reconnects: at once, then at growing intervals, until it is closed.
 */
export function createSocketConnection(options: SocketOptions): SocketConnection {
  const { clock, log } = options;
  const receiver = createReceiver(options);
  const { client } = receiver;
  const closing = new AbortController();
  let isOpen = false;
  let keeping: Promise<void> = Promise.resolve();

  async function connect(): Promise<void> {
    const greeted = new AbortController();
    clock.sleep(GREETING_TIMEOUT_MS, AbortSignal.any([greeted.signal, closing.signal])).then(
      () => client.disconnect(),
      () => {}, // greeted, or closing
    );
    try {
      await client.start();
      if (closing.signal.aborted) await client.disconnect();
      else isOpen = true;
    } catch (error) {
      throw error ?? new Error('Slack closed the connection');
    } finally {
      greeted.abort();
    }
  }

  async function reconnect(): Promise<void> {
    const sinceMs = clock.now();
    for (
      let waitMs = 0;
      !closing.signal.aborted;
      waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2 || FIRST_RETRY_MS)
    ) {
      try {
        if (waitMs > 0) await clock.sleep(waitMs, closing.signal);
        await connect();
        log.info('reconnected to Slack');
        options.onBack(clock.now() - sinceMs);
        return;
      } catch (error) {
        if (!closing.signal.aborted) log.warn({ err: error }, 'could not connect to Slack; retrying');
      }
    }
  }

  client.on('disconnected', () => {
    if (!isOpen) return;
    isOpen = false;
    if (closing.signal.aborted) return;
    log.info('the connection to Slack ended; reconnecting');
    keeping = reconnect();
  });

  return {
    receiver,
    open: connect,
    get isOpen() {
      return isOpen;
    },
    async close() {
      closing.abort();
      // Slack may never answer the closing handshake.
      const goodbye = client.disconnect().then(() => keeping);
      await waitAtMost(clock, GOODBYE_TIMEOUT_MS, goodbye);
    },
  };
}

/** Tries each call once, so that `reconnect` decides over retries. */
function createReceiver({ appToken, apiUrl, boltLogger, fetch, dispatcher }: SocketOptions) {
  return new SocketModeReceiver({
    appToken,
    logger: boltLogger,
    autoReconnectEnabled: false,
    ...(dispatcher && { dispatcher }),
    installerOptions: {
      clientOptions: {
        slackApiUrl: apiUrl,
        fetch,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: GREETING_TIMEOUT_MS,
      },
    },
  });
}
