import { z } from 'zod';
import { AUTOMATIC_NAMES } from '../ports/automatic.ts';
import type { LedgerEntry, LogRecord, RecordQuery, RecordStore } from '../ports/store.ts';

const KIND = 'usage';

const usageSchema = z.object({
  id: z.string(),
  userName: z.string().exactOptional(),
  model: z.string(),
  provider: z.string(),
  payer: z.enum(['operator', 'guild']),
  kind: z.enum(AUTOMATIC_NAMES).exactOptional(),
  costNanoUsd: z.int().nonnegative(),
  promptTokens: z.number().nonnegative(),
  completionTokens: z.number().nonnegative(),
  basis: z.enum(['provider', 'tokens', 'estimate', 'reserved']),
});

/**
 * What a cost rests on: the provider's own word, tokens and prices, the provider's last count before the answer was cut
 * off (`estimate`; until v0.1.0 what could be seen of it), or (if nobody says) the worst price that was reserved.
 */
export type CostBasis = z.infer<typeof usageSchema>['basis'];

/** What a request came to. */
export interface Spent {
  readonly costNanoUsd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly basis: CostBasis;
}

/** One request that was paid for. */
export interface UsageRecord extends LedgerEntry, Spent {
  readonly id: string;
  /** When it was reserved: it counts in that day and month. */
  readonly atMs: number;
}

/** Who spent what on what. */
export interface UsageLog {
  /** Newest first. */
  query(query: Omit<RecordQuery, 'kind'>): AsyncIterable<UsageRecord>;
  /** For retention and `/forget`; counters stay, so that limits outlive what is forgotten. */
  remove(query: Omit<RecordQuery, 'kind'>): Promise<number>;
}

export function createUsageLog(records: RecordStore): UsageLog {
  return {
    async *query(query) {
      for await (const { guild, user, atMs, data } of records.query({ ...query, kind: KIND })) {
        yield { guild, user, atMs, ...usageSchema.parse(data) };
      }
    },
    remove: (query) => records.remove({ ...query, kind: KIND }),
  };
}

/** As it is kept; the ledger appends it as it settles. */
export function usageRecord({ guild, user, atMs, ...data }: UsageRecord): LogRecord {
  return { kind: KIND, guild, user, atMs, data: usageSchema.parse(data) };
}
