import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Collection, createCollection, ifReadable, type Seen } from '../coordination/collection.ts';
import { answerSchema as answerState } from '../coordination/journal-entry.ts';
import { endedMoment } from '../ports/buttons.ts';
import { EFFORTS } from '../ports/effort.ts';
import { type BroughtPart, broughtSchema, isBy } from '../ports/parts.ts';
import type { Store } from '../ports/store.ts';
import type { Turn } from './conversation.ts';

const shownSchema = z.object({
  /** `Surface.reference`; null if the place ends with the process. */
  reference: z.string().nullable(),
  /** The number of messages before the last one. */
  sealed: z.int().nonnegative(),
  /** Decides which buttons it has. */
  moment: endedMoment,
});

const heldSchema = z.object({
  /** `PlaceLocked.key`. */
  at: z.string(),
  /** `Surface.reference`. */
  reference: z.string(),
  state: answerState,
  /** The number of tries since. */
  tries: z.int().nonnegative(),
});

const answerSchema = z.object({
  id: z.string(),
  guild: z.string(),
  user: z.string(),
  conversation: z.string(),
  turn: z.string(),
  question: z.string(),
  /** The question's attachments and quotes. */
  brought: z.array(broughtSchema).exactOptional(),
  author: z.string(),
  /** The model that the asker named; null if settings decided. */
  model: z.string().nullable(),
  /** The effort that the asker chose. */
  effort: z.enum(EFFORTS).exactOptional(),
  webSearch: z.boolean(),
  /** Whether only its asker saw it. */
  isPrivate: z.boolean().exactOptional(),
  /** Whether the question concerns only its thread. */
  isAboutThread: z.boolean().exactOptional(),
  /** The first of the answers whose places it took while they were in progress, because the question was edited. */
  inPlaceOf: z.string().exactOptional(),
  /** Event id of the question's message, which may be edited. */
  message: z.string().exactOptional(),
  /** Its place and buttons, once it has ended. */
  shown: shownSchema.exactOptional(),
  /** The state to show, while its place is locked. */
  held: heldSchema.exactOptional(),
  /** The model's reasoning, at most `MAX_REASONING_CHARS`. Never sent to a model again. */
  reasoning: z.string().exactOptional(),
  /** Its messages, in order, by `LiveMessage.key`. */
  messages: z.array(z.string()).exactOptional(),
  /** The time of the message's newest edit that was handled; older edits that arrive later change nothing. */
  editedAt: z.number().exactOptional(),
  /** The edited question, if the message was edited since. */
  edited: z.object({ question: z.string(), brought: z.array(broughtSchema).exactOptional() }).exactOptional(),
});

/** The newest answer to a message. */
const askedSchema = z.object({ answer: z.string() });

export type ShownAnswer = z.infer<typeof shownSchema>;

/** The record behind an answer's buttons. Buttons contain only the id; this decides who may press them. */
export type AnswerRecord = z.infer<typeof answerSchema>;

type Amendment = Pick<AnswerRecord, 'shown' | 'edited' | 'editedAt' | 'held' | 'messages' | 'reasoning'>;

export type AnswerRecords = ReturnType<typeof createAnswerRecords>;

