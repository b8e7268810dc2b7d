import type { Logger } from 'pino';
import { RESTARTING } from '../chat/run-job.ts';
import { explain, inOneLine } from '../chat/words/explain.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Entry } from '../coordination/journal-entry.ts';
import { createBackground } from '../kit/background.ts';
import { platformOf } from '../ports/actor.ts';
import type { Arrival, Dispatch, InboundEvent } from '../ports/events.ts';
import type { Hearing } from './hearing.ts';
import type { Teller } from './teller.ts';

/**
 * Handles each event once, over all processes. An event is claimed in the journal when it arrives, or when it is passed on.
 */
export interface Arrivals {
  readonly claim: Dispatch['claim'];
  readonly dropClaim: Dispatch['dropClaim'];
  /** Runs the work of an event that was not seen before, and tells the asker if it fails. Never rejects. */
  handleOnce(event: InboundEvent, work: () => Promise<void>): Promise<void>;
  /**
   * Asks whether something may begin: null if it may, else a sentence for the person. A restart and a fault are reasons too.
   *
   * @param about fields for the log
   */
  refusal(about: object, decide: () => Promise<string | null>): Promise<string | null>;
  /** Whether events are answered with a message that the bot is restarting. */
  readonly isClosed: boolean;
  close(): void;
}

/**
 * Milliseconds of each turn of the event loop in which events begin to be handled. If more arrive than there is CPU for, they
 * are claimed and acknowledged first, for which platforms give three seconds.
 */
const BEGIN_BUDGET_MS = 20;

export function createArrivals(
  coordination: Coordination,
  hearing: Hearing,
  teller: Teller,
  log: Logger,
): Arrivals {
  const claims = createClaims(coordination, hearing);
  let isClosed = false;
  const begin = createBackground<() => void>(BEGIN_BUDGET_MS, (resolve) => resolve());

  return {
    claim: (arrival, onLate) =>
      // `handleOnce` tells its asker about the restart.
      isClosed ? Promise.resolve(true) : claims.claim(arrival, onLate),

    dropClaim: claims.dropClaim,

    async handleOnce(event, work) {
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

    async refusal(about, decide) {
      if (isClosed) return teller.nameOperator(RESTARTING);
      try {
        const refusal = await decide();
        return refusal && teller.nameOperator(refusal);
      } catch (error) {
        log.error({ err: error, ...about }, 'could not decide whether a person may do something');
        return teller.nameOperator(inOneLine(explain(error)));
      }
    },

    get isClosed() {
      return isClosed;
    },

    close() {
      isClosed = true;
    },
  };
}

/** Claims of events that were not passed on yet. */
interface Claims extends Pick<Arrivals, 'claim' | 'dropClaim'> {
  /** The entry of an event, possibly claimed at its arrival; null if it was handled before. */
  entryOf(event: InboundEvent): Promise<Entry | null>;
}

function createClaims({ journal }: Coordination, hearing: Hearing): Claims {
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
    async claim(arrival, onLate) {
      const first = claiming.get(arrival.id);
      if (first !== undefined) return first.then(() => false);
      const own = claim(arrival, onLate).finally(() => claiming.delete(arrival.id));
      claiming.set(arrival.id, own);
      return own;
    },

    async dropClaim(id) {
      const entry = claimed.get(id);
      claimed.delete(id);
      await entry?.end();
    },

    async entryOf({ id, surface, place }) {
      const entry = claimed.get(id);
      if (entry === undefined) return journal.claimEvent(id, platformOf(place.guild), surface);
      claimed.delete(id);
      entry.resumeAt(surface);
      return entry;
    },
  };
}
