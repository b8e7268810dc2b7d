import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { createCollection, type Seen } from '../coordination/collection.ts';
import type { GuildId } from '../ports/actor.ts';
import { broughtSchema, isBy } from '../ports/parts.ts';
import type { Store } from '../ports/store.ts';
import { applyChange, type SettingChange, settingShape } from './setting.ts';

/** One answer to a question. */
const answerShape = {
  answer: z.string(),
  model: z.string(),
  status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
  askedAtMs: z.number(),
  /** Its record's id; missing in turns that are older than this field. */
  answerId: z.string().exactOptional(),
  /** The cost; missing if unknown. */
  bill: z
    .object({ costNanoUsd: z.int().nonnegative(), payer: z.enum(['operator', 'guild']) })
    .exactOptional(),
};

const turnSchema = z.object({
  /** Stays the same when the question is retried. */
  id: z.string(),
  user: z.string(),
  author: z.string(),
  /** The person's own words. */
  question: z.string(),
  /** What came with the words; files by reference, with the text that was read from them. */
  brought: z.array(broughtSchema).exactOptional(),
  /** The newest answer that still exists. */
  ...answerShape,
  /** Earlier answers that still exist, newest first. The first one counts again if all newer ones are deleted. */
  earlier: z.array(z.object(answerShape)).exactOptional(),
  /** Estimated tokens of question and answer; missing in conversations so short that nothing was counted. */
  tokens: z.number().exactOptional(),
  /** Whether it was asked before the conversation was started anew, so that later questions do not include it. */
  isPast: z.literal(true).exactOptional(),
});

/** A summary of the older turns of a conversation that no longer fits its model. */
const summarySchema = z.object({
  text: z.string(),
  /** The id of the newest turn in it. */
  through: z.string(),
  /** The people whose words are in it, by the platform's ids. */
  people: z.array(z.string()),
});

const conversationSchema = z.object({
  id: z.string(),
  turns: z.array(turnSchema),
  /** The author of its first question; missing before that, and in conversations that are older than this field. */
  startedBy: z.string().exactOptional(),
  /** The last time it was started anew. */
  anewAtMs: z.number().exactOptional(),
  summary: summarySchema.exactOptional(),
  /** Its settings. */
  ...settingShape,
});
const placeSchema = z.object({ conversation: z.string() });

export type Turn = z.infer<typeof turnSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Conversation = z.infer<typeof conversationSchema>;

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
  open(guild: GuildId, placeKey: string | null): Promise<Conversation>;
  /** Begins one at no place yet. `stands` resolves when it is stored, together with what else is stored at this moment. */
  begin(guild: GuildId): { readonly conversation: Conversation; readonly stands: Promise<void> };
  /** Changes its settings. Does nothing if it was forgotten meanwhile. */
  configure(id: string, change: SettingChange): Promise<void>;
  /** Later questions do not include turns from before this moment. Deletes nothing. */
  beginAnew(id: string, nowMs: number): Promise<void>;
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
  writtenBy(
    guild: GuildId,
    user: string,
  ): Promise<{
    readonly turns: readonly (Turn & { readonly conversation: string })[];
    readonly quotes: readonly { readonly conversation: string; readonly text: string }[];
    readonly instructions: readonly { readonly conversation: string; readonly text: string }[];
    readonly summaries: readonly { readonly conversation: string; readonly text: string }[];
  }>;
}

/** The person who began it, who is one of the few that may change its course. Null before its first question. */
export function starterOf({ startedBy, turns }: Conversation): string | null {
  return startedBy ?? turns[0]?.user ?? null;
}

/** The turns that a question includes, oldest first: all before its own, since the conversation was started anew. */
function turnsBefore({ turns }: Conversation, turn: string): readonly Turn[] {
  const index = turns.findIndex(({ id }) => id === turn);
  const before = index < 0 ? turns : turns.slice(0, index);
  return turns[index]?.isPast ? before : before.filter(({ isPast }) => !isPast);
}

