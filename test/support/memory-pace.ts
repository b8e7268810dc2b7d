import type { Clock } from '../../src/core/kit/clock.ts';
import type { PaceStore } from '../../src/core/ports/store.ts';

interface Limit {
  /** Writes by the time until which they count. */
  readonly writes: Map<string, number>;
  /** Owners that wait by the time of their turn. */
  readonly turns: Map<string, number>;
  nextTurnAtMs: number;
  blockedUntilMs: number;
}

/** A `PaceStore` on a clock of the test's, with the log of who asked. */
export interface MemoryPace extends PaceStore {
  readonly asked: readonly { readonly owner: string; readonly waitMs: number }[];
}

export function createMemoryPace(clock: Clock): MemoryPace {
  const limits = new Map<string, Limit>();
  const asked: { owner: string; waitMs: number }[] = [];

  function limitOf(key: string): Limit {
    const known = limits.get(key);
    if (known) return known;
    const limit = { writes: new Map(), turns: new Map(), nextTurnAtMs: 0, blockedUntilMs: 0 };
    limits.set(key, limit);
    return limit;
  }

  function forget(times: Map<string, number>, untilMs: number): void {
    for (const [name, atMs] of times) if (atMs <= untilMs) times.delete(name);
  }

  return {
    asked,
    async begin({ key, id, owner, limit, windowMs, leaseMs, gapMs }) {
      const nowMs = clock.now();
      const state = limitOf(key);
      let atMs = Math.max(nowMs, state.blockedUntilMs);
      if (gapMs !== null) {
        forget(state.turns, nowMs - gapMs);
        const turnMs = state.turns.get(owner) ?? Math.max(nowMs, state.nextTurnAtMs);
        if (!state.turns.has(owner)) state.nextTurnAtMs = turnMs + gapMs;
        state.turns.set(owner, turnMs);
        atMs = Math.max(atMs, turnMs);
      }
      forget(state.writes, nowMs);
      const oldest = [...state.writes.values()].sort((a, b) => a - b)[state.writes.size - limit];
      if (oldest !== undefined) atMs = Math.max(atMs, Math.min(oldest, nowMs + windowMs));
      asked.push({ owner, waitMs: atMs - nowMs });
      if (atMs > nowMs) return atMs - nowMs;
      state.writes.set(id, nowMs + leaseMs + windowMs);
      if (gapMs !== null) state.turns.delete(owner);
      return 0;
    },
    async end(key, id, countsMs) {
      if (countsMs === 0) limitOf(key).writes.delete(id);
      else limitOf(key).writes.set(id, clock.now() + countsMs);
    },
    async block(key, ms) {
      const state = limitOf(key);
      state.blockedUntilMs = Math.max(state.blockedUntilMs, clock.now() + ms);
    },
  };
}
