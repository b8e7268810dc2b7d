import { PassingFault, PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';
import { type MessageView, withoutFiles } from '../../../core/ports/surface.ts';
import { isUnclear } from './message-writers.ts';

/** Uploads fail longer than texts: after this many faults the answer is shown without its files. */
const MAX_FAULTS = 3;

/**
 * Remembers whether Discord accepts an answer's files. If it refuses them (no *Attach Files*, or more bytes than the server's
 * limit), the write fails as a temporary fault, and its retry has no files.
 */
export function createUncertainFiles(): <T>(
  view: MessageView,
  write: (view: MessageView) => Promise<T>,
) => Promise<T> {
  let faults = 0;
  return async (view, write) => {
    if (view.files === undefined) return write(view);
    if (faults >= MAX_FAULTS) return write(withoutFiles(view));
    try {
      return await write(view);
    } catch (error) {
      if (isUnclear(error)) faults++;
      if (!isOfFiles(error)) throw error;
      faults = MAX_FAULTS;
      throw new PassingFault('Discord does not accept the files of an answer', { cause: error });
    }
  };
}

/** Whether the same write may succeed without files. */
function isOfFiles(error: unknown): boolean {
  return error instanceof Unshowable || (error instanceof PlaceGone && error.reason === 'forbidden');
}
