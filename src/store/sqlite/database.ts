import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { StoreError } from '../../core/store.ts';

/**
 * How long SQLite itself waits for another process's lock: long enough for the end of a usual transaction. It holds up
 * the event loop, so that the rest is waited for outside.
 */
const BLOCKING_WAIT_MS = 2;
/** How long a call tries to get the lock before it fails. Transactions here take well under a millisecond. */
const LOCK_WAIT_MS = 5_000;
const RETRY_AFTER_MS = 20;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** So that no statement is long. */
const ROWS_PER_DELETE = 500;

/** One SQLite file. `work` is synchronous and short; where another process holds the lock, it is tried again. */
export interface Database {
  /** Runs `work` on a consistent state. */
  read<T>(work: () => T): Promise<T>;
  /** Runs `work` as one transaction: all of it happens, or nothing. */
  write<T>(work: () => T): Promise<T>;
  /** A statement, compiled once. For use inside `work`. */
  sql(text: string): StatementSync;
  /** Runs statements that give nothing back. For use inside `work`. */
  exec(text: string): void;
  /** Deletes rows, some at a time, giving way in between; resolves to how many there were. Names and condition are SQL. */
  deleteWhere(table: string, condition: string, ...values: readonly SQLInputValue[]): Promise<number>;
  /** Closes the file after the writes that stand in line. */
  close(): Promise<void>;
}

/** @throws whatever SQLite throws; what is wrong with the file itself shows at the first read. */
export function openDatabase(path: string, clock: Clock): Database {
  const connection = new DatabaseSync(path, { timeout: BLOCKING_WAIT_MS });
  const statements = new Map<string, StatementSync>();

  function transaction<T>(work: () => T): T {
    connection.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      connection.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk rolls back by itself.
      if (connection.isTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  }

  async function untilFree<T>(work: () => T, giveUpAtMs = clock.now() + LOCK_WAIT_MS): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || clock.now() >= giveUpAtMs) throw storeError(error);
      }
      await clock.sleep(RETRY_AFTER_MS * (0.5 + Math.random()));
    }
  }

  /** Writes stand in line, so that one of them at most is asking for the lock. */
  let lastWrite: Promise<unknown> = Promise.resolve();

  const database: Database = {
    read: (work) => untilFree(work),
    write(work) {
      const giveUpAtMs = clock.now() + LOCK_WAIT_MS;
      const writing = lastWrite.then(() => untilFree(() => transaction(work), giveUpAtMs));
      lastWrite = writing.catch(() => {});
      return writing;
    },
    sql(text) {
      let statement = statements.get(text);
      if (statement === undefined) {
        statement = connection.prepare(text);
        statements.set(text, statement);
      }
      return statement;
    },
    exec: (text) => connection.exec(text),
    async deleteWhere(table, condition, ...values) {
      const some = `DELETE FROM ${table} WHERE rowid IN
        (SELECT rowid FROM ${table} WHERE ${condition} LIMIT ${ROWS_PER_DELETE})`;
      for (let total = 0; ; await nextTurn()) {
        const deleted = Number(await database.write(() => database.sql(some).run(...values).changes));
        total += deleted;
        if (deleted < ROWS_PER_DELETE) return total;
      }
    },
    async close() {
      await lastWrite;
      connection.close();
    },
  };
  return database;
}

/** SQLite's kind of result code; null for what is no error of SQLite's. */
function kindOf(error: unknown): number | null {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return null;
  return error.errcode & 0xff;
}

function isBusy(error: unknown): boolean {
  return kindOf(error) === SQLITE_BUSY;
}

/** Whether the file is no database, or no longer a whole one. */
export function isDamage(error: StoreError): boolean {
  const kind = kindOf(error.cause);
  return kind === SQLITE_CORRUPT || kind === SQLITE_NOTADB;
}

function storeError(cause: unknown): StoreError {
  const reason = isBusy(cause)
    ? `another process held the lock for more than ${LOCK_WAIT_MS} ms`
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return new StoreError(`SQLite: ${reason}`, { cause });
}
