import { randomUUID } from 'node:crypto';
import { createJournal, type Journal } from './journal.ts';
import type { SharedStore } from './leases.ts';
import type { LiveAnswers } from './live-answers.ts';
import { createLocks, type Locks } from './locks.ts';
import { createOnce, type Once } from './once.ts';
import { createStops, type Stops } from './stops.ts';

/** The services that processes on the same store coordinate by. */
export interface Coordination {
  /** This process's id in leases. */
  readonly owner: string;
  readonly locks: Locks;
  readonly once: Once;
  readonly journal: Journal;
  readonly live: LiveAnswers;
  readonly stops: Stops;
}

/** Under an id of its own, as another process on the store. */
export function createCoordination(store: Omit<SharedStore, 'owner'>): Coordination {
  const owner = randomUUID();
  const shared = { ...store, owner };
  const live: LiveAnswers = new Map();
  return {
    owner,
    locks: createLocks(shared),
    once: createOnce(shared),
    journal: createJournal(shared),
    live,
    stops: createStops(shared, live),
  };
}
