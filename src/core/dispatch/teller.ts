import type { Logger } from 'pino';
import { explain, inOneLine } from '../chat/words/explain.ts';
import { orLog } from '../kit/or-log.ts';
import { NEVER } from '../kit/over.ts';
import { PlaceGone, PlaceLocked } from '../ports/delivery-errors.ts';
import type { NameOperator } from '../ports/operator.ts';
import type { Notice, Surface } from '../ports/surface.ts';

/** Dispatch's own messages, to the asker alone. */
export interface Teller {
  readonly nameOperator: NameOperator;
  say(surface: Surface, told: string | Notice): Promise<void>;
  /** Says in one line what went wrong, unless the place is unreachable. Never rejects. */
  sayFault(surface: Surface, error: unknown, eventId: string): Promise<void>;
}

export function createTeller(nameOperator: NameOperator, log: Logger): Teller {
  const say: Teller['say'] = (surface, told) => {
    const notice = typeof told === 'string' ? { text: told } : told;
    return surface.tellPrivately({ ...notice, text: nameOperator(notice.text) }, NEVER);
  };

  return {
    nameOperator,
    say,
    async sayFault(surface, error, eventId) {
      if (error instanceof PlaceGone || error instanceof PlaceLocked) return;
      const untold = orLog(log, 'warn', { event: eventId }, 'could not tell the asker about a fault');
      await say(surface, inOneLine(explain(error))).catch(untold);
    },
  };
}
