import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import type { ClaimKey, ClaimStore } from '../ports/store.ts';

/** Marks claims as dealt with, however long the store takes: an answered event must not be found as an orphan later. */
export interface Finisher {
  /** Resolves when it stands, or else when it goes on in the background. Never rejects. */
  finish(claim: ClaimKey): Promise<void>;
  /** For a claim that may have been made or not. In the background. */
  finishDoubtful(claim: ClaimKey): void;
  /** What is under way is tried once more. */
  stop(): Promise<void>;
}

const RETRY_AFTER_MS = { first: 1_000, most: 30_000 };

export function createFinisher({
  claims,
  clock,
  log,
}: {
  readonly claims: ClaimStore;
  readonly clock: Clock;
  readonly log: Logger;
}): Finisher {
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();

  function inBackground(claim: ClaimKey): void {
    const running = untilStored(claim).finally(() => underWay.delete(running));
    underWay.add(running);
  }

  async function untilStored(claim: ClaimKey): Promise<void> {
    for (let waitMs = RETRY_AFTER_MS.first; ; waitMs = Math.min(2 * waitMs, RETRY_AFTER_MS.most)) {
      await clock.sleep(waitMs, signal).catch(() => {}); // Stopping: once more, and no longer.
      const last = signal.aborted;
      try {
        await claims.finish(claim);
        return;
      } catch (error) {
        if (!last) continue;
        log.error({ err: error, event: claim.id }, 'an event that is dealt with could not be marked as such');
        return;
      }
    }
  }

  return {
    async finish(claim) {
      try {
        await claims.finish(claim);
      } catch (error) {
        log.warn({ err: error, event: claim.id }, 'the store does not take the end of an event; tried again');
        inBackground(claim);
      }
    },
    finishDoubtful: inBackground,
    async stop() {
      stopping.abort();
      await Promise.all(underWay);
    },
  };
}
