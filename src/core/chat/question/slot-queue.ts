import type { Clock } from '../../kit/clock.ts';
import { waitInWords } from '../../kit/durations.ts';
import { OVER } from '../../kit/over.ts';
import type { Crowded, QueuePlace, Slot, Slots } from '../../kit/slots.ts';
import type { Surface } from '../../ports/surface.ts';
import type { Question } from './job.ts';

/** Waits for a slot, and shows the asker the question's place in the queue meanwhile. Rejects with the signal's reason. */
export type WaitForSlot = (question: Question, signal: AbortSignal) => Promise<Slot | Crowded>;

/** People cannot read updates that come more often. */
const TOLD_EVERY_MS = 5_000;

function queueWords({ position, waitMs }: QueuePlace): string {
  return `Many answers are being written here. Your question is number ${position} in the queue; its turn should come ${waitInWords(waitMs)}.`;
}

export function createSlotQueue(slots: Pick<Slots, 'acquireSlot'>, clock: Clock): WaitForSlot {
  async function tellOfPlace({ waits }: Surface, placeNow: () => QueuePlace, until: AbortSignal) {
    if (waits === undefined) return;
    for (let said = ''; !until.aborted; ) {
      const words = queueWords(placeNow());
      if (words !== said) waits(words);
      said = words;
      await clock.sleep(TOLD_EVERY_MS, until).catch(() => {});
    }
  }

  return async ({ surface, place }, signal) => {
    const over = new AbortController();
    let telling = Promise.resolve();
    const onWait = (placeNow: () => QueuePlace) => {
      surface.indicate('queued');
      telling = tellOfPlace(surface, placeNow, AbortSignal.any([over.signal, signal]));
    };
    try {
      return await slots.acquireSlot(place.guild, onWait, signal);
    } finally {
      over.abort(OVER);
      await telling;
    }
  };
}
