import type { Clock } from '../kit/clock.ts';
import { createPace } from '../kit/rate.ts';
import { RateLimited } from '../ports/delivery-errors.ts';
import type { RateReport, Scope, Urgency } from '../ports/scope.ts';
import { Lane, type Owed } from './lane.ts';
import type { SharedLimiter } from './shared-limiter.ts';

/**
 * Grants writes under the platform's limits: one queue per scope, shared by all replies that write there. Last states go
 * first, then first ones, then whoever has waited longest. A scope that the platform counts over all processes is kept
 * together with the others of them.
 */
export interface WriteLimiters {
  /**
   * Runs `write` as soon as the scope allows it. `urgency` is asked at the moment of the grant, so that a waiting update
   * can become the last one. Rejects with the signal's reason if it aborts before the grant.
   */
  run<T>(scope: Scope, urgency: () => Urgency, write: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * Grants what is rather left out than done late: resolves to null if the scope has no room at once, else to what
   * ends it, to be called once.
   */
  take(scope: Scope): Promise<(() => void) | null>;
  /**
   * Keeps room for one last state in the widest limit of the scope. Resolves as soon as that can be paid for, in the order of
   * asking: only then an answer may begin to grow. Rejects with the signal's reason if it aborts before.
   */
  owe(scope: Scope, signal: AbortSignal): Promise<Owed>;
  /** Takes the platform's own words about a scope; they outrank what the adapter assumed. */
  learn(key: string, report: RateReport): void;
  /** Says that something which waits in the scope has become urgent. */
  hurry(scope: Scope): void;
  /** Scopes that are remembered at this moment. */
  readonly size: number;
}

/** Scopes that rest are forgotten once there are so many, and then again at each doubling. */
const SWEEP_AT = 1_000;

/**
 * Interim updates of the whole process. Discord takes two a second of each answer to `/ask`, and nothing of its own bounds the
 * sum: so up to 150 of them at once get all that Discord takes; of 1,000 each is updated every 3.3 s, and whenever it goes on in
 * a new message.
 */
const INTERIMS = { perSecond: 300, atOnce: 20 };

/** @param shared where other processes may draw from the same limits */
export function createWriteLimiters(clock: Clock, shared: SharedLimiter | null = null): WriteLimiters {
  const queue = new Map<string, Lane>();
  const interims = createPace(clock, INTERIMS);
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

  /** @param narrowest the scope that the write itself named */
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
    async run(scope, urgency, write, signal) {
      // First: a write that waits here must not hold what others could use.
      await interims.enter({ key: scope.key, isUrgent: () => urgency() !== 'interim', signal });
      return run(scope, scope, urgency, write, signal);
    },
    take: (scope) => laneOf(scope).take(),
    owe: (scope, signal) => laneOf(widest(scope)).owe(signal),
    learn: (key, report) => queue.get(key)?.learn(report),
    hurry(scope) {
      interims.hurry(scope.key);
      for (let each: Scope | undefined = scope; each; each = each.within) queue.get(each.key)?.pump();
    },
    get size() {
      return queue.size;
    },
  };
}

function widest(scope: Scope): Scope {
  return scope.within === undefined ? scope : widest(scope.within);
}
