import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, steadyClock } from '../../core/kit/time/clock.ts';
import { StoreError } from '../../core/ports/store.ts';

/**
 * How long SQLite itself waits for another process's lock, in milliseconds: enough for the end of a usual transaction. This
 * blocks the event loop, so longer waits happen outside.
 */
const BLOCKING_WAIT_MS = 2;
/** How long a call tries to get the lock before it fails. Transactions take well under a millisecond. */
const LOCK_WAIT_MS = 5_000;
const RETRY_AFTER_MS = 20;
/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const FAULTS: Readonly<Record<number, 'full' | 'damaged' | 'no database'>> = {
  11: 'damaged',
  13: 'full',
  26: 'no database',
};
/** Keeps a transaction from blocking the event loop for more than some milliseconds. */
const WRITES_TOGETHER = 50;
/** For so long, one transaction after the other runs in one turn of the event loop. Under load, hundreds of writes arrive in each. */
const TURN_MS = 25;
/** Keeps every statement short. */
const ROWS_PER_DELETE = 500;

/** One SQLite file. `work` must be synchronous and short; it is retried while another process holds the lock. */
export interface Database {
  /** Runs `work` on a consistent snapshot. */
  read<T>(work: () => T): Promise<T>;
  /** Runs `work` as one transaction, after the writes that wait already; if it is urgent, before them. */
  write<T>(work: () => T, how?: { readonly isUrgent: boolean }): Promise<T>;
  /** A statement, compiled once. Only for use inside `work`. */
  sql(text: string): StatementSync;
  /** Runs statements without results. Only for use inside `work`. */
  exec(text: string): void;
  /** Deletes rows in small steps, giving way in between; resolves to their number. Names and condition are SQL. */
  deleteWhere(table: string, condition: string, ...values: readonly SQLInputValue[]): Promise<number>;
  /** Closes the file after all queued writes. */
  close(): Promise<void>;
}

/** @throws SQLite's errors; faults of the file itself appear at the first read */
export function openDatabase(path: string, clock: Clock): Database {
  const connection = new DatabaseSync(path, { timeout: BLOCKING_WAIT_MS });
  const statements = new Map<string, StatementSync>();

  function transaction<T>(work: () => T): T {
    database.sql('BEGIN IMMEDIATE').run();
    try {
      const result = work();
      database.sql('COMMIT').run();
      return result;
    } catch (error) {
      // After a full disk, SQLite has rolled back already.
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

  const writes = createWriteQueue((work, giveUpAtMs) => untilFree(() => transaction(work), giveUpAtMs));
  const database: Database = {
    async read(work) {
      // Lets writes that are about to be made join, as far as they belong together.
      if (writes.isWaiting()) await nextTurn();
      return untilFree(work);
    },
    write<T>(work: () => T, { isUrgent } = { isUrgent: false }) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      writes.add({ work, resolve, reject, giveUpAtMs: clock.now() + LOCK_WAIT_MS }, isUrgent);
      return promise as Promise<T>;
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
      await writes.settled();
      connection.close();
    },
  };
  return database;
}

interface Write extends Pick<PromiseWithResolvers<unknown>, 'resolve' | 'reject'> {
  work(): unknown;
  readonly giveUpAtMs: number;
}

/** Queues writes, so that at most one of them asks for the lock. `transact` runs work as one transaction. */
function createWriteQueue(transact: <T>(work: () => T, giveUpAtMs: number) => Promise<T>) {
  const urgent: Write[] = [];
  const line: Write[] = [];
  let writing: Promise<void> | null = null;

  const isWaiting = () => urgent.length + line.length > 0;

  async function writeAll(): Promise<void> {
    while (isWaiting()) {
      const endMs = steadyClock.now() + TURN_MS;
      do {
        const together = urgent.splice(0, WRITES_TOGETHER);
        together.push(...line.splice(0, WRITES_TOGETHER - together.length));
        await writeTogether(together);
      } while (isWaiting() && steadyClock.now() < endMs);
      if (isWaiting()) await nextTurn();
    }
    writing = null;
  }

  /** Runs writes in one transaction, because a commit costs more than most writes. If one fails, each runs in its own. */
  async function writeTogether(writes: readonly Write[]): Promise<void> {
    const giveUpAtMs = Math.min(...writes.map((write) => write.giveUpAtMs));
    try {
      const results = await transact(() => writes.map(({ work }) => work()), giveUpAtMs);
      for (const [index, { resolve }] of writes.entries()) resolve(results[index]);
    } catch (error) {
      if (writes.length === 1 || isLocked(error)) for (const { reject } of writes) reject(error);
      else for (const write of writes) await writeTogether([write]);
    }
  }

  return {
    isWaiting,
    add(write: Write, isUrgent: boolean) {
      (isUrgent ? urgent : line).push(write);
      // Writes that arrive before its turn join it.
      writing ??= nextTurn().then(writeAll);
    },
    settled: async () => writing,
  };
}

/** SQLite's primary result code; null for other errors. */
function kindOf(error: unknown): number | null {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return null;
  return error.errcode & 0xff;
}

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return kindOf(error) === SQLITE_BUSY;
}

/** Whether others held the lock for too long. */
function isLocked(error: unknown): boolean {
  return error instanceof StoreError && isBusy(error.cause);
}

/** The fault of the file or its disk; null if it is none of these. */
export function faultIn(error: unknown): 'full' | 'damaged' | 'no database' | null {
  return FAULTS[kindOf(error instanceof StoreError ? error.cause : error) ?? 0] ?? null;
}

function storeError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = isBusy(cause)
    ? `another process held the lock for more than ${LOCK_WAIT_MS} ms`
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return new StoreError(`SQLite: ${reason}`, { cause });
}
