import type { Changes } from '../wire.ts';

/**
 * Values that readers follow. Every change has a number. A reader that knows a number gets the newest state of everything
 * changed since, so a slow reader costs no memory and misses nothing.
 */
export type ChangeLog<T> = ReturnType<typeof createChangeLog<T>>;

interface Entry<T> {
  readonly version: number;
  readonly value: T;
  readonly audience: string | null;
}

/** Removals that are kept; a reader from before them starts anew. */
const MAX_REMOVED = 1_000;

export function createChangeLog<T>() {
  const entries = new Map<string, Entry<T>>();
  const removed = new Map<string, Omit<Entry<T>, 'value'>>();
  const listeners = new Set<() => void>();
  let version = 0;
  /** Readers that know less have missed removals. */
  let oldestKnown = 0;

  function announce(): void {
    for (const listener of listeners) listener();
  }

  return {
    /** @param audience the only reader who may see it; null for all */
    put(key: string, value: T, audience: string | null): void {
      version += 1;
      removed.delete(key);
      entries.set(key, { version, value, audience });
      announce();
    },
    remove(key: string): void {
      const entry = entries.get(key);
      if (entry === undefined) return;
      entries.delete(key);
      version += 1;
      removed.set(key, { version, audience: entry.audience });
      for (const [oldest, gone] of removed) {
        if (removed.size <= MAX_REMOVED) break;
        removed.delete(oldest);
        oldestKnown = gone.version;
      }
      announce();
    },
    /** The changes for `reader` after number `after` (null for a reader that knows nothing), and the number of the last change. */
    since(after: number | null, reader: string): Changes<T> & { readonly version: number } {
      const isKnown = after !== null && after >= oldestKnown && after <= version;
      const from = isKnown ? after : -1;
      const isNews = (entry: Omit<Entry<T>, 'value'>) =>
        entry.version > from && (entry.audience === null || entry.audience === reader);
      const items = [...entries]
        .filter(([, entry]) => isNews(entry))
        .map(([key, { value }]) => [key, value] as const);
      const gone = isKnown ? [...removed].filter(([, entry]) => isNews(entry)).map(([key]) => key) : [];
      return { version, reset: !isKnown, items, removed: gone };
    },
    /** Calls `listener` after each change, until the returned function is called. */
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
