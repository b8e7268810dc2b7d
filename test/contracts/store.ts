import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCollection, UnreadableValue } from '../../src/core/coordination/collection.ts';
import type { GuildId } from '../../src/core/ports/actor.ts';
import {
  type Amounts,
  type ClaimKey,
  type ClaimStore,
  type Draw,
  keyIn,
  type LedgerStore,
  LockLost,
  type LogRecord,
  type RecordStore,
  type Reservation,
  type Store,
} from '../../src/core/ports/store.ts';
import { collect } from '../support/collect.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Opens a store that holds nothing yet. */
export type OpenEmptyStore = (clock: FakeClock) => Promise<Store>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What every store promises to core. */
export function storeContract(name: string, openEmpty: OpenEmptyStore): void {
  describe(`${name} as a Store`, () => {
    let clock: FakeClock;
    let store: Store;

    beforeEach(async () => {
      clock = createFakeClock();
      store = await openEmpty(clock);
    });
    afterEach(() => store.close());

    it('answers a ping', () => expect(store.ping()).resolves.toBeUndefined());

    describe('keyv', () => keyvContract(() => store));
    describe('keyv under a lock', () => lockedKeyvContract({ store: () => store, clock: () => clock }));
    describe('everything', () => everythingContract(() => store));
    describe('ledger', () =>
      ledgerContract({ ledger: () => store.ledger, store: () => store, clock: () => clock }));
    describe('claims', () =>
      claimContract({ claims: () => store.claims, store: () => store, clock: () => clock }));
    describe('records', () => recordContract(() => store.records));
  });
}

function keyvContract(store: () => Store): void {
  it('gives back what was set, and undefined for what was not', async () => {
    const keyv = store().keyv('notes');
    await keyv.set('one', { text: 'ä 😀 :base64:', list: [1, null, { deep: true }] });
    expect(await keyv.get('one')).toEqual({ text: 'ä 😀 :base64:', list: [1, null, { deep: true }] });
    expect(await keyv.get('two')).toBeUndefined();
    expect(await keyv.has('one')).toBe(true);
    expect(await keyv.has('two')).toBe(false);
  });

  it('replaces and deletes', async () => {
    const keyv = store().keyv('notes');
    await keyv.set('one', 1);
    await keyv.set('one', 2);
    expect(await keyv.get('one')).toBe(2);
    expect(await keyv.delete('one')).toBe(true);
    expect(await keyv.delete('one')).toBe(false);
    expect(await keyv.get('one')).toBeUndefined();
  });

  it('reads, writes and deletes many at once, in the order of the keys', async () => {
    const keyv = store().keyv('notes');
    await keyv.setMany([
      { key: 'one', value: 1 },
      { key: 'two', value: 2 },
    ]);
    expect(await keyv.getMany(['two', 'three', 'one'])).toEqual([2, undefined, 1]);
    expect(await keyv.hasMany(['one', 'three'])).toEqual([true, false]);
    expect(await keyv.delete(['one', 'three'])).toBe(true);
    expect(await keyv.getMany(['one', 'two'])).toEqual([undefined, 2]);
  });

  it('keeps namespaces apart, also where a key looks like one of another', async () => {
    const notes = store().keyv('notes');
    const keys = store().keyv('keys');
    await notes.set('keys:a', 'a note');
    await notes.set('a', 'another note');
    await notes.set('notes:a', 'a third note');
    await keys.set('a', 'a key');
    expect(await notes.get('a')).toBe('another note');
    expect(await notes.get('keys:a')).toBe('a note');
    expect(await notes.get('notes:a')).toBe('a third note');
    await notes.clear();
    expect(await notes.get('a')).toBeUndefined();
    expect(await keys.get('a')).toBe('a key');
  });

  it('bears a collection', async () => {
    const keyv = store().keyv('notes');
    const notes = createCollection(store(), 'notes', {
      version: 1,
      schema: z.object({ text: z.string() }),
      ttlMs: DAY_MS,
    });
    await notes.set('discord:1/a', { text: ':ä 😀' });
    await keyv.set('discord:1/b', 'garbage');
    expect(await notes.get('discord:1/a')).toEqual({ text: ':ä 😀' });
    expect(await notes.get('discord:1/c')).toBeUndefined();
    expect((await notes.getMany(['discord:1/c', 'discord:1/a'])).size).toBe(1);
    await expect(notes.get('discord:1/b')).rejects.toThrow(UnreadableValue);
    await expect(notes.getMany(['discord:1/a', 'discord:1/b'])).rejects.toThrow(UnreadableValue);
    expect((await collect(notes.keys())).sort()).toEqual(['discord:1/a', 'discord:1/b']);
    expect(await notes.delete('discord:1/b')).toBe(true);
    expect(await collect(notes.keys())).toEqual(['discord:1/a']);
  });

  it('takes times to live that are no whole number', async () => {
    const keyv = store().keyv('notes');
    await keyv.set('one', 1, 60_000.5);
    await keyv.setMany([{ key: 'two', value: 2, ttl: 60_000.5 }]);
    expect(await keyv.getMany(['one', 'two'])).toEqual([1, 2]);
  });

  it('lists all keys of its namespace, however many, with their values', async () => {
    const notes = store().keyv('notes');
    const many = Array.from({ length: 250 }, (_, index) => ({ key: `key ${index}`, value: index }));
    await notes.setMany(many);
    await store().keyv('keys').set('other', 'value');
    const listed: [string, number][] = await collect(notes.iterator?.('notes') ?? fail());
    expect(listed.sort(([, a], [, b]) => a - b)).toEqual(many.map(({ key, value }) => [key, value]));
  });

  it('lists the keys that begin with a prefix, whatever characters are in it, and no others', async () => {
    const notes = store().keyv('notes');
    const keysOf = async (prefix: string) =>
      [...new Set(await collect(store().keys('notes', prefix)))].sort();
    const odd = ['a*/1', 'a*/2', 'a*', 'ab/1', 'a?/1', 'a[b]/1', 'a\\/1', 'ä/1', 'ä/😀'].sort();
    await notes.setMany(odd.map((key) => ({ key, value: 1 })));
    await notes.setMany(Array.from({ length: 150 }, (_, index) => ({ key: `many/${index}`, value: 1 })));
    await store().keyv('notes2').set('a*/3', 1);
    expect(await keysOf('a*/')).toEqual(['a*/1', 'a*/2']);
    for (const prefix of ['a?/', 'a[b]/', 'a\\/']) expect(await keysOf(prefix)).toEqual([`${prefix}1`]);
    expect(await keysOf('ä/')).toEqual(['ä/1', 'ä/😀']);
    expect(await keysOf('many/')).toHaveLength(150);
    expect(await keysOf('none')).toEqual([]);
    expect(await keysOf('')).toHaveLength(odd.length + 150);
  });
}

