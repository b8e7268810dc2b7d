import type { SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../../core/kit/time/clock.ts';
import type { Claim, ClaimKey, ClaimStore } from '../../core/ports/store.ts';
import { readStored } from '../shared.ts';
import type { Database } from './database.ts';

const COLUMNS = 'id, owner, fence, lease_until_ms, journal';
/** Whether this owner still holds a claim. */
const HELD = 'id = ? AND owner = ? AND fence = ? AND finished = 0';

/** `ClaimStore` in one SQLite file: a call that changes something is one transaction. */
export function createSqliteClaims(database: Database, clock: Clock): ClaimStore {
  const { read, write, sql } = database;

  return {
    claim: (id, owner, leaseUntilMs, expiresAtMs, journal = null) => {
      function insert(): Claim | null {
        const row = sql(
          `INSERT INTO claims (id, owner, fence, lease_until_ms, expires_at_ms, journal) VALUES (?, ?, 1, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, fence = fence + 1, finished = 0,
             lease_until_ms = excluded.lease_until_ms, expires_at_ms = excluded.expires_at_ms,
             journal = excluded.journal
             WHERE claims.expires_at_ms <= ?
               AND (finished = 1 OR (claims.journal IS NULL AND claims.lease_until_ms <= ?))
           RETURNING ${COLUMNS}`,
        ).get(
          id,
          owner,
          leaseUntilMs,
          expiresAtMs,
          journal === null ? null : JSON.stringify(journal),
          clock.now(),
          clock.now(),
        );
        return row === undefined ? null : claimOf(row);
      }
      // Platforms wait three seconds for the acknowledgement of an event, which comes after its claim.
      return write(insert, { isUrgent: journal !== null });
    },

    renew: (claims, leaseUntilMs) =>
      write(() => {
        const renewal = sql(`UPDATE claims SET lease_until_ms = ? WHERE ${HELD}`);
        for (const { id, owner, fence } of claims) renewal.run(leaseUntilMs, id, owner, fence);
      }),

    underWay: (nowMs, id) =>
      read(() =>
        sql(
          `SELECT id, owner, fence FROM claims
           WHERE finished = 0 AND lease_until_ms > ? ${id === undefined ? '' : 'AND id = ?'}`,
        )
          .all(nowMs, ...(id === undefined ? [] : [id]))
          .map(keyOf),
      ),

    journals: (nowMs, most) =>
      read(() =>
        sql(
          `SELECT ${COLUMNS} FROM claims
           WHERE finished = 0 AND lease_until_ms > ? AND journal IS NOT NULL LIMIT ?`,
        )
          .all(nowMs, most)
          .map(claimOf),
      ),

    takeOver: (owner, nowMs, leaseUntilMs) =>
      write(() => {
        const row = sql(
          `UPDATE claims SET owner = ?, fence = fence + 1, lease_until_ms = ? WHERE id =
             (SELECT id FROM claims WHERE finished = 0 AND lease_until_ms <= ?
              ORDER BY lease_until_ms, id LIMIT 1)
           RETURNING ${COLUMNS}`,
        ).get(owner, leaseUntilMs, nowMs);
        return row === undefined ? null : claimOf(row);
      }),
  };
}

/** As the change of that kind; for use inside a transaction, as all below. */
export function writeJournal({ sql }: Database, { id, owner, fence }: ClaimKey, journal: unknown): boolean {
  const statement = sql(`UPDATE claims SET journal = ? WHERE ${HELD}`);
  return statement.run(JSON.stringify(journal), id, owner, fence).changes === 1;
}

/** As the change of that kind. */
export function finishClaim({ sql }: Database, { id, owner, fence }: ClaimKey): boolean {
  const statement = sql(`UPDATE claims SET finished = 1, journal = NULL WHERE ${HELD}`);
  return statement.run(id, owner, fence).changes === 1;
}

function keyOf(row: Record<string, SQLOutputValue>): ClaimKey {
  return { id: String(row['id']), owner: String(row['owner']), fence: Number(row['fence']) };
}

function claimOf(row: Record<string, SQLOutputValue>): Claim {
  return {
    ...keyOf(row),
    leaseUntilMs: Number(row['lease_until_ms']),
    journal: row['journal'] === null ? null : readStored(String(row['journal'])),
  };
}
