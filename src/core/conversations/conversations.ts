import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createCollection, type Seen } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Store } from '../ports/store.ts';
import {
  type Conversation,
  conversationSchema,
  isOutdated,
  type Turn,
  unlessEmpty,
  withTurn,
} from './conversation.ts';

export interface Recording {
  /** Saves a read if nobody has changed the conversation since. */
  readonly seen?: Seen<Conversation>;
  /** Stores nothing if the turn has this answer already, or one that was asked for later. Default false. */
  readonly unlessNewer?: boolean;
}

export type Conversations = ReturnType<typeof createConversations>;

/**
 * Threads, DMs and answers with their turns. If the store cannot read something, that is an error, never an empty history.
 * Keeps each conversation for `retentionMs` milliseconds after its last change.
 */
export function createConversations(store: Store, retentionMs: number) {
  const ttlMs = retentionMs;
  const conversations = createCollection(store, 'conversations', conversationSchema, { ttlMs });
  const places = createCollection(store, 'places', z.object({ conversation: z.string() }), { ttlMs });

  async function get(id: string): Promise<Conversation | null> {
    return (await conversations.get(id)) ?? null;
  }

  async function change(
    id: string,
    apply: (conversation: Conversation) => Conversation | undefined,
    seen?: Seen<Conversation>,
  ): Promise<boolean> {
    let isChanged = false;
    await conversations.change(
      id,
      (before) => {
        const after = before && apply(before);
        isChanged = after !== before;
        return after;
      },
      { seen },
    );
    return isChanged;
  }

  /** Creates one at no place yet. `stored` resolves when it is stored, together with what else is stored at this moment. */
  function createConversation(guild: GuildId) {
    // The id begins with the guild, so that a guild's conversations can be listed by key.
    const conversation: Conversation = { id: `${guild}/${randomUUID()}`, turns: [] };
    return { conversation, stored: conversations.set(conversation.id, conversation) };
  }

  /** The conversation at a place; null if there is none, or none any more. */
  async function at(placeKey: string): Promise<Conversation | null> {
    const place = await places.get(placeKey);
    return place ? get(place.conversation) : null;
  }

  return {
    get,
    at,
    createConversation,
    /** The conversation at a place, created if there is none; with null a new one without a place. */
    async openConversation(guild: GuildId, placeKey: string | null): Promise<Conversation> {
      if (placeKey === null) {
        const { conversation, stored } = createConversation(guild);
        await stored;
        return conversation;
      }
      // Two first questions at one place, in any processes, begin one conversation.
      for (;;) {
        const seen = await places.look(placeKey);
        const found = seen.value === undefined ? null : await get(seen.value.conversation);
        if (found !== null) return found;
        const { conversation, stored } = createConversation(guild);
        const [isFirst] = await Promise.all([
          places.replace(placeKey, seen, { conversation: conversation.id }),
          stored,
        ]);
        if (isFirst) return conversation;
        await conversations.delete(conversation.id);
      }
    },
    /** The conversation as it is, for `record`. */
    look: conversations.look,
    /**
     * Changes a conversation, however many others do: turns recorded and turns forgotten, in any process, do not undo each other.
     * `apply` may return undefined, which deletes it. False if it was forgotten before, or `apply` returned the same object.
     */
    change: (id: string, apply: (conversation: Conversation) => Conversation | undefined) =>
      change(id, apply),
    /** Adds a place at which the conversation is found. */
    attach: (id: string, placeKey: string) => places.set(placeKey, { conversation: id }),
    /**
     * Adds a turn, or replaces the one with its id. False if it was not stored, because the conversation was forgotten
     * meanwhile, or `isWanted` returned false. `isWanted` is called after the write: `/forget` announces itself before it looks
     * for turns, so one of the two sees the other.
     */
    async record(
      id: string,
      turn: Turn,
      isWanted: () => Promise<boolean>,
      { seen, unlessNewer = false }: Recording = {},
    ): Promise<boolean> {
      const added = (conversation: Conversation) =>
        unlessNewer && isOutdated(conversation, turn) ? conversation : withTurn(conversation, turn);
      const isKept = await change(id, added, seen);
      if (!isKept || (await isWanted())) return isKept;
      await change(id, (conversation) => {
        const turns = conversation.turns.filter((other) => other.id !== turn.id);
        return unlessEmpty({ ...conversation, turns });
      });
      return false;
    },
    /** False if there was none. */
    forget: (id: string) => conversations.delete(id),
    /** Ids of a guild's conversations, in no order, some perhaps twice. */
    idsOf: (guild: GuildId) => conversations.keys(`${guild}/`),
  };
}
