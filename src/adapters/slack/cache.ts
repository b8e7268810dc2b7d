import type { Clock } from '../../core/clock.ts';

/** A cache of answers for a while, bounded. Faults are not kept. */
export interface Cache<T> {
  get(key: string, load: () => Promise<T>): Promise<T>;
  delete(key: string): void;
}

const MAX_CACHED = 2_000;

export function createCache<T>(clock: Clock, ttlMs: number): Cache<T> {
  const entries = new Map<string, { readonly value: Promise<T>; readonly untilMs: number }>();
  return {
    async get(key, load) {
      const known = entries.get(key);
      if (known !== undefined && clock.now() < known.untilMs) return known.value;
      entries.delete(key);
      if (entries.size >= MAX_CACHED) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) entries.delete(oldest);
      }
      const value = load();
      entries.set(key, { value, untilMs: clock.now() + ttlMs });
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
