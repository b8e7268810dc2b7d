/** One at a time per key, in the order of arrival. */
export interface KeyedQueue {
  /**
   * Resolves when it is the caller's turn; null where too many wait already. The caller must call the release
   * that it gets, once. Rejects with the signal's reason where it aborts while waiting.
   */
  enter(key: string, onWait: () => void, signal: AbortSignal): Promise<(() => void) | null>;
}

interface Waiter {
  admit(): void;
}

export function createKeyedQueue(maxWaiting: number): KeyedQueue {
  /** A key is present while somebody is in its lane; the list holds those who wait. */
  const queue = new Map<string, Waiter[]>();

  function releaseOf(key: string): () => void {
    return () => {
      const next = queue.get(key)?.shift();
      if (next) next.admit();
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
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(signal.reason);
        };
        const waiter: Waiter = {
          admit() {
            signal.removeEventListener('abort', leave);
            resolve();
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        waiters.push(waiter);
      });
      return releaseOf(key);
    },
  };
}
