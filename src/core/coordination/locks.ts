import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { startDeadline } from '../kit/deadline.ts';
import { createKeyedQueue } from '../kit/keyed-queue.ts';
import { createLateWrites } from '../kit/until-stored.ts';
import { type Claim, type ClaimKey, type Store, StoreError } from '../ports/store.ts';
import { createLeases } from './leases.ts';
import { togetherIn } from './together.ts';

/** Locks by name, over all processes on a store; who waits in one process is served in the order of arrival. */
export interface Locks {
  /**
   * Resolves to the release when nobody else holds the name. `onWait` is told if it is not at once. The release has
   * to be called, once, and never rejects. Rejects with the signal's reason if it aborts first.
   *
   * @throws StoreError
   */
  take(name: string, onWait: () => void, signal: AbortSignal): Promise<() => Promise<void>>;
  /**
   * Does work of a moment while nobody else holds the name. Who stalls for longer than its lease may lose it in the middle:
   * what the work changes, it changes under the lock that it is given.
   *
   * @throws StoreError, also if the name is not free within 15 s; and whatever the work throws
   */
  hold<T>(name: string, work: (lock: ClaimKey) => Promise<T>): Promise<T>;
  /** Resolves when all releases stand, or were tried once more. */
  stop(): Promise<void>;
}

export interface LocksOptions {
  readonly store: Store;
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
/** Longer than it takes until what a dead process held is free again. */
const MAX_WAIT_MS = 15_000;

interface Held {
  readonly claim: Claim;
  release(): Promise<void>;
}

/** Locks are claims that expire at once, with no journal: what a dead process held is free when its lease has run out. */
export function createLocks({ store, owner, clock, log }: LocksOptions): Locks {
  const { claims } = store;
  const queue = createKeyedQueue(Number.POSITIVE_INFINITY);
  const late = createLateWrites({
    clock,
    log,
    words: {
      retried: 'the store does not take the release of a lock; it is tried again',
      givenUp: 'a lock could not be released',
    },
  });
  const leases = createLeases<ClaimKey>({
    what: 'locks',
    leaseMs: LEASE_MS,
    renewEveryMs: RENEW_EVERY_MS,
    renew: (held, untilMs) => claims.renew(held, untilMs),
    clock,
    log,
  });

  async function lock(id: string, onWait: () => void, signal: AbortSignal): Promise<Claim> {
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      // Expired from the start by any process's clock, and so free as soon as it is finished or lapses.
      const claim = await claims.claim(id, owner, leases.until(), 0);
      if (claim !== null) {
        leases.hold(claim);
        return claim;
      }
      if (isFirst) onWait();
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  async function take(name: string, onWait: () => void, signal: AbortSignal): Promise<Held> {
    const leave = await queue.enter(name, onWait, signal);
    try {
      const claim = await lock(name, onWait, signal);
      return {
        claim,
        async release() {
          await late.write(claim.id, async () => {
            await togetherIn(store).write({ kind: 'finish', claim });
            leases.drop(claim);
          });
          leave?.();
        },
      };
    } catch (error) {
      leave?.();
      throw error;
    }
  }

  return {
    take: async (name, onWait, signal) => (await take(name, onWait, signal)).release,

    async hold(name, work) {
      const late = () => new StoreError(`the lock ${name} is not free within ${MAX_WAIT_MS} ms`);
      const limit = startDeadline(clock, MAX_WAIT_MS, null, late);
      const { claim, release } = await take(name, () => {}, limit.signal).finally(() => limit.stop());
      try {
        return await work(claim);
      } finally {
        await release();
      }
    },

    async stop() {
      await leases.stop();
      await late.stop();
    },
  };
}
