import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Collection, createCollection, type Guarded } from '../coordination/collection.ts';
import type { Locks } from '../coordination/locks.ts';
import type { GuildId } from '../ports/actor.ts';
import { broughtSchema, isBy } from '../ports/parts.ts';
import type { ClaimKey, Store } from '../ports/store.ts';
import { applyChange, type SettingChange, settingShape } from './setting.ts';

const turnSchema = z.object({
  /** Stays the same when the question is retried. */
  id: z.string(),
  user: z.string(),
  author: z.string(),
  /** The person's own words. */
  question: z.string(),
  /** What came with them; files by reference, with the text that was read of them. */
  brought: z.array(broughtSchema).exactOptional(),
  answer: z.string(),
  model: z.string(),
  status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
  askedAtMs: z.number(),
  /** The record of the answer that stands here; left out of turns of before this was kept. */
  answerId: z.string().exactOptional(),
  /** What that answer cost; left out if it is not known. */
  bill: z
    .object({ costNanoUsd: z.int().nonnegative(), payer: z.enum(['operator', 'guild']) })
    .exactOptional(),
  /** Estimate for question and answer; absent in conversations so short that nothing had to be counted. */
  tokens: z.number().exactOptional(),
  /** Asked before the conversation was begun anew: later questions do not bring it. */
  isPast: z.literal(true).exactOptional(),
});

const conversationSchema = z.object({
  id: z.string(),
  turns: z.array(turnSchema),
  /** Who asked its first question; left out before that, and of conversations of before this was kept. */
  startedBy: z.string().exactOptional(),
  /** When it was begun anew last. */
  anewAtMs: z.number().exactOptional(),
  /** What was chosen for it. */
  ...settingShape,
});
const placeSchema = z.object({ conversation: z.string() });

export type Turn = z.infer<typeof turnSchema>;
export type Conversation = z.infer<typeof conversationSchema>;

/** Threads, DMs and answers with their turns. What a store fails to read is an error, never an empty history. */
export interface Conversations {
  /** The conversation that hangs on a place; null where there is none (any more). */
  at(placeKey: string): Promise<Conversation | null>;
  get(id: string): Promise<Conversation | null>;
  /** The conversation at a place, begun where there is none; with null a new one, at no place yet. */
  open(guild: GuildId, placeKey: string | null): Promise<Conversation>;
  /** Changes what was chosen for it. Nothing if it was forgotten meanwhile. */
  configure(id: string, change: SettingChange): Promise<void>;
  /** From now on questions bring no turn that was asked before this moment. Nothing is deleted. */
  beginAnew(id: string, nowMs: number): Promise<void>;
  /** Lets a conversation be found at one more place. */
  attach(id: string, placeKey: string): Promise<void>;
  /**
   * Adds a turn, or puts it in the place of the one with its id. False where it is not kept: the conversation was
   * forgotten meanwhile, or `isWanted` says no. That is asked when nobody else can change the conversation any more.
   */
  record(id: string, turn: Turn, isWanted: () => Promise<boolean>): Promise<boolean>;
  forget(id: string): Promise<void>;
  /** Forgets all conversations of a guild; resolves to how many there were. */
  forgetGuild(guild: GuildId): Promise<number>;
  /**
   * Forgets a person's turns in a guild, and what of theirs others brought; resolves to how many turns there were. A conversation
   * without turns goes with them.
   */
  forgetPerson(guild: GuildId, user: string): Promise<number>;
  /** A person's turns in a guild, what they wrote that others brought, and their instructions, each with its conversation. */
  writtenBy(
    guild: GuildId,
    user: string,
  ): Promise<{
    readonly turns: readonly (Turn & { readonly conversation: string })[];
    readonly quotes: readonly { readonly conversation: string; readonly text: string }[];
    readonly instructions: readonly { readonly conversation: string; readonly text: string }[];
  }>;
}

/** Who began it: one of the few who may say how it goes on. Null before its first question. */
export function starterOf({ startedBy, turns }: Conversation): string | null {
  return startedBy ?? turns[0]?.user ?? null;
}

/** What a question brings of the conversation, oldest first: all before its turn, from where the conversation was begun anew. */
export function turnsBefore({ turns }: Conversation, turn: string): readonly Turn[] {
  const index = turns.findIndex(({ id }) => id === turn);
  const before = index < 0 ? turns : turns.slice(0, index);
  return turns[index]?.isPast ? before : before.filter(({ isPast }) => !isPast);
}

/** Older turns fit no window that is worth its price, and each turn writes the conversation anew. */
const MAX_TURNS = 100;

