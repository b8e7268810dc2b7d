import type { Clock } from '../../core/clock.ts';

/** Bounds how many streams a workspace starts and stops. */
export interface StreamSlots {
  /** Null where there is none left: then an answer is shown by edits. */
  take(): StreamSlot | null;
}

export interface StreamSlot {
  /** The stream has ended. */
  release(): void;
}

/** A stream is dead by then, whatever became of it. */
const LONGEST_HELD_MS = 6 * 60_000;

/**
 * Starting and stopping are limited to 20 a minute each. A slot is held from the start until a minute after the stop, so
 * that no minute sees more of either than there are slots, however the answers fall.
 */
export function createStreamSlots(clock: Clock, slots = 18): StreamSlots {
  const held = new Set<{ untilMs: number }>();
  return {
    take() {
      const nowMs = clock.now();
      for (const slot of held) if (slot.untilMs <= nowMs) held.delete(slot);
      if (held.size >= slots) return null;
      const slot = { untilMs: nowMs + LONGEST_HELD_MS };
      held.add(slot);
      return {
        release() {
          slot.untilMs = Math.min(slot.untilMs, clock.now() + 60_000);
        },
      };
    },
  };
}
