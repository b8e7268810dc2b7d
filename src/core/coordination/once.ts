import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { createTasks } from '../kit/tasks.ts';
import type { Store } from '../ports/store.ts';
import { togetherIn } from './together.ts';

/** Does things in the background that are to be done once, whatever the number of processes on a store. */
export interface Once {
  /**
   * Does `work`, unless it was begun under this id before, here or in another process. The id is remembered until
   * `untilMs` at least. A fault is logged with `what` could not be done, and the work is not done again: twice would be
   * worse than not at all. The signal aborts on `stop`.
   */
  do(id: string, untilMs: number, what: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** Resolves when what was under way has ended. */
  stop(): Promise<void>;
}

const LEASE_MS = 10_000;
/** Claims outlive their time, for processes whose clocks are behind. */
const GRACE_MS = 3_600_000;

export function createOnce({
  store,
  owner,
  clock,
  log,
}: {
  readonly store: Store;
  /** Names this process in claims. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Once {
  const tasks = createTasks(log);
  /** What was begun, by this process or another, and when it can be forgotten: most is asked for time and again. */
  const known = new Map<string, number>();

  /** True for one caller alone. */
  async function isFirst(id: string, untilMs: number): Promise<boolean> {
    const claim = await store.claims.claim(id, owner, clock.now() + LEASE_MS, untilMs + GRACE_MS);
    // Finished before anything is done: what a crash swallows is better than what comes twice.
    if (claim !== null) await togetherIn(store).write({ kind: 'finish', claim });
    return claim !== null;
  }

  return {
    do(id, untilMs, what, work) {
      if (known.has(id)) return;
      const nowMs = clock.now();
      for (const [old, forgetAtMs] of known) if (forgetAtMs < nowMs) known.delete(old);
      known.set(id, untilMs);
      tasks.run(what, async () => {
        if (await isFirst(id, untilMs)) await work(tasks.signal);
      });
    },
    stop: () => tasks.stop(),
  };
}