/**
 * The earlier part of a conversation that a question includes: a summary of older turns, if there is one, and the turns after
 * it.
 */
export interface Memory {
  readonly summary: Summary | null;
  /** Oldest first. */
  readonly turns: readonly Turn[];
}

/** As `turnsBefore`, with the summary in place of its turns. */
export function memoryBefore(conversation: Conversation, turn: string): Memory {
  const turns = turnsBefore(conversation, turn);
  const { summary } = conversation;
  const isOf = ({ id }: Turn) => id === summary?.through;
  const newest = turns.findIndex(isOf);
  // For a turn inside the summary that is asked again, everything after it must be left out.
  if (summary === undefined || (newest < 0 && conversation.turns.some(isOf))) return { summary: null, turns };
  return { summary, turns: turns.slice(newest + 1) };
}

/** Each turn rewrites the conversation. Older turns remain in its summary. */
export const MAX_TURNS = 100;
/** Older answers to a question that was retried this often do not matter any more. */
const MAX_EARLIER = 3;

/** Keeps each conversation for `retentionMs` milliseconds after its last change. */
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
    seenBefore?: Seen<Conversation>,
  ): Promise<boolean> {
    for (let seen = seenBefore ?? (await conversations.look(id)); ; seen = await conversations.look(id)) {
      const before = seen.value;
      if (before === undefined) return false;
      const after = apply(before);
      if (after === before || (await conversations.replace(id, seen, after))) return true;
    }
  }

  async function* idsOf(guild: GuildId): AsyncGenerator<string> {
    yield* conversations.keys(`${guild}/`);
  }

  function begin(guild: GuildId) {
    // The id begins with the guild, so that a guild's conversations can be listed by key.
    const conversation: Conversation = { id: `${guild}/${randomUUID()}`, turns: [] };
    return { conversation, stands: conversations.set(conversation.id, conversation) };
  }

  async function at(placeKey: string): Promise<Conversation | null> {
    const place = await places.get(placeKey);
    return place ? get(place.conversation) : null;
  }

  /** The conversation without a person's turns and what others quoted of theirs; undefined if nothing is left. */
  function withoutPerson(conversation: Conversation, user: string): Conversation | undefined {
    const own = conversation.turns.filter((turn) => turn.user !== user);
    const turns = own.map((turn) => withoutAuthor(turn, user));
    const { startedBy, instructions, summary, ...rest } = conversation;
    const left = {
      ...rest,
      turns,
      ...(startedBy !== undefined && startedBy !== user && { startedBy }),
      ...(instructions !== undefined && instructions.by !== user && { instructions }),
      ...(summary !== undefined && !summary.people.includes(user) && { summary }),
    };
    const isTouched =
      own.length < conversation.turns.length ||
      turns.some((turn, index) => turn !== own[index]) ||
      startedBy === user ||
      instructions?.by === user ||
      summary?.people.includes(user);
    if (!isTouched) return conversation;
    return unlessEmpty(left);
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
    begin,
    async open(guild, placeKey) {
      if (placeKey === null) {
        const { conversation, stands } = begin(guild);
        await stands;
        return conversation;
      }
      // Two first questions at one place, in any processes, begin one conversation.
      for (;;) {
        const seen = await places.look(placeKey);
        const found = seen.value === undefined ? null : await get(seen.value.conversation);
        if (found !== null) return found;
        const { conversation, stands } = begin(guild);
        const [isFirst] = await Promise.all([
          places.replace(placeKey, seen, { conversation: conversation.id }),
          stands,
        ]);
        if (isFirst) return conversation;
        await conversations.delete(conversation.id);
      }
    },
    look: conversations.look,
    async configure(id, setting) {
      await change(id, (before) => applyChange(before, setting));
    },
    async beginAnew(id, anewAtMs) {
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
      const turns: (Turn & { conversation: string })[] = [];
      const quotes: { conversation: string; text: string }[] = [];
      const instructions: { conversation: string; text: string }[] = [];
      const summaries: { conversation: string; text: string }[] = [];
      for (const conversation of new Set(await Array.fromAsync(idsOf(guild)))) {
        const found = await get(conversation);
        if (found?.instructions?.by === user) {
          instructions.push({ conversation, text: found.instructions.text });
        }
        if (found?.summary?.people.includes(user)) {
          summaries.push({ conversation, text: found.summary.text });
        }
        for (const turn of found?.turns ?? []) {
          if (turn.user === user) turns.push({ conversation, ...turn });
          for (const part of turn.brought ?? []) {
            if (isBy(part, user) && 'files' in part) quotes.push({ conversation, text: part.text });
          }
        }
      }
      return { turns, quotes, instructions, summaries };
    },
  };
}

