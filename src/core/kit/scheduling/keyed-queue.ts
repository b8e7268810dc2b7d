import { waitInLine } from '../time/waiters.ts';

/** Runs callers one at a time per key, in order of arrival. */
export function createKeyedQueue() {
  /** Has a key while a caller's turn lasts; its list holds the callers that wait. */
  const queue = new Map<string, (() => void)[]>();

  function releaseOf(key: string): () => void {
    return () => {
      const next = queue.get(key)?.shift();
      if (next) next();
      else queue.delete(key);
    };
  }

  return {
    /**
     * Resolves to a release function when it is the caller's turn; the caller must call it once. Resolves to null if
     * `maxWaiting` callers wait already, besides the one whose turn it is. Calls `onWait` if the caller has to wait. Rejects
     * with the signal's reason if it aborts during the wait.
     */
    async enter(
      key: string,
      maxWaiting: number,
      onWait: () => void,
      signal: AbortSignal,
    ): Promise<(() => void) | null> {
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
