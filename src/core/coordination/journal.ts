import { createLateWrites } from '../kit/scheduling/until-stored.ts';
import type { Clock } from '../kit/time/clock.ts';
import { repeat } from '../kit/time/repeat.ts';
import type { Platform } from '../ports/platforms.ts';
import type { Claim } from '../ports/store.ts';
import type { Surface } from '../ports/surface.ts';
import {
  type AnswerState,
  CLAIM_TTL_MS,
  Entry,
  stateOf,
  type Whereabouts,
  type Written,
  writtenSchema,
} from './journal-entry.ts';
import { createClaimLeases, type SharedStore } from './leases.ts';
import { togetherIn } from './together.ts';

export interface Begun {
  readonly onLate?: (entry: Entry) => void;
  /** The event's answer, if it exists already: stored in the same step as the claim. Default: none. */
  readonly answer?: AnswerState;
}

export interface Orphan {
  readonly eventId: string;
  readonly entry: Entry;
  /** Null if nothing was written, or nothing that this version can read. */
  readonly written: Written | null;
}

/** The age of text that a crash may lose if it was not shown. */
const KEEP_EVERY_MS = 1_500;
/** Journals written at once, which a store may do in one step, … */
const KEPT_TOGETHER = 50;
/** … and the gap before the next batch: of 1,000 answers at once, each is written every 3 s. */
const KEEP_GAP_MS = 75;

/** The wait after a claim with unknown outcome; a store that is reachable by then knows the outcome. */
const DOUBT_MS = 1_000;

export type Journal = ReturnType<typeof createJournal>;

/**
 * A record of every event while it is handled, so that another process can finish it if this one dies. The event's claim is
 * its entry: claiming an event also stores its place. An entry of a process that has not renewed its lease for 10 s can be
 * taken over.
 */
export function createJournal(shared: SharedStore) {
  const { store, owner, clock, log } = shared;
  const { claims } = store;
  const open = new Map<string, Entry>();
  /** Events whose claim is in progress. */
  const beginning = new Set<string>();
  const late = createLateWrites({
    clock,
    log,
    words: {
      retried: 'could not store the end of an event; retrying',
      givenUp: 'could not mark an event as handled',
    },
  });
  const leases = createClaimLeases('events', shared);
  const keeping = repeat(
    'writing the journal',
    KEEP_EVERY_MS,
    (signal) => keepAll([...open.values()], clock, signal),
    { clock, log },
  );

  function openEntry(claim: Claim, place: Whereabouts | null): Entry {
    const closed = () => open.delete(claim.id);
    const entry = new Entry(claim, place, { shared, leases, late, closed });
    open.set(claim.id, entry);
    return entry;
  }

  /** Checks later whether an event was claimed although the store did not answer. A redelivery of it comes first. */
  function lookLate(id: string, place: Whereabouts, onLate: (entry: Entry) => void): void {
    late.inBackground(id, async () => {
      const doubtful = { id, owner, fence: 1, leaseUntilMs: leases.until(), journal: null };
      const isBegun = () => open.has(id) || beginning.has(id);
      let isClaimed = false;
      await late.pause(DOUBT_MS);
      await late.untilStored(async () => {
        isClaimed =
          !isBegun() &&
          (await togetherIn(store).write({
            kind: 'journal',
            claim: doubtful,
            journal: stateOf(place, null),
          }));
      });
      if (isClaimed && !isBegun()) onLate(openEntry(doubtful, place));
    });
  }

  return {
    /**
     * Claims the event and opens its entry; null if it was claimed before, by any process. If this rejects, the claim may exist
     * all the same: `onLate` then gets its entry. Without `onLate` the claim lapses, and its event is taken over.
     */
    async claimEvent(
      eventId: string,
      platform: Platform,
      surface: Pick<Surface, 'reference'>,
      { onLate, answer }: Begun = {},
    ): Promise<Entry | null> {
      const place = { platform, surface, asked: null };
      const written = stateOf(place, answer ?? null);
      beginning.add(eventId);
      try {
        const claim = await claims.claim(eventId, owner, leases.until(), clock.now() + CLAIM_TTL_MS, written);
        return claim && openEntry(claim, place);
      } catch (error) {
        if (onLate !== undefined) lookLate(eventId, place, onLate);
        throw error;
      } finally {
        beginning.delete(eventId);
      }
    },

    /**
     * The open entry of an event in this process.
     * @throws Error if there is none
     */
    entry(eventId: string): Entry {
      const entry = open.get(eventId);
      if (entry === undefined) throw new Error(`no entry is open for the event ${eventId}`);
      return entry;
    },

    /** Takes over an event of a dead process; null if there is none. After `leave` it is offered again once its lease ends. */
    async takeOver(): Promise<Orphan | null> {
      // Otherwise this process's own claims may be among the expired ones.
      await leases.catchUp();
      const claim = await claims.takeOver(owner, clock.now(), leases.until());
      if (claim === null) return null;
      const written = writtenIn(claim, log);
      const entry = openEntry(claim, written && placeOf(written));
      return { eventId: claim.id, entry, written };
    },

    /** Resolves once every requested end is stored or was tried once more. Entries that are still open are left to others. */
    async stop(): Promise<void> {
      await Promise.all([leases.stop(), keeping.stop()]);
      await late.stop();
    },
  };
}

async function keepAll(entries: readonly Entry[], clock: Clock, signal: AbortSignal): Promise<void> {
  for (let from = 0; from < entries.length && !signal.aborted; from += KEPT_TOGETHER) {
    if (from > 0) await clock.sleep(KEEP_GAP_MS, signal);
    await Promise.all(entries.slice(from, from + KEPT_TOGETHER).map((entry) => entry.keep()));
  }
}

function placeOf({ platform, place, asked }: Written): Whereabouts {
  return { platform, surface: { reference: place }, asked };
}

/** The journal of a dead process; null if there is none, or none that this version can read. */
function writtenIn({ id, journal }: Claim, log: SharedStore['log']): Written | null {
  const { data = null, error } = writtenSchema.nullable().safeParse(journal);
  if (error) log.error({ err: error, event: id }, "could not read a dead process's journal");
  return data;
}
