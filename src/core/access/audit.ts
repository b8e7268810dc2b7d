import { z } from 'zod';
import type { GuildId } from '../ports/actor.ts';
import type { LogRecord, RecordQuery, RecordStore } from '../ports/store.ts';
import { momentInWords } from './until.ts';

const KIND = 'audit';

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

/** The log of changes to guilds, for operators. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  query(query: Omit<RecordQuery, 'kind'>): AsyncIterable<AuditEntry>;
  /** For retention. */
  remove(query: Omit<RecordQuery, 'kind'>): Promise<number>;
}

export function createAuditLog(records: RecordStore): AuditLog {
  return {
    append: (entry) => records.append(recordOf(entry)),
    async *query(query) {
      for await (const { guild, user, atMs, data } of records.query({ ...query, kind: KIND })) {
        yield { guild, by: user, atMs, ...changeSchema.parse(data) };
      }
    },
    remove: (query) => records.remove({ ...query, kind: KIND }),
  };
}

function recordOf({ guild, by, atMs, ...change }: AuditEntry): LogRecord {
  return { kind: KIND, guild, user: by, atMs, data: changeSchema.parse(change) };
}

/** The entry on one line, for people. */
export function entryInWords({ atMs, by, action, guild, from, to, reason }: AuditEntry): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return `${momentInWords(atMs)}, ${by}, ${action} of ${guild}: ${from ?? 'nothing'} → ${to ?? 'nothing'}${why}`;
}
