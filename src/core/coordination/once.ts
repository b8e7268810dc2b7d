import { createTasks } from '../kit/scheduling/tasks.ts';
import type { SharedStore } from './leases.ts';
import { togetherIn } from './together.ts';

const LEASE_MS = 10_000;
/** Claims outlive their time, for processes with slow clocks. */
const GRACE_MS = 3_600_000;

export type Once = ReturnType<typeof createOnce>;

/** Runs background work that must happen only once, over all processes on a store. */
export function createOnce({ store, owner, clock, log }: SharedStore) {
  const tasks = createTasks(log);
  /** Ids known to have begun, in any process, with their expiry; most are asked for repeatedly. */
  const known = new Map<string, number>();

  /** True for exactly one caller. */
  async function isFirst(id: string, untilMs: number): Promise<boolean> {
    const claim = await store.claims.claim(id, owner, clock.now() + LEASE_MS, untilMs + GRACE_MS);
    // Finished before the work runs, because losing it in a crash is better than doing it twice.
    if (claim !== null) await togetherIn(store).write({ kind: 'finish', claim });
    return claim !== null;
  }

  return {
    /**
     * Runs `work`, unless it was begun under this id before, in any process. The id is remembered at least until `untilMs`. A
     * fault is logged as `could not ${what}` and the work is not repeated, because twice would be worse than never. The signal
     * aborts on `stop`.
     */
    do(id: string, untilMs: number, what: string, work: (signal: AbortSignal) => Promise<void>): void {
      if (known.has(id)) return;
      const nowMs = clock.now();
      for (const [old, forgetAtMs] of known) if (forgetAtMs < nowMs) known.delete(old);
      known.set(id, untilMs);
      tasks.run(what, async () => {
        if (await isFirst(id, untilMs)) await work(tasks.signal);
      });
    },
    /** Resolves once running work has ended. */
    stop: () => tasks.stop(),
  };
}