/** Keeps each answer for `retentionMs` milliseconds after its last change. */
export function createAnswerRecords(store: Store, retentionMs: number) {
  const ttlMs = retentionMs;
  const answers = createCollection(store, 'answers', answerSchema, { ttlMs });
  const questions = createCollection(store, 'asked', askedSchema, { ttlMs });
  const shownIn = createCollection(store, 'answer-messages', askedSchema, { ttlMs });

  const get = async (id: string) => (await answers.get(id)) ?? null;
  const find = finderIn(answers);

  async function namedIn(index: typeof questions, key: string): Promise<AnswerRecord | null> {
    const named = await index.get(key);
    return named === undefined ? null : get(named.answer);
  }

  /** Undoes `saveNewest` if there was no answer: the previous one, if any, is the newest again. */
  async function withdrawNewest(
    { id, message }: Pick<AnswerRecord, 'id' | 'message'>,
    previous?: string,
  ): Promise<void> {
    if (message === undefined || (await questions.get(message))?.answer !== id) return;
    if (previous === undefined) await questions.delete(message);
    else await questions.set(message, { answer: previous });
  }

  async function remove(record: AnswerRecord): Promise<void> {
    await withdrawNewest(record);
    for (const key of record.messages ?? []) await shownIn.delete(key);
    await answers.delete(record.id);
  }

  return {
    get,
    /** The newest answer to a message, in progress or ended; null for a message that was not asked, or only refused. */
    to: (message: string) => namedIn(questions, message),
    save: (record: AnswerRecord) => answers.set(record.id, record),
    /** The record as it stands, for `amend`. */
    look: answers.look,
    /** Adds what is known by now. False, without a change, if it was forgotten. `seen` saves a read if nobody changed it. */
    amend: async (id: string, more: Amendment, seen?: Seen<AnswerRecord>) =>
      (await answers.change(id, (record) => record && { ...record, ...more }, { seen })) !== undefined,
    /** From now on the message is known to belong to the answer, by its `LiveMessage.key`. */
    attach: (id: string, message: string) => shownIn.set(message, { answer: id }),
    /** Removes the state held for an unlock, unless for a later try. Resolves to the record before; null if forgotten. */
    async unhold(id: string, tries: number): Promise<AnswerRecord | null> {
      const before = await answers.change(id, (record) => {
        if (record?.held === undefined || record.held.tries > tries) return record;
        const { held: _, ...rest } = record;
        return rest;
      });
      return before ?? null;
    },
    /** The answer of a message, by `LiveMessage.key`. */
    shownAt: (key: string) => namedIn(shownIn, key),
    /** As `save`, and makes this the newest answer to its message. */
    async saveNewest(record: AnswerRecord): Promise<void> {
      const asked = record.message && questions.set(record.message, { answer: record.id });
      await Promise.all([answers.set(record.id, record), asked]);
    },
    withdrawNewest,
    async delete(id: string): Promise<void> {
      const record = await get(id);
      for (const key of record?.messages ?? []) await shownIn.delete(key);
      await answers.delete(id);
    },
    /** A guild's matching answers. Reads all of the guild's, for `/export` and `/forget`. */
    find,
    /** Deletes a person's answers in a guild, and what others quoted of theirs. Reads all of the guild's. */
    async forgetPerson(guild: string, user: string): Promise<void> {
      for await (const record of find(guild, () => true)) {
        if (record.user === user) {
          await remove(record);
          continue;
        }
        const kept = withoutAuthor(record, user);
        if (kept !== record) await answers.set(record.id, kept);
      }
    },
    /** Deletes a guild's matching answers; their buttons stop working. Reads all of the guild's. */
    async forget(guild: string, matches: (record: AnswerRecord) => boolean): Promise<void> {
      for await (const record of find(guild, matches)) await remove(record);
    },
  };
}

/** Lists a guild's answers by the tag in their ids. */
function finderIn(answers: Collection<AnswerRecord>) {
  /** Ids of version 0.1.0 do not begin with their guild's tag; all of them expire in time. */
  let hasUntagged = true;

  async function* idsOf(guild: string): AsyncGenerator<string> {
    yield* answers.keys(tagOf(guild));
    if (!hasUntagged) return;
    let count = 0;
    for await (const id of answers.keys()) {
      if (id.length !== UNTAGGED_CHARS) continue;
      count++;
      yield id;
    }
    hasUntagged = count > 0;
  }

  return async function* find(
    guild: string,
    matches: (record: AnswerRecord) => boolean,
  ): AsyncGenerator<AnswerRecord> {
    for await (const id of idsOf(guild)) {
      // An unreadable record does not say whose it is, which must not block access to other records.
      const record = await ifReadable(answers.get(id), undefined);
      if (record?.guild === guild && matches(record)) yield record;
    }
  };
}

/** The turn that an answer makes in its conversation. */
export function turnOf(
  { id: answerId, turn: id, user, author, question, brought = [] }: AnswerRecord,
  answer: Pick<Turn, 'answer' | 'model' | 'status' | 'askedAtMs' | 'bill' | 'tokens'>,
): Turn {
  return { id, user, author, question, ...(brought.length > 0 && { brought }), answerId, ...answer };
}

/** The record without messages that this person wrote. */
function withoutAuthor(record: AnswerRecord, user: string): AnswerRecord {
  const { brought, edited, ...rest } = record;
  if (![brought, edited?.brought].some((parts) => parts?.some((part) => isBy(part, user)))) return record;
  const kept = (parts: readonly BroughtPart[]) => parts.filter((part) => !isBy(part, user));
  return {
    ...rest,
    ...(brought && { brought: kept(brought) }),
    ...(edited && { edited: { ...edited, ...(edited.brought && { brought: kept(edited.brought) }) } }),
  };
}

/** The length of ids of version 0.1.0: 18 random bytes. */
const UNTAGGED_CHARS = 24;

/** The beginning of the ids of a guild's answers, so that they can be listed: 8 characters. Two guilds may share one. */
function tagOf(guild: string): string {
  return createHash('sha256').update(guild).digest('base64url').slice(0, 8);
}

/** 26 characters of base64url, of which 18 are random: too many to guess, and few enough for every platform's button ids. */
export function newAnswerId(guild: string): string {
  return tagOf(guild) + randomBytes(14).toString('base64url').slice(0, 18);
}
