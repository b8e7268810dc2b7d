import { createKeyedQueue } from '../kit/scheduling/keyed-queue.ts';
import { createLateWrites } from '../kit/scheduling/until-stored.ts';
import { Deadline } from '../kit/time/deadline.ts';
import { type Claim, StoreError } from '../ports/store.ts';
import { createClaimLeases, type SharedStore } from './leases.ts';
import { togetherIn } from './together.ts';

/** Other holders' turns take seconds. */
const LOOK_EVERY_MS = 250;
/** Longer than the locks of a dead process last. */
const MAX_WAIT_MS = 15_000;

export type Locks = ReturnType<typeof createLocks>;

/**
 * Locks by name, over all processes on a store. Within a process, waiters are served in order of arrival. A lock is a claim
 * that expires at once, without a journal, so that a dead process's locks are free once its lease has expired.
 */
export function createLocks(shared: SharedStore) {
  const { store, owner, clock, log } = shared;
  const queue = createKeyedQueue();
  const late = createLateWrites({
    clock,
    log,
    words: {
      retried: 'could not store the release of a lock; retrying',
      givenUp: 'could not release a lock',
    },
  });
  const leases = createClaimLeases('locks', shared);

  async function claimLock(id: string, onWait: () => void, signal: AbortSignal): Promise<Claim> {
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      // Expired from the start by any process's clock, and so free once it is finished or lapses.
      const claim = await store.claims.claim(id, owner, leases.until(), 0);
      if (claim !== null) {
        leases.hold(claim);
        return claim;
      }
      if (isFirst) onWait();
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  /**
   * Resolves to the release function once nobody else holds the name; null if `maxWaiting` callers of this process wait for
   * it already. Calls `onWait` if that is not at once. The release must be called once, and never rejects. Rejects with the
   * signal's reason if it aborts first.
   *
   * @throws StoreError
   */
  const acquireLock = async (
    name: string,
    maxWaiting: number,
    onWait: () => void,
    signal: AbortSignal,
  ): Promise<(() => Promise<void>) | null> => {
    const leave = await queue.enter(name, maxWaiting, onWait, signal);
    if (leave === null) return null;
    try {
      const claim = await claimLock(name, onWait, signal);
      return async () => {
        await late.write(claim.id, async () => {
          await togetherIn(store).write({ kind: 'finish', claim });
          leases.drop(claim);
        });
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  };

  return {
    acquireLock,

    /**
     * Runs short work while nobody else holds the name. A process that stalls for longer than its lease may lose the lock
     * during the work.
     *
     * @throws StoreError, also if the name is not free within 15 s; and any error of the work
     */
    async hold<T>(name: string, work: () => Promise<T>): Promise<T> {
      const late = () => new StoreError(`the lock ${name} is not free within ${MAX_WAIT_MS} ms`);
      const limit = new Deadline(clock, MAX_WAIT_MS, null, late);
      const taking = acquireLock(name, Number.POSITIVE_INFINITY, () => {}, limit.signal);
      const release = await taking.finally(() => limit.stop());
      try {
        return await work();
      } finally {
        // Never null, as any number may wait.
        await release?.();
      }
    },

    /** Resolves once all releases are stored, or were tried once more. */
    async stop(): Promise<void> {
      await leases.stop();
      await late.stop();
    },
  };
}
