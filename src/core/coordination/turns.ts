import { createKeyedQueue } from '../kit/keyed-queue.ts';
import type { Locks } from './locks.ts';

/** One turn at a time per conversation, over all processes on a store; here in the order of arrival. */
export interface Turns {
  /**
   * Resolves to the release when it is the caller's turn; null if too many wait here already. `onWait` is told where
   * it is not at once. The release has to be called, once, and never rejects. Rejects with the signal's reason where
   * it aborts first.
   *
   * @throws StoreError
   */
  enter(conversation: string, onWait: () => void, signal: AbortSignal): Promise<(() => Promise<void>) | null>;
}

/** @param maxWaiting Questions that may wait for their turn in one conversation. */
export function createTurns(locks: Locks, maxWaiting: number): Turns {
  const queue = createKeyedQueue(maxWaiting);

  return {
    async enter(conversation, onWait, signal) {
      const leave = await queue.enter(conversation, onWait, signal);
      if (leave === null) return null;
      try {
        const unlock = await locks.take(`turn/${conversation}`, onWait, signal);
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
