import { z } from 'zod';
import { createRecordLog, type RecordLog } from '../coordination/record-log.ts';
import { AUTOMATIC_NAMES } from '../ports/automatic.ts';
import type { LedgerEntry, LogRecord, RecordStore } from '../ports/store.ts';

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
 * The source of a cost: the provider's price; tokens times prices; `estimate`: the provider's last count before the answer
 * was cut off (until v0.1.0 the visible text); or, if nothing is known, the highest cost that was reserved.
 */
export type CostBasis = z.infer<typeof usageSchema>['basis'];

/** The cost of a request. */
export interface Spent {
  readonly costNanoUsd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly basis: CostBasis;
}

/** One paid request. */
export interface UsageRecord extends LedgerEntry, Spent {
  readonly id: string;
  /** The time of the reservation, whose day and month it counts in. */
  readonly atMs: number;
}

/** The log of paid requests. Counters survive a `remove`, and limits with them. */
export type UsageLog = RecordLog<UsageRecord>;

export function createUsageLog(records: RecordStore): UsageLog {
  return createRecordLog(records, KIND, ({ guild, user, atMs, data }) => ({
    guild,
    user,
    atMs,
    ...usageSchema.parse(data),
  }));
}

/** The stored form, which the ledger appends when it settles. */
export function usageRecord({ guild, user, atMs, ...data }: UsageRecord): LogRecord {
  return { kind: KIND, guild, user, atMs, data: usageSchema.parse(data) };
}
