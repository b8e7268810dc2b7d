/**
 * Values that readers follow. Every change has the next number; who knows one number is brought up to date from it with
 * the newest state of what changed since, so a slow reader costs no memory and misses nothing.
 */
export interface ChangeLog<T> {
  /** The number of the last change. */
  readonly version: number;
  /** `audience` is the only reader who sees it, null for all. */
  put(key: string, value: T, audience: string | null): void;
  remove(key: string): void;
  /** What `reader` has to know after change number `after`; null for one who knows nothing. */
  since(after: number | null, reader: string): ChangeSet<T>;
  /** Calls `listener` after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

export interface ChangeSet<T> {
  readonly version: number;
  /** Whether this is all there is: what is not in it does not exist. */
  readonly reset: boolean;
  readonly items: readonly (readonly [key: string, value: T])[];
  readonly removed: readonly string[];
}

interface Entry<T> {
  readonly version: number;
  readonly value: T;
  readonly audience: string | null;
}

/** Removals that are remembered; a reader from before that starts anew. */
const MAX_REMOVED = 1_000;

export function createChangeLog<T>(): ChangeLog<T> {
  const entries = new Map<string, Entry<T>>();
  const removed = new Map<string, Omit<Entry<T>, 'value'>>();
  const listeners = new Set<() => void>();
  let version = 0;
  /** Readers who know less than this have missed removals. */
  let oldestKnown = 0;

  function announce(): void {
    for (const listener of listeners) listener();
  }

  return {
    get version() {
      return version;
    },
    put(key, value, audience) {
      version += 1;
      removed.delete(key);
      entries.set(key, { version, value, audience });
      announce();
    },
    remove(key) {
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
    since(after, reader) {
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
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
