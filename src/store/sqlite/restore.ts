import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../core/ports/adapter.ts';
import { createPrivateFile, moveDurably, unfinishedName } from './copy.ts';
import { faultIn, isBusy } from './database.ts';
import { makeFolder } from './folder.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';

/**
 * Puts a copy in place of the store at `path`. What was there stays beside it: resolves to its name, or null where there was
 * nothing.
 *
 * @throws StartError where the copy is damaged or not Parley's, or where a process has the store open
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
    // With what may stand in a log beside it.
    file.prepare('VACUUM INTO ?').run(to);
  });
}

/** Looks whether a file is a whole store, and of an older schema. Changes nothing. @throws StartError where it is not */
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
        `${path} was written by a newer Parley: its schema has version ${version}, this one knows ${SCHEMA_VERSION}.`,
        'Install that Parley again.',
      );
    }
    if (file.prepare('PRAGMA quick_check').get()?.['quick_check'] !== 'ok') throw damaged(path);
    return work(file, version);
  } catch (error) {
    switch (faultIn(error)) {
      case 'damaged':
        throw damaged(path, error);
      case 'no database':
        throw new StartError(`${path} is no store of Parley's.`, WHICH, { cause: error });
      default:
        throw error;
    }
  } finally {
    file.close();
  }
}

const WHICH = 'Name a file that `npm run parley -- backup FILE` made.';

function damaged(copy: string, cause?: unknown): StartError {
  return new StartError(`${copy} is damaged.`, 'Restore another copy: docs/backup.md says how.', { cause });
}

function setAside(path: string, kept: string): void {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    // Refused where another connection is open, however idle; and what stands in the log comes into the file.
    file.exec('PRAGMA journal_mode = DELETE');
  } catch (error) {
    if (isBusy(error)) {
      throw new StartError(
        `A process has the store ${path} open, so nothing was restored.`,
        'Stop Parley, and everything else that uses this store; then restore again.',
        { cause: error },
      );
    }
    // What is no store any more is kept as it is.
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
