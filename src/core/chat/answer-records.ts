import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createCollection, UnreadableValue } from '../coordination/collection.ts';
import { broughtSchema, isBy } from '../ports/parts.ts';
import type { Store } from '../ports/store.ts';

const answerSchema = z.object({
  id: z.string(),
  guild: z.string(),
  user: z.string(),
  conversation: z.string(),
  turn: z.string(),
  question: z.string(),
  /** What came with the question. */
  brought: z.array(broughtSchema).exactOptional(),
  author: z.string(),
  /** The model that was asked for by name; null where settings decided. */
  model: z.string().nullable(),
  webSearch: z.boolean(),
  /** Whether its asker alone saw it. */
  isPrivate: z.boolean().exactOptional(),
});

/** What an answer's buttons stand for. Buttons carry the id alone; who may press them is decided from this. */
export type AnswerRecord = z.infer<typeof answerSchema>;

export interface AnswerRecords {
  get(id: string): Promise<AnswerRecord | null>;
  save(record: AnswerRecord): Promise<void>;
  delete(id: string): Promise<void>;
  /** Those of a guild that match. Reads all that the guild has: for `/export` and `/forget`. */
  find(guild: string, matches: (record: AnswerRecord) => boolean): AsyncIterable<AnswerRecord>;
  /** Forgets those of a guild that match; their buttons work no more. Reads all that the guild has. */
  forget(guild: string, matches: (record: AnswerRecord) => boolean): Promise<void>;
  /** Forgets a person's in a guild, and what of theirs others brought. Reads all that the guild has. */
  forgetPerson(guild: string, user: string): Promise<void>;
}

export function createAnswerRecords(store: Store, retentionMs: number): AnswerRecords {
  const answers = createCollection(store, 'answers', {
    version: 1,
    schema: answerSchema,
    ttlMs: retentionMs,
  });

  /** One that cannot be read does not say whose it is: it is no reason to keep others' from them. */
  function ignoreUnreadable(error: unknown): undefined {
    if (!(error instanceof UnreadableValue)) throw error;
  }

  /** Ids of version 0.1.0 do not begin with their guild; they are gone when they have expired. */
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

  async function* find(
    guild: string,
    matches: (record: AnswerRecord) => boolean,
  ): AsyncGenerator<AnswerRecord> {
    for await (const id of idsOf(guild)) {
      const record = await answers.get(id).catch(ignoreUnreadable);
      if (record?.guild === guild && matches(record)) yield record;
    }
  }

  return {
    get: async (id) => (await answers.get(id)) ?? null,
    save: (record) => answers.set(record.id, record),
    async delete(id) {
      await answers.delete(id);
    },
    find,
    async forgetPerson(guild, user) {
      for await (const record of find(guild, () => true)) {
        const { id, brought = [] } = record;
        const kept = brought.filter((part) => !isBy(part, user));
        if (record.user === user) await answers.delete(id);
        else if (kept.length < brought.length) await answers.set(id, { ...record, brought: kept });
      }
    },
    async forget(guild, matches) {
      for await (const { id } of find(guild, matches)) await answers.delete(id);
    },
  };
}

/** Of ids as version 0.1.0 made them: 18 random bytes alone. */
const UNTAGGED_CHARS = 24;

/** What the ids of a guild's answers begin with, so that they can be listed: 8 characters. Two guilds may share one. */
function tagOf(guild: string): string {
  return createHash('sha256').update(guild).digest('base64url').slice(0, 8);
}

/** 26 characters of base64url, 18 of them random: too many to guess, few enough for every platform's button ids. */
export function newAnswerId(guild: string): string {
  return tagOf(guild) + randomBytes(14).toString('base64url').slice(0, 18);
}
