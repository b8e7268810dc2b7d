import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Database } from './database.ts';

/**
 * Writes a consistent copy of an open database to `path` and replaces an existing file, while others may go on writing. If it
 * fails, the existing file stays and nothing else is left. If `isWanted` returns false for the finished copy, deletes it and
 * resolves to false.
 *
 * @throws StoreError, or an error of the file system
 */
export async function copyDatabase(
  database: Database,
  path: string,
  isWanted: (copy: string) => boolean = () => true,
): Promise<boolean> {
  const unfinished = unfinishedName(path);
  try {
    createPrivateFile(unfinished);
    await database.read(() => database.sql('VACUUM INTO ?').run(unfinished));
    if (!isWanted(unfinished)) return false;
    moveDurably(unfinished, path);
    return true;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** In the same folder, so that a rename can put it in place. */
export function unfinishedName(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}.part`;
}

/** SQLite accepts an existing empty file and keeps its permissions. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'w', 0o600));
}

/** Syncs the file to disk before it gets its name. */
export function moveDurably(from: string, to: string): void {
  const file = openSync(from, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(from, to);
}

/** The schema version of a file. */
export function schemaVersionIn(path: string): number {
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(file.prepare('PRAGMA user_version').get()?.['user_version']);
  } finally {
    file.close();
  }
}

/** Makes a folder and its parents, for their owner alone. Node's `recursive` never ends if a parent cannot be made, as in `/proc`. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may start at the same moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