export function createConversations(store: Store, locks: Locks, retentionMs: number): Conversations {
  const begun = createCollection(store, 'conversations', {
    version: 1,
    schema: conversationSchema,
    ttlMs: retentionMs,
  });
  /** What others may know of already. */
  const conversations: Guarded<Conversation> = begun;
  const places = createCollection(store, 'places', {
    version: 1,
    schema: placeSchema,
    ttlMs: retentionMs,
  });

  async function get(id: string): Promise<Conversation | null> {
    return (await conversations.get(id)) ?? null;
  }

  /** Keeps turns that are recorded and turns that are forgotten, here and elsewhere, from undoing each other. */
  const change = <T>(id: string, work: (held: Collection<Conversation>) => Promise<T>) =>
    locks.hold(`conversation/${id}`, (lock) => work(conversations.under(lock)));

  async function* idsOf(guild: GuildId): AsyncGenerator<string> {
    yield* conversations.keys(`${guild}/`);
  }

  async function begin(guild: GuildId): Promise<Conversation> {
    // The guild leads the id, so that a guild's conversations can be told by their keys.
    const conversation: Conversation = { id: `${guild}/${randomUUID()}`, turns: [] };
    await begun.set(conversation.id, conversation);
    return conversation;
  }

  async function at(placeKey: string): Promise<Conversation | null> {
    const place = await places.get(placeKey);
    return place ? get(place.conversation) : null;
  }

  async function forgetTurns(held: Collection<Conversation>, id: string, user: string): Promise<number> {
    const conversation = await held.get(id);
    if (!conversation) return 0;
    const own = conversation.turns.filter((turn) => turn.user !== user);
    const turns = own.map((turn) => withoutAuthor(turn, user));
    const forgotten = conversation.turns.length - turns.length;
    const { startedBy, instructions, ...rest } = conversation;
    const left = {
      ...rest,
      turns,
      ...(startedBy !== undefined && startedBy !== user && { startedBy }),
      ...(instructions !== undefined && instructions.by !== user && { instructions }),
    };
    const isTouched =
      forgotten > 0 ||
      turns.some((turn, index) => turn !== own[index]) ||
      startedBy === user ||
      instructions?.by === user;
    if (!isTouched) return 0;
    // A conversation with others' instructions and no turns is one that has not begun.
    if (turns.length === 0 && left.instructions === undefined) await held.delete(id);
    else await held.set(id, left);
    return forgotten;
  }

  return {
    get,
    at,
    async open(guild, placeKey) {
      if (placeKey === null) return begin(guild);
      // Two first questions at one place, in whichever processes, begin one conversation.
      const open = async (lock: ClaimKey) => {
        const found = await at(placeKey);
        if (found !== null) return found;
        const conversation = await begin(guild);
        await places.under(lock).set(placeKey, { conversation: conversation.id });
        return conversation;
      };
      return (await at(placeKey)) ?? locks.hold(`place/${placeKey}`, open);
    },
    configure: (id, setting) =>
      change(id, async (held) => {
        const before = await held.get(id);
        if (before) await held.set(id, applyChange(before, setting));
      }),
    beginAnew: (id, anewAtMs) =>
      change(id, async (held) => {
        const before = await held.get(id);
        if (!before) return;
        const turns = before.turns.map((turn) => ({ ...turn, isPast: true as const }));
        await held.set(id, { ...before, turns, anewAtMs });
      }),
    attach: (id, placeKey) => places.set(placeKey, { conversation: id }),
    record: (id, turn, isWanted) =>
      change(id, async (held) => {
        const conversation = await held.get(id);
        if (!conversation || !(await isWanted())) return false;
        const { turns, anewAtMs } = conversation;
        const index = turns.findIndex((other) => other.id === turn.id);
        // Also one that was under way as the conversation was begun anew, and one that is tried again since.
        const isPast = turns[index]?.isPast ?? (anewAtMs !== undefined && turn.askedAtMs < anewAtMs);
        const kept = isPast ? { ...turn, isPast } : turn;
        if (index >= 0) turns[index] = kept;
        else turns.push(kept);
        const startedBy = starterOf(conversation) ?? turn.user;
        await held.set(id, { ...conversation, startedBy, turns: turns.slice(-MAX_TURNS) });
        return true;
      }),
    async forget(id) {
      await change(id, (held) => held.delete(id));
    },
    async forgetGuild(guild) {
      let forgotten = 0;
      for await (const id of idsOf(guild)) {
        if (await change(id, (held) => held.delete(id))) forgotten++;
      }
      return forgotten;
    },
    async forgetPerson(guild, user) {
      let forgotten = 0;
      for await (const id of idsOf(guild))
        forgotten += await change(id, (held) => forgetTurns(held, id, user));
      return forgotten;
    },
    async writtenBy(guild, user) {
      const turns: (Turn & { conversation: string })[] = [];
      const quotes: { conversation: string; text: string }[] = [];
      const instructions: { conversation: string; text: string }[] = [];
      for (const conversation of new Set(await Array.fromAsync(idsOf(guild)))) {
        const found = await get(conversation);
        if (found?.instructions?.by === user) {
          instructions.push({ conversation, text: found.instructions.text });
        }
        for (const turn of found?.turns ?? []) {
          if (turn.user === user) turns.push({ conversation, ...turn });
          for (const part of turn.brought ?? []) {
            if (isBy(part, user) && 'files' in part) quotes.push({ conversation, text: part.text });
          }
        }
      }
      return { turns, quotes, instructions };
    },
  };
}

/** The turn, or what it is without messages that this person wrote. */
function withoutAuthor(turn: Turn, user: string): Turn {
  const { brought, tokens: _, ...rest } = turn;
  if (!brought?.some((part) => isBy(part, user))) return turn;
  return { ...rest, brought: brought.filter((part) => !isBy(part, user)) };
}
