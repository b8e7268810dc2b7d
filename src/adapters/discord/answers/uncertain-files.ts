import { PassingFault, PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';
import { type MessageView, withoutFiles } from '../../../core/ports/surface.ts';
import { isUnclear } from './message-writers.ts';

/** Uploads fail longer than texts do: after so many faults the answer stands without its files. */
const MAX_FAULTS = 3;

/**
 * Remembers whether Discord takes the files of an answer. Where it refuses them (no *Attach Files* here, more bytes than this
 * server's limit), the write fails as a passing fault, and its next try goes without them.
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
      throw new PassingFault('Discord does not take the files of an answer', { cause: error });
    }
  };
}

/** Whether the same may be taken without files. */
function isOfFiles(error: unknown): boolean {
  return error instanceof Unshowable || (error instanceof PlaceGone && error.reason === 'forbidden');
}
