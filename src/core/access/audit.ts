import { z } from 'zod';
import { createRecordLog } from '../coordination/record-log.ts';
import type { GuildId } from '../ports/actor.ts';
import type { LogRecord, RecordStore } from '../ports/store.ts';
import { momentInWords } from './until.ts';

const KIND = 'audit';

/** Stands for the guild in entries about the whole installation, such as a pause. */
export const INSTALLATION: GuildId = 'web:installation';

const changeSchema = z.object({
  /** The action, for example `tier.grant`. */
  action: z.string(),
  /** The state before and after, in words; null for nothing. Never a secret. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  reason: z.string(),
});

/** One change to a guild. */
export interface AuditEntry extends z.infer<typeof changeSchema> {
  readonly guild: GuildId;
  /** The author: `discord:<user>`, a platform by itself (`discord`), or the command line with its user. */
  readonly by: string;
  readonly atMs: number;
}

export type AuditLog = ReturnType<typeof createAuditLog>;

/** The log of changes to guilds, for operators. */
export function createAuditLog(records: RecordStore) {
  return {
    ...createRecordLog(
      records,
      KIND,
      ({ guild, user: by, atMs, data }): AuditEntry => ({
        guild,
        by,
        atMs,
        ...changeSchema.parse(data),
      }),
    ),
    append: (entry: AuditEntry) => records.append(auditRecord(entry)),
  };
}

/** The stored form, for a change that appends its own entry. */
export function auditRecord({ guild, by, atMs, ...change }: AuditEntry): LogRecord {
  return { kind: KIND, guild, user: by, atMs, data: changeSchema.parse(change) };
}

/** The newest changes of a guild, or of all guilds (null), newest first. */
export async function newestChanges(
  audit: Pick<AuditLog, 'query'>,
  guild: GuildId | null,
  count: number,
): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  for await (const entry of audit.query(guild === null ? {} : { of: { guild } })) {
    found.push(entry);
    if (found.length === count) break;
  }
  return found;
}

/** The entry on one line, for people. */
export function entryInWords({ atMs, by, action, guild, from, to, reason }: AuditEntry): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return `${momentInWords(atMs)}, ${by}, ${action} of ${guild === INSTALLATION ? 'all guilds' : guild}: ${from ?? 'nothing'} → ${to ?? 'nothing'}${why}`;
}
