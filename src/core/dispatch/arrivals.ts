import type { Logger } from 'pino';
import { RESTARTING } from '../chat/run-job.ts';
import { explain, inOneLine } from '../chat/words/explain.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Entry } from '../coordination/journal-entry.ts';
import { createBackground } from '../kit/scheduling/background.ts';
import { platformOf } from '../ports/actor.ts';
import type { Arrival, InboundEvent } from '../ports/events.ts';
import type { Hearing } from './hearing.ts';
import type { Teller } from './teller.ts';

/**
 * Milliseconds of each turn of the event loop in which events begin to be handled. If more arrive than there is CPU for, they
 * are claimed and acknowledged first, for which platforms give three seconds.
 */
const BEGIN_BUDGET_MS = 20;

export type Arrivals = ReturnType<typeof createArrivals>;

/** Handles each event once, over all processes. It is claimed in the journal as it arrives, or as it is passed on. */
export function createArrivals(coordination: Coordination, hearing: Hearing, teller: Teller, log: Logger) {
  const claims = createClaims(coordination, hearing);
  let isClosed = false;
  const begin = createBackground<() => void>(BEGIN_BUDGET_MS, (resolve) => resolve());

  return {
    /** As `Dispatch.claim`. */
    claim: (arrival: Arrival, onLate?: () => void): Promise<boolean> =>
      // `handleOnce` tells its asker about the restart.
      isClosed ? Promise.resolve(true) : claims.claim(arrival, onLate),

    /** As `Dispatch.dropClaim`. */
    dropClaim: claims.dropClaim,

    /** Runs the work of an event that was not seen before, and tells the asker if it fails. Never rejects. */
    async handleOnce(event: InboundEvent, work: () => Promise<void>): Promise<void> {
      const { id, surface, place } = event;
      try {
        const entry = await claims.entryOf(event);
        if (entry === null) {
          log.debug({ event: id }, 'ignored a repeated event');
          return;
        }
        const leave = coordination.stops.arrive(id);
        try {
          await new Promise<void>(begin);
          // Claimed in any case, so that a person who is told this does not also get an answer to a missed message.
          if (isClosed) await teller.say(surface, RESTARTING);
          else await work();
        } finally {
          leave();
          await entry.end();
        }
      } catch (error) {
        log.error({ err: error, event: id, guild: place.guild }, 'could not handle an event');
        await teller.sayFault(surface, error, id);
      }
    },

    /**
     * Asks whether something may begin: null if it may, else a sentence for the person. A restart and a fault are reasons too.
     *
     * @param about fields for the log
     */
    async refusal(about: object, decide: () => Promise<string | null>): Promise<string | null> {
      if (isClosed) return teller.nameOperator(RESTARTING);
      try {
        const refusal = await decide();
        return refusal && teller.nameOperator(refusal);
      } catch (error) {
        log.error({ err: error, ...about }, 'could not decide whether a person may do something');
        return teller.nameOperator(inOneLine(explain(error)));
      }
    },

    /** Whether events are answered with a message that the bot is restarting. */
    get isClosed() {
      return isClosed;
    },

    close(): void {
      isClosed = true;
    },
  };
}

/** Claims of events that were not passed on yet. */
function createClaims({ journal }: Coordination, hearing: Hearing) {
  const claiming = new Map<string, Promise<boolean>>();
  const claimed = new Map<string, Entry>();

  async function claim({ id, place, surface, addressed }: Arrival, onLate?: () => void): Promise<boolean> {
    if (!addressed && !(await hearing.isHeard(place))) return false;
    const holdLate = (entry: Entry) => {
      claimed.set(id, entry);
      onLate?.();
    };
    const begun = onLate === undefined ? {} : { onLate: holdLate };
    const entry = await journal.claimEvent(id, platformOf(place.guild), surface, begun);
    if (entry !== null) claimed.set(id, entry);
    return entry !== null;
  }

  return {
    async claim(arrival: Arrival, onLate?: () => void): Promise<boolean> {
      const first = claiming.get(arrival.id);
      if (first !== undefined) return first.then(() => false);
      const own = claim(arrival, onLate).finally(() => claiming.delete(arrival.id));
      claiming.set(arrival.id, own);
      return own;
    },

    async dropClaim(id: string): Promise<void> {
      const entry = claimed.get(id);
      claimed.delete(id);
      await entry?.end();
    },

    /** The entry of an event, possibly claimed at its arrival; null if it was handled before. */
    async entryOf({ id, surface, place }: InboundEvent): Promise<Entry | null> {
      const entry = claimed.get(id);
      if (entry === undefined) return journal.claimEvent(id, platformOf(place.guild), surface);
      claimed.delete(id);
      entry.resumeAt(surface);
      return entry;
    },
  };
}
