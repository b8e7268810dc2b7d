import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createCollection } from './collection.ts';
import type { Store } from './store.ts';

const answerSchema = z.object({
  id: z.string(),
  guild: z.string(),
  user: z.string(),
  conversation: z.string(),
  turn: z.string(),
  question: z.string(),
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
}

export function createAnswerRecords(store: Store, retentionMs: number): AnswerRecords {
  const answers = createCollection(store.keyv('answers'), {
    version: 1,
    schema: answerSchema,
    ttlMs: retentionMs,
  });
  return {
    get: async (id) => (await answers.get(id)) ?? null,
    save: (record) => answers.set(record.id, record),
  };
}

/** 24 characters of base64url: too many to guess, few enough for every platform's button ids. */
export function newAnswerId(): string {
  return randomBytes(18).toString('base64url');
}