const ENTRY = {
  guild: 'discord:1',
  user: '42',
  model: 'openai/gpt-4o',
  provider: 'openai',
  payer: 'operator',
} as const;

const NOTHING: Amounts = { nanoUsd: 0, setAsideNanoUsd: 0, requests: 0, attempts: 0 };

function draw(counter: string, limit: number | null, more: Partial<Draw> = {}): Draw {
  return { counter, unit: 'nanoUsd', limit, expiresAtMs: Date.UTC(2026, 0, 2), ...more };
}

function reservation(id: string, nanoUsd: number, draws: readonly Draw[], more: Partial<Reservation> = {}) {
  return {
    id,
    draws,
    reserved: { nanoUsd, setAsideNanoUsd: 0, requests: 1, attempts: 1 },
    entry: ENTRY,
    madeAtMs: Date.UTC(2026, 0, 1),
    owner: 'process-1',
    leaseUntilMs: Date.UTC(2026, 0, 1) + MINUTE_MS,
    ...more,
  };
}

function record(data: unknown, more: Partial<LogRecord> = {}): LogRecord {
  return { kind: 'usage', guild: 'discord:1', user: '42', atMs: Date.UTC(2026, 0, 1), data, ...more };
}

interface LedgerHarness {
  ledger(): LedgerStore;
  store(): Store;
  clock(): FakeClock;
}

