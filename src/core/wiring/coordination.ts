import { randomUUID } from 'node:crypto';
import { createJournal, type Journal } from '../coordination/journal.ts';
import type { LiveAnswers } from '../coordination/live-answers.ts';
import { createLocks, type Locks } from '../coordination/locks.ts';
import { createOnce, type Once } from '../coordination/once.ts';
import { createStops, type Stops } from '../coordination/stops.ts';
import type { CoreOptions } from './options.ts';

/** The services shared with other processes on the same store. */
export interface Coordination {
  /** This process's id in leases. */
  readonly owner: string;
  readonly locks: Locks;
  readonly once: Once;
  readonly journal: Journal;
  readonly live: LiveAnswers;
  readonly stops: Stops;
}

export function wireCoordination({
  store,
  clock,
  log,
}: Pick<CoreOptions, 'store' | 'clock' | 'log'>): Coordination {
  const owner = randomUUID();
  const shared = { store, owner, clock, log };
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
