import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { Store } from '../ports/store.ts';

/** Faults for which a provider rejects every request of a key: the key is invalid, or its account is empty. */
export const KEY_FAULTS = ['bad_key', 'no_credit'] as const;

export type KeyFault = (typeof KEY_FAULTS)[number];

const faultSchema = z.object({
  /** `connectedAtMs` of the key that failed; a key connected later has not. */
  of: z.number(),
  fault: z.enum(KEY_FAULTS),
  atMs: z.number(),
});

/** A topped-up account is noticed within this time; until then its faults cost nobody an answer. */
const REST_MS = 3_600_000;

/** The last faults of guilds' keys. They are stored apart from the keys, so that a fault of an old key never overwrites a new key. */
export function createKeyFaults(store: Store, clock: Clock) {
  const faults = createCollection(store, 'key-faults', faultSchema);
  return {
    /** The fault of the key that was connected at that time, and whether it is less than an hour old. */
    async of(id: string, connectedAtMs: number) {
      const known = await faults.get(id);
      if (known?.of !== connectedAtMs) return { fault: null, isResting: false };
      return { fault: known.fault, isResting: clock.now() < known.atMs + REST_MS };
    },
    note: (id: string, connectedAtMs: number, fault: KeyFault) =>
      faults.set(id, { of: connectedAtMs, fault, atMs: clock.now() }),
    forget: (id: string) => faults.delete(id),
  };
}
