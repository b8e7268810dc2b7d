import { hash } from 'node:crypto';
import { z } from 'zod';
import type { LateWrites } from '../kit/scheduling/until-stored.ts';
import { PLATFORM_IDS, type Platform } from '../ports/platforms.ts';
import type { ClaimKey } from '../ports/store.ts';
import type { Surface } from '../ports/surface.ts';
import type { Leases, SharedStore } from './leases.ts';
import { togetherIn } from './together.ts';

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
export const CLAIM_TTL_MS = 24 * 3_600_000;

/** The place of an event, and its asker once known. */
export interface Whereabouts {
  readonly platform: Platform;
  readonly surface: Pick<Surface, 'reference'>;
  readonly asked: Asked | null;
}

interface EntryParts {
  readonly shared: SharedStore;
  readonly leases: Leases<ClaimKey>;
  readonly late: LateWrites;
  /** Called once, as the entry ends or is left to another process. */
  readonly closed: () => void;
}

/** One event that is being handled. */
export class Entry {
  readonly #parts: EntryParts;
  #place: Whereabouts | null;
  #held: ClaimKey;
  readonly #lost = new AbortController();
  #read: (() => AnswerState) | null = null;
  /** The mark of the state that is stored. */
  #stands = '';
  #writing = Promise.resolve();
  #isOver = false;

  constructor(claim: ClaimKey, place: Whereabouts | null, parts: EntryParts) {
    this.#parts = parts;
    this.#place = place;
    this.#held = claim;
    parts.leases.hold(claim);
  }

  /** Aborts if another process has taken over the event; from then on nothing may be shown or stored for it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Sets the asker, to be stored with the next state. */
  askedBy(asked: Asked): void {
    if (this.#place !== null) this.#place = { ...this.#place, asked };
  }

  /** Sets the source of the answer's state, which is written at `keep`, and periodically if it has changed. */
  watch(read: () => AnswerState): void {
    this.#read = read;
  }

  /** Sets the surface on which an event that was taken over continues, by which it is found from now on. */
  resumeAt(surface: Surface): void {
    if (this.#place !== null) this.#place = { ...this.#place, surface };
  }

  /** Writes the present state; if the store fails, later. Never rejects. */
  keep(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /**
   * Marks the event as handled, and stores `alongside` in the same moment; retries both until the store accepts them, so
   * `alongside` must be repeatable. Never rejects.
   */
  async end(alongside: () => Promise<unknown> = async () => {}): Promise<void> {
    if (!this.#close()) return;
    const { shared, leases, late } = this.#parts;
    await this.#writing;
    await late.write(this.#held.id, async () => {
      await Promise.all([alongside(), togetherIn(shared.store).write({ kind: 'finish', claim: this.#held })]);
      leases.drop(this.#held);
    });
  }

  /** Leaves the event to another process, which finds it once the lease has expired. `end` does nothing after that. */
  leave(): void {
    if (this.#close()) this.#parts.leases.drop(this.#held);
  }

  #close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#parts.closed();
    return true;
  }

  async #write(): Promise<void> {
    if (this.#read === null || this.#isOver || this.lost.aborted) return;
    const written = stateOf(this.#place, this.#read());
    if (written === null) return;
    const mark = markOf(written);
    if (mark === this.#stands) return;
    const { shared, leases } = this.#parts;
    const event = this.#held.id;
    try {
      const change = { kind: 'journal', claim: this.#held, journal: written } as const;
      if ((await togetherIn(shared.store).write(change)) || (await this.#claimAgain(written))) {
        this.#stands = mark;
        return;
      }
      shared.log.error({ event }, 'another process has taken over an event that is in progress here');
      leases.drop(this.#held);
      this.#lost.abort(new Error('another process has taken over'));
    } catch (error) {
      shared.log.warn({ err: error, event }, 'could not write the journal');
    }
  }

  /** A store that came back without its data knows of no claim, so nobody else has it either. */
  async #claimAgain(written: Written): Promise<boolean> {
    const { shared, leases } = this.#parts;
    const { store, owner, clock, log } = shared;
    const { id } = this.#held;
    const again = await store.claims.claim(id, owner, leases.until(), clock.now() + CLAIM_TTL_MS, written);
    if (again === null) return false;
    log.error({ event: id }, 'the store has lost an event that is in progress here');
    leases.drop(this.#held);
    this.#held = again;
    // An entry that was left meanwhile belongs to whoever finds it.
    if (!this.#isOver) leases.hold(again);
    return true;
  }
}

/** The stored form; null if the place is unknown, or ends with the process. */
export function stateOf(place: Whereabouts | null, answer: AnswerState | null): Written | null {
  const reference = place?.surface.reference;
  if (place === null || reference === undefined) return null;
  return { version: 1, platform: place.platform, place: reference, answer, asked: place.asked };
}

/** Distinguishes two states of an answer, at a cost that does not grow with its text. Short, because each answer keeps one. */
function markOf({ place, answer }: Written): string {
  return hash('sha1', JSON.stringify([place, { ...answer, text: answer?.text.length }]), 'base64');
}
