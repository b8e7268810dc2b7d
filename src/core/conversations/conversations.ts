import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { createCollection, type Seen } from '../coordination/collection.ts';
import type { Locks } from '../coordination/locks.ts';
import type { GuildId } from '../ports/actor.ts';
import { broughtSchema, isBy } from '../ports/parts.ts';
import type { ClaimKey, Store } from '../ports/store.ts';
import { applyChange, type SettingChange, settingShape } from './setting.ts';

/** One answer to a question. */
const answerShape = {
  answer: z.string(),
  model: z.string(),
  status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
  askedAtMs: z.number(),
  /** Its record; left out of turns of before this was kept. */
  answerId: z.string().exactOptional(),
  /** What it cost; left out if that is not known. */
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
  /** What came with them; files by reference, with the text that was read of them. */
  brought: z.array(broughtSchema).exactOptional(),
  /** The newest answer that stands. */
  ...answerShape,
  /** Those before it that still stand, newest first: what counts again if the newer ones are deleted. */
  earlier: z.array(z.object(answerShape)).exactOptional(),
  /** Estimate for question and answer; absent in conversations so short that nothing had to be counted. */
  tokens: z.number().exactOptional(),
  /** Asked before the conversation was begun anew: later questions do not bring it. */
  isPast: z.literal(true).exactOptional(),
});

/** What stands for the older turns of a conversation that no longer fits its model. */
const summarySchema = z.object({
  text: z.string(),
  /** The newest turn in it, by its id. */
  through: z.string(),
  /** Whose words are in it, by the platform's ids. */
  people: z.array(z.string()),
});

const conversationSchema = z.object({
  id: z.string(),
  turns: z.array(turnSchema),
  /** Who asked its first question; left out before that, and of conversations of before this was kept. */
  startedBy: z.string().exactOptional(),
  /** When it was begun anew last. */
  anewAtMs: z.number().exactOptional(),
  summary: summarySchema.exactOptional(),
  /** What was chosen for it. */
  ...settingShape,
});
const placeSchema = z.object({ conversation: z.string() });

export type Turn = z.infer<typeof turnSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Conversation = z.infer<typeof conversationSchema>;

/** Threads, DMs and answers with their turns. What a store fails to read is an error, never an empty history. */
export interface Conversations {
  /** The conversation that hangs on a place; null if there is none (any more). */
  at(placeKey: string): Promise<Conversation | null>;
  get(id: string): Promise<Conversation | null>;
  /** The conversation as it stands, for `record`. */
  look(id: string): Promise<Seen<Conversation>>;
  /** The conversation at a place, begun if there is none; with null a new one, at no place yet. */
  open(guild: GuildId, placeKey: string | null): Promise<Conversation>;
  /** Begins one at no place yet. `stands` resolves when it is stored, together with what else is stored at this moment. */
  begin(guild: GuildId): { readonly conversation: Conversation; readonly stands: Promise<void> };
  /** Changes what was chosen for it. Nothing if it was forgotten meanwhile. */
  configure(id: string, change: SettingChange): Promise<void>;
  /** From now on questions bring no turn that was asked before this moment. Nothing is deleted. */
  beginAnew(id: string, nowMs: number): Promise<void>;
  /** Lets a conversation be found at one more place. */
  attach(id: string, placeKey: string): Promise<void>;
  /**
   * Adds a turn, or puts it in the place of the one with its id. False if it is not kept: the conversation was
   * forgotten meanwhile, or `isWanted` says no. That is asked when the turn stands: whoever forgets has said so before they looked
   * for turns, so that one of the two sees the other. `seen` saves a read, if nobody has changed the conversation since.
   */
  record(
    id: string,
    turn: Turn,
    isWanted: () => Promise<boolean>,
    seen?: Seen<Conversation>,
  ): Promise<boolean>;
  /**
   * Lets a summary stand for these turns, and for those of the summary before. False if it is not kept: one of them was changed or
   * forgotten meanwhile.
   */
  summarise(id: string, summary: Summary, turns: readonly Turn[]): Promise<boolean>;
  /**
   * Takes an answer out of a turn: the newest one before it counts again. Without any the turn goes, with its question. Nothing if the
   * turn has no such answer.
   */
  dropAnswer(id: string, turn: string, answerId: string): Promise<void>;
  forget(id: string): Promise<void>;
  /** Forgets all conversations of a guild; resolves to how many there were. */
  forgetGuild(guild: GuildId): Promise<number>;
  /**
   * Forgets a person's turns in a guild, and what of theirs others brought; resolves to how many turns there were. A conversation
   * without turns goes with them.
   */
  forgetPerson(guild: GuildId, user: string): Promise<number>;
  /**
   * A person's turns in a guild, what they wrote that others brought, their instructions, and summaries with words of theirs, each
   * with its conversation.
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

/** Who began it: one of the few who may say how it goes on. Null before its first question. */
export function starterOf({ startedBy, turns }: Conversation): string | null {
  return startedBy ?? turns[0]?.user ?? null;
}

/** What a question brings of the conversation, oldest first: all before its turn, from where the conversation was begun anew. */
function turnsBefore({ turns }: Conversation, turn: string): readonly Turn[] {
  const index = turns.findIndex(({ id }) => id === turn);
  const before = index < 0 ? turns : turns.slice(0, index);
  return turns[index]?.isPast ? before : before.filter(({ isPast }) => !isPast);
}

/** What a question brings of the conversation: a summary of its older turns if there is one, and the turns after it. */
export interface Memory {
  readonly summary: Summary | null;
  /** Oldest first. */
  readonly turns: readonly Turn[];
}

/** As `turnsBefore`, with the summary in the place of the turns that are in it. */
export function memoryBefore(conversation: Conversation, turn: string): Memory {
  const turns = turnsBefore(conversation, turn);
  const { summary } = conversation;
  const isOf = ({ id }: Turn) => id === summary?.through;
  const newest = turns.findIndex(isOf);
  // A turn in the summary is asked again: what came after it is no matter of its answer.
  if (summary === undefined || (newest < 0 && conversation.turns.some(isOf))) return { summary: null, turns };
  return { summary, turns: turns.slice(newest + 1) };
}

/** Each turn writes the conversation anew. Older ones are kept in its summary. */
export const MAX_TURNS = 100;
/** Older answers to a question that was retried so often are as good as forgotten. */
const MAX_EARLIER = 3;

export function createConversations(store: Store, locks: Locks, retentionMs: number): Conversations {
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
   * Changes a conversation; undefined deletes it, and the same object leaves it as it is. Turns that are recorded and turns that
   * are forgotten, here and elsewhere, do not undo each other: what was changed meanwhile is looked at again. False if there is none.
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
    // The guild leads the id, so that a guild's conversations can be told by their keys.
    const conversation: Conversation = { id: `${guild}/${randomUUID()}`, turns: [] };
    return { conversation, stands: conversations.set(conversation.id, conversation) };
  }

