import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { repeat } from '../../core/kit/time/repeat.ts';
import { StartError } from '../../core/ports/adapter.ts';
import type { Store } from '../../core/ports/store.ts';
import { createValues, type StoreDependencies, SWEEP_EVERY_MS } from '../shared.ts';
import { createTrustedTime } from '../trusted-time.ts';
import { createSqliteWrite } from './changes.ts';
import { createSqliteClaims } from './claims.ts';
import { copyDatabase, makeFolder } from './copy.ts';
import { type Database, faultIn, openDatabase } from './database.ts';
import { createSqliteLedger } from './ledger.ts';
import { createSqliteRecords } from './records.ts';
import { upgrade } from './upgrade.ts';
import { createValueRows, listKeys } from './values.ts';

/** Pages of 4 KiB after which the write-ahead log is moved into the file. A single transaction may exceed it. */
const CHECKPOINT_PAGES = 600;
/** After that, a log that had grown longer is cut to this size. */
const LOG_BYTES = 3 * 1024 * 1024;

export const IN_MEMORY = ':memory:';

/**
 * Opens a store in memory or in one SQLite file, which several processes of one machine may share. Committed data survives
 * the death of the process. A power cut may lose the last moments (`synchronous = NORMAL`), but the file stays intact.
 *
 * @throws StartError if the file cannot be opened or written
 */
export async function openSqliteStore(path: string, dependencies: StoreDependencies): Promise<Store> {
  const { clock } = dependencies;
  const database = await openPrepared(path, dependencies);
  const rows = createValueRows(database, clock);
  const trustedTime = createTrustedTime(dependencies);

  const sweeping = repeat(
    'forgetting what has expired',
    SWEEP_EVERY_MS,
    async () => {
      const untilMs = trustedTime();
      if (untilMs !== null) {
        await database.deleteWhere('keyv', 'expires_at_ms <= ?', untilMs);
        await database.deleteWhere('counters', 'expires_at_ms <= ?', untilMs);
        await database.deleteWhere('claims', 'finished = 1 AND expires_at_ms <= ?', untilMs);
      }
      // Moves everything into the file itself, for people who copy only that.
      await database.read(() => database.sql('PRAGMA wal_checkpoint(TRUNCATE)').all());
    },
    dependencies,
  );

  return {
    values: createValues((keys) => database.read(() => keys.map(rows.find))),
    write: createSqliteWrite(database, rows),
    keys: (namespace, prefix) => listKeys(database, namespace, prefix, clock),
    ledger: createSqliteLedger(database),
    claims: createSqliteClaims(database, clock),
    records: createSqliteRecords(database),
    async copyTo(file) {
      await copyDatabase(database, file);
    },
    async ping() {
      await database.read(() => database.sql('PRAGMA user_version').get());
    },
    async close() {
      await sweeping.stop();
      await database.close();
    },
  };
}

async function openPrepared(path: string, dependencies: StoreDependencies): Promise<Database> {
  const { clock, mustExist = false } = dependencies;
  if (mustExist && !existsSync(path)) {
    throw new StartError(
      `There is no store at ${resolve(path)}.`,
      'Set STORE_URL to the file that the bot uses. The bot creates it at its first start.',
    );
  }
  let database: Database | undefined;
  try {
    if (path !== IN_MEMORY) createPrivately(path);
    database = openDatabase(path, clock);
    await prepare(database, path);
    await upgrade(database, path, dependencies);
    return database;
  } catch (error) {
    await database?.close();
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`The store ${path} cannot be opened: ${reason}.`, remedyFor(error), {
      cause: error,
    });
  }
}

/** The remedy for a file that cannot be opened. */
export function remedyFor(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return FREE_SPACE;
  switch (faultIn(error)) {
    case 'full':
      return FREE_SPACE;
    case 'damaged':
      return 'Replace it by a backup, move it away to start with an empty store, or set STORE_URL to another file.';
    case 'no database':
      return 'Set STORE_URL to sqlite:PATH with the path of a file that does not exist yet. If this file was a store of Parley’s, replace it by a backup.';
    case null:
      return 'Set STORE_URL to sqlite:PATH where PATH is a file that this user may read and write, on a local disk.';
  }
}

const FREE_SPACE =
  'Free some space on that disk, or set STORE_URL to sqlite:PATH where PATH is a file on another one.';

/** Nobody else on the machine needs to read conversations. SQLite gives its companion files the same permissions. */
function createPrivately(path: string): void {
  makeFolder(dirname(resolve(path)));
  closeSync(openSync(path, 'a', 0o600));
}

async function prepare(database: Database, path: string): Promise<void> {
  const mode = await database.read(() => database.sql('PRAGMA journal_mode = WAL').get()?.['journal_mode']);
  if (path !== IN_MEMORY && mode !== 'wal') {
    throw new Error(`its file system does not support a write-ahead log (journal mode ${String(mode)})`);
  }
  await database.read(() => {
    database.exec('PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST');
    database.exec(
      `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES}`,
    );
  });
}
