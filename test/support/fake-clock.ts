import type { Clock } from '../../src/core/kit/time/clock.ts';

interface Sleeper {
  readonly wakeAtMs: number;
  wake(): void;
}

/** A clock that stands still until it is told to move; sleepers wake in order of time. */
export interface FakeClock extends Clock {
  /** Moves time forward by `ms`, waking sleepers one by one and letting their work run in between. */
  advance(ms: number): Promise<void>;
  /** Moves time forward at once, as for a machine that slept: every sleeper whose time has come wakes once. For days and weeks. */
  jump(ms: number): Promise<void>;
  /** How many sleeps are pending. */
  readonly pending: number;
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs;
  let sleepers: Sleeper[] = [];

  return {
    now: () => nowMs,
    get pending() {
      return sleepers.length;
    },
    sleep(ms, signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper: Sleeper = {
          wakeAtMs: nowMs + ms,
          wake() {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        const onAbort = () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.push(sleeper);
      });
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = sleepers.reduce<Sleeper | undefined>(
          (first, other) => (first === undefined || other.wakeAtMs < first.wakeAtMs ? other : first),
          undefined,
        );
        if (next === undefined || next.wakeAtMs > endMs) break;
        nowMs = Math.max(nowMs, next.wakeAtMs);
        sleepers = sleepers.filter((other) => other !== next);
        next.wake();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
    async jump(ms) {
      nowMs += ms;
      const due = sleepers.filter(({ wakeAtMs }) => wakeAtMs <= nowMs);
      sleepers = sleepers.filter(({ wakeAtMs }) => wakeAtMs > nowMs);
      for (const sleeper of due.toSorted((a, b) => a.wakeAtMs - b.wakeAtMs)) sleeper.wake();
      await settle();
    },
  };
}

/** Lets everything that can run without time passing run: a turn of the event loop drains all microtasks before it. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
