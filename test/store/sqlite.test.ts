import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { StartError } from '../../src/core/ports/adapter.ts';
import { type Reservation, StoreError } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/ledger.ts';
import { migrate } from '../../src/store/sqlite/schema.ts';
import { remedyFor } from '../../src/store/sqlite/store.ts';
import { storeContract } from '../contracts/store.ts';
import { finish, settle, valuesOf, writeJournal } from '../support/changes.ts';
import { collect } from '../support/collect.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const log = pino({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'parley-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const freshPath = () => join(folder, `${++files}.db`);
const open = (path: string, clock = createFakeClock()) => openStore(`sqlite:${path}`, { clock, log });

storeContract('SQLite in a file', (clock) => open(freshPath(), clock));
storeContract('SQLite in memory', (clock) => openStore('memory:', { clock, log }));

const RESERVATION: Reservation = {
  id: 'r1',
  draws: [{ counter: 'money', unit: 'nanoUsd', limit: 1_000, expiresAtMs: Date.UTC(2100) }],
  reserved: { nanoUsd: 600, setAsideNanoUsd: 0, requests: 1, attempts: 1 },
  entry: { guild: 'discord:1', user: '42', model: 'm', provider: 'p', payer: 'operator' },
  madeAtMs: Date.UTC(2025, 11, 31, 23, 59),
  owner: 'p',
  leaseUntilMs: Date.UTC(2026),
};

