import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { StartError } from '../../src/core/ports/adapter.ts';
import { keyIn } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { inspectFile, restoreFile } from '../../src/store/sqlite/restore.ts';
import { upgrade } from '../../src/store/sqlite/upgrade.ts';
import { valuesOf } from '../support/changes.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { firstReleaseFile } from '../support/first-release.ts';

const log = pino({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'parley-upgrade-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const freshPath = () => join(folder, `${++files}.db`);
const open = (path: string) => openStore(`sqlite:${path}`, { clock: createFakeClock(), log });
const beside = (path: string) => readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}.`));
const noteIn = async (path: string, note: string) => {
  const store = await open(path);
  await valuesOf(store, 'notes').set('one', note);
  await store.close();
};
const noteOf = async (path: string) => {
  const store = await open(path);
  const note = await valuesOf(store, 'notes').get('one');
  await store.close();
  return note;
};

/** All rows of all tables, but which version wrote them last. */
function contentOf(path: string): unknown {
  const file = new DatabaseSync(path, { readOnly: true });
  const tables = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const content = tables.map(({ name }) => [
    name,
    file
      .prepare(`SELECT * FROM ${name}`)
      .all()
      .filter((row) => row['namespace'] !== 'parley'),
  ]);
  file.close();
  return content;
}

describe('an upgrade', () => {
  it('copies the store of v0.1.0 before it changes anything, once', async () => {
    const path = freshPath();
    firstReleaseFile(path);
    const before = contentOf(path);
    await (await open(path)).close();
    expect(beside(path)).toEqual([`${basename(path)}.of-schema-1`]);
    expect(contentOf(`${path}.of-schema-1`)).toEqual(before);
    expect(statSync(`${path}.of-schema-1`).mode & 0o077).toBe(0);

    rmSync(`${path}.of-schema-1`);
    await (await open(path)).close();
    expect(beside(path)).toEqual([]);
  });

  it('copies nothing of a store that is new', async () => {
    const path = freshPath();
    await (await open(path)).close();
    await (await open(path)).close();
    expect(beside(path)).toEqual([]);
  });

  it('copies what another version has written, named after it, though the schema is the same', async () => {
    const path = freshPath();
    await noteIn(path, 'kept');
    const database = openDatabase(path, createFakeClock());
    await upgrade(database, path, { log }, '7.0.0');
    await upgrade(database, path, { log }, '7.0.0');
    await upgrade(database, path, { log }, '8.0.0-rc.1+build');
    await database.close();
    expect(beside(path).toSorted()).toEqual([`${basename(path)}.of-0.1.0`, `${basename(path)}.of-7.0.0`]);
    expect(await noteOf(`${path}.of-7.0.0`)).toBe('kept');
  });

  it('leaves the store as it was where the copy cannot be made', async () => {
    const path = freshPath();
    firstReleaseFile(path);
    const before = contentOf(path);
    // A folder that is not empty stands where the copy would go.
    mkdirSync(join(`${path}.of-schema-1`, 'full'), { recursive: true });
    await expect(open(path)).rejects.toThrow(StartError);
    expect(contentOf(path)).toEqual(before);
    expect(beside(path)).toEqual([`${basename(path)}.of-schema-1`]);
  });

  it('names no copy after a version that leads to another folder', async () => {
    const path = freshPath();
    await noteIn(path, 'kept');
    const file = new DatabaseSync(path);
    const version = JSON.stringify({ value: '../elsewhere' });
    file.prepare("UPDATE keyv SET value = ? WHERE namespace = 'parley' AND key = 'version'").run(version);
    file.close();
    await (await open(path)).close();
    expect(beside(path)).toEqual([expect.stringMatching(/^\d+\.db\.of-schema-\d+$/)]);
  });

  it('happens once where several processes start at once, and one copy is left', async () => {
    const path = freshPath();
    firstReleaseFile(path);
    const before = contentOf(path);
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(path)));
    await Promise.all(stores.map((store) => store.close()));
    expect(beside(path)).toEqual([`${basename(path)}.of-schema-1`]);
    expect(contentOf(`${path}.of-schema-1`)).toEqual(before);
  });
});

it('an upgrade is in the log with the copy that it made, and nothing is if it made none', async () => {
  const path = freshPath();
  await noteIn(path, 'new');
  const lines: string[] = [];
  const database = openDatabase(path, createFakeClock());
  const telling = pino({}, { write: (line) => void lines.push(line) });
  for (const version of ['9.9.9', '9.9.9']) await upgrade(database, path, { log: telling }, version);
  await database.close();
  const [copy] = beside(path);
  expect(statSync(join(folder, copy ?? '')).mode & 0o077).toBe(0);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      level: 30,
      copy: join(folder, copy ?? ''),
      msg: 'the store was written by another version; copied it before 9.9.9 changes it',
    }),
  ]);
});

describe('a copy of the store', () => {
  it('has everything that was written before, also what stands in the log alone', async () => {
    const path = freshPath();
    const copy = freshPath();
    const store = await open(path);
    await valuesOf(store, 'notes').set('one', 'in the log');
    await store.copyTo?.(copy);
    await valuesOf(store, 'notes').set('one', 'later');
    expect(await noteOf(copy)).toBe('in the log');
    expect(statSync(copy).mode & 0o077).toBe(0);
    await store.close();
  });

  it('is consistent while another process writes', async () => {
    const path = freshPath();
    const store = await open(path);
    const writer = await open(path);
    let isWriting = true;
    const writing = (async () => {
      // Both values change in one transaction.
      for (let n = 0; isWriting; n++) {
        await writer.write(
          ['left', 'right'].map((key) => ({ kind: 'set', key: keyIn('pairs', key), value: n })),
        );
      }
    })();
    for (let round = 0; round < 20; round++) {
      const copy = freshPath();
      await store.copyTo?.(copy);
      const copied = await open(copy);
      const [left, right] = await valuesOf(copied, 'pairs').getMany(['left', 'right']);
      expect(left).toEqual(right);
      await copied.close();
    }
    isWriting = false;
    await writing;
    await Promise.all([store.close(), writer.close()]);
  });

  it('leaves nothing half-written where it fails', async () => {
    const path = freshPath();
    const store = await open(path);
    const target = join(folder, 'none', 'copy.db');
    await expect(store.copyTo?.(target)).rejects.toThrow();
    expect(existsSync(join(folder, 'none'))).toBe(false);
    await store.close();
  });
});

describe('the write-ahead log', () => {
  it('stays under 4 MB, also after something large and a long reader', async () => {
    const path = freshPath();
    const store = await open(path);
    const log = () => statSync(`${path}-wal`).size;
    let most = 0;
    for (let n = 0; n < 600; n++) {
      await valuesOf(store, 'notes').set(`note ${n % 40}`, `${n} `.repeat(10_000));
      most = Math.max(most, log());
    }
    expect(most).toBeLessThan(4e6);
    expect(most).toBeGreaterThan(1e6);
    // A copy that takes long holds it up for that time alone.
    const reader = new DatabaseSync(path);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM keyv').get();
    for (let n = 0; n < 600; n++)
      await valuesOf(store, 'notes').set(`note ${n % 40}`, `${-n} `.repeat(10_000));
    expect(log()).toBeGreaterThan(4e6);
    reader.exec('COMMIT');
    reader.close();
    for (let n = 0; n < 3; n++) await valuesOf(store, 'notes').set('note', n);
    expect(log()).toBeLessThan(4e6);
    await store.close();
  });

  it('is in the file some minutes later, for those who copy nothing but that', async () => {
    const path = freshPath();
    const clock = createFakeClock();
    const store = await openStore(`sqlite:${path}`, { clock, log });
    await valuesOf(store, 'notes').set('one', 'kept');
    await clock.advance(10 * 60_000);
    await expect.poll(() => statSync(`${path}-wal`).size).toBe(0);
    const copy = freshPath();
    writeFileSync(copy, readFileSync(path));
    expect(await noteOf(copy)).toBe('kept');
    await store.close();
  });
});

describe('a restore', () => {
  it('puts the copy in place, and keeps what was there', async () => {
    const path = freshPath();
    const copy = freshPath();
    await noteIn(copy, 'old');
    await noteIn(path, 'new');
    const kept = restoreFile(copy, path, Date.UTC(2026, 0, 2));
    expect(kept).toBe(`${path}.before-restore-2026-01-02T00-00-00-000Z`);
    expect(await noteOf(path)).toBe('old');
    expect(await noteOf(kept ?? '')).toBe('new');
    for (const file of [path, kept ?? '']) expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('needs no store to be there, nor its folder', async () => {
    const path = join(`${freshPath()}.d`, 'deep', 'parley.db');
    const copy = freshPath();
    await noteIn(copy, 'old');
    expect(restoreFile(copy, path, 0)).toBeNull();
    expect(await noteOf(path)).toBe('old');
  });

  it('takes what a killed process left in the log of either file', async () => {
    const path = freshPath();
    const copy = freshPath();
    for (const [file, note] of [
      [path, 'new'],
      [copy, 'old'],
    ] as const) {
      const source = freshPath();
      const store = await open(source);
      await valuesOf(store, 'notes').set('one', note);
      for (const end of ['', '-wal']) writeFileSync(file + end, readFileSync(source + end));
      await store.close();
    }
    const kept = restoreFile(copy, path, 0);
    expect(await noteOf(path)).toBe('old');
    expect(await noteOf(kept ?? '')).toBe('new');
  });

  it('does nothing while a process has the store open, however idle', async () => {
    const path = freshPath();
    const copy = freshPath();
    await noteIn(copy, 'old');
    const store = await open(path);
    await valuesOf(store, 'notes').set('one', 'new');
    expect(errorOf(() => restoreFile(copy, path, 0))).toMatchObject({
      message: `Nothing was restored: a process has the store ${path} open.`,
      remedy: 'Stop Parley and everything else that uses this store, then try again.',
    });
    expect(await valuesOf(store, 'notes').get('one')).toBe('new');
    expect(beside(path)).toEqual([]);
    await store.close();
  });

  it('goes in the place of a damaged store, which it keeps', async () => {
    const path = freshPath();
    const copy = freshPath();
    await noteIn(copy, 'old');
    const source = freshPath();
    await noteIn(source, 'before');
    const store = await open(source);
    // Without the file's first page, which would make a database of any file. SQLite would read this log into the copy.
    await valuesOf(store, 'notes').set('one', 'new');
    const ends = ['', '-shm', '-wal'];
    for (const end of ends) writeFileSync(path + end, readFileSync(source + end));
    await store.close();
    writeFileSync(path, 'no database at all, and longer than a head '.repeat(40));
    const kept = restoreFile(copy, path, 0) ?? '';
    expect(readdirSync(folder).filter((name) => name.startsWith(basename(path)))).toEqual([
      basename(path),
      ...ends.map((end) => basename(kept) + end),
    ]);
    expect(await noteOf(path)).toBe('old');
    expect(readFileSync(kept, 'utf8')).toMatch(/^no database at all/);
  });

  const WHICH = 'Name a file made by `npm run parley -- backup FILE`.';

  it.each<[string, (path: string) => void, message: (path: string) => string, remedy: string]>([
    ['is not there', () => {}, (path) => `There is no file ${path}.`, WHICH],
    [
      'is no database',
      (path) => writeFileSync(path, 'text, '.repeat(500)),
      (path) => `${path} is not a store of Parley's.`,
      WHICH,
    ],
    [
      'is empty',
      (path) => writeFileSync(path, ''),
      (path) => `${path} is a SQLite file, but not one of Parley's.`,
      WHICH,
    ],
    [
      'is of another program',
      (path) => new DatabaseSync(path).exec('CREATE TABLE a (b)'),
      (path) => `${path} is a SQLite file, but not one of Parley's.`,
      WHICH,
    ],
    [
      'is of a newer Parley',
      (path) =>
        new DatabaseSync(path).exec(`PRAGMA application_id = ${0x50726c79}; PRAGMA user_version = 99`),
      (path) =>
        `${path} was written by a newer Parley: its schema version is 99, this Parley supports up to 1.`,
      'Install the newer Parley again.',
    ],
    [
      'is cut short',
      (path) => {
        firstReleaseFile(path);
        writeFileSync(path, readFileSync(path).subarray(0, 30_000));
      },
      (path) => `${path} is damaged.`,
      'Restore another copy, as described in docs/backup.md.',
    ],
    [
      'has zeros where rows were',
      (path) => {
        firstReleaseFile(path);
        const bytes = readFileSync(path);
        const row = bytes.lastIndexOf('conversation');
        writeFileSync(path, bytes.fill(0, row - 200, row));
      },
      (path) => `${path} is damaged.`,
      'Restore another copy, as described in docs/backup.md.',
    ],
  ])('leaves the store alone where the copy %s, and says what to do', async (_, prepare, message, remedy) => {
    const path = freshPath();
    const copy = freshPath();
    await noteIn(path, 'new');
    prepare(copy);
    const error = errorOf(() => restoreFile(copy, path, 0));
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ message: message(copy), remedy });
    expect(await noteOf(path)).toBe('new');
    expect(beside(path)).toEqual([]);
  });
});

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

it('a look at a file says whether its schema is older, and changes nothing', async () => {
  const path = freshPath();
  await noteIn(path, 'new');
  expect(inspectFile(path)).toEqual({ isOlder: false });
  new DatabaseSync(path).exec('PRAGMA user_version = 0');
  expect(inspectFile(path)).toEqual({ isOlder: true });
  expect(beside(path)).toEqual([]);
});