  async function at(placeKey: string): Promise<Conversation | null> {
    const place = await places.get(placeKey);
    return place ? get(place.conversation) : null;
  }

  /** The conversation without a person's turns, and without what of theirs others brought; undefined if nothing is left. */
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
      // Two first questions at one place, in whichever processes, begin one conversation.
      const open = async (lock: ClaimKey) => {
        const found = await at(placeKey);
        if (found !== null) return found;
        const { conversation, stands } = begin(guild);
        await stands;
        await places.under(lock).set(placeKey, { conversation: conversation.id });
        return conversation;
      };
      return (await at(placeKey)) ?? locks.hold(`place/${placeKey}`, open);
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
          // What was summarised of the answer goes with it.
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

/** One with instructions and no turns has not begun; one with neither is nothing. */
function unlessEmpty(conversation: Conversation): Conversation | undefined {
  const isEmpty = conversation.turns.length === 0 && conversation.instructions === undefined;
  return isEmpty ? undefined : conversation;
}

/** The conversation with the turn added, or in the place of the one with its id. */
function withTurn({ summary, ...conversation }: Conversation, turn: Turn): Conversation {
  const { anewAtMs } = conversation;
  const turns = [...conversation.turns];
  const index = turns.findIndex((other) => other.id === turn.id);
  // Also one that was under way as the conversation was begun anew, and one that is tried again since.
  const isPast = turns[index]?.isPast ?? (anewAtMs !== undefined && turn.askedAtMs < anewAtMs);
  const earlier = earlierThan(turn, turns[index]);
  const kept = { ...turn, ...(earlier.length > 0 && { earlier }), ...(isPast && { isPast }) };
  // It would say what the answer was before.
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

/** The answers that stand before a new one; none if the question is another one now. */
function earlierThan(turn: Turn, before: Turn | undefined): Answer[] {
  if (before?.answerId === undefined || before.question !== turn.question) return [];
  const all = [answerOf(before), ...(before.earlier ?? [])];
  return all.filter(({ answerId }) => answerId !== turn.answerId).slice(0, MAX_EARLIER);
}

/** The turn as it is without one of its answers; null if none is left. */
function withoutAnswer(turn: Turn, answerId: string): Turn | null {
  const { earlier = [], ...rest } = turn;
  const others = earlier.filter((each) => each.answerId !== answerId);
  if (rest.answerId !== undefined && rest.answerId !== answerId)
    return { ...rest, ...(others.length > 0 && { earlier: others }) };
  const [newest, ...older] = others;
  if (newest === undefined) return null;
  // The estimate was of the answer that is gone.
  const { answerId: _id, bill: _bill, tokens: _tokens, ...question } = rest;
  return { ...question, ...newest, ...(older.length > 0 && { earlier: older }) };
}

/** The turn, or what it is without messages that this person wrote. */
function withoutAuthor(turn: Turn, user: string): Turn {
  const { brought, tokens: _, ...rest } = turn;
  if (!brought?.some((part) => isBy(part, user))) return turn;
  return { ...rest, brought: brought.filter((part) => !isBy(part, user)) };
}
