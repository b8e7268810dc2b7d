import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Conversations } from './conversations.ts';

const listeningSchema = z.object({
  /** Listening ends with the conversation. */
  conversation: z.string(),
  /** `begun`: the next answer must announce it. */
  state: z.enum(['begun', 'told', 'off']),
  /** The time when the bot began to listen; missing in entries of older versions. */
  sinceMs: z.number().optional(),
});

/** Platforms date messages by their own clocks. */
const CLOCK_SKEW_MS = 2_000;

/** The note under every answer that starts it, beside a button that ends it. */
export const LISTENING_NOTE =
  'From now on I read and answer every message in this thread, without a mention.';

export type Listening = ReturnType<typeof createListening>;

/**
 * The threads in which the bot answers messages without a mention: those with a public answer, until somebody switches it off
 * there or the conversation is forgotten. Private actions never start it.
 */
export function createListening(
  store: Store,
  conversations: Pick<Conversations, 'at'>,
  { retentionMs, clock }: { readonly retentionMs: number; readonly clock: Clock },
) {
  const places = createCollection(store, 'listening', listeningSchema, { ttlMs: retentionMs });

  return {
    /**
     * Whether messages at a place count without a mention.
     *
     * @param writtenAtMs the time of a late message, to decide by the state then. Default: now
     */
    async hears(placeKey: string, writtenAtMs = Number.POSITIVE_INFINITY): Promise<boolean> {
      // Most threads have no conversation with the bot, which one read shows.
      const conversation = await conversations.at(placeKey);
      if (conversation === null) return false;
      const entry = await places.get(placeKey);
      // Before these entries existed, the bot listened wherever it had answered.
      if (entry === undefined) return conversation.turns.length > 0;
      const { state, sinceMs = 0 } = entry;
      return (
        state !== 'off' && entry.conversation === conversation.id && writtenAtMs >= sinceMs - CLOCK_SKEW_MS
      );
    },
    /** Starts listening, unless somebody switched it off there; false if nothing changes. */
    async startAt(placeKey: string, begun: string | Promise<string>): Promise<boolean> {
      const [entry, conversation] = await Promise.all([places.get(placeKey), begun]);
      if (entry?.state === 'off' || entry?.conversation === conversation) return false;
      await places.set(placeKey, { conversation, state: 'begun', sinceMs: clock.now() });
      return true;
    },
    /** Undoes a `startAt` that led to no answer. */
    async withdrawStart(placeKey: string): Promise<void> {
      if ((await places.get(placeKey))?.state === 'begun') await places.delete(placeKey);
    },
    /** Whether nobody was told yet that the bot listens. */
    async isUntold(placeKey: string, conversation: string): Promise<boolean> {
      const entry = await places.get(placeKey);
      return entry?.state !== 'off' && !(entry?.state === 'told' && entry.conversation === conversation);
    },
    /** Records that everybody at the place can see that the bot listens. */
    async told(placeKey: string, conversation: string): Promise<void> {
      const entry = await places.get(placeKey);
      if (entry?.state === 'off') return;
      const { sinceMs } = entry?.conversation === conversation ? entry : { sinceMs: clock.now() };
      await places.set(placeKey, { conversation, state: 'told', ...(sinceMs !== undefined && { sinceMs }) });
    },
    /** Switches it off, for later answers and mentions too, or on again. */
    async set(placeKey: string, conversation: string, state: 'on' | 'off'): Promise<void> {
      const isOn = state === 'on';
      await places.set(placeKey, { conversation, state: isOn ? 'begun' : 'off', sinceMs: clock.now() });
    },
  };
}
