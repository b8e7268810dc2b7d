import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../core/ports/adapter.ts';
import { createPrivateFile, makeFolder, moveDurably, unfinishedName } from './copy.ts';
import { faultIn, isBusy } from './database.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';

/**
 * Replaces the store at `path` by a copy. The old store stays in the same folder; resolves to its name, or null if there was
 * none.
 *
 * @throws StartError if the copy is damaged or not Parley's, or if a process has the store open
 */
export function restoreFile(copy: string, path: string, nowMs: number): string | null {
  const unfinished = unfinishedName(path);
  try {
    readCopy(copy, unfinished);
    const kept = existsSync(path)
      ? `${path}.before-restore-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`
      : null;
    if (kept !== null) setAside(path, kept);
    moveDurably(unfinished, path);
    return kept;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function readCopy(copy: string, to: string): void {
  if (!existsSync(copy)) throw new StartError(`There is no file ${copy}.`, WHICH);
  withFile(copy, (file) => {
    // On a new machine there is no folder yet.
    makeFolder(dirname(to));
    createPrivateFile(to);
    // Includes data in a write-ahead log next to the file.
    file.prepare('VACUUM INTO ?').run(to);
  });
}

/**
 * Checks that a file is a complete store, and whether its schema is older. Changes nothing.
 * @throws StartError if it is not a store
 */
export function inspectFile(path: string): { readonly isOlder: boolean } {
  return withFile(path, (_, version) => ({ isOlder: version < SCHEMA_VERSION }));
}

function withFile<T>(path: string, work: (file: DatabaseSync, version: number) => T): T {
  const file = new DatabaseSync(path, { readOnly: true });
  const head = (name: string) => Number(file.prepare(`PRAGMA ${name}`).get()?.[name]);
  try {
    if (head('application_id') !== APPLICATION_ID) {
      throw new StartError(`${path} is a SQLite file, but not one of Parley's.`, WHICH);
    }
    const version = head('user_version');
    if (version > SCHEMA_VERSION) {
      throw new StartError(
        `${path} was written by a newer Parley: its schema version is ${version}, this Parley supports up to ${SCHEMA_VERSION}.`,
        'Install the newer Parley again.',
      );
    }
    if (file.prepare('PRAGMA quick_check').get()?.['quick_check'] !== 'ok') throw damaged(path);
    return work(file, version);
  } catch (error) {
    switch (faultIn(error)) {
      case 'damaged':
        throw damaged(path, error);
      case 'no database':
        throw new StartError(`${path} is not a store of Parley's.`, WHICH, { cause: error });
      default:
        throw error;
    }
  } finally {
    file.close();
  }
}

const WHICH = 'Name a file made by `npm run parley -- backup FILE`.';

function damaged(copy: string, cause?: unknown): StartError {
  return new StartError(`${copy} is damaged.`, 'Restore another copy, as described in docs/backup.md.', {
    cause,
  });
}

function setAside(path: string, kept: string): void {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    // Fails if another connection is open, however idle, and moves the log's data into the file.
    file.exec('PRAGMA journal_mode = DELETE');
  } catch (error) {
    if (isBusy(error)) {
      throw new StartError(
        `Nothing was restored: a process has the store ${path} open.`,
        'Stop Parley and everything else that uses this store, then try again.',
        { cause: error },
      );
    }
    // A file that is no longer a store is kept as it is.
    if (faultIn(error) === null) throw error;
    file.close();
    for (const beside of ['', '-wal', '-shm']) {
      if (existsSync(path + beside)) renameSync(path + beside, kept + beside);
    }
    return;
  } finally {
    if (file.isOpen) file.close();
  }
  createPrivateFile(kept);
  copyFileSync(path, kept);
}
