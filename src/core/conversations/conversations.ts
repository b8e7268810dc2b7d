import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { createCollection, type Seen } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';
import { isBy } from '../ports/parts.ts';
import type { Store } from '../ports/store.ts';
import {
  type Conversation,
  conversationSchema,
  isSummarised,
  type Summary,
  type Turn,
  unlessEmpty,
  withoutAnswer,
  withoutPerson,
  withTurn,
} from './conversation.ts';
import { applyChange, type SettingChange } from './setting.ts';

const placeSchema = z.object({ conversation: z.string() });

/**
 * Threads, DMs and answers with their turns. If the store cannot read something, that is an error, never an empty history.
 */
export interface Conversations {
  /** The conversation at a place; null if there is none, or none any more. */
  at(placeKey: string): Promise<Conversation | null>;
  get(id: string): Promise<Conversation | null>;
  /** The conversation as it is, for `record`. */
  look(id: string): Promise<Seen<Conversation>>;
  /** The conversation at a place, created if there is none; with null a new one without a place. */
  openConversation(guild: GuildId, placeKey: string | null): Promise<Conversation>;
  /** Creates one at no place yet. `stored` resolves when it is stored, together with what else is stored at this moment. */
  createConversation(guild: GuildId): { readonly conversation: Conversation; readonly stored: Promise<void> };
  /** Changes its settings. Does nothing if it was forgotten meanwhile. */
  configure(id: string, change: SettingChange): Promise<void>;
  /** Later questions do not include turns from before this moment. Deletes nothing. */
  startOver(id: string, nowMs: number): Promise<void>;
  /** Adds a place at which the conversation is found. */
  attach(id: string, placeKey: string): Promise<void>;
  /**
   * Adds a turn, or replaces the one with its id. False if it was not stored, because the conversation was forgotten
   * meanwhile, or `isWanted` returned false. `isWanted` is called after the write: `/forget` announces itself before it looks
   * for turns, so one of the two sees the other. `seen` saves a read if nobody has changed the conversation since.
   */
  record(
    id: string,
    turn: Turn,
    isWanted: () => Promise<boolean>,
    seen?: Seen<Conversation>,
  ): Promise<boolean>;
  /**
   * Replaces these turns and the previous summary's by a summary. False, without a change, if one of them was changed or
   * forgotten meanwhile.
   */
  summarise(id: string, summary: Summary, turns: readonly Turn[]): Promise<boolean>;
  /**
   * Removes an answer from a turn; the newest one before it counts again. Without any, the whole turn is removed. Does
   * nothing if the turn has no such answer.
   */
  dropAnswer(id: string, turn: string, answerId: string): Promise<void>;
  forget(id: string): Promise<void>;
  /** Deletes all conversations of a guild; resolves to their number. */
  forgetGuild(guild: GuildId): Promise<number>;
  /**
   * Deletes a person's turns in a guild, and what others quoted of theirs; resolves to the number of turns. Conversations
   * left without turns are deleted.
   */
  forgetPerson(guild: GuildId, user: string): Promise<number>;
  /**
   * A person's turns in a guild, quotes of what they wrote, their instructions, and summaries with their words, each with its
   * conversation.
   */
  writtenBy(guild: GuildId, user: string): Promise<Writings>;
}

/** A text in a conversation. */
interface Excerpt {
  readonly conversation: string;
  readonly text: string;
}

/** All that conversations contain of a person. */
export interface Writings {
  readonly turns: (Turn & { readonly conversation: string })[];
  /** The person's words that others quoted or forwarded in their questions. */
  readonly quotes: Excerpt[];
  /** The person's instructions for the model in conversations. */
  readonly instructions: Excerpt[];
  /** Summaries of conversations that contain the person's words. */
  readonly summaries: Excerpt[];
}

