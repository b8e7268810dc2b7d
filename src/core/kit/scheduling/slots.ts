import type { Clock } from '../time/clock.ts';
import { waitInLine } from '../time/waiters.ts';

export interface QueuePlace {
  /** The number of callers to be served up to this one, including it. */
  readonly position: number;
  /** The estimated wait, from how long slots were held recently. */
  readonly waitMs: number;
}

export interface Slot {
  readonly ok: true;
  release(): void;
}

export interface Crowded {
  readonly ok: false;
  /** The estimated time until there is room, from how long slots were held recently. */
  readonly retryAfterMs: number;
}

export interface SlotsOptions {
  readonly max: number;
  readonly maxPerGuild: number;
  /** The most that may wait per guild. */
  readonly maxWaitingPerGuild: number;
  /** The most that may wait in total. */
  readonly maxWaiting: number;
  readonly clock: Clock;
}

interface Lot {
  used: number;
  readonly waiting: (() => void)[];
}

/** How long a slot is assumed to be held before any was released. */
const FIRST_GUESS_MS = 15_000;
/** Weight of the newest duration in the average. */
const SMOOTHING = 0.1;

export type Slots = ReturnType<typeof createSlots>;

/** Limits what runs at once, in all and per guild: answers, files that are read. Those that wait are served guild by guild. */
export function createSlots({ max, maxPerGuild, maxWaitingPerGuild, maxWaiting, clock }: SlotsOptions) {
  /** Guilds with a slot or a waiting caller; least recently served first. */
  const lots = new Map<string, Lot>();
  let used = 0;
  let waiting = 0;
  let averageMs = FIRST_GUESS_MS;

  function hold(guild: string, lot: Lot): Slot {
    const sinceMs = clock.now();
    used++;
    lot.used++;
    // The served guild goes to the end of the line.
    lots.delete(guild);
    lots.set(guild, lot);
    let isHeld = true;
    return {
      ok: true,
      release() {
        if (!isHeld) return;
        isHeld = false;
        used--;
        lot.used--;
        averageMs += SMOOTHING * (clock.now() - sinceMs - averageMs);
        if (lot.used === 0 && lot.waiting.length === 0) lots.delete(guild);
        admitNext();
      },
    };
  }

  function admitNext(): void {
    while (used < max) {
      const next = [...lots.values()].find((lot) => lot.waiting.length > 0 && lot.used < maxPerGuild);
      if (next === undefined) return;
      next.waiting.shift()?.();
    }
  }

  /** Guilds are served in turn, so before a guild's n-th caller come at most n of each other guild. */
  function placeOf(lot: Lot, admit: () => void): QueuePlace {
    const found = lot.waiting.indexOf(admit);
    const ahead = found === -1 ? lot.waiting.length : found;
    let position = ahead + 1;
    let isBefore = true;
    for (const other of lots.values()) {
      if (other === lot) isBefore = false;
      else if (other.used < maxPerGuild)
        position += Math.min(other.waiting.length, ahead + (isBefore ? 1 : 0));
    }
    // If its own guild has all its slots in use, others do not delay it.
    if (lot.used >= maxPerGuild) position = ahead + 1;
    const rounds = Math.max(position / max, (ahead + 1) / maxPerGuild);
    return { position, waitMs: Math.ceil(averageMs * rounds) };
  }

  return {
    /**
     * Resolves to a slot once one is free; its `release` must be called once. Calls `onWait` if that is not at once, with a
     * function that returns the place in the queue. Resolves to a refusal if too many wait. Rejects with the signal's reason if
     * it aborts first.
     */
    async acquireSlot(
      guild: string,
      onWait: (placeNow: () => QueuePlace) => void,
      signal: AbortSignal,
    ): Promise<Slot | Crowded> {
      signal.throwIfAborted();
      const lot = lots.get(guild) ?? { used: 0, waiting: [] };
      if (used < max && lot.used < maxPerGuild) return hold(guild, lot);
      if (waiting >= maxWaiting || lot.waiting.length >= maxWaitingPerGuild) {
        const ahead = Math.min(waiting / max, lot.waiting.length / maxPerGuild);
        return { ok: false, retryAfterMs: Math.ceil(averageMs * (1 + ahead)) };
      }
      lots.set(guild, lot);
      waiting++;
      let admit = () => {};
      onWait(() => placeOf(lot, admit));
      return waitInLine<Slot>(signal, (grant) => {
        admit = () => {
          waiting--;
          grant(hold(guild, lot));
        };
        lot.waiting.push(admit);
        return () => {
          lot.waiting.splice(lot.waiting.indexOf(admit), 1);
          waiting--;
          if (lot.used === 0 && lot.waiting.length === 0) lots.delete(guild);
        };
      });
    },
    /** Slots in use, and callers that wait. */
    get used() {
      return used;
    },
    get waiting() {
      return waiting;
    },
  };
}
