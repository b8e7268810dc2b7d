import { z } from 'zod';
import type { GuildId } from '../ports/actor.ts';
import type { RecordQuery, RecordStore } from '../ports/store.ts';

const KIND = 'feedback';

const feedbackSchema = z.object({
  /** The answer's id. */
  answer: z.string(),
  userName: z.string(),
  verdict: z.enum(['good', 'bad']),
  /** In the person's own words. */
  reason: z.string().exactOptional(),
  model: z.string(),
  /** The answer's cost and payer; left out if unknown. */
  bill: z
    .object({ costNanoUsd: z.int().nonnegative(), payer: z.enum(['operator', 'guild']) })
    .exactOptional(),
});

export type Verdict = z.infer<typeof feedbackSchema>['verdict'];

/** A person's opinion of an answer. */
export interface Feedback extends z.infer<typeof feedbackSchema> {
  readonly guild: GuildId;
  /** The person who gave it. */
  readonly user: string;
  readonly atMs: number;
}

export interface FeedbackLog {
  /** Appends feedback. It replaces earlier feedback of the same person on the same answer. */
  append(feedback: Feedback): Promise<void>;
  /** Newest first; only each person's latest feedback on an answer. */
  query(query: Omit<RecordQuery, 'kind'>): AsyncIterable<Feedback>;
  /** For retention and `/forget`. */
  remove(query: Omit<RecordQuery, 'kind'>): Promise<number>;
}

export function createFeedbackLog(records: RecordStore): FeedbackLog {
  return {
    append: ({ guild, user, atMs, ...data }) =>
      records.append({ kind: KIND, guild, user, atMs, data: feedbackSchema.parse(data) }),
    async *query(query) {
      const seen = new Set<string>();
      for await (const { guild, user, atMs, data } of records.query({ ...query, kind: KIND })) {
        const feedback = { guild, user, atMs, ...feedbackSchema.parse(data) };
        const key = `${user} ${feedback.answer}`;
        if (!seen.has(key)) yield feedback;
        seen.add(key);
      }
    },
    remove: (query) => records.remove({ ...query, kind: KIND }),
  };
}
