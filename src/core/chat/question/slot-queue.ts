import type { Crowded, QueuePlace, Slot, Slots } from '../../kit/scheduling/slots.ts';
import type { Clock } from '../../kit/time/clock.ts';
import { waitInWords } from '../../kit/time/durations.ts';
import { OVER } from '../../kit/time/over.ts';
import type { Surface } from '../../ports/surface.ts';
import type { Question } from './job.ts';

/** People cannot read updates that come more often. */
const TOLD_EVERY_MS = 5_000;

/** Waits for a slot, and shows the asker the question's place in the queue meanwhile. Rejects with the signal's reason. */
export async function waitForSlot(
  slots: Slots,
  clock: Clock,
  { surface, place }: Question,
  signal: AbortSignal,
): Promise<Slot | Crowded> {
  const over = new AbortController();
  let telling = Promise.resolve();
  const onWait = (placeNow: () => QueuePlace) => {
    surface.indicate('queued');
    telling = tellOfPlace(surface, clock, placeNow, AbortSignal.any([over.signal, signal]));
  };
  try {
    return await slots.acquireSlot(place.guild, onWait, signal);
  } finally {
    over.abort(OVER);
    await telling;
  }
}

async function tellOfPlace(surface: Surface, clock: Clock, placeNow: () => QueuePlace, until: AbortSignal) {
  if (surface.waits === undefined) return;
  for (let said = ''; !until.aborted; ) {
    const { position, waitMs } = placeNow();
    const words = `Many answers are being written here. Your question is number ${position} in the queue; its turn should come ${waitInWords(waitMs)}.`;
    if (words !== said) surface.waits(words);
    said = words;
    await clock.sleep(TOLD_EVERY_MS, until).catch(() => {});
  }
}
