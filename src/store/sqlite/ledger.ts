import type { SQLOutputValue } from 'node:sqlite';
import type { Change, LedgerStore, OpenReservation, Reservation } from '../../core/ports/store.ts';
import { checkReservation } from '../checks.ts';
import { isOf, readStored } from '../shared.ts';
import type { Database } from './database.ts';

/** The highest value of a counter: larger numbers are inexact, and v0.1.0 may have left some. Every limit is lower. */
const FULL = Number.MAX_SAFE_INTEGER;

/** The constant part of a reservation; owner, lease and generation id are columns. */
type Body = Omit<Reservation, 'id' | 'owner' | 'leaseUntilMs'>;

/** `LedgerStore` in one SQLite file: a call that changes something is one transaction. */
export function createSqliteLedger(database: Database): LedgerStore {
  const { read, write, sql } = database;

  function counterValue(counter: string): number {
    const row = sql('SELECT min(value, ?) AS value FROM counters WHERE counter = ?').get(FULL, counter);
    return Number(row?.['value'] ?? 0);
  }

  return {
    async reserve(reservation) {
      checkReservation(reservation);
      const { id, owner, leaseUntilMs, ...body } = reservation;
      return write(() => {
        const { draws, reserved } = body;
        const isOpen = sql('SELECT 1 FROM reservations WHERE id = ?').get(id) !== undefined;
        if (isOpen) return { ok: true, used: draws.map((draw) => counterValue(draw.counter)) };
        for (const draw of draws) {
          if (draw.limit === null) continue;
          const used = counterValue(draw.counter);
          if (used + reserved[draw.unit] > draw.limit) return { ok: false, draw, used };
        }
        const used = draws.map((draw) => {
          const row = sql(
            `INSERT INTO counters (counter, value, expires_at_ms) VALUES (?, ?, ?)
             ON CONFLICT (counter) DO UPDATE SET value = min(value + excluded.value, ?), expires_at_ms = excluded.expires_at_ms
             RETURNING value`,
          ).get(draw.counter, reserved[draw.unit], draw.expiresAtMs, FULL);
          return Number(row?.['value']);
        });
        sql('INSERT INTO reservations (id, owner, lease_until_ms, body) VALUES (?, ?, ?, ?)').run(
          id,
          owner,
          leaseUntilMs,
          JSON.stringify(body),
        );
        return { ok: true, used };
      });
    },

    async annotate(id, generationId) {
      await write(() => sql('UPDATE reservations SET generation_id = ? WHERE id = ?').run(generationId, id));
    },

    renew: (ids, leaseUntilMs) =>
      write(() => {
        const renewal = sql('UPDATE reservations SET lease_until_ms = ? WHERE id = ?');
        for (const id of ids) renewal.run(leaseUntilMs, id);
      }),

    openReservations: (of) =>
      read(() => {
        const all = 'SELECT id, owner, lease_until_ms, body FROM reservations';
        const rows =
          of === undefined
            ? sql(all).all()
            : sql(`${all} WHERE json_extract(body, '$.entry.guild') = ?`).all(of.guild);
        return rows.map(reservationOf).filter(({ entry }) => isOf(entry, of));
      }),

    abandoned: (nowMs) =>
      read(() =>
        sql(
          `SELECT id, owner, lease_until_ms, generation_id, body FROM reservations
           WHERE lease_until_ms <= ? ORDER BY lease_until_ms, id`,
        )
          .all(nowMs)
          .map(
            (row): OpenReservation => ({
              ...reservationOf(row),
              generationId: row['generation_id'] as string | null,
            }),
          ),
      ),

    read: (counters) => read(() => new Map(counters.map((counter) => [counter, counterValue(counter)]))),
  };
}

/** As the change of that kind; for use inside a transaction. */
export function settleReservation(
  { sql }: Database,
  { reservation: { id, draws, reserved }, actual }: Extract<Change, { kind: 'settle' }>,
): boolean {
  if (sql('DELETE FROM reservations WHERE id = ?').run(id).changes === 0) return false;
  for (const { counter, unit } of draws) {
    // The usual case for requests: one reserved, one made.
    if (actual[unit] === reserved[unit]) continue;
    sql('UPDATE counters SET value = max(0, min(value + ?, ?)) WHERE counter = ?').run(
      actual[unit] - reserved[unit],
      FULL,
      counter,
    );
  }
  return true;
}

function reservationOf(row: Record<string, SQLOutputValue>): Reservation {
  return {
    ...(readStored(String(row['body'])) as Body),
    id: String(row['id']),
    owner: String(row['owner']),
    leaseUntilMs: Number(row['lease_until_ms']),
  };
}
