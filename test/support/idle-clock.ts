import { type Clock, clockOf, systemClock } from '../../src/core/kit/time/clock.ts';

interface Timer {
  readonly atMs: number;
}

/**
 * A clock that runs by itself, `speed` times as fast as real time, while the process has nothing to do. For what mixes real
 * sockets on loopback with long waits: give the same one to both sides. Work takes no time, and time never passes a timer that
 * has not run, so that a busy or stalled machine delays nothing. Its grain is one real millisecond.
 */
export function createIdleClock(speed = 50, startMs = Date.now()): Clock {
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let idleMs = 0;

  function exactNow(): number {
    const seenMs = performance.eventLoopUtilization().idle;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of timers) nextMs = Math.min(nextMs, atMs);
    nowMs = Math.max(nowMs, Math.min(nowMs + (seenMs - idleMs) * speed, nextMs));
    idleMs = seenMs;
    return nowMs;
  }

  idleMs = performance.eventLoopUtilization().idle;
  return clockOf({
    now: () => Math.floor(exactNow()),
    after(ms, run) {
      const timer = { atMs: exactNow() + ms };
      timers.add(timer);
      let disarm = arm();
      function arm() {
        return systemClock.after((timer.atMs - nowMs) / speed, () => {
          if (exactNow() < timer.atMs) {
            disarm = arm();
            return;
          }
          timers.delete(timer);
          run();
        });
      }
      return () => {
        timers.delete(timer);
        disarm();
      };
    },
  });
}
