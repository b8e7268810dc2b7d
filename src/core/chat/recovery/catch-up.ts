import { z } from 'zod';
import { createCollection } from '../../coordination/collection.ts';
import { BoundedMap } from '../../kit/bounded-map.ts';
import type { Clock } from '../../kit/time/clock.ts';
import { platformOf } from '../../ports/actor.ts';
import type { Away, Place } from '../../ports/events.ts';
import type { Platform } from '../../ports/platforms.ts';
import type { Store } from '../../ports/store.ts';

export interface CatchUpOptions {
  /** Older messages are ignored; 0 switches catching up off. */
  readonly maxAgeMs: number;
  readonly retentionMs: number;
  readonly clock: Clock;
}

const placeSchema = z.object({
  guild: z.custom<Place['guild']>((value) => typeof value === 'string'),
  atMs: z.number(),
});

/** Platforms date messages by their own clocks. Messages that were seen already are known by their claims. */
const OVERLAP_MS = 60_000;
/** Each place costs a read at its platform. */
const MAX_PLACES = 200;
/** A place is not recorded again for this long. */
const FRESH_MS = 10 * 60_000;
const MAX_FRESH = 1_000;

export type CatchUp = ReturnType<typeof createCatchUp>;

/** The data needed to find messages that people wrote while the bot was away. */
export function createCatchUp(store: Store, { maxAgeMs, retentionMs, clock }: CatchUpOptions) {
  const ttlMs = retentionMs;
  const streams = createCollection(store, 'streams', z.object({ atMs: z.number() }), { ttlMs });
  const places = createCollection(store, 'talked', placeSchema, { ttlMs });
  const written = new BoundedMap<string, number>(MAX_FRESH);

  async function latestPlaces(platform: Platform): Promise<Away['places']> {
    const found = new Map<string, z.infer<typeof placeSchema>>();
    for await (const key of places.keys()) {
      const place = await places.get(key);
      if (place !== undefined && platformOf(place.guild) === platform) found.set(key, place);
    }
    return [...found]
      .toSorted(([, one], [, other]) => other.atMs - one.atMs)
      .slice(0, MAX_PLACES)
      .map(([key, { guild }]) => ({ guild, key }));
  }

  return {
    /** As `Dispatch.alive`. */
    async alive(stream: string): Promise<void> {
      if (maxAgeMs > 0) await streams.set(stream, { atMs: clock.now() });
    },
    /** As `Dispatch.away`. */
    async away(platform: Platform, stream: string): Promise<Away | null> {
      const last = maxAgeMs === 0 ? undefined : await streams.get(stream);
      if (last === undefined) return null;
      const sinceMs = Math.max(last.atMs - OVERLAP_MS, clock.now() - maxAgeMs);
      return { sinceMs, places: await latestPlaces(platform) };
    },
    /** Records that somebody talks with the bot at a place, where messages may be missed one day. */
    async talkedAt({ guild, key }: Pick<Place, 'guild' | 'key'>): Promise<void> {
      const nowMs = clock.now();
      if (key === null || maxAgeMs === 0 || (written.get(key) ?? 0) > nowMs - FRESH_MS) return;
      await places.set(key, { guild, atMs: nowMs });
      written.set(key, nowMs);
    },
  };
}
