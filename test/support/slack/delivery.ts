import type { Clock } from '../../../src/core/kit/time/clock.ts';
import { type Envelope, type Outcome, RETRY_DELAYS_MS, type Transport } from './envelope.ts';

export interface Delivery {
  /** Delivers with Slack's retries: events are sent again, commands and interactions are not. Owned until `close`. */
  deliver(envelope: Envelope): Promise<Outcome>;
  /** Events whose delivery has not come to an end. */
  readonly pending: number;
  close(): Promise<void>;
}

export function createDelivery(transport: () => Transport, clock: Clock): Delivery {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  async function run(envelope: Envelope): Promise<Outcome> {
    const delays = envelope.type === 'events_api' ? RETRY_DELAYS_MS : [];
    let outcome = await transport().send({ envelope, retry: 0 }, closing.signal);
    for (const [index, delayMs] of delays.entries()) {
      if (outcome.acked || closing.signal.aborted) break;
      if (delayMs > 0) await clock.sleep(delayMs, closing.signal);
      outcome = await transport().send({ envelope, retry: index + 1 }, closing.signal);
    }
    return outcome;
  }

  return {
    get pending() {
      return running.size;
    },
    deliver(envelope) {
      const work = run(envelope).catch((error: unknown): Outcome => {
        if (closing.signal.aborted) return { acked: false, reason: 'closed' };
        throw error;
      });
      running.add(work);
      return work.finally(() => running.delete(work));
    },
    async close() {
      closing.abort(new Error('closed'));
      await Promise.allSettled(running);
    },
  };
}
