import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { startDeadline } from '../kit/deadline.ts';
import { createKeyedQueue } from '../kit/keyed-queue.ts';
import { createLateWrites } from '../kit/until-stored.ts';
import { type Claim, type ClaimKey, type Store, StoreError } from '../ports/store.ts';
import { createLeases } from './leases.ts';
import { togetherIn } from './together.ts';

/** Locks by name, over all processes on a store. Within a process, waiters are served in order of arrival. */
export interface Locks {
  /**
   * Resolves to the release function once nobody else holds the name. Calls `onWait` if that is not at once. The release must
   * be called once, and never rejects. Rejects with the signal's reason if it aborts first.
   *
   * @throws StoreError
   */
  acquireLock(name: string, onWait: () => void, signal: AbortSignal): Promise<() => Promise<void>>;
  /**
   * Runs short work while nobody else holds the name. A process that stalls for longer than its lease may lose the lock
   * during the work, so the work must write under the lock that it is given.
   *
   * @throws StoreError, also if the name is not free within 15 s; and any error of the work
   */
  hold<T>(name: string, work: (lock: ClaimKey) => Promise<T>): Promise<T>;
  /** Resolves once all releases are stored, or were tried once more. */
  stop(): Promise<void>;
}

export interface LocksOptions {
  readonly store: Store;
  /** This process's id, unique among all that ever ran on this store. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** As long as an event's: a process that has lost the lock has lost its event too, and stores no turn. */
const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
/** Other holders' turns take seconds. */
const LOOK_EVERY_MS = 250;
/** Longer than the locks of a dead process last. */
const MAX_WAIT_MS = 15_000;

interface Held {
  readonly claim: Claim;
  release(): Promise<void>;
}

/**
 * A lock is a claim that expires at once, without a journal, so that a dead process's locks are free once its lease has
 * expired.
 */
export function createLocks({ store, owner, clock, log }: LocksOptions): Locks {
  const { claims } = store;
  const queue = createKeyedQueue(Number.POSITIVE_INFINITY);
  const late = createLateWrites({
    clock,
    log,
    words: {
      retried: 'could not store the release of a lock; retrying',
      givenUp: 'could not release a lock',
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
      // Expired from the start by any process's clock, and so free once it is finished or lapses.
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
    acquireLock: async (name, onWait, signal) => (await take(name, onWait, signal)).release,

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
