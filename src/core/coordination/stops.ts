import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { repeat } from '../kit/time/repeat.ts';
import { createCollection, ifReadable } from './collection.ts';
import type { SharedStore } from './leases.ts';
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
  z.object({ kind: z.literal('question_edited'), editedAt: z.number() }),
  z.object({ kind: z.literal('forgotten') }),
]);

const wishSchema = z.object({
  wish: z.string(),
  target: targetSchema,
  cause: causeSchema,
  atMs: z.number(),
});

/** Also a wish of a newer version, which may mean something to other processes. */
const agedSchema = z.object({ atMs: z.number() });

/** The requests of the last minutes, oldest first. Entries of other versions are not acted on. */
const wishesSchema = z.object({ wishes: z.array(z.unknown()) });

/**
 * The answers to stop: one answer or the one in its place, the answer to an event, or those in a conversation, a channel or a
 * guild; only one person's if one is named.
 */
export type StopTarget = z.infer<typeof targetSchema>;
export type StopWish = z.infer<typeof causeSchema>;
type Wish = z.infer<typeof wishSchema>;

export interface StopsSent {
  /** The number of this process's matching answers. */
  readonly stopped: number;
  /** Whether other processes are running, which may stop more. */
  readonly elsewhere: boolean;
}

const KEY = 'all';
const LOOK_EVERY_MS = 1_000;
/** Longer than a process waits for its store, and than the difference between two machines' clocks. */
const KEPT_MS = 10 * 60_000;
/** A process that stalled may return to claims with expired leases, unless somebody has taken them over. */
const MAY_COME_BACK_MS = 10_000;

export type Stops = ReturnType<typeof createStops>;

/**
 * Stops answers wherever they are written: the process that hears of a wish need not be the one that writes. Wishes are one
 * value in the store, so that they are read along with what else is read. Each process acts on a wish once, within about a
 * second: what is asked for afterwards is not stopped by it, in any process. Other processes hear of a request within about
 * a second.
 */
export function createStops(shared: SharedStore, live: LiveAnswers) {
  const { store, owner, clock } = shared;
  const { claims } = store;
  const stored = createCollection(store, 'stops', wishesSchema, { ttlMs: KEPT_MS });
  /** Wishes that this process has acted on, for as long as they can be read, and its own. `order` is when it heard of each. */
  const known = new Map<string, Wish & { readonly order: number }>();
  let heard = 0;
  /** By event: how many wishes had been heard of as it was taken up. */
  const arrivals = new Map<string, Promise<number>>();

  function apply({ target, cause }: Pick<Wish, 'target' | 'cause'>): number {
    const meant = [...live.values().filter((answer) => isMeant(answer, { target, cause }))];
    for (const { stop } of meant) stop(cause);
    return meant.length;
  }

  async function look(): Promise<number> {
    const found = await ifReadable(stored.get(KEY), undefined);
    const wishes = (found?.wishes ?? []).flatMap((each) => wishSchema.safeParse(each).data ?? []);
    const readable = new Set(wishes.map(({ wish }) => wish));
    for (const [wish, each] of known) {
      if (each.atMs < clock.now() - KEPT_MS && !readable.has(wish)) known.delete(wish);
    }
    for (const wish of wishes) {
      if (known.has(wish.wish)) continue;
      known.set(wish.wish, { ...wish, order: ++heard });
      apply(wish);
    }
    return heard;
  }

  const looking = repeat(
    'looking for stop requests',
    LOOK_EVERY_MS,
    async () => {
      if (live.size > 0) await look();
    },
    shared,
  );

  return {
    /**
     * Handles other processes' stop requests now.
     * @throws StoreError
     */
    async look(): Promise<void> {
      await look();
    },

    /** Looks for wishes as an event is taken up. Earlier ones count only if they name it. Returns what forgets the event. */
    arrive(eventId: string): () => void {
      const looked = look();
      // Its question fails of that, if it becomes one.
      looked.catch(() => {});
      arrivals.set(eventId, looked);
      return () => arrivals.delete(eventId);
    },

    /**
     * Adds an answer to those under way. Stops it at once if a wish came since its event was taken up: since now, by default.
     *
     * @throws StoreError
     */
    async admitAnswer(answer: LiveAnswer): Promise<void> {
      const since = await (arrivals.get(answer.eventId) ?? look());
      live.set(answer.id, answer);
      for (const { target, cause, order } of known.values()) {
        if ((order > since || 'eventId' in target) && isMeant(answer, { target, cause })) answer.stop(cause);
      }
    },

    /**
     * Stops answers, those of this process at once. The caller checks permission.
     * @throws StoreError
     */
    async send(target: StopTarget, cause: StopWish): Promise<StopsSent> {
      const stopped = apply({ target, cause });
      const atMs = clock.now();
      const order = ++heard;
      const event = 'eventId' in target ? target.eventId : undefined;
      const underWay = await claims.underWay(atMs - MAY_COME_BACK_MS, event);
      const elsewhere = underWay.some((claim) => claim.owner !== owner);
      if (underWay.length > 0) {
        const wish = { wish: randomUUID(), target, cause, atMs };
        known.set(wish.wish, { ...wish, order });
        if (elsewhere) {
          await stored.change(KEY, ({ wishes } = { wishes: [] }) => ({ wishes: withWish(wish, wishes) }));
        }
      }
      return { stopped, elsewhere };
    },

    /**
     * Whether an event is being handled in any process.
     * @throws StoreError
     */
    async isUnderWay(eventId: string): Promise<boolean> {
      return (await claims.underWay(clock.now() - MAY_COME_BACK_MS, eventId)).length > 0;
    },

    /** Resolves once nothing looks for stop requests any more. */
    stop: () => looking.stop(),
  };
}

/** The stored wishes with one more, which takes the place of an older one for the same, so that nobody can fill the value. */
function withWish(wish: Wish, stored: readonly unknown[]): unknown[] {
  const others = stored.filter((each) => {
    const aged = agedSchema.safeParse(each).data;
    if (aged === undefined || aged.atMs < wish.atMs - KEPT_MS) return false;
    const { data } = wishSchema.safeParse(each);
    return data === undefined || !isDeepStrictEqual([data.target, data.cause], [wish.target, wish.cause]);
  });
  return [...others, wish];
}

interface Replaceable {
  readonly id: string;
  readonly inPlaceOf?: string | null;
}

/** An answer, and those that took its place while it was in progress because its question was edited. */
export function inItsPlace({ id, inPlaceOf }: Replaceable): { readonly id: string } {
  return { id: inPlaceOf ?? id };
}

function isMeant(answer: LiveAnswer, { target, cause }: Pick<Wish, 'target' | 'cause'>): boolean {
  // An edit stops what was asked before it, and neither its own answer nor that to a newer edit.
  if (cause.kind === 'question_edited' && (answer.editedAt ?? -1) >= cause.editedAt) return false;
  if ('id' in target) return answer.id === target.id || answer.inPlaceOf === target.id;
  if ('eventId' in target) return target.eventId === answer.eventId || target.eventId === answer.message;
  if (target.user !== undefined && !isOf(answer, target.user)) return false;
  if ('conversation' in target) return answer.conversation === target.conversation;
  return answer.guild === target.guild && (target.channel ?? answer.channel) === answer.channel;
}
