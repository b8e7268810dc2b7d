import { z } from 'zod';
import { createRecordLog, type LogQuery } from '../coordination/record-log.ts';
import type { GuildId } from '../ports/actor.ts';
import type { RecordStore } from '../ports/store.ts';

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

export type FeedbackLog = ReturnType<typeof createFeedbackLog>;

export function createFeedbackLog(records: RecordStore) {
  const log = createRecordLog(records, KIND, ({ guild, user, atMs, data }) => ({
    guild,
    user,
    atMs,
    ...feedbackSchema.parse(data),
  }));
  return {
    ...log,
    /** Appends feedback. It replaces earlier feedback of the same person on the same answer. */
    append: ({ guild, user, atMs, ...data }: Feedback) =>
      records.append({ kind: KIND, guild, user, atMs, data: feedbackSchema.parse(data) }),
    /** Newest first; only each person's latest feedback on an answer. */
    async *query(query: LogQuery): AsyncGenerator<Feedback> {
      const seen = new Set<string>();
      for await (const feedback of log.query(query)) {
        const key = `${feedback.user} ${feedback.answer}`;
        if (!seen.has(key)) yield feedback;
        seen.add(key);
      }
    },
  };
}
