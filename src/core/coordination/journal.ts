import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { repeat } from '../kit/repeat.ts';
import { createLateWrites } from '../kit/until-stored.ts';
import { PLATFORM_IDS, type Platform } from '../ports/platforms.ts';
import type { Claim, ClaimKey, Store } from '../ports/store.ts';
import type { Surface } from '../ports/surface.ts';
import { createLeases } from './leases.ts';
import { togetherIn } from './together.ts';

/**
 * What is written of every event while it is dealt with, so that another process can end it should this one die. The
 * event's claim is its entry: who claims an event has written down where it came from.
 */
export interface Journal {
  /**
   * Claims the event and opens its entry; null if it was claimed before, by whomever. If this rejects, the event may have been
   * claimed all the same: `onLate` gets its entry if that turns out so. Without `onLate` the claim lapses.
   */
  begin(
    eventId: string,
    platform: Platform,
    surface: Pick<Surface, 'reference'>,
    onLate?: (entry: Entry) => void,
  ): Promise<Entry | null>;
  /** The open entry of an event that this process deals with. @throws if there is none */
  entry(eventId: string): Entry;
  /**
   * Takes over an event that a dead process left, with what it wrote; null if there is none. What is left again
   * (`Entry.leave`) is offered again, to any process, when the lease has run out.
   */
  takeOver(): Promise<Orphan | null>;
  /** Resolves when every end that was asked for is written, or was tried once more. Entries still open are left to others. */
  stop(): Promise<void>;
}

/** One event that is being dealt with. */
export interface Entry {
  /** Aborts if another process has taken the event over: from then on nothing may be shown or stored for it. */
  readonly lost: AbortSignal;
  /** Notes who asked, with the next state that is written. */
  askedBy(asked: Asked): void;
  /** Gives the state of the answer, whenever it is written: at `keep`, and once in a while if it has changed. */
  watch(read: () => AnswerState): void;
  /** Where the answer goes on, of an event that was taken over: by what that surface is found again from now on. */
  resumeAt(surface: Surface): void;
  /** Writes the state as it is now. Where the store fails it is written later; never rejects. */
  keep(): Promise<void>;
  /** The event is dealt with. Where the store fails that is tried again until it stands; never rejects. */
  end(): Promise<void>;
  /** Leaves the event to another process, which finds it when the lease has run out. `end` does nothing any more. */
  leave(): void;
}

export interface Orphan {
  readonly eventId: string;
  readonly entry: Entry;
  /** Null if nothing was written, or nothing that this version can read. */
  readonly written: Written | null;
}

/** An answer as far as it has got. */
export const answerSchema = z.object({
  id: z.string(),
  /** Catalogue id; null before it was chosen. */
  model: z.string().nullable(),
  askedAtMs: z.number(),
  /** All that had arrived of the answer. */
  text: z.string(),
  /** How many images had arrived. They are not kept: whoever goes on says that they are lost. */
  images: z.int().nonnegative().default(0),
  /** How many messages of it were complete. */
  sealed: z.int().nonnegative(),
  /** `LiveMessage.key` of the one that was growing; null if it was still to come. */
  message: z.string().nullable(),
  /** How it ended, once that is known: what is left then is to show it. */
  ending: z
    .object({
      status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
      note: z.string().nullable(),
      footer: z.string().nullable(),
      /** Whether it was cut at the longest length allowed, so that it can go on. */
      isCut: z.boolean().exactOptional(),
    })
    .nullable()
    .default(null),
});

const askedSchema = z.object({
  guild: z.string(),
  user: z.string(),
  /** What the person is called. */
  name: z.string(),
});

/** How an event is written down. */
export const writtenSchema = z.object({
  version: z.literal(1),
  platform: z.enum(PLATFORM_IDS),
  /** `Surface.reference`. */
  place: z.string(),
  answer: answerSchema.nullable(),
  /** Who asked, for operators who look at what is under way. */
  asked: askedSchema.nullable().default(null),
});

export type AnswerState = z.infer<typeof answerSchema>;
export type Written = z.infer<typeof writtenSchema>;
export type Asked = z.infer<typeof askedSchema>;

