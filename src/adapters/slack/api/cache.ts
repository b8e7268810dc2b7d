import { BoundedMap } from '../../../core/kit/bounded-map.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';

/** Whether a value that was asked for at that time is good enough. */
export type Serves<T> = (value: T, askedAtMs: number) => boolean;

interface Entry<T> {
  readonly value: Promise<T>;
  readonly atMs: number;
}

const MAX_CACHED = 2_000;

/**
 * A bounded cache whose entries expire; faults are not cached. Keeps at most `maxEntries`, 2,000 by default, each for `ttlMs`
 * milliseconds.
 */
export function createCache<T>(clock: Clock, ttlMs: number, maxEntries = MAX_CACHED) {
  const entries = new BoundedMap<string, Entry<T>>(maxEntries);

  function current(key: string): Entry<T> | undefined {
    const known = entries.get(key);
    return known !== undefined && isCurrent(known) ? known : undefined;
  }

  /** An entry from the future dates from before the clock was set back. */
  function isCurrent({ atMs }: Entry<T>): boolean {
    const nowMs = clock.now();
    return atMs <= nowMs && nowMs < atMs + ttlMs;
  }

  /** @param serves whether a cached value is good enough; if not, it is loaded again. Default: any that has not expired */
  async function get(key: string, load: () => Promise<T>, serves?: Serves<T>): Promise<T> {
    const known = current(key);
    if (known !== undefined) {
      const value = await known.value;
      if (serves === undefined || serves(value, known.atMs)) return value;
      // Another caller may be loading it again.
      if (entries.get(key) !== known) return get(key, load, serves);
    }
    const entry = { atMs: clock.now(), value: load() };
    entries.set(key, entry);
    try {
      return await entry.value;
    } catch (error) {
      if (entries.get(key) === entry) entries.delete(key);
      throw error;
    }
  }

  return {
    get,
    /** Keeps a value that was asked for at that time in place of any other. */
    put(key: string, value: T, askedAtMs: number): void {
      entries.set(key, { value: Promise.resolve(value), atMs: askedAtMs });
    },
    /** Whether the key has no value yet, and one would push out no other. */
    hasRoomFor(key: string): boolean {
      for (const [oldest, entry] of entries) {
        if (entries.size < maxEntries || isCurrent(entry)) break;
        entries.delete(oldest);
      }
      return entries.size < maxEntries && current(key) === undefined;
    },
  };
}
