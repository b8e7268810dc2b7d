import { randomUUID } from 'node:crypto';
import { createJournal } from './journal.ts';
import type { SharedStore } from './leases.ts';
import type { LiveAnswers } from './live-answers.ts';
import { createLocks } from './locks.ts';
import { createOnce } from './once.ts';
import { createStops } from './stops.ts';

export type Coordination = ReturnType<typeof createCoordination>;

/** The services that processes on the same store coordinate by. Each call stands for a process, under an id of its own. */
export function createCoordination(store: Omit<SharedStore, 'owner'>) {
  const owner = randomUUID();
  const shared = { ...store, owner };
  const live: LiveAnswers = new Map();
  return {
    /** This process's id in leases. */
    owner,
    locks: createLocks(shared),
    once: createOnce(shared),
    journal: createJournal(shared),
    live,
    stops: createStops(shared, live),
  };
}