describe('a SQLite file', () => {
  it('is made together with its folders, and keeps everything from one process to the next', async () => {
    const path = join(folder, 'deep', 'down', 'parley.db');
    const before = await open(path);
    await valuesOf(before, 'notes').set('one', 'kept');
    await before.ledger.reserve(RESERVATION);
    await before.claims.claim('event', 'p', 1, 2, { place: 'somewhere' });
    await before.records.append({ kind: 'audit', guild: 'discord:1', user: '42', atMs: 1, data: 'kept' });
    await before.close();

    const after = await open(path);
    expect(await valuesOf(after, 'notes').get('one')).toBe('kept');
    expect(await after.ledger.read(['money'])).toEqual(new Map([['money', 600]]));
    expect(await after.ledger.abandoned(Date.UTC(2026))).toEqual([{ ...RESERVATION, generationId: null }]);
    expect(await after.claims.claim('event', 'q', 1, 2)).toBeNull();
    expect(await collect(after.records.query({ kind: 'audit' }))).toHaveLength(1);
    await after.close();
  });

  it('is for the eyes of its user alone', async () => {
    const path = freshPath();
    const store = await open(path);
    await valuesOf(store, 'notes').set('one', 1);
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o077).toBe(0);
    await store.close();
  });

  it('is shared by all who have it open', async () => {
    const path = freshPath();
    const one = await open(path);
    const other = await open(path);
    await valuesOf(one, 'notes').set('one', 'seen');
    expect(await valuesOf(other, 'notes').get('one')).toBe('seen');
    await Promise.all([one.close(), other.close()]);
  });

  it.each<[string, (path: string) => void, message: (path: string) => string | RegExp, remedy: RegExp]>([
    [
      'is a folder',
      (path) => mkdirSync(path),
      (path) => new RegExp(`^The store ${path} cannot be opened: EISDIR: `),
      /^Set STORE_URL to sqlite:PATH where PATH is a file that this user may read and write, on a local disk\.$/,
    ],
    [
      'holds something else',
      (path) => writeFileSync(path, 'not a database, but long enough to look like one'.repeat(50)),
      (path) => new RegExp(`^The store ${path} cannot be opened: .*not a database`),
      /^Set STORE_URL to sqlite:PATH with the path of a file that does not exist yet\. If this file was a store of Parley’s, replace it by a backup\.$/,
    ],
    [
      'is a SQLite file of another program',
      (path) => new DatabaseSync(path).exec('CREATE TABLE theirs (a)'),
      (path) => `${path} is a SQLite file, but not one of Parley's`,
      /^Set STORE_URL to sqlite:PATH with the path of a file that does not exist yet\.$/,
    ],
    [
      'is a versioned SQLite file of another program',
      (path) => new DatabaseSync(path).exec('CREATE TABLE theirs (a); PRAGMA user_version = 1'),
      (path) => `${path} is a SQLite file, but not one of Parley's`,
      /^Set STORE_URL to sqlite:PATH with the path of a file that does not exist yet\.$/,
    ],
    [
      'was written by a newer Parley',
      (path) =>
        new DatabaseSync(path).exec(`PRAGMA user_version = 999; PRAGMA application_id = ${0x50726c79}`),
      (path) =>
        `${path} was written by a newer Parley: its schema version is 999, this Parley supports up to 1`,
      /^Run the newer Parley again, or set STORE_URL to another file\.$/,
    ],
  ])('refuses to start where it %s, and says what to do', async (_, prepare, message, remedy) => {
    const path = freshPath();
    prepare(path);
    const error = await open(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).toMatch(message(path));
    expect((error as StartError).remedy).toMatch(remedy);
  });

  it('is not made where there has to be one already', async () => {
    const path = freshPath();
    const missing = openStore(`sqlite:${path}`, { clock: createFakeClock(), log, mustExist: true });
    await expect(missing).rejects.toMatchObject({
      message: `There is no store at ${path}.`,
      remedy: 'Set STORE_URL to the file that the bot uses. The bot creates it at its first start.',
    });
    expect(existsSync(path)).toBe(false);
  });

  it('says that a damaged file has to be replaced, not that it has to be readable', async () => {
    const path = freshPath();
    const store = await open(path);
    for (let n = 0; n < 200; n++) await valuesOf(store, 'notes').set(`note ${n}`, 'x'.repeat(500));
    await store.close();
    truncateSync(path, 9_000);
    const error = await open(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).remedy).toBe(
      'Replace it by a backup, move it away to start with an empty store, or set STORE_URL to another file.',
    );
  });

  it('says of a file that is no database to choose another, not to move that one away', async () => {
    const path = freshPath();
    writeFileSync(path, 'root:x:0:0:root:/root:/bin/bash\n'.repeat(100));
    const error = await open(path).catch((caught: unknown) => caught);
    expect((error as StartError).remedy).toMatch(/^Set STORE_URL to .* a file that does not exist yet/);
    expect((error as StartError).remedy).not.toMatch(/move/);
  });

  it('says of a full disk that it needs space', async () => {
    const database = openDatabase(freshPath(), createFakeClock());
    await database.write(() => database.exec('CREATE TABLE notes (text); PRAGMA max_page_count = 2'));
    const fill = () => database.exec('INSERT INTO notes VALUES (zeroblob(100000))');
    const error = await database.write(fill).catch((caught: unknown) => caught);
    const free =
      'Free some space on that disk, or set STORE_URL to sqlite:PATH where PATH is a file on another one.';
    expect(remedyFor(error)).toBe(free);
    // The file system says so by itself if the file is made.
    expect(remedyFor(Object.assign(new Error('no space'), { code: 'ENOSPC' }))).toBe(free);
    await database.close();
  });

  it('stores an urgent write before all that wait, and the others in their order', async () => {
    const database = openDatabase(freshPath(), createFakeClock());
    await database.write(() => database.exec('CREATE TABLE notes (text)'));
    const stored: string[] = [];
    const note = (text: string, how?: { isUrgent: boolean }) =>
      database
        .write(() => database.sql('INSERT INTO notes VALUES (?)').run(text), how)
        .then(() => stored.push(text));
    const usual = Array.from({ length: 300 }, (_, index) => `${index}`);
    const all = usual.map((text) => note(text));
    const urgent = note('urgent', { isUrgent: true });
    await urgent;
    expect(stored.length).toBeLessThan(60);
    await Promise.all(all);
    expect(stored.filter((text) => text !== 'urgent')).toEqual(usual);
    await database.close();
  });

  it('claims an event before the writes that wait', async () => {
    const store = await open(freshPath());
    const values = valuesOf(store, 'notes');
    let stored = 0;
    const sets = Array.from({ length: 300 }, (_, index) => values.set(`${index}`, 1).then(() => stored++));
    await store.claims.claim('event', 'p', Date.now() + 60_000, Date.now() + 60_000, {});
    expect(stored).toBeLessThan(60);
    await Promise.all(sets);
    await store.close();
  });

  it('leaves the file of a newer Parley as it was', async () => {
    const path = freshPath();
    const newer = new DatabaseSync(path);
    newer.exec(`CREATE TABLE later (a); PRAGMA user_version = 999; PRAGMA application_id = ${0x50726c79}`);
    await expect(open(path)).rejects.toThrow('version is 999');
    expect(newer.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'later' }]);
    newer.close();
  });

  it('refuses to start where its folder cannot be made', async () => {
    const file = freshPath();
    writeFileSync(file, '');
    await expect(open(join(file, 'parley.db'))).rejects.toThrow(StartError);
  });

  it.skipIf(!existsSync('/proc/self'))(
    'refuses to start on a file system that takes no folders',
    async () => {
      await expect(open('/proc/none/deep/parley.db')).rejects.toThrow(/\/proc\/none.*cannot be opened/);
    },
  );

  it('forgets values when their time is over, also on disk', async () => {
    const clock = createFakeClock();
    const path = freshPath();
    const store = await open(path, clock);
    const keyv = valuesOf(store, 'notes');
    await keyv.set('short', 1, 60_000);
    await keyv.set('long', 2, 24 * 3_600_000);
    await keyv.set('for ever', 3);
    await clock.advance(59_999);
    expect(await keyv.get('short')).toBe(1);
    await clock.advance(1);
    expect(await keyv.get('short')).toBeUndefined();
    expect(await keyv.delete('short')).toBe(false);
    expect(await collect(store.keys('notes', ''))).toEqual(['for ever', 'long']);

    await keyv.set('short', 1, 60_000);
    await clock.advance(70 * 60_000);
    const reader = new DatabaseSync(path);
    const keys = () =>
      reader
        .prepare("SELECT key FROM keyv WHERE namespace = 'notes' ORDER BY key")
        .all()
        .map(({ key }) => key);
    await expect.poll(keys).toEqual(['for ever', 'long']);
    reader.close();
    await store.close();
  });
});

