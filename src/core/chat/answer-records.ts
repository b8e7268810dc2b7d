import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createCollection, UnreadableValue } from '../coordination/collection.ts';
import { broughtSchema } from '../ports/parts.ts';
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
});

/** What an answer's buttons stand for. Buttons carry the id alone; who may press them is decided from this. */
export type AnswerRecord = z.infer<typeof answerSchema>;

export interface AnswerRecords {
  get(id: string): Promise<AnswerRecord | null>;
  save(record: AnswerRecord): Promise<void>;
  delete(id: string): Promise<void>;
  /** Those that match. Reads all there are: for `/export` and `/forget`. */
  find(matches: (record: AnswerRecord) => boolean): AsyncIterable<AnswerRecord>;
  /** Forgets those that match; their buttons work no more. Reads all there are. */
  forget(matches: (record: AnswerRecord) => boolean): Promise<void>;
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

  async function* find(matches: (record: AnswerRecord) => boolean): AsyncGenerator<AnswerRecord> {
    for await (const id of answers.keys()) {
      const record = await answers.get(id).catch(ignoreUnreadable);
      if (record !== undefined && matches(record)) yield record;
    }
  }

  return {
    get: async (id) => (await answers.get(id)) ?? null,
    save: (record) => answers.set(record.id, record),
    async delete(id) {
      await answers.delete(id);
    },
    find,
    async forget(matches) {
      for await (const { id } of find(matches)) await answers.delete(id);
    },
  };
}

/** 24 characters of base64url: too many to guess, few enough for every platform's button ids. */
export function newAnswerId(): string {
  return randomBytes(18).toString('base64url');
}
