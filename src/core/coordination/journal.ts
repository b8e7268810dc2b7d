import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { repeat } from '../kit/repeat.ts';
import { createLateWrites, type LateWrites } from '../kit/until-stored.ts';
import { PLATFORM_IDS, type Platform } from '../ports/platforms.ts';
import type { Claim, ClaimKey } from '../ports/store.ts';
import type { Surface } from '../ports/surface.ts';
import { createClaimLeases, type Leases, type SharedStore } from './leases.ts';
import { togetherIn } from './together.ts';

/**
 * A record of every event while it is handled, so that another process can finish it if this one dies. The event's claim is
 * its entry: claiming an event also stores its place.
 */
export interface Journal {
  /**
   * Claims the event and opens its entry; null if it was claimed before, by any process. If this rejects, the claim may exist
   * all the same: `onLate` then gets its entry. Without `onLate` the claim lapses, and its event is taken over.
   */
  claimEvent(
    eventId: string,
    platform: Platform,
    surface: Pick<Surface, 'reference'>,
    begun?: Begun,
  ): Promise<Entry | null>;
  /**
   * The open entry of an event in this process.
   * @throws Error if there is none
   */
  entry(eventId: string): Entry;
  /**
   * Takes over an event of a dead process, with its journal; null if there is none. After `Entry.leave` it is offered to any
   * process again once the lease has expired.
   */
  takeOver(): Promise<Orphan | null>;
  /** Resolves once every requested end is stored or was tried once more. Entries that are still open are left to others. */
  stop(): Promise<void>;
}

export interface Begun {
  readonly onLate?: (entry: Entry) => void;
  /** The event's answer, if it exists already: stored in the same step as the claim. Default: none. */
  readonly answer?: AnswerState;
}

/** One event that is being handled. */
export interface Entry {
  /** Aborts if another process has taken over the event; from then on nothing may be shown or stored for it. */
  readonly lost: AbortSignal;
  /** Sets the asker, to be stored with the next state. */
  askedBy(asked: Asked): void;
  /** Sets the source of the answer's state, which is written at `keep`, and periodically if it has changed. */
  watch(read: () => AnswerState): void;
  /** Sets the surface on which an event that was taken over continues, by which it is found from now on. */
  resumeAt(surface: Surface): void;
  /** Writes the present state; if the store fails, later. Never rejects. */
  keep(): Promise<void>;
  /**
   * Marks the event as handled, and stores `alongside` in the same moment; retries both until the store accepts them, so
   * `alongside` must be repeatable. Never rejects.
   */
  end(alongside?: () => Promise<unknown>): Promise<void>;
  /** Leaves the event to another process, which finds it once the lease has expired. `end` does nothing after that. */
  leave(): void;
}

export interface Orphan {
  readonly eventId: string;
  readonly entry: Entry;
  /** Null if nothing was written, or nothing that this version can read. */
  readonly written: Written | null;
}

/** The present state of an answer. */
export const answerSchema = z.object({
  id: z.string(),
  /** Catalogue id; null before a model was chosen. */
  model: z.string().nullable(),
  askedAtMs: z.number(),
  /** The text that had arrived. */
  text: z.string(),
  /** The number of images that had arrived. They are not stored; the next process says that they are lost. */
  images: z.int().nonnegative().default(0),
  /** The number of complete messages. */
  sealed: z.int().nonnegative(),
  /** `LiveMessage.key` of the growing message; null if it was yet to come. */
  message: z.string().nullable(),
  /** Keys of its messages so far, oldest first. Missing in entries of earlier versions. */
  messages: z.array(z.string()).exactOptional(),
  /** How it ended, once known; then it only remains to show it. */
  ending: z
    .object({
      status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
      note: z.string().nullable(),
      footer: z.string().nullable(),
      /** Whether it was cut at the length limit, so that it can continue. */
      isCut: z.boolean().exactOptional(),
    })
    .nullable()
    .default(null),
});

const askedSchema = z.object({
  guild: z.string(),
  user: z.string(),
  /** The person's display name. */
  name: z.string(),
});

/** The stored form of an event. */
export const writtenSchema = z.object({
  version: z.literal(1),
  platform: z.enum(PLATFORM_IDS),
  /** `Surface.reference`. */
  place: z.string(),
  answer: answerSchema.nullable(),
  /** The asker, for operators who look at answers in progress. */
  asked: askedSchema.nullable().default(null),
});

export type AnswerState = z.infer<typeof answerSchema>;
export type AnswerEnd = NonNullable<AnswerState['ending']>;
export type Written = z.infer<typeof writtenSchema>;
export type Asked = z.infer<typeof askedSchema>;