/** A conversation with instructions and no turns has not begun; one with neither is deleted. */
function unlessEmpty(conversation: Conversation): Conversation | undefined {
  const isEmpty = conversation.turns.length === 0 && conversation.instructions === undefined;
  return isEmpty ? undefined : conversation;
}

/** The conversation with the turn added, or in place of the one with its id. */
function withTurn({ summary, ...conversation }: Conversation, turn: Turn): Conversation {
  const { anewAtMs } = conversation;
  const turns = [...conversation.turns];
  const index = turns.findIndex((other) => other.id === turn.id);
  // Also true for a turn in progress when the conversation was started anew, and one that was tried again since.
  const isPast = turns[index]?.isPast ?? (anewAtMs !== undefined && turn.askedAtMs < anewAtMs);
  const earlier = earlierThan(turn, turns[index]);
  const kept = { ...turn, ...(earlier.length > 0 && { earlier }), ...(isPast && { isPast }) };
  // The summary would contain the previous answer.
  const isStale = isSummarised({ turns, ...(summary && { summary }) }, index);
  if (index >= 0) turns[index] = kept;
  else turns.push(kept);
  const startedBy = starterOf(conversation) ?? turn.user;
  return {
    ...conversation,
    ...(summary !== undefined && !isStale && { summary }),
    startedBy,
    turns: turns.slice(-MAX_TURNS),
  };
}

/** Whether the turn at this index is in the summary. */
function isSummarised({ turns, summary }: Pick<Conversation, 'turns' | 'summary'>, index: number): boolean {
  return index >= 0 && index <= turns.findIndex(({ id }) => id === summary?.through);
}

type Answer = NonNullable<Turn['earlier']>[number];

function answerOf({ answer, model, status, askedAtMs, answerId, bill }: Turn): Answer {
  return { answer, model, status, askedAtMs, ...(answerId && { answerId }), ...(bill && { bill }) };
}

/** The answers before a new one; none if the question has changed. */
function earlierThan(turn: Turn, before: Turn | undefined): Answer[] {
  if (before?.answerId === undefined || before.question !== turn.question) return [];
  const all = [answerOf(before), ...(before.earlier ?? [])];
  return all.filter(({ answerId }) => answerId !== turn.answerId).slice(0, MAX_EARLIER);
}

/** The turn without one of its answers; null if none is left. */
function withoutAnswer(turn: Turn, answerId: string): Turn | null {
  const { earlier = [], ...rest } = turn;
  const others = earlier.filter((each) => each.answerId !== answerId);
  if (rest.answerId !== undefined && rest.answerId !== answerId)
    return { ...rest, ...(others.length > 0 && { earlier: others }) };
  const [newest, ...older] = others;
  if (newest === undefined) return null;
  // The estimate included the deleted answer.
  const { answerId: _id, bill: _bill, tokens: _tokens, ...question } = rest;
  return { ...question, ...newest, ...(older.length > 0 && { earlier: older }) };
}

/** The turn without messages that this person wrote. */
function withoutAuthor(turn: Turn, user: string): Turn {
  const { brought, tokens: _, ...rest } = turn;
  if (!brought?.some((part) => isBy(part, user))) return turn;
  return { ...rest, brought: brought.filter((part) => !isBy(part, user)) };
}
