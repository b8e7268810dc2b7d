import { type Clock, clockOf } from '../../src/core/kit/time/clock.ts';

interface Timer {
  readonly endsAtMs: number;
  run(): void;
}

/** A clock that stands still until it is told to move; its timers end in order of time. */
export interface FakeClock extends Clock {
  /** Moves time forward by `ms`, ending timers one by one and letting their work run in between. */
  advance(ms: number): Promise<void>;
  /** Moves time forward at once, as for a machine that slept: every sleeper whose time has come wakes once. For days and weeks. */
  jump(ms: number): Promise<void>;
  /** How many sleeps and other timers are pending. */
  readonly pending: number;
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs;
  let timers: Timer[] = [];
  const clock = clockOf({
    now: () => nowMs,
    after(ms, run) {
      const timer = { endsAtMs: nowMs + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  });

  return {
    ...clock,
    get pending() {
      return timers.length;
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = timers.reduce<Timer | undefined>(
          (first, other) => (first === undefined || other.endsAtMs < first.endsAtMs ? other : first),
          undefined,
        );
        if (next === undefined || next.endsAtMs > endMs) break;
        nowMs = Math.max(nowMs, next.endsAtMs);
        timers = timers.filter((other) => other !== next);
        next.run();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
    async jump(ms) {
      nowMs += ms;
      const due = timers.filter(({ endsAtMs }) => endsAtMs <= nowMs);
      timers = timers.filter(({ endsAtMs }) => endsAtMs > nowMs);
      for (const timer of due.toSorted((a, b) => a.endsAtMs - b.endsAtMs)) timer.run();
      await settle();
    },
  };
}

/** Lets everything that can run without time passing run: a turn of the event loop drains all microtasks before it. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