export function createConversations(store: Store, retentionMs: number): Conversations {
  const conversations = createCollection(store, 'conversations', {
    version: 1,
    schema: conversationSchema,
    ttlMs: retentionMs,
  });
  const places = createCollection(store, 'places', {
    version: 1,
    schema: placeSchema,
    ttlMs: retentionMs,
  });

  async function get(id: string): Promise<Conversation | null> {
    return (await conversations.get(id)) ?? null;
  }

  /**
   * Changes a conversation. Undefined deletes it, and the same object leaves it as it is. Repeats on concurrent changes, so
   * that turns recorded and turns forgotten, here and elsewhere, do not undo each other. False if there is none.
   */
  async function change(
    id: string,
    apply: (conversation: Conversation) => Conversation | undefined,
    seen?: Seen<Conversation>,
  ): Promise<boolean> {
    return (await conversations.change(id, (before) => before && apply(before), seen)) !== undefined;
  }

  async function* idsOf(guild: GuildId): AsyncGenerator<string> {
    yield* conversations.keys(`${guild}/`);
  }

  function createConversation(guild: GuildId) {
    // The id begins with the guild, so that a guild's conversations can be listed by key.
    const conversation: Conversation = { id: `${guild}/${randomUUID()}`, turns: [] };
    return { conversation, stored: conversations.set(conversation.id, conversation) };
  }

  async function at(placeKey: string): Promise<Conversation | null> {
    const place = await places.get(placeKey);
    return place ? get(place.conversation) : null;
  }

  async function forgetTurns(id: string, user: string): Promise<number> {
    let forgotten = 0;
    await change(id, (conversation) => {
      forgotten = conversation.turns.filter((turn) => turn.user === user).length;
      return withoutPerson(conversation, user);
    });
    return forgotten;
  }

  return {
    get,
    at,
    createConversation,
    async openConversation(guild, placeKey) {
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
    look: conversations.look,
    async configure(id, setting) {
      await change(id, (before) => applyChange(before, setting));
    },
    async startOver(id, anewAtMs) {
      await change(id, ({ summary: _, ...before }) => {
        const turns = before.turns.map((turn) => ({ ...turn, isPast: true as const }));
        return { ...before, turns, anewAtMs };
      });
    },
    attach: (id, placeKey) => places.set(placeKey, { conversation: id }),
    async record(id, turn, isWanted, seen) {
      const isKept = await change(id, (conversation) => withTurn(conversation, turn), seen);
      if (!isKept || (await isWanted())) return isKept;
      await change(id, (conversation) => {
        const turns = conversation.turns.filter((other) => other.id !== turn.id);
        return unlessEmpty({ ...conversation, turns });
      });
      return false;
    },
    async summarise(id, summary, covered) {
      let isKept = false;
      await change(id, (conversation) => {
        const { turns } = conversation;
        isKept = covered.every((turn) => turns.some((other) => isDeepStrictEqual(other, turn)));
        return isKept ? { ...conversation, summary } : conversation;
      });
      return isKept;
    },
    async dropAnswer(id, turnId, answerId) {
      await change(id, (conversation) => {
        const index = conversation.turns.findIndex((turn) => turn.id === turnId);
        const turn = conversation.turns[index];
        if (turn === undefined) return conversation;
        const left = withoutAnswer(turn, answerId);
        const { summary, ...rest } = conversation;
        return {
          ...rest,
          // The answer's part of the summary goes with it.
          ...(summary !== undefined && !isSummarised(conversation, index) && { summary }),
          turns: conversation.turns.toSpliced(index, 1, ...(left === null ? [] : [left])),
        };
      });
    },
    async forget(id) {
      await conversations.delete(id);
    },
    async forgetGuild(guild) {
      let forgotten = 0;
      for await (const id of idsOf(guild)) {
        if (await conversations.delete(id)) forgotten++;
      }
      return forgotten;
    },
    async forgetPerson(guild, user) {
      let forgotten = 0;
      for await (const id of idsOf(guild)) forgotten += await forgetTurns(id, user);
      return forgotten;
    },
    async writtenBy(guild, user) {
      const written: Writings = { turns: [], quotes: [], instructions: [], summaries: [] };
      for (const conversation of new Set(await Array.fromAsync(idsOf(guild)))) {
        const { turns = [], instructions, summary } = (await get(conversation)) ?? {};
        if (instructions?.by === user) written.instructions.push({ conversation, text: instructions.text });
        if (summary?.people.includes(user)) written.summaries.push({ conversation, text: summary.text });
        for (const turn of turns) {
          if (turn.user === user) written.turns.push({ conversation, ...turn });
          for (const part of turn.brought ?? []) {
            if (isBy(part, user) && 'files' in part) written.quotes.push({ conversation, text: part.text });
          }
        }
      }
      return written;
    },
  };
}