function ledgerContract({ ledger, store, clock }: LedgerHarness): void {
  const values = async (...counters: string[]) => [...(await ledger().read(counters)).values()];

  it('adds each unit to the counters that draw on it and says what they come to', async () => {
    const draws = [
      draw('money', 1_000),
      draw('requests', 10, { unit: 'requests' }),
      draw('attempts', null, { unit: 'attempts' }),
    ];
    expect(await ledger().reserve(reservation('a', 300, draws))).toEqual({ ok: true, used: [300, 1, 1] });
    expect(await ledger().reserve(reservation('b', 700, draws))).toEqual({ ok: true, used: [1_000, 2, 2] });
    expect(await values('money', 'requests', 'attempts', 'never')).toEqual([1_000, 2, 2, 0]);
  });

  it('adds nothing anywhere where one counter would pass its limit, and names the first of them', async () => {
    const draws = [draw('user', 1_000), draw('guild', 500), draw('all', 500)];
    await ledger().reserve(reservation('a', 500, draws));
    expect(await ledger().reserve(reservation('b', 1, draws))).toEqual({
      ok: false,
      draw: draws[1],
      used: 500,
    });
    expect(await values('user', 'guild', 'all')).toEqual([500, 500, 500]);
    expect(await ledger().settle('b', NOTHING, null)).toBe(false);
  });

  it('admits nothing against a limit of 0 but what costs nothing', async () => {
    expect((await ledger().reserve(reservation('a', 1, [draw('user', 0)]))).ok).toBe(false);
    expect((await ledger().reserve(reservation('b', 0, [draw('user', 0)]))).ok).toBe(true);
  });

  it('counts an id that is open already once', async () => {
    const draws = [draw('user', 1_000)];
    await ledger().reserve(reservation('a', 600, draws));
    expect(await ledger().reserve(reservation('a', 600, draws))).toEqual({ ok: true, used: [600] });
    expect(await values('user')).toEqual([600]);
  });

  it('corrects the counters to the actual amounts, up as well as down, past limits too', async () => {
    const draws = [draw('money', 1_000), draw('requests', 10, { unit: 'requests' })];
    await ledger().reserve(reservation('a', 600, draws));
    await ledger().reserve(reservation('b', 400, draws));
    expect(
      await ledger().settle('a', { nanoUsd: 123, setAsideNanoUsd: 0, requests: 1, attempts: 1 }, null),
    ).toBe(true);
    expect(await values('money', 'requests')).toEqual([523, 2]);
    expect(
      await ledger().settle('b', { nanoUsd: 2_000, setAsideNanoUsd: 0, requests: 0, attempts: 1 }, null),
    ).toBe(true);
    expect(await values('money', 'requests')).toEqual([2_123, 1]);
  });

  it('settles once: the second time changes nothing and leaves no record', async () => {
    await ledger().reserve(reservation('a', 600, [draw('user', 1_000)]));
    expect(await ledger().settle('a', { ...NOTHING, nanoUsd: 5 }, record('first'))).toBe(true);
    expect(await ledger().settle('a', { ...NOTHING, nanoUsd: 9 }, record('second'))).toBe(false);
    expect(await ledger().settle('unknown', NOTHING, record('third'))).toBe(false);
    expect(await values('user')).toEqual([5]);
    expect(await collect(store().records.query({ kind: 'usage' }))).toEqual([record('first')]);
  });

  it('settles once where two try at the same time', async () => {
    await ledger().reserve(reservation('a', 600, [draw('user', 1_000)]));
    const settle = () => ledger().settle('a', { ...NOTHING, nanoUsd: 5 }, record('settled'));
    expect((await Promise.all([settle(), settle(), settle()])).sort()).toEqual([false, false, true]);
    expect(await values('user')).toEqual([5]);
    expect(await collect(store().records.query({ kind: 'usage' }))).toHaveLength(1);
  });

  it('is exact up to 2^53 - 1', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const draws = [draw('user', null)];
    expect(await ledger().reserve(reservation('a', most - 1, draws))).toEqual({ ok: true, used: [most - 1] });
    expect(await ledger().reserve(reservation('c', 1, draws))).toEqual({ ok: true, used: [most] });
    expect(await ledger().settle('a', { ...NOTHING, nanoUsd: 3 }, null)).toBe(true);
    expect(await values('user')).toEqual([4]);
  });

  it('stops counting at 2^53 - 1, reads on, and admits what has no limit', async () => {
    const draws = [draw('user', null), draw('guild', 1_000)];
    for (let index = 0; index < 10; index++) {
      const id = `dear ${index}`;
      await ledger().reserve(reservation(id, 100, index === 0 ? draws : draws.slice(0, 1)));
      expect(await ledger().settle(id, { ...NOTHING, nanoUsd: 1e15 }, null)).toBe(true);
    }
    expect(await values('user', 'guild')).toEqual([Number.MAX_SAFE_INTEGER, 1e15]);
    expect(await ledger().reserve(reservation('more', 100, draws.slice(0, 1)))).toEqual({
      ok: true,
      used: [Number.MAX_SAFE_INTEGER],
    });
    expect((await ledger().reserve(reservation('limited', 1, draws))).ok).toBe(false);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the amount %d', async (amount) => {
    await expect(ledger().reserve(reservation('a', amount, [draw('user', 5)]))).rejects.toThrow(RangeError);
    await expect(ledger().reserve(reservation('a', 1, [draw('user', amount)]))).rejects.toThrow(RangeError);
    await ledger().reserve(reservation('a', 1, [draw('user', 5)]));
    await expect(ledger().settle('a', { ...NOTHING, nanoUsd: amount }, null)).rejects.toThrow(RangeError);
    expect(await values('user')).toEqual([1]);
  });

  it('lists as abandoned what is open and whose lease has run out, with its generation id', async () => {
    const made = Date.UTC(2026, 0, 1);
    const draws = [draw('user', null), draw('guild', 7_000, { unit: 'requests' })];
    const old = reservation('old', 600, draws, { leaseUntilMs: made + 2 });
    const older = reservation('older', 0, [], { leaseUntilMs: made + 1 });
    const alive = reservation('alive', 1, draws, { leaseUntilMs: made + 3 });
    const settled = reservation('settled', 1, draws, { leaseUntilMs: made });
    for (const each of [old, older, alive, settled]) await ledger().reserve(each);
    await ledger().annotate('old', 'gen-1');
    await ledger().annotate('settled', 'gen-2');
    await ledger().settle('settled', NOTHING, null);
    await ledger().annotate('settled', 'gen-3');

    expect(await ledger().abandoned(made + 2)).toEqual([
      { ...older, generationId: null },
      { ...old, generationId: 'gen-1' },
    ]);
  });

  it('lists what is open of a guild or a person, whoever looks after it, and whether its lease lasts', async () => {
    const draws = [draw('user', null)];
    const entryOf = (guild: GuildId, user: string) => ({ entry: { ...ENTRY, guild, user } });
    const mine = reservation('mine', 600, draws, entryOf('discord:1', '42'));
    const lost = reservation('lost', 1, draws, {
      ...entryOf('discord:1', '42'),
      owner: 'q',
      leaseUntilMs: 1,
    });
    const another = reservation('another', 1, draws, entryOf('discord:1', '43'));
    const elsewhere = reservation('elsewhere', 1, draws, entryOf('discord:2', '42'));
    const settled = reservation('settled', 1, draws, entryOf('discord:1', '42'));
    expect(await ledger().openReservations({ guild: 'discord:1' })).toEqual([]);
    for (const each of [mine, lost, another, elsewhere, settled]) await ledger().reserve(each);
    await ledger().settle('settled', NOTHING, null);
    const byId = (found: readonly Reservation[]) => found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(await ledger().openReservations({ guild: 'discord:1' }))).toEqual([another, lost, mine]);
    expect(byId(await ledger().openReservations({ guild: 'discord:1', user: '42' }))).toEqual([lost, mine]);
    expect(await ledger().openReservations({ guild: 'discord:3' })).toEqual([]);
    expect((await ledger().openReservations()).length).toBeGreaterThan(3);
  });

  it('renews the leases of the reservations that are named, of those that are open', async () => {
    const made = Date.UTC(2026, 0, 1);
    for (const id of ['a', 'b', 'settled']) await ledger().reserve(reservation(id, 1, []));
    await ledger().settle('settled', NOTHING, null);
    await ledger().renew([], made + DAY_MS);
    await ledger().renew(['a', 'settled', 'unknown'], made + DAY_MS);
    const left = await ledger().abandoned(made + MINUTE_MS);
    expect(left.map(({ id }) => id)).toEqual(['b']);
    expect(
      (await ledger().abandoned(made + DAY_MS)).map(({ id, leaseUntilMs }) => [id, leaseUntilMs]),
    ).toEqual([
      ['b', made + MINUTE_MS],
      ['a', made + DAY_MS],
    ]);
  });

  it('forgets counters after they expire, and settles what drew on them all the same', async () => {
    await ledger().reserve(
      reservation('a', 1, [draw('soon', 9), draw('later', 9, { expiresAtMs: Date.UTC(2027) })]),
    );
    await clock().advance(DAY_MS - 1);
    expect(await values('soon', 'later')).toEqual([1, 1]);
    await expect
      .poll(
        async () => {
          await clock().advance(10 * MINUTE_MS);
          return values('soon', 'later');
        },
        { timeout: 10_000 },
      )
      .toEqual([0, 1]);
    expect(await ledger().settle('a', { ...NOTHING, nanoUsd: 3 }, null)).toBe(true);
    expect(await values('soon', 'later')).toEqual([0, 3]);
  });

  it('admits exactly as many at once as the limit has room for', async () => {
    const draws = [draw('user', 1_000), draw('guild', 50)];
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => ledger().reserve(reservation(`r${index}`, 1, draws))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    expect(await values('user', 'guild')).toEqual([50, 50]);
  });
}

