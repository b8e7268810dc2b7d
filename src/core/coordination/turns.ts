import { createKeyedQueue } from '../kit/keyed-queue.ts';
import type { Locks } from './locks.ts';

/** One turn at a time per conversation, over all processes on a store; within a process in order of arrival. */
export interface Turns {
  /**
   * Resolves to the release function when it is the caller's turn; null if too many wait here already. Calls `onWait` if that
   * is not at once. The release must be called once, and never rejects. Rejects with the signal's reason if it aborts first.
   *
   * @throws StoreError
   */
  enter(conversation: string, onWait: () => void, signal: AbortSignal): Promise<(() => Promise<void>) | null>;
}

/** @param maxWaiting questions that may wait in one conversation */
export function createTurns(locks: Locks, maxWaiting: number): Turns {
  const queue = createKeyedQueue(maxWaiting);

  return {
    async enter(conversation, onWait, signal) {
      const leave = await queue.enter(conversation, onWait, signal);
      if (leave === null) return null;
      try {
        const unlock = await locks.acquireLock(`turn/${conversation}`, onWait, signal);
        return async () => {
          await unlock();
          leave();
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}