export interface JournalOptions {
  readonly store: Store;
  /** Names this process: unique among all that ever run on this store. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Slack redelivers for five minutes and Discord's gateway replays for less; people retry a POST for some more. */
const CLAIM_TTL_MS = 24 * 3_600_000;
/** A process that missed three renewals is dead. */
const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
/** What a crash may cost of the text that had arrived and was not shown. */
const KEEP_EVERY_MS = 1_500;
/** So many are written at once, which a store may do in one step, … */
const KEPT_TOGETHER = 50;
/** … and the next ones after that: of 1,000 answers at once each is written every 3 s. */
const KEEP_GAP_MS = 75;

/** So long after a claim whose outcome is not known: a store that is back by then says it. */
const DOUBT_MS = 1_000;

export function createJournal({ store, owner, clock, log }: JournalOptions): Journal {
  const { claims } = store;
  const together = togetherIn(store);
  const open = new Map<string, Entry>();
  /** Events whose claim is asked for. */
  const beginning = new Set<string>();
  const late = createLateWrites({
    clock,
    log,
    words: {
      retried: 'the store does not take the end of an event; it is tried again',
      givenUp: 'an event that is dealt with could not be marked as such',
    },
  });
  const leases = createLeases<ClaimKey>({
    what: 'events',
    leaseMs: LEASE_MS,
    renewEveryMs: RENEW_EVERY_MS,
    renew: (held, untilMs) => claims.renew(held, untilMs),
    clock,
    log,
  });
  const keeping = repeat(
    'writing the journal',
    KEEP_EVERY_MS,
    async (signal) => {
      const entries = [...open.values()];
      for (let from = 0; from < entries.length && !signal.aborted; from += KEPT_TOGETHER) {
        if (from > 0) await clock.sleep(KEEP_GAP_MS, signal);
        await Promise.all(entries.slice(from, from + KEPT_TOGETHER).map((entry) => entry.keep()));
      }
    },
    { clock, log },
  );

  const writeJournal = (claim: ClaimKey, journal: Written | null) =>
    together.write({ kind: 'journal', claim, journal });

  function openEntry(claim: Claim, begunAt: Whereabouts | null): Entry {
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
        if ((await writeJournal(held, written)) || (await claimAgain(written))) {
          stands = mark;
          return;
        }
        log.error({ event: id }, 'another process has taken over an event that is under way here');
        leases.drop(held);
        lost.abort(new Error('another process has taken over'));
      } catch (error) {
        log.warn({ err: error, event: id }, 'the journal could not be written');
      }
    }

    /** A store that came back without its data knows of no claim: then nobody else has it either. */
    async function claimAgain(written: Written): Promise<boolean> {
      const again = await claims.claim(id, owner, leases.until(), clock.now() + CLAIM_TTL_MS, written);
      if (again === null) return false;
      log.error({ event: id }, 'the store has forgotten an event that is under way here');
      leases.drop(held);
      held = again;
      leases.hold(held);
      return true;
    }

    function close(): boolean {
      if (isOver) return false;
      isOver = true;
      open.delete(id);
      return true;
    }

    const entry: Entry = {
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
      async end() {
        if (!close()) return;
        await writing;
        await late.write(id, async () => {
          await together.write({ kind: 'finish', claim: held });
          leases.drop(held);
        });
      },
      leave() {
        if (close()) leases.drop(held);
      },
    };
    open.set(id, entry);
    leases.hold(claim);
    return entry;
  }

  /** Looks whether an event was claimed although the store did not say so. If it is delivered again, that comes first. */
  function lookLate(id: string, place: Whereabouts, onLate: (entry: Entry) => void): void {
    late.inBackground(id, async () => {
      const doubtful = { id, owner, fence: 1, leaseUntilMs: leases.until(), journal: null };
      const isBegun = () => open.has(id) || beginning.has(id);
      let isClaimed = false;
      await late.pause(DOUBT_MS);
      await late.untilStored(async () => {
        isClaimed = !isBegun() && (await writeJournal(doubtful, stateOf(place, null)));
      });
      if (isClaimed && !isBegun()) onLate(openEntry(doubtful, place));
    });
  }

  return {
    async begin(eventId, platform, surface, onLate) {
      const place = { platform, surface, asked: null };
      const written = stateOf(place, null);
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
      // Else this process's own may be among those that ran out.
      await leases.catchUp();
      const claim = await claims.takeOver(owner, clock.now(), leases.until());
      if (claim === null) return null;
      const written = writtenSchema.nullable().safeParse(claim.journal);
      if (!written.success) {
        log.error({ err: written.error, event: claim.id }, 'what a dead process wrote cannot be read');
      }
      const found = written.success ? written.data : null;
      const entry = openEntry(
        claim,
        found && { platform: found.platform, surface: { reference: found.place }, asked: found.asked },
      );
      return { eventId: claim.id, entry, written: found };
    },

    async stop() {
      await Promise.all([leases.stop(), keeping.stop()]);
      await late.stop();
    },
  };
}

interface Whereabouts {
  readonly platform: Platform;
  readonly surface: Pick<Surface, 'reference'>;
  readonly asked: Asked | null;
}

/** What is written; null if the place is not known, or ends with the process. */
function stateOf(place: Whereabouts | null, answer: AnswerState | null): Written | null {
  const reference = place?.surface.reference;
  if (place === null || reference === undefined) return null;
  return { version: 1, platform: place.platform, place: reference, answer, asked: place.asked };
}

/** Tells two states of one answer apart, at no cost that grows with its text. */
function markOf({ place, answer }: Written): string {
  return JSON.stringify([place, { ...answer, text: answer?.text.length }]);
}
