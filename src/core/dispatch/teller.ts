import type { Logger } from 'pino';
import { explain, inOneLine } from '../chat/words/explain.ts';
import { orLog } from '../kit/or-log.ts';
import { NEVER } from '../kit/time/over.ts';
import { PlaceGone, PlaceLocked } from '../ports/delivery-errors.ts';
import type { NameOperator } from '../ports/operator.ts';
import type { Notice, Surface } from '../ports/surface.ts';

export type Teller = ReturnType<typeof createTeller>;

/** Dispatch's own messages, to the asker alone. */
export function createTeller(nameOperator: NameOperator, log: Logger) {
  function say(surface: Surface, told: string | Notice): Promise<void> {
    const notice = typeof told === 'string' ? { text: told } : told;
    return surface.tellPrivately({ ...notice, text: nameOperator(notice.text) }, NEVER);
  }

  return {
    nameOperator,
    say,
    /** Says in one line what went wrong, unless the place is unreachable. Never rejects. */
    async sayFault(surface: Surface, error: unknown, eventId: string): Promise<void> {
      if (error instanceof PlaceGone || error instanceof PlaceLocked) return;
      const untold = orLog(log, 'warn', { event: eventId }, 'could not tell the asker about a fault');
      await say(surface, inOneLine(explain(error))).catch(untold);
    },
  };
}
