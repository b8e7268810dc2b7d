import type { Logger } from 'pino';
import { repeat } from '../background.ts';
import type { Clock } from '../clock.ts';
import { createFinisher } from '../journal/journal-finisher.ts';
import { type ClaimStore, StoreError } from '../store.ts';
import { createLanes } from './lanes.ts';

/** One turn at a time per conversation, over all processes on a store; here in the order of arrival. */
export interface Turns {
  /**
   * Resolves to the release when it is the caller's turn; null where too many wait here already. `onWait` is told where
   * it is not at once. The release has to be called, once, and never rejects. Rejects with the signal's reason where
   * it aborts first.
   *
   * @throws StoreError
   */
  enter(conversation: string, onWait: () => void, signal: AbortSignal): Promise<(() => Promise<void>) | null>;
  /** Resolves when all releases stand, or were tried once more. */
  stop(): Promise<void>;
}

export interface TurnsOptions {
  /** Questions that may wait for their turn in one conversation. */
  readonly maxWaiting: number;
  readonly claims: ClaimStore;
  /** Names this process: unique among all that ever run on this store. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** As long as an event's: who has lost the lock has lost its event too, and keeps no turn. */
const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
/** Others' turns take seconds. */
const LOOK_EVERY_MS = 250;

/**
 * Locks are claims that expire at once. One that a dead process held is taken over as every orphan is, and has nothing
 * written: so it is free again.
 */
export function createTurns({ maxWaiting, claims, owner, clock, log }: TurnsOptions): Turns {
  const lanes = createLanes(maxWaiting);
  const finisher = createFinisher({ claims, clock, log });
  /** How many locks are held under each name. Only these names are renewed. */
  const held = new Map<string, number>();
  let doubts = 0;

  const renewing = repeat(
    'renewing the locks of conversations',
    RENEW_EVERY_MS,
    async () => {
      for (const name of held.keys()) await claims.renew(name, clock.now() + LEASE_MS);
    },
    { clock, log },
  );

  function count(name: string, change: 1 | -1): void {
    const locks = (held.get(name) ?? 0) + change;
    if (locks === 0) held.delete(name);
    else held.set(name, locks);
  }

  async function lock(
    conversation: string,
    onWait: () => void,
    signal: AbortSignal,
  ): Promise<() => Promise<void>> {
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      const name = `${owner}/turns/${doubts}`;
      // Expired from the start by any process's clock, and so free as soon as it is finished.
      const claim = await claims
        .claim(`turn/${conversation}`, name, clock.now() + LEASE_MS, 0)
        .catch((error: unknown) => {
          // It may be taken all the same. Under a name that is not used again, its lease runs out.
          if (error instanceof StoreError) doubts++;
          throw error;
        });
      if (claim !== null) {
        count(name, 1);
        return async () => {
          await finisher.finish(claim);
          count(name, -1);
        };
      }
      if (isFirst) onWait();
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  return {
    async enter(conversation, onWait, signal) {
      const leave = await lanes.enter(conversation, onWait, signal);
      if (leave === null) return null;
      try {
        const unlock = await lock(conversation, onWait, signal);
        return async () => {
          await unlock();
          leave();
        };
      } catch (error) {
        leave();
        throw error;
      }
    },

    async stop() {
      await renewing.stop();
      await finisher.stop();
    },
  };
}
