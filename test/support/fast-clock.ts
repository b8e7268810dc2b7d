import { type Clock, clockOf, systemClock } from '../../src/core/kit/time/clock.ts';

/**
 * A clock that runs by itself, many times faster than real time. For what mixes real sockets with long waits: give the same
 * one to both sides. Its grain is one real millisecond, that is `speed` of its own. `createIdleClock` stands a busy machine better; this
 * one is for what another process keeps time for, such as Redis.
 */
export function createFastClock(speed = 50, startMs = Date.now()): Clock {
  const origin = performance.now();
  return clockOf({
    now: () => Math.floor(startMs + (performance.now() - origin) * speed),
    after: (ms, run) => systemClock.after(ms / speed, run),
  });
}