/** Slack redelivers for five minutes, Discord's gateway replays for less, and people repeat a POST a little longer. */
const CLAIM_TTL_MS = 24 * 3_600_000;
/** The age of text that a crash may lose if it was not shown. */
const KEEP_EVERY_MS = 1_500;
/** Journals written at once, which a store may do in one step, … */
const KEPT_TOGETHER = 50;
/** … and the gap before the next batch: of 1,000 answers at once, each is written every 3 s. */
const KEEP_GAP_MS = 75;

/** The wait after a claim with unknown outcome; a store that is reachable by then knows the outcome. */
const DOUBT_MS = 1_000;

/** An entry of a process that has not renewed its lease for 10 s can be taken over. */
export function createJournal(shared: SharedStore): Journal {
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
    const entry = createEntry(claim, place, { shared, leases, late, closed });
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
    async claimEvent(eventId, platform, surface, { onLate, answer = null } = {}) {
      const place = { platform, surface, asked: null };
      const written = stateOf(place, answer);
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

    entry(eventId) {
      const entry = open.get(eventId);
      if (entry === undefined) throw new Error(`no entry is open for the event ${eventId}`);
      return entry;
    },

    async takeOver() {
      // Otherwise this process's own claims may be among the expired ones.
      await leases.catchUp();
      const claim = await claims.takeOver(owner, clock.now(), leases.until());
      if (claim === null) return null;
      const written = writtenIn(claim, log);
      const entry = openEntry(claim, written && placeOf(written));
      return { eventId: claim.id, entry, written };
    },

    async stop() {
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

interface EntryParts {
  readonly shared: SharedStore;
  readonly leases: Leases<ClaimKey>;
  readonly late: LateWrites;
  /** Called once, as the entry ends or is left to another process. */
  readonly closed: () => void;
}

function createEntry(
  claim: Claim,
  begunAt: Whereabouts | null,
  { shared, leases, late, closed }: EntryParts,
): Entry {
  const { store, owner, clock, log } = shared;
  const together = togetherIn(store);
  const { id } = claim;
  let place = begunAt;
  let held: ClaimKey = claim;
  const lost = new AbortController();
  let read: (() => AnswerState) | null = null;
  let stands = '';
  let writing = Promise.resolve();
  let isOver = false;

  async function write(): Promise<void> {
    const written = read === null || isOver || lost.signal.aborted ? null : stateOf(place, read());
    if (written === null) return;
    const mark = markOf(written);
    if (mark === stands) return;
    try {
      if (
        (await together.write({ kind: 'journal', claim: held, journal: written })) ||
        (await claimAgain(written))
      ) {
        stands = mark;
        return;
      }
      log.error({ event: id }, 'another process has taken over an event that is in progress here');
      leases.drop(held);
      lost.abort(new Error('another process has taken over'));
    } catch (error) {
      log.warn({ err: error, event: id }, 'could not write the journal');
    }
  }

  /** A store that came back without its data knows of no claim, so nobody else has it either. */
  async function claimAgain(written: Written): Promise<boolean> {
    const again = await store.claims.claim(id, owner, leases.until(), clock.now() + CLAIM_TTL_MS, written);
    if (again === null) return false;
    log.error({ event: id }, 'the store has lost an event that is in progress here');
    leases.drop(held);
    held = again;
    leases.hold(held);
    return true;
  }

  function close(): boolean {
    if (isOver) return false;
    isOver = true;
    closed();
    return true;
  }

  leases.hold(claim);
  return {
    lost: lost.signal,
    askedBy(asked) {
      if (place !== null) place = { ...place, asked };
    },
    watch(next) {
      read = next;
    },
    resumeAt(surface) {
      if (place !== null) place = { ...place, surface };
    },
    keep() {
      writing = writing.then(write);
      return writing;
    },
    async end(alongside = async () => {}) {
      if (!close()) return;
      await writing;
      await late.write(id, async () => {
        await Promise.all([alongside(), together.write({ kind: 'finish', claim: held })]);
        leases.drop(held);
      });
    },
    leave() {
      if (close()) leases.drop(held);
    },
  };
}

interface Whereabouts {
  readonly platform: Platform;
  readonly surface: Pick<Surface, 'reference'>;
  readonly asked: Asked | null;
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

/** The stored form; null if the place is unknown, or ends with the process. */
function stateOf(place: Whereabouts | null, answer: AnswerState | null): Written | null {
  const reference = place?.surface.reference;
  if (place === null || reference === undefined) return null;
  return { version: 1, platform: place.platform, place: reference, answer, asked: place.asked };
}

/** Distinguishes two states of an answer, at a cost that does not grow with its text. */
function markOf({ place, answer }: Written): string {
  return JSON.stringify([place, { ...answer, text: answer?.text.length }]);
}
