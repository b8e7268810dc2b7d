import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Conversations } from './conversations.ts';

/**
 * Where the bot answers what does not mention it: in threads where a public answer is on its way or stands, until somebody ends
 * it there or the conversation is forgotten. What people do in private never begins it.
 */
export interface Listening {
  /**
   * Whether messages at a place count without a mention.
   *
   * @param writtenAtMs of a message that comes late: whether the bot listened then. Now by default
   */
  hears(placeKey: string, writtenAtMs?: number): Promise<boolean>;
  /** The bot listens from now on, as far as nobody ended that there; false if nothing changes by it. */
  begin(placeKey: string, conversation: string | Promise<string>): Promise<boolean>;
  /** Takes a `begin` back of which no answer came. */
  withdraw(placeKey: string): Promise<void>;
  /** Whether nobody has been told yet that the bot listens. */
  isUntold(placeKey: string, conversation: string): Promise<boolean>;
  /** Everybody at the place can see that the bot listens. */
  told(placeKey: string, conversation: string): Promise<void>;
  /** Ends it, also for later answers and mentions, or begins it again. */
  set(placeKey: string, conversation: string, state: 'on' | 'off'): Promise<void>;
}

const listeningSchema = z.object({
  /** It ends with the conversation. */
  conversation: z.string(),
  /** `begun`: the next answer has to say so. */
  state: z.enum(['begun', 'told', 'off']),
  /** When the bot began to listen; entries of older versions do not say. */
  sinceMs: z.number().optional(),
});

/** Platforms date messages by clocks of their own. */
const CLOCK_SKEW_MS = 2_000;

/** What every answer that begins it says below its text, beside a button that ends it. */
export const LISTENING_NOTE =
  'From now on I read and answer every message in this thread, without a mention.';

export function createListening(
  store: Store,
  conversations: Pick<Conversations, 'at'>,
  { retentionMs, clock }: { readonly retentionMs: number; readonly clock: Clock },
): Listening {
  const places = createCollection(store, 'listening', {
    version: 1,
    schema: listeningSchema,
    ttlMs: retentionMs,
  });

  return {
    async hears(placeKey, writtenAtMs = Number.POSITIVE_INFINITY) {
      // Most of what is said in threads is said where the bot was never asked: one look tells.
      const conversation = await conversations.at(placeKey);
      if (conversation === null) return false;
      const entry = await places.get(placeKey);
      // Before there were entries, the bot listened wherever it had answered.
      if (entry === undefined) return conversation.turns.length > 0;
      const { state, sinceMs = 0 } = entry;
      return (
        state !== 'off' && entry.conversation === conversation.id && writtenAtMs >= sinceMs - CLOCK_SKEW_MS
      );
    },
    async begin(placeKey, begun) {
      const [entry, conversation] = await Promise.all([places.get(placeKey), begun]);
      if (entry?.state === 'off' || entry?.conversation === conversation) return false;
      await places.set(placeKey, { conversation, state: 'begun', sinceMs: clock.now() });
      return true;
    },
    async withdraw(placeKey) {
      if ((await places.get(placeKey))?.state === 'begun') await places.delete(placeKey);
    },
    async isUntold(placeKey, conversation) {
      const entry = await places.get(placeKey);
      return entry?.state !== 'off' && !(entry?.state === 'told' && entry.conversation === conversation);
    },
    async told(placeKey, conversation) {
      const entry = await places.get(placeKey);
      if (entry?.state === 'off') return;
      const { sinceMs } = entry?.conversation === conversation ? entry : { sinceMs: clock.now() };
      await places.set(placeKey, { conversation, state: 'told', ...(sinceMs !== undefined && { sinceMs }) });
    },
    async set(placeKey, conversation, state) {
      const isOn = state === 'on';
      await places.set(placeKey, { conversation, state: isOn ? 'begun' : 'off', sinceMs: clock.now() });
    },
  };
}
