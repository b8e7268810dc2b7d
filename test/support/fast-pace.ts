import type { EndedWrite, PaceStore } from '../../src/core/ports/store.ts';

/** The pace of a store whose time is real, for a clock that runs `speed` times as fast. */
export function fastPace(pace: PaceStore, speed: number): PaceStore {
  const faster = (ended: readonly EndedWrite[]) =>
    ended.map(({ id, countsMs }) => ({ id, countsMs: countsMs / speed }));
  return {
    async beginWrite({ windowMs, leaseMs, gapMs, ...write }, ended = []) {
      const fast = {
        ...write,
        windowMs: windowMs / speed,
        leaseMs: leaseMs / speed,
        gapMs: gapMs === null ? null : gapMs / speed,
      };
      const waitMs = await pace.beginWrite(fast, faster(ended));
      return waitMs * speed;
    },
    end: (key, ended) => pace.end(key, faster(ended)),
    block: (key, ms) => pace.block(key, ms / speed),
    async owe({ windowMs, dueMs, leaseMs, ...write }) {
      const waitMs = await pace.owe({
        ...write,
        windowMs: windowMs / speed,
        dueMs: dueMs / speed,
        leaseMs: leaseMs / speed,
      });
      return waitMs * speed;
    },
    endDebt: (key, id) => pace.endDebt(key, id),
  };
}
