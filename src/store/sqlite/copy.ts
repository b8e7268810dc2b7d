import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Database } from './database.ts';

/**
 * Writes a consistent copy of an open database, in place of what was at `path`. Others may go on writing. A copy that fails leaves
 * nothing behind, and what was there before. One that `isWanted` says no to, looking at the file, is thrown away: resolves to false.
 *
 * @throws StoreError, or what the file system throws
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

/** Beside the file itself, so that a rename can put it in its place. */
export function unfinishedName(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}.part`;
}

/** SQLite writes into a file that is empty, and leaves its rights as they are. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'w', 0o600));
}

/** All of the file is on the disk before it gets its name. */
export function moveDurably(from: string, to: string): void {
  const file = openSync(from, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(from, to);
}

/** The version of a file's schema. */
export function schemaVersionIn(path: string): number {
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(file.prepare('PRAGMA user_version').get()?.['user_version']);
  } finally {
    file.close();
  }
}
