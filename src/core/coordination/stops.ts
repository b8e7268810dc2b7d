import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { repeat } from '../kit/repeat.ts';
import type { ClaimStore, RecordStore } from '../ports/store.ts';
import { isOf, type LiveAnswer, type LiveAnswers } from './live-answers.ts';

const targetSchema = z.union([
  z.strictObject({ id: z.string() }),
  z.strictObject({ eventId: z.string() }),
  z.strictObject({ conversation: z.string(), user: z.string().exactOptional() }),
  z.strictObject({
    guild: z.string(),
    channel: z.string().exactOptional(),
    user: z.string().exactOptional(),
  }),
]);

const causeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), user: z.string(), name: z.string() }),
  z.object({ kind: z.literal('question_deleted') }),
  z.object({ kind: z.literal('question_edited') }),
  z.object({ kind: z.literal('forgotten') }),
]);

const wishSchema = z.object({ wish: z.string(), target: targetSchema, cause: causeSchema });

/**
 * Which answers are to stop: one, the one to an event, or those in a conversation, a channel or a guild; of one person
 * if one is named.
 */
export type StopTarget = z.infer<typeof targetSchema>;
export type StopWish = z.infer<typeof causeSchema>;

/**
 * Stops answers wherever they are written: who hears of the wish need not be who writes. A wish is a record, and each
 * process sees to it once, within about a second: what is asked for afterwards is not stopped by it, in any process.
 */
export interface Stops {
  /**
   * Adds an answer to those under way. Wishes from before do not concern it, but for the one that names its event.
   *
   * @throws StoreError
   */
  admit(answer: LiveAnswer): Promise<void>;
  /** Sees to the wishes of other processes now. @throws StoreError */
  look(): Promise<void>;
  /** Stops answers, those of this process at once. Who may is the caller's to know. @throws StoreError */
  send(target: StopTarget, cause: StopWish): Promise<StopsSent>;
  /** Whether an event is being dealt with, in whichever process. @throws StoreError */
  isUnderWay(eventId: string): Promise<boolean>;
  /** Resolves when nothing looks for wishes any more. */
  stop(): Promise<void>;
}

export interface StopsSent {
  /** Answers of this process that were meant. */
  readonly stopped: number;
  /** Whether other processes are at work, who may stop more. */
  readonly elsewhere: boolean;
}

export interface StopsOptions {
  readonly claims: ClaimStore;
  readonly records: RecordStore;
  readonly live: LiveAnswers;
  /** Names this process in claims. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const KIND = 'stop';
/** Found by kind and time alone. */
const FILED = { kind: KIND, guild: 'web:local', user: '' } as const;
const LOOK_EVERY_MS = 1_000;
/** Longer than a process waits for its store, and than the clocks of two machines differ. */
const KEPT_MS = 10 * 60_000;
/** A process that stalled may come back to claims whose lease has run out, as long as nobody has taken them over. */
const MAY_COME_BACK_MS = 10_000;

export function createStops({ claims, records, live, owner, clock, log }: StopsOptions): Stops {
  /** Wishes that this process has seen to, for as long as they can be read, and those that it had itself. */
  const known = new Map<
    string,
    { readonly target: StopTarget; readonly cause: StopWish; readonly atMs: number }
  >();

  function apply(target: StopTarget, cause: StopWish): number {
    const meant = live.find((answer) => isMeant(answer, target));
    for (const { stop } of meant) stop(cause);
    return meant.length;
  }

  async function look(): Promise<void> {
    for await (const { atMs, data } of records.query({ kind: KIND, fromMs: clock.now() - KEPT_MS })) {
      const read = wishSchema.safeParse(data);
      // Another version's. It must not keep questions from being answered.
      if (!read.success) continue;
      const { wish, target, cause } = read.data;
      if (known.has(wish)) continue;
      known.set(wish, { target, cause, atMs });
      apply(target, cause);
    }
  }

  async function forgetOld(): Promise<void> {
    const toMs = clock.now() - KEPT_MS;
    const old = [...known].filter(([, { atMs }]) => atMs < toMs);
    if (old.length === 0) return;
    // First: what can be read must be known.
    await records.remove({ kind: KIND, toMs });
    for (const [wish] of old) known.delete(wish);
  }

  const looking = repeat(
    'looking for answers to be stopped',
    LOOK_EVERY_MS,
    async () => {
      await forgetOld();
      if (live.size > 0) await look();
    },
    { clock, log },
  );

  return {
    look,

    async admit(answer) {
      await look();
      live.add(answer);
      for (const { target, cause } of known.values()) {
        if ('eventId' in target && isMeant(answer, target)) answer.stop(cause);
      }
    },

    async send(target, cause) {
      const stopped = apply(target, cause);
      const atMs = clock.now();
      const event = 'eventId' in target ? target.eventId : undefined;
      const underWay = await claims.underWay(atMs - MAY_COME_BACK_MS, event);
      const elsewhere = underWay.some((claim) => claim.owner !== owner);
      if (underWay.length > 0) {
        const wish = randomUUID();
        known.set(wish, { target, cause, atMs });
        if (elsewhere) await records.append({ ...FILED, atMs, data: { wish, target, cause } });
      }
      return { stopped, elsewhere };
    },

    async isUnderWay(eventId) {
      return (await claims.underWay(clock.now() - MAY_COME_BACK_MS, eventId)).length > 0;
    },

    stop: () => looking.stop(),
  };
}

function isMeant(answer: LiveAnswer, target: StopTarget): boolean {
  if ('id' in target) return answer.id === target.id;
  if ('eventId' in target) return target.eventId === answer.eventId || target.eventId === answer.message;
  if (target.user !== undefined && !isOf(answer, target.user)) return false;
  if ('conversation' in target) return answer.conversation === target.conversation;
  return answer.guild === target.guild && (target.channel ?? answer.channel) === answer.channel;
}
