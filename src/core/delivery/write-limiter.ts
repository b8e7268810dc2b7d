import { createRate } from '../kit/scheduling/rate.ts';
import type { Clock } from '../kit/time/clock.ts';
import { RateLimited } from '../ports/delivery-errors.ts';
import type { RateReport, Scope, Urgency } from '../ports/scope.ts';
import { Lane } from './lane.ts';
import type { SharedLimiter } from './shared-limiter.ts';

/** Unused scopes are dropped at this number, and at each doubling. */
const SWEEP_AT = 1_000;

/**
 * Interim updates of the whole process. Discord accepts two a second per answer to `/ask` and has no limit on their sum. So
 * up to 150 answers get all of it; of 1,000 answers, each is updated every 3.3 s and whenever it continues in a new message.
 */
const INTERIMS = { perSecond: 300, atOnce: 20 };

export type WriteLimiters = ReturnType<typeof createWriteLimiters>;

/**
 * Grants writes under the platform's limits. Each scope has one queue for all replies that write there. Last states go
 * first, then first ones, then the caller that has waited longest. A scope that the platform counts over all processes is
 * shared with the other processes.
 *
 * @param shared for limits that other processes draw from too; null if there are none
 */
export function createWriteLimiters(clock: Clock, shared: SharedLimiter | null = null) {
  const queue = new Map<string, Lane>();
  const interims = createRate(clock, INTERIMS);
  let sweepAt = SWEEP_AT;

  function laneOf(scope: Scope): Lane {
    const known = queue.get(scope.key);
    if (known) return known;
    if (queue.size >= sweepAt) {
      for (const [key, lane] of queue) if (lane.isIdle()) queue.delete(key);
      sweepAt = Math.max(SWEEP_AT, queue.size * 2);
    }
    const lane = new Lane(scope, clock, scope.isShared ? shared : null);
    queue.set(scope.key, lane);
    return lane;
  }

  /** @param narrowest the scope that the write names */
  async function run<T>(
    scope: Scope,
    narrowest: Scope,
    urgency: () => Urgency,
    write: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const lane = laneOf(scope);
    const leave = await lane.enter(urgency, signal);
    try {
      if (scope.within) return await run(scope.within, narrowest, urgency, write, signal);
      return await write();
    } catch (error) {
      const isLimited = error instanceof RateLimited && (error.scope ?? narrowest.key) === scope.key;
      if (isLimited) lane.slowDown(error.retryAfterMs);
      throw error;
    } finally {
      leave();
    }
  }

  return {
    /**
     * Runs `write` once the scope allows it. `urgency` is read on arrival and at each `hurry`, so that a waiting update can
     * become the last one. Rejects with the signal's reason if it aborts before the grant.
     */
    async run<T>(
      scope: Scope,
      urgency: () => Urgency,
      write: () => Promise<T>,
      signal: AbortSignal,
    ): Promise<T> {
      // Comes first: a write waiting here must not hold room that others could use.
      await interims.enter({ key: scope.key, isUrgent: () => urgency() !== 'interim', signal });
      return run(scope, scope, urgency, write, signal);
    },
    /** Non-blocking: resolves to null if the scope has no room now, else to a function that ends the write. Call that once. */
    enterIfFree: (scope: Scope) => laneOf(scope).enterIfFree(),
    /**
     * Keeps room for one last state in the widest limit of the scope. Resolves once that is affordable, in order of arrival;
     * only then may an answer start to grow. Rejects with the signal's reason if that aborts first.
     */
    owe: (scope: Scope, signal: AbortSignal) => laneOf(widest(scope)).owe(signal),
    /** Applies the platform's report on a scope, which overrides the adapter's assumptions. */
    learn: (key: string, report: RateReport) => queue.get(key)?.learn(report),
    /** Tells the limiter that a write waiting in the scope became urgent. */
    hurry(scope: Scope): void {
      interims.hurry(scope.key);
      for (let each: Scope | undefined = scope; each; each = each.within) queue.get(each.key)?.hurry();
    },
    /** The number of scopes in memory. */
    get size() {
      return queue.size;
    },
  };
}

function widest(scope: Scope): Scope {
  return scope.within === undefined ? scope : widest(scope.within);
}
