import type { Clock } from '../../../core/kit/clock.ts';

/** A bounded cache whose entries expire. Faults are not cached. */
export interface Cache<T> {
  get(key: string, load: () => Promise<T>): Promise<T>;
  delete(key: string): void;
}

const MAX_CACHED = 2_000;

/** Keeps at most 2,000 entries, each for `ttlMs` milliseconds. */
export function createCache<T>(clock: Clock, ttlMs: number): Cache<T> {
  const entries = new Map<string, { readonly value: Promise<T>; readonly atMs: number }>();
  return {
    async get(key, load) {
      const nowMs = clock.now();
      const known = entries.get(key);
      // An entry from the future dates from before the clock was set back.
      if (known !== undefined && known.atMs <= nowMs && nowMs < known.atMs + ttlMs) return known.value;
      entries.delete(key);
      if (entries.size >= MAX_CACHED) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) entries.delete(oldest);
      }
      const value = load();
      entries.set(key, { value, atMs: nowMs });
      try {
        return await value;
      } catch (error) {
        if (entries.get(key)?.value === value) entries.delete(key);
        throw error;
      }
    },
    delete: (key) => void entries.delete(key),
  };
}
