import { waitInLine } from './waiters.ts';

/** One at a time per key, in the order of arrival. */
export interface KeyedQueue {
  /**
   * Resolves when it is the caller's turn; null if too many wait already. The caller must call the release
   * that it gets, once. Rejects with the signal's reason if it aborts while waiting.
   */
  enter(key: string, onWait: () => void, signal: AbortSignal): Promise<(() => void) | null>;
}

export function createKeyedQueue(maxWaiting: number): KeyedQueue {
  /** A key is present while somebody is in its lane; the list holds those who wait. */
  const queue = new Map<string, (() => void)[]>();

  function releaseOf(key: string): () => void {
    return () => {
      const next = queue.get(key)?.shift();
      if (next) next();
      else queue.delete(key);
    };
  }

  return {
    async enter(key, onWait, signal) {
      signal.throwIfAborted();
      const waiters = queue.get(key);
      if (waiters === undefined) {
        queue.set(key, []);
        return releaseOf(key);
      }
      if (waiters.length >= maxWaiting) return null;
      onWait();
      await waitInLine(signal, (admit) => {
        waiters.push(admit);
        return () => waiters.splice(waiters.indexOf(admit), 1);
      });
      return releaseOf(key);
    },
  };
}
