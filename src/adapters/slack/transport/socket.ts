import { SocketModeReceiver } from '@slack/bolt';
import { waitAtMost } from '../../../core/kit/time/deadline.ts';
import { webFetch } from '../../../core/ports/fetch.ts';
import { socketFault } from '../start-checks.ts';
import type { Transport, TransportOptions } from './transport.ts';

/** Slack's greeting comes within a second. */
const GREETING_TIMEOUT_MS = 15_000;
const GOODBYE_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Socket Mode: a connection that the bot opens. Bolt's client waits five seconds before it reconnects, and gives up after the
 * first failure. So its own reconnects are off, and this reconnects: at once, then at growing intervals, until it is closed.
 */
export function createSocketTransport(appToken: string, options: TransportOptions): Transport {
  const { apiUrl, clock, log } = options;
  const receiver = createReceiver(appToken, options);
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
    routes: [],
    isConnected: () => isOpen,
    async connect() {
      await connect().catch((error: unknown) => {
        throw socketFault(error, apiUrl);
      });
    },
    async disconnect() {
      closing.abort();
      // Slack may never answer the closing handshake.
      const goodbye = client.disconnect().then(() => keeping);
      await waitAtMost(clock, GOODBYE_TIMEOUT_MS, goodbye);
    },
  };
}

/** Tries each call once, so that `reconnect` decides over retries. */
function createReceiver(appToken: string, { apiUrl, boltLogger, fetch, dispatcher }: TransportOptions) {
  return new SocketModeReceiver({
    appToken,
    logger: boltLogger,
    autoReconnectEnabled: false,
    ...(dispatcher && { dispatcher }),
    installerOptions: {
      clientOptions: {
        slackApiUrl: apiUrl,
        fetch: webFetch(fetch),
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: GREETING_TIMEOUT_MS,
      },
    },
  });
}