function everythingContract(store: () => Store): void {
  it('reads and writes values of several namespaces together, as their own Keyvs do', async () => {
    const { everything } = store();
    await store().keyv('notes').set('one', { text: 'ä' });
    await everything.setMany([
      { key: keyIn('notes', 'two'), value: 2 },
      { key: keyIn('others', 'one'), value: [1, null], ttl: 60_000 },
    ]);
    expect(await store().keyv('notes').getMany(['one', 'two'])).toEqual([{ text: 'ä' }, 2]);
    expect(await store().keyv('others').get('one')).toEqual([1, null]);
    const keys = [keyIn('notes', 'one'), keyIn('others', 'one'), keyIn('others', 'two')];
    expect(await everything.getMany(keys)).toEqual([{ text: 'ä' }, [1, null], undefined]);
  });

  it('replaces what was read, and nothing else', async () => {
    const { everything } = store();
    const read = async () => (await everything.getManyRaw([keyIn('notes', 'one')]))[0];
    expect(await store().replace('notes', 'one', undefined, { n: 1, text: 'ä 😀' }, 60_000)).toBe(true);
    expect(await store().replace('notes', 'one', undefined, { n: 2 })).toBe(false);
    const first = await read();
    expect(await store().replace('notes', 'one', first, { n: 2 })).toBe(true);
    expect(await store().replace('notes', 'one', first, { n: 3 })).toBe(false);
    expect(await store().replace('notes', 'one', first, undefined)).toBe(false);
    expect(await store().keyv('notes').get('one')).toEqual({ n: 2 });
    // Written by Keyv itself, it is the same text.
    await store()
      .keyv('notes')
      .set('one', { n: 4, list: [{}] }, 60_000);
    expect(await store().replace('notes', 'one', await read(), undefined)).toBe(true);
    expect(await store().keyv('notes').get('one')).toBeUndefined();
  });

  it('lets one of those that replace the same value at once succeed', async () => {
    const raw = async () => (await store().everything.getManyRaw([keyIn('notes', 'sum')]))[0];
    await store().keyv('notes').set('sum', 0);
    const add = async () => {
      for (;;) {
        const before = await raw();
        if (await store().replace('notes', 'sum', before, Number(before?.value) + 1)) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await store().keyv('notes').get('sum')).toBe(20);
  });
}

function lockedKeyvContract({ store, clock }: { store(): Store; clock(): FakeClock }): void {
  const lock = (owner: string) => store().claims.claim('lock', owner, clock().now() + 10_000, clock().now());
  /** What a process that was taken for dead held, and what now stands in its place. */
  async function lost(how: 'taken over' | 'finished' | "another's"): Promise<ClaimKey> {
    const old = (await lock('p')) ?? fail();
    if (how === 'taken over') {
      await clock().advance(10_000);
      expect(await store().claims.takeOver('q', clock().now(), clock().now() + 10_000)).not.toBeNull();
      return old;
    }
    await store().claims.finish(old);
    if (how === "another's") expect(await lock('p')).not.toBeNull();
    return old;
  }

  it('changes what it is told to while the lock is held', async () => {
    const notes = store().keyv('notes', (await lock('p')) ?? fail());
    await notes.set('one', { text: 'ä 😀' });
    await notes.setMany([{ key: 'two', value: 2, ttl: 60_000.5 }]);
    expect(await store().keyv('notes').getMany(['one', 'two'])).toEqual([{ text: 'ä 😀' }, 2]);
    expect(await notes.delete('one')).toBe(true);
    expect(await notes.delete('one')).toBe(false);
    expect(await notes.deleteMany(['one', 'two'])).toBe(true);
    expect(await notes.deleteMany(['one', 'two'])).toBe(false);
    await notes.set('three', 3);
    await notes.clear();
    expect(await notes.getMany(['one', 'two', 'three'])).toEqual([undefined, undefined, undefined]);
  });

  it('gives a value its time to live', async () => {
    const notes = createCollection(store(), 'notes', { version: 1, schema: z.string(), ttlMs: 2_000 });
    await notes.under((await lock('p')) ?? fail()).set('one', 'short');
    expect(await notes.get('one')).toBe('short');
    // By the store's own clock where it has one.
    await clock().advance(2_000);
    await waitUntil(async () => expect(await notes.get('one')).toBeUndefined());
  });

  it.each(['taken over', 'finished', "another's"] as const)('changes nothing where it is %s', async (how) => {
    await store().keyv('notes').set('one', 'newer');
    const stale = store().keyv('notes', await lost(how));
    const writes = [
      () => stale.set('one', 'stale'),
      () => stale.setMany([{ key: 'two', value: 'stale' }]),
      () => stale.delete('one'),
      () => stale.deleteMany(['one']),
      () => stale.clear(),
    ];
    for (const write of writes) await expect(write()).rejects.toThrow(LockLost);
    expect(await stale.getMany(['one', 'two'])).toEqual(['newer', undefined]);
  });

  it('takes no other write that comes in the same moment along', async () => {
    const stale = store().keyv('notes', await lost('finished'));
    const results = await Promise.allSettled([
      store().keyv('notes').set('before', 1),
      stale.set('one', 'stale'),
      store().keyv('notes').set('after', 1),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await stale.getMany(['before', 'one', 'after'])).toEqual([1, undefined, 1]);
  });
}

interface ClaimHarness {
  claims(): ClaimStore;
  store(): Store;
  clock(): FakeClock;
}

function claimContract({ claims, store, clock }: ClaimHarness): void {
  const claim = (id: string, owner: string, leaseMs = 10_000) =>
    claims().claim(id, owner, clock().now() + leaseMs, clock().now() + DAY_MS);
  const takeOver = (owner: string) => claims().takeOver(owner, clock().now(), clock().now() + 10_000);

  it('gives an id to the first who claims it, and to nobody after', async () => {
    const first = await claim('event', 'p');
    expect(first).toEqual({
      id: 'event',
      owner: 'p',
      fence: 1,
      leaseUntilMs: clock().now() + 10_000,
      journal: null,
    });
    expect(await claim('event', 'q')).toBeNull();
    expect(await claim('event', 'p')).toBeNull();
    expect(await claim('another event', 'q')).not.toBeNull();
  });

  it('takes the journal in the same step', async () => {
    const journal = { place: 'somewhere' };
    const nowMs = clock().now();
    const first = await claims().claim('event', 'p', nowMs + 10_000, nowMs, journal);
    expect(first).toMatchObject({ id: 'event', journal });
    expect(await claims().claim('event', 'q', nowMs + 10_000, nowMs, 'other')).toBeNull();
    await clock().advance(10_000);
    const second = (await takeOver('q')) ?? fail();
    expect(second.journal).toEqual(journal);
    await claims().finish(second);
    expect(await claim('event', 'p')).toMatchObject({ journal: null });
    await clock().advance(10_000);
    expect(await takeOver('q')).toMatchObject({ journal: null });
  });

  it('gives an id to one of many who claim it at once', async () => {
    const owners = Array.from({ length: 50 }, (_, index) => `p${index}`);
    const results = await Promise.all(owners.map((owner) => claim('event', owner)));
    expect(results.filter((result) => result !== null)).toHaveLength(1);
  });

  it('keeps an id claimed after it is finished, until it expires', async () => {
    const first = (await claim('event', 'p')) ?? fail();
    expect(await claims().finish(first)).toBe(true);
    expect(await claim('event', 'q')).toBeNull();
    await clock().advance(DAY_MS - 1);
    expect(await claim('event', 'q')).toBeNull();
    await clock().advance(1);
    expect(await claim('event', 'q')).toMatchObject({ owner: 'q', journal: null });
    expect(await claims().finish(first)).toBe(false);
  });

  it('serves as a lock where it expires at once', async () => {
    const lock = (owner: string) => claims().claim('lock', owner, clock().now() + 10_000, clock().now());
    const first = (await lock('p')) ?? fail();
    expect(await lock('q')).toBeNull();
    expect(await claims().finish(first)).toBe(true);
    const second = (await lock('q')) ?? fail();
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await claims().write(first, 'stale')).toBe(false);
  });

  it('never forgets a claim that is unfinished', async () => {
    const first = (await claim('event', 'p')) ?? fail();
    await claims().write(first, { messages: [1] });
    await clock().advance(7 * DAY_MS);
    expect(await claim('event', 'q')).toBeNull();
    expect(await takeOver('q')).toMatchObject({ id: 'event', journal: { messages: [1] } });
  });

  it('shows the journals of what is being dealt with, and of nothing else', async () => {
    const journals = (most = 10) => claims().journals(clock().now(), most);
    const mine = (await claim('mine', 'p')) ?? fail();
    await claims().write(mine, { text: 'so far' });
    await claim('without', 'p');
    const finished = (await claim('finished', 'p')) ?? fail();
    await claims().write(finished, 'over');
    await claims().finish(finished);
    const dead = (await claim('dead', 'q', 100)) ?? fail();
    await claims().write(dead, 'left');
    expect(await journals()).toHaveLength(2);
    await clock().advance(100);
    expect(await journals()).toEqual([{ ...mine, journal: { text: 'so far' } }]);
    expect(await journals(0)).toEqual([]);
  });

  it('hands the journal to whoever takes the claim over, whatever JSON it is', async () => {
    const journal = { empty: [], none: null, text: 'ä 😀 \ud800', nested: { a: [{}, 1.5] } };
    const first = (await claim('event', 'p')) ?? fail();
    expect(await claims().write(first, 'draft')).toBe(true);
    expect(await claims().write(first, journal)).toBe(true);
    await clock().advance(10_000);
    expect(await takeOver('q')).toEqual({
      id: 'event',
      owner: 'q',
      fence: 2,
      leaseUntilMs: clock().now() + 10_000,
      journal,
    });
  });

  it('refuses what an owner writes once the claim is taken over, even by one with its name', async () => {
    const first = (await claim('event', 'p')) ?? fail();
    await clock().advance(10_000);
    const second = (await takeOver('q')) ?? fail();
    await clock().advance(10_000);
    const third = (await takeOver('p')) ?? fail();
    for (const old of [first, second]) {
      expect(await claims().write(old, 'stale')).toBe(false);
      expect(await claims().finish(old)).toBe(false);
    }
    expect(await claims().write(third, 'fresh')).toBe(true);
    expect(await claims().finish(third)).toBe(true);
  });

  it('refuses to write to a claim that is finished or never was', async () => {
    const first = (await claim('event', 'p')) ?? fail();
    await claims().finish(first);
    expect(await claims().write(first, 'late')).toBe(false);
    expect(await claims().finish(first)).toBe(false);
    expect(await claims().write({ ...first, id: 'unknown' }, 'late')).toBe(false);
  });

  it('lets claims be taken over once their lease has run out, first those that ran out first', async () => {
    await claim('late', 'p', 300);
    await claim('early', 'p', 100);
    await claim('alive', 'p', 1_000);
    const finished = (await claim('finished', 'p', 50)) ?? fail();
    await claims().finish(finished);
    expect(await takeOver('q')).toBeNull();
    await clock().advance(300);
    expect((await takeOver('q'))?.id).toBe('early');
    expect((await takeOver('q'))?.id).toBe('late');
    expect(await takeOver('q')).toBeNull();
  });

  it('lists what is under way, and by whom', async () => {
    await claim('mine', 'p');
    await claim('lost', 'p', 100);
    const finished = (await claim('finished', 'p')) ?? fail();
    await claims().finish(finished);
    await claim('taken', 'dead', 50);
    await clock().advance(50);
    await takeOver('q');
    await clock().advance(50);
    const underWay = async (id?: string) =>
      (await claims().underWay(clock().now(), id)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const mine = { id: 'mine', owner: 'p', fence: 1 };
    const taken = { id: 'taken', owner: 'q', fence: 2 };
    expect(await underWay()).toEqual([mine, taken]);
    expect(await underWay('taken')).toEqual([taken]);
    for (const id of ['lost', 'finished', 'unknown']) expect(await underWay(id)).toEqual([]);
  });

  it('gives each claim to one of many who take over at once', async () => {
    for (let index = 0; index < 10; index++) await claim(`event ${index}`, 'dead');
    await clock().advance(10_000);
    const owners = Array.from({ length: 25 }, (_, index) => `p${index}`);
    const taken = (await Promise.all(owners.map(takeOver))).filter((each) => each !== null);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(10);
    expect(taken).toHaveLength(10);
  });

  it('renews the claims that are named, those that were taken over among them', async () => {
    await claim('taken', 'dead', 100);
    await clock().advance(100);
    const taken = (await takeOver('p')) ?? fail();
    const own = (await claim('own', 'p', 100)) ?? fail();
    await claim('other', 'p', 100);
    await claims().renew([], clock().now() + DAY_MS);
    await claims().renew([taken, own], clock().now() + MINUTE_MS);
    await clock().advance(20_000);
    const other = (await takeOver('r')) ?? fail();
    expect(other.id).toBe('other');
    await claims().finish(other);
    expect(await takeOver('r')).toBeNull();
    await clock().advance(MINUTE_MS);
    expect((await takeOver('r'))?.id).toBe('own');
  });

  it('does not renew what was taken away, is finished or never was', async () => {
    const first = (await claim('event', 'p', 100)) ?? fail();
    const finished = (await claim('finished', 'p', 100)) ?? fail();
    await claims().finish(finished);
    await clock().advance(100);
    await claims().takeOver('p', clock().now(), clock().now() + 100);
    await claims().renew([first, finished, { ...first, id: 'unknown' }], clock().now() + DAY_MS);
    await clock().advance(100);
    expect((await takeOver('r'))?.id).toBe('event');
    expect(await takeOver('r')).toBeNull();
  });

  it('lets a claim lapse whose answer was lost, and then nobody writes under it', async () => {
    const nowMs = clock().now();
    // Its owner has never heard of it, and goes on with what it knows.
    const unheard = { id: 'unheard', owner: 'p', fence: 1 };
    await claims().claim('unheard', 'p', nowMs + 10_000, nowMs + DAY_MS, { place: 'somewhere' });
    const known = (await claim('known', 'p')) ?? fail();
    for (let step = 0; step < 5; step++) {
      await clock().advance(3_000);
      await claims().renew([known], clock().now() + 10_000);
    }
    const heir = (await takeOver('q')) ?? fail();
    expect(heir).toMatchObject({ id: 'unheard', journal: { place: 'somewhere' } });
    expect(await takeOver('q')).toBeNull();
    expect(await claims().write(unheard, 'stale')).toBe(false);
    await expect(store().keyv('notes', unheard).set('one', 'stale')).rejects.toThrow(LockLost);
    expect(await claims().finish(unheard)).toBe(false);
    expect(await store().keyv('notes').get('one')).toBeUndefined();
    expect(await claims().finish(heir)).toBe(true);
  });

  it('frees a lock that has lapsed, without anybody who takes over, and nobody writes under the old one', async () => {
    const lock = (owner: string) => claims().claim('lock', owner, clock().now() + 10_000, 0);
    const unheard = (await lock('p')) ?? fail();
    await clock().advance(9_999);
    expect(await lock('q')).toBeNull();
    await clock().advance(1);
    const next = (await lock('q')) ?? fail();
    expect(next.fence).toBeGreaterThan(unheard.fence);
    await claims().renew([unheard], clock().now() + DAY_MS);
    await expect(store().keyv('notes', unheard).set('one', 'stale')).rejects.toThrow(LockLost);
    await store().keyv('notes', next).set('one', 'fresh');
    expect(await store().keyv('notes').get('one')).toBe('fresh');
    await clock().advance(10_000);
    expect(await lock('p')).not.toBeNull();
  });
}

function recordContract(records: () => RecordStore): void {
  const at = (atMs: number, more: Partial<LogRecord> = {}) => record(atMs, { atMs, ...more });
  const query = async (query: Parameters<RecordStore['query']>[0]) =>
    (await collect(records().query(query))).map(({ data }) => data);

  it('gives records back whole, newest first, those of one moment in reverse order', async () => {
    const first = record({ text: 'ä 😀', none: null, list: [], deep: { a: 1.5 } }, { atMs: 5 });
    const second = record('same moment', { atMs: 5 });
    const third = record('earlier, appended later', { atMs: 4 });
    for (const each of [first, second, third]) await records().append(each);
    expect(await collect(records().query({ kind: 'usage' }))).toEqual([second, first, third]);
  });

  it('finds by kind, guild, person and time', async () => {
    await records().append(at(1));
    await records().append(at(2, { user: '43' }));
    await records().append(at(3, { guild: 'discord:2' }));
    await records().append(at(4));
    await records().append(at(5, { kind: 'audit' }));
    expect(await query({ kind: 'usage' })).toEqual([4, 3, 2, 1]);
    expect(await query({ kind: 'audit' })).toEqual([5]);
    expect(await query({ kind: 'other' })).toEqual([]);
    expect(await query({ kind: 'usage', of: { guild: 'discord:1' } })).toEqual([4, 2, 1]);
    expect(await query({ kind: 'usage', of: { guild: 'discord:1', user: '42' } })).toEqual([4, 1]);
    expect(await query({ kind: 'usage', of: { guild: 'discord:2', user: '43' } })).toEqual([]);
    expect(await query({ kind: 'usage', fromMs: 2, toMs: 4 })).toEqual([3, 2]);
    expect(await query({ kind: 'usage', of: { guild: 'discord:1' }, fromMs: 2 })).toEqual([4, 2]);
  });

  it('reads more records than fit a page, many of one moment among them', async () => {
    const count = 1_203;
    for (let index = 0; index < count; index++) {
      await records().append(record(index, { atMs: Math.floor(index / 700) }));
    }
    expect(await query({ kind: 'usage', of: { guild: 'discord:1' } })).toEqual(
      Array.from({ length: count }, (_, index) => count - 1 - index),
    );
  });

  it('removes what a query names, and nothing else', async () => {
    for (let index = 0; index < 1_100; index++) await records().append(at(index, { user: 'old' }));
    await records().append(at(5_000));
    await records().append(at(5_001, { guild: 'discord:2' }));
    await records().append(at(1, { kind: 'audit' }));
    expect(await records().remove({ kind: 'usage', toMs: 1_050 })).toBe(1_050);
    expect((await query({ kind: 'usage', of: { guild: 'discord:1', user: 'old' } })).length).toBe(50);
    expect(await records().remove({ kind: 'usage', of: { guild: 'discord:1', user: 'old' } })).toBe(50);
    expect(await query({ kind: 'usage' })).toEqual([5_001, 5_000]);
    expect(await records().remove({ kind: 'usage', of: { guild: 'discord:1' } })).toBe(1);
    expect(await query({ kind: 'usage' })).toEqual([5_001]);
    expect(await query({ kind: 'usage', of: { guild: 'discord:1' } })).toEqual([]);
    expect(await query({ kind: 'audit' })).toEqual([1]);
    expect(await records().remove({ kind: 'usage', fromMs: 9_000 })).toBe(0);
  });
}

function fail(): never {
  throw new Error('expected a value');
}
