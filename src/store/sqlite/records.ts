import type { SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GuildId } from '../../core/ports/actor.ts';
import type { LogRecord, RecordQuery, RecordStore } from '../../core/ports/store.ts';
import { readStored } from '../shared.ts';
import type { Database } from './database.ts';

const PAGE_ROWS = 500;

/** `RecordStore` in one SQLite file: a call that changes something is one transaction. */
export function createSqliteRecords(database: Database): RecordStore {
  const { read, write, sql } = database;

  return {
    append: (record) => write(() => insertRecord(database, record)),

    async *query(query) {
      const { where, values } = conditions(query);
      let atMs = Number.MAX_SAFE_INTEGER;
      let seq = Number.MAX_SAFE_INTEGER;
      for (;;) {
        const rows = await read(() =>
          sql(
            `SELECT seq, kind, guild, user, at_ms, data FROM records
             WHERE ${where} AND (at_ms, seq) < (?, ?)
             ORDER BY at_ms DESC, seq DESC LIMIT ${PAGE_ROWS}`,
          ).all(...values, atMs, seq),
        );
        yield* rows.map(recordOf);
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE_ROWS) return;
        atMs = Number(last['at_ms']);
        seq = Number(last['seq']);
        await nextTurn();
      }
    },

    remove(query) {
      const { where, values } = conditions(query);
      return database.deleteWhere('records', where, ...values);
    },
  };
}

/** Only for use inside a transaction. */
export function insertRecord(database: Database, record: LogRecord): void {
  database
    .sql('INSERT INTO records (kind, guild, user, at_ms, data) VALUES (?, ?, ?, ?, ?)')
    .run(record.kind, record.guild, record.user, record.atMs, JSON.stringify(record.data));
}

function conditions({ kind, of, fromMs, toMs }: RecordQuery): { where: string; values: (string | number)[] } {
  const tests: [test: string, value: string | number | undefined][] = [
    ['kind = ?', kind],
    ['guild = ?', of?.guild],
    ['user = ?', of?.user],
    ['at_ms >= ?', fromMs],
    ['at_ms < ?', toMs],
  ];
  const given = tests.filter((test): test is [string, string | number] => test[1] !== undefined);
  return { where: given.map(([test]) => test).join(' AND '), values: given.map(([, value]) => value) };
}

function recordOf(row: Record<string, SQLOutputValue>): LogRecord {
  return {
    kind: String(row['kind']),
    guild: String(row['guild']) as GuildId,
    user: String(row['user']),
    atMs: Number(row['at_ms']),
    data: readStored(String(row['data'])),
  };
}
