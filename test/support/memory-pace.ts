import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { EndedWrite, PaceStore } from '../../src/core/ports/store.ts';

interface Limit {
  /** Writes by the time until which they count. */
  readonly writes: Map<string, number>;
  /** Owners that wait by the time of their turn. */
  readonly turns: Map<string, number>;
  /** Writes that room is kept for, by the time until which it is. */
  readonly owed: Map<string, number>;
  nextTurnAtMs: number;
  blockedUntilMs: number;
  /** Until when the write counts that ended last. */
  filledUntilMs: number;
}

/** A `PaceStore` on a clock of the test's, with the log of who asked. */
export interface MemoryPace extends PaceStore {
  readonly asked: readonly { readonly owner: string; readonly waitMs: number }[];
}

/** As Redis' store. */
const OWED_LOOK_MS = 250;

export function createMemoryPace(clock: Clock): MemoryPace {
  const limits = new Map<string, Limit>();
  const asked: { owner: string; waitMs: number }[] = [];

  function limitOf(key: string): Limit {
    const known = limits.get(key);
    if (known) return known;
    const limit = {
      writes: new Map(),
      turns: new Map(),
      owed: new Map(),
      nextTurnAtMs: 0,
      blockedUntilMs: 0,
      filledUntilMs: 0,
    };
    limits.set(key, limit);
    return limit;
  }

  function forget(times: Map<string, number>, untilMs: number): void {
    for (const [name, atMs] of times) if (atMs <= untilMs) times.delete(name);
  }

  function end(key: string, ended: readonly EndedWrite[]): void {
    const state = limitOf(key);
    for (const { id, countsMs, refillMs = 0 } of ended) {
      if (countsMs === 0) state.writes.delete(id);
      else {
        const refilledMs = refillMs === 0 ? 0 : state.filledUntilMs + refillMs;
        state.filledUntilMs = Math.max(clock.now() + countsMs, refilledMs);
        state.writes.set(id, state.filledUntilMs);
      }
    }
  }

  return {
    asked,
    async beginWrite({ key, id, owner, limit, windowMs, leaseMs, gapMs }, ended = []) {
      end(key, ended);
      const nowMs = clock.now();
      const state = limitOf(key);
      let atMs = Math.max(nowMs, state.blockedUntilMs);
      let room = limit;
      if (gapMs !== null) {
        forget(state.turns, nowMs - gapMs);
        const turnMs = state.turns.get(owner) ?? Math.max(nowMs, state.nextTurnAtMs);
        if (!state.turns.has(owner)) state.nextTurnAtMs = turnMs + gapMs;
        state.turns.set(owner, turnMs);
        atMs = Math.max(atMs, turnMs);
        forget(state.owed, nowMs);
        room -= state.owed.size;
      }
      forget(state.writes, nowMs);
      const oldest = [...state.writes.values()].sort((a, b) => a - b)[state.writes.size - room];
      if (room <= 0) atMs = Math.max(atMs, nowMs + Math.max(gapMs ?? 0, OWED_LOOK_MS));
      else if (oldest !== undefined) atMs = Math.max(atMs, Math.min(oldest, nowMs + windowMs));
      asked.push({ owner, waitMs: atMs - nowMs });
      if (atMs > nowMs) return atMs - nowMs;
      state.writes.set(id, nowMs + leaseMs + windowMs);
      if (gapMs !== null) state.turns.delete(owner);
      return 0;
    },
    end: async (key, ended) => end(key, ended),
    async block(key, ms) {
      const state = limitOf(key);
      state.blockedUntilMs = Math.max(state.blockedUntilMs, clock.now() + ms);
    },
    async owe({ key, id, limit, windowMs, dueMs, leaseMs }) {
      const nowMs = clock.now();
      const state = limitOf(key);
      forget(state.owed, nowMs);
      if (!state.owed.has(id)) {
        if (state.blockedUntilMs > nowMs + dueMs) return state.blockedUntilMs - dueMs - nowMs;
        const inTheWay = [...state.writes.values()].filter((atMs) => atMs > nowMs + dueMs).length;
        const room = dueMs < windowMs ? limit - inTheWay : (limit * dueMs) / windowMs;
        if (state.owed.size + 1 > room) return OWED_LOOK_MS;
      }
      state.owed.set(id, nowMs + leaseMs);
      return 0;
    },
    async endDebt(key, id) {
      limitOf(key).owed.delete(id);
    },
  };
}