it('forgets claims that are finished and expired, also on disk', async () => {
  const clock = createFakeClock();
  const path = freshPath();
  const store = await open(path, clock);
  for (const id of ['finished', 'unfinished']) {
    const claim = await store.claims.claim(id, 'p', clock.now(), clock.now() + 1_000);
    if (id === 'finished' && claim) await finish(store, claim);
  }
  const reader = new DatabaseSync(path);
  await clock.advance(70 * 60_000);
  await expect.poll(() => reader.prepare('SELECT id FROM claims').all()).toEqual([{ id: 'unfinished' }]);
  reader.close();
  await store.close();
});

describe('migration', () => {
  it('reads all that the first release wrote', async () => {
    const path = freshPath();
    const old = new DatabaseSync(path);
    old.exec(readFileSync(new URL('fixtures/schema-1.sql', import.meta.url), 'utf8'));
    old.close();

    const store = await open(path);
    expect(await valuesOf(store, 'notes').get('one')).toEqual({ version: 1, value: 'kept' });
    // Amounts set aside were not counted by themselves then.
    const { setAsideNanoUsd: _, ...reserved } = RESERVATION.reserved;
    expect(await store.ledger.abandoned(Date.UTC(2026))).toEqual([
      { ...RESERVATION, reserved, generationId: 'gen-1' },
    ]);
    expect(
      await settle(store, RESERVATION, { nanoUsd: 5, setAsideNanoUsd: 0, requests: 1, attempts: 1 }),
    ).toBe(true);
    expect(await store.ledger.read(['money'])).toEqual(new Map([['money', 5]]));
    expect(await collect(store.records.query({ kind: 'usage' }))).toEqual([
      { kind: 'usage', guild: 'discord:1', user: '42', atMs: Date.UTC(2026), data: { costNanoUsd: 5 } },
    ]);
    expect(await store.claims.takeOver('q', Date.UTC(2026), Date.UTC(2027))).toMatchObject({
      fence: 2,
      journal: { messages: [1] },
    });
    await store.close();
  });

  it('runs each step once and in order, whichever version a file has', async () => {
    const path = freshPath();
    const database = openDatabase(path, systemClock);
    await migrate(database, path, ['CREATE TABLE a (x)']);
    const steps = ['CREATE TABLE a (x)', 'ALTER TABLE a ADD y', 'INSERT INTO a VALUES (1, 2)'];
    await migrate(database, path, steps);
    await migrate(database, path, steps);
    expect(database.sql('SELECT * FROM a').all()).toEqual([{ x: 1, y: 2 }]);
    await database.close();
  });

  it('leaves a file as it was where a step fails', async () => {
    const path = freshPath();
    const database = openDatabase(path, systemClock);
    await migrate(database, path, ['CREATE TABLE a (x)']);
    await expect(migrate(database, path, ['', 'CREATE TABLE b (x)', 'CREATE TABLE a (x)'])).rejects.toThrow(
      StoreError,
    );
    expect(database.sql('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'a' }]);
    expect(database.sql('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    await database.close();
  });

  it('happens once where several processes start at once', async () => {
    const path = freshPath();
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(path, createFakeClock())));
    await Promise.all(stores.map((store) => store.ping()));
    await Promise.all(stores.map((store) => store.close()));
  });
});

describe('faults of SQLite', () => {
  it('waits while another process writes, without holding up the event loop', async () => {
    const path = freshPath();
    const store = await openStore(`sqlite:${path}`, { clock: systemClock, log });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let done = false;
    const reserving = store.ledger.reserve(RESERVATION).finally(() => {
      done = true;
    });
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(done).toBe(false);
    expect(await store.ledger.read(['money'])).toEqual(new Map([['money', 0]]));
    other.exec('COMMIT');
    expect(await reserving).toEqual({ ok: true, used: [600] });
    other.close();
    await store.close();
  });

  it('rejects where another process does not let go, and works again when it does', async () => {
    const path = freshPath();
    const clock = createFakeClock();
    const store = await open(path, clock);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const writes = [
      store.ledger.reserve(RESERVATION),
      valuesOf(store, 'notes').set('one', 1),
      valuesOf(store, 'notes').delete('one'),
      store.claims.claim('event', 'p', 1, 2),
    ].map((write) =>
      write.then(
        () => 'done',
        (error: unknown) => error,
      ),
    );
    await clock.advance(4_900);
    expect(await Promise.race([...writes, nextTurn('waiting')])).toBe('waiting');
    await clock.advance(1_100);
    for (const outcome of await Promise.all(writes)) {
      expect(outcome).toBeInstanceOf(StoreError);
      expect(outcome).toMatchObject({
        message: 'SQLite: another process held the lock for more than 5000 ms',
        cause: { errcode: 5 },
      });
    }
    other.exec('ROLLBACK');
    expect((await store.ledger.reserve(RESERVATION)).ok).toBe(true);
    other.close();
    await store.close();
  });

  it('finds the open reservations of a guild without a look at others', async () => {
    const path = freshPath();
    // The index came after the schema: a file of before gets it, and stays one that older versions read.
    const database = openDatabase(path, createFakeClock());
    await migrate(database, path);
    await database.close();
    await (await open(path)).close();
    const file = new DatabaseSync(path);
    const plan = file
      .prepare("EXPLAIN QUERY PLAN SELECT id FROM reservations WHERE json_extract(body, '$.entry.guild') = ?")
      .all('discord:1');
    expect(JSON.stringify(plan)).toContain('USING INDEX reservations_by_guild');
    file.close();
  });

  it('reads what was to be written before, though nobody has waited for that', async () => {
    const store = await open(freshPath());
    const claiming = store.claims.claim('event', 'p', 10_000, 10_000);
    expect(await store.claims.underWay(0)).toMatchObject([{ id: 'event', owner: 'p' }]);
    await claiming;
    await store.close();
  });

  it.each([
    ['jumps forward and back within the hour', false],
    ['is ahead at a start and set back within the hour', true],
  ])('forgets no counter, claim or value where the clock %s', async (_, isStarted) => {
    const steadyClock = createFakeClock();
    let jumpMs = 0;
    const clock = { ...steadyClock, now: () => steadyClock.now() + jumpMs };
    const path = freshPath();
    let store = await openStore(`sqlite:${path}`, { clock, steadyClock, log });
    await steadyClock.advance(2 * 3_600_000);
    const dayMs = 24 * 3_600_000;
    const draws = [{ ...RESERVATION.draws[0], expiresAtMs: clock.now() + dayMs }] as Reservation['draws'];
    await store.ledger.reserve({ ...RESERVATION, id: 'today', draws });
    const claim = await store.claims.claim('event', 'p', clock.now() + 10_000, clock.now() + dayMs);
    if (claim !== null) await finish(store, claim);
    await valuesOf(store, 'notes').set('kept', 1, dayMs);
    jumpMs = 400 * dayMs;
    if (isStarted) {
      await store.close();
      store = await openStore(`sqlite:${path}`, { clock, steadyClock, log });
    }
    await steadyClock.advance(50 * 60_000);
    jumpMs = 0;
    await steadyClock.advance(2 * 3_600_000);
    expect([...(await store.ledger.read(['money'])).values()]).not.toEqual([0]);
    expect(await store.claims.claim('event', 'q', clock.now(), clock.now() + dayMs)).toBeNull();
    expect(await valuesOf(store, 'notes').get('kept')).toBe(1);
    await steadyClock.advance(2 * dayMs);
    await expect
      .poll(async () => {
        await steadyClock.advance(10 * 60_000);
        return (await store.ledger.read(['money'])).get('money');
      })
      .toBe(0);
    await store.close();
  });

  it('fails a write alone among those that come together with it', async () => {
    const path = freshPath();
    await (await open(path)).close();
    const database = openDatabase(path, createFakeClock());
    const add = (id: string) =>
      database.write(() => database.sql('INSERT INTO counters VALUES (?, 1, 1)').run(id).changes);
    const outcomes = await Promise.allSettled(['a', 'b', 'a', 'c'].map(add));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(database.sql('SELECT counter FROM counters ORDER BY counter').all()).toEqual(
      ['a', 'b', 'c'].map((counter) => ({ counter })),
    );
    await database.close();
  });

  it('writes all that stand in line, in their order, before it closes', async () => {
    const path = freshPath();
    await (await open(path)).close();
    const database = openDatabase(path, createFakeClock());
    const writes = Array.from({ length: 200 }, (_, index) =>
      database.write(() => {
        const counted = Number(database.sql('SELECT count(*) AS count FROM counters').get()?.['count']);
        database.sql('INSERT INTO counters VALUES (?, 1, 1)').run(String(index));
        return counted;
      }),
    );
    await database.close();
    expect(await Promise.all(writes)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  it('changes nothing where the disk is full, and works again when there is room', async () => {
    const path = freshPath();
    await (await open(path)).close();
    const database = openDatabase(path, createFakeClock());
    const ledger = createSqliteLedger(database);
    const pages = Number(database.sql('PRAGMA page_count').get()?.['page_count']);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const entry = { ...RESERVATION.entry, model: 'm'.repeat(10_000) };
    await expect(ledger.reserve({ ...RESERVATION, entry })).rejects.toThrow(StoreError);
    expect(await ledger.read(['money'])).toEqual(new Map([['money', 0]]));
    expect(await ledger.abandoned(Date.UTC(2027))).toEqual([]);
    database.exec('PRAGMA max_page_count = 100000');
    expect((await ledger.reserve({ ...RESERVATION, entry })).ok).toBe(true);
    await database.close();
  });

  it('rejects on every path once the store is closed: nothing looks like a miss', async () => {
    const store = await open(freshPath());
    const keyv = valuesOf(store, 'notes');
    await keyv.set('one', 1);
    await store.close();
    const calls = {
      get: () => keyv.get('one'),
      getMany: () => keyv.getMany(['one']),
      set: () => keyv.set('one', 2),
      delete: () => keyv.delete('one'),
      list: () => collect(store.keys('notes', '')),
      ping: () => store.ping(),
      reserve: () => store.ledger.reserve(RESERVATION),
      settle: () => settle(store, RESERVATION, RESERVATION.reserved),
      annotate: () => store.ledger.annotate('r1', 'gen'),
      renewReservations: () => store.ledger.renew(['a'], 1),
      abandoned: () => store.ledger.abandoned(1),
      read: () => store.ledger.read(['money']),
      claim: () => store.claims.claim('event', 'p', 1, 2),
      write: () => writeJournal(store, { id: 'event', owner: 'p', fence: 1 }, 1),
      renewClaims: () => store.claims.renew([{ id: 'a', owner: 'p', fence: 1 }], 1),
      finish: () => finish(store, { id: 'event', owner: 'p', fence: 1 }),
      takeOver: () => store.claims.takeOver('p', 1, 2),
      append: () => store.records.append({ kind: 'a', guild: 'discord:1', user: '42', atMs: 1, data: 1 }),
      query: () => collect(store.records.query({ kind: 'a' })),
      remove: () => store.records.remove({ kind: 'a' }),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expect(call(), name).rejects.toThrow(StoreError);
    }
  });

  it('does not take text that is no JSON for a miss, and does not quote it', async () => {
    const path = freshPath();
    const store = await open(path);
    const other = new DatabaseSync(path);
    other.exec("INSERT INTO keyv VALUES ('notes', 'one', 'private text', NULL)");
    const error = await valuesOf(store, 'notes')
      .get('one')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toBe(
      'StoreError: a stored value is not JSON: another program changed the store, or it is damaged',
    );
    other.close();
    await store.close();
  });
});

describe('openStore', () => {
  it('keeps nothing of a store in memory', async () => {
    const store = await openStore('memory:', { clock: createFakeClock(), log });
    await valuesOf(store, 'notes').set('one', 1);
    await store.close();
    expect(existsSync(':memory:')).toBe(false);
    const next = await openStore('memory:', { clock: createFakeClock(), log });
    expect(await valuesOf(next, 'notes').get('one')).toBeUndefined();
    await next.close();
  });

  it('refuses a URL of no store it knows', async () => {
    for (const url of ['mongodb://localhost', 'https://redis:1', 'memory', 'SQLITE:x']) {
      const opening = openStore(url, { clock: createFakeClock(), log });
      await expect(opening, url).rejects.toBeInstanceOf(StartError);
      await expect(opening).rejects.toMatchObject({
        message: 'STORE_URL has an unknown form',
        remedy: 'Set it to sqlite:PATH, redis://HOST:PORT or memory:.',
      });
    }
  });
});
