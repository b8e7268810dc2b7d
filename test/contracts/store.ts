import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCollection, UnreadableValue } from '../../src/core/coordination/collection.ts';
import type { GuildId } from '../../src/core/ports/actor.ts';
import {
  type Amounts,
  type Change,
  type ClaimStore,
  type Draw,
  keyIn,
  type LedgerStore,
  type LogRecord,
  type RecordStore,
  type Reservation,
  type Store,
} from '../../src/core/ports/store.ts';
import { change, finish, settle, valuesOf, writeJournal } from '../support/changes.ts';
import { collect } from '../support/collect.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Opens a store that holds nothing yet. */
export type OpenEmptyStore = (clock: FakeClock) => Promise<Store>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The promises of every store to core. */
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

    describe('values', () => valueContract(() => store));
    describe('changes', () => changeContract({ store: () => store, clock: () => clock }));
    describe('ledger', () =>
      ledgerContract({ ledger: () => store.ledger, store: () => store, clock: () => clock }));
    describe('claims', () =>
      claimContract({ claims: () => store.claims, store: () => store, clock: () => clock }));
    describe('records', () => recordContract(() => store.records));
  });
}

function valueContract(store: () => Store): void {
  it('gives back what was set, and undefined for what was not', async () => {
    const notes = valuesOf(store(), 'notes');
    await notes.set('one', { text: 'ä 😀 :base64:', list: [1, null, { deep: true }] });
    expect(await notes.get('one')).toEqual({ text: 'ä 😀 :base64:', list: [1, null, { deep: true }] });
    expect(await notes.get('two')).toBeUndefined();
  });

  it('replaces and deletes', async () => {
    const notes = valuesOf(store(), 'notes');
    await notes.set('one', 1);
    await notes.set('one', 2);
    expect(await notes.get('one')).toBe(2);
    expect(await notes.delete('one')).toBe(true);
    expect(await notes.delete('one')).toBe(false);
    expect(await notes.get('one')).toBeUndefined();
  });

  it('keeps namespaces apart, also where a key looks like one of another', async () => {
    const notes = valuesOf(store(), 'notes');
    const keys = valuesOf(store(), 'keys');
    await notes.set('keys:a', 'a note');
    await notes.set('a', 'another note');
    await notes.set('notes:a', 'a third note');
    await keys.set('a', 'a key');
    expect(await notes.getMany(['a', 'keys:a', 'notes:a'])).toEqual([
      'another note',
      'a note',
      'a third note',
    ]);
    expect(await keys.get('a')).toBe('a key');
    expect(await keys.get('keys:a')).toBeUndefined();
  });

  it('bears a collection', async () => {
    const raw = valuesOf(store(), 'notes');
    const notes = createCollection(store(), 'notes', z.object({ text: z.string() }), { ttlMs: DAY_MS });
    await notes.set('discord:1/a', { text: ':ä 😀' });
    await raw.set('discord:1/b', 'garbage');
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
    const set = { kind: 'set', key: keyIn('notes', 'one'), value: 1, ttlMs: 60_000.5 } as const;
    expect(await change(store(), set)).toBe(true);
    const before = (await store().values.getManyRaw([set.key]))[0];
    expect(await change(store(), { ...set, kind: 'replace', before, value: 2 })).toBe(true);
    expect(await valuesOf(store(), 'notes').get('one')).toBe(2);
  });

  it('lists the keys that begin with a prefix, whatever characters are in it, and no others', async () => {
    const notes = valuesOf(store(), 'notes');
    const keysOf = async (prefix: string) =>
      [...new Set(await collect(store().keys('notes', prefix)))].sort();
    const odd = ['a*/1', 'a*/2', 'a*', 'ab/1', 'a?/1', 'a[b]/1', 'a\\/1', 'ä/1', 'ä/😀'].sort();
    await notes.setMany(odd.map((key) => ({ key, value: 1 })));
    await notes.setMany(Array.from({ length: 150 }, (_, index) => ({ key: `many/${index}`, value: 1 })));
    await valuesOf(store(), 'notes2').set('a*/3', 1);
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
  const made = new Map<string, Reservation>();
  const reserve = (wanted: Reservation) => {
    made.set(wanted.id, wanted);
    return ledger().reserve(wanted);
  };
  const settleOf = (id: string, actual: Amounts, left?: LogRecord) =>
    settle(store(), made.get(id) ?? reservation(id, 0, []), actual, left);
  beforeEach(() => made.clear());

  it('adds each unit to the counters that draw on it and says what they come to', async () => {
    const draws = [
      draw('money', 1_000),
      draw('requests', 10, { unit: 'requests' }),
      draw('attempts', null, { unit: 'attempts' }),
    ];
    expect(await reserve(reservation('a', 300, draws))).toEqual({ ok: true, used: [300, 1, 1] });
    expect(await reserve(reservation('b', 700, draws))).toEqual({ ok: true, used: [1_000, 2, 2] });
    expect(await values('money', 'requests', 'attempts', 'never')).toEqual([1_000, 2, 2, 0]);
  });

  it('adds nothing anywhere where one counter would pass its limit, and names the first of them', async () => {
    const draws = [draw('user', 1_000), draw('guild', 500), draw('all', 500)];
    await reserve(reservation('a', 500, draws));
    expect(await reserve(reservation('b', 1, draws))).toEqual({
      ok: false,
      draw: draws[1],
      used: 500,
    });
    expect(await values('user', 'guild', 'all')).toEqual([500, 500, 500]);
    expect(await settleOf('b', NOTHING)).toBe(false);
  });

  it('admits nothing against a limit of 0 but what costs nothing', async () => {
    expect((await reserve(reservation('a', 1, [draw('user', 0)]))).ok).toBe(false);
    expect((await reserve(reservation('b', 0, [draw('user', 0)]))).ok).toBe(true);
  });

  it('counts an id that is open already once', async () => {
    const draws = [draw('user', 1_000)];
    await reserve(reservation('a', 600, draws));
    expect(await reserve(reservation('a', 600, draws))).toEqual({ ok: true, used: [600] });
    expect(await values('user')).toEqual([600]);
  });

  it('corrects the counters to the actual amounts, up as well as down, past limits too', async () => {
    const draws = [draw('money', 1_000), draw('requests', 10, { unit: 'requests' })];
    await reserve(reservation('a', 600, draws));
    await reserve(reservation('b', 400, draws));
    expect(await settleOf('a', { nanoUsd: 123, setAsideNanoUsd: 0, requests: 1, attempts: 1 })).toBe(true);
    expect(await values('money', 'requests')).toEqual([523, 2]);
    expect(await settleOf('b', { nanoUsd: 2_000, setAsideNanoUsd: 0, requests: 0, attempts: 1 })).toBe(true);
    expect(await values('money', 'requests')).toEqual([2_123, 1]);
  });

  it('settles once: the second time changes nothing and leaves no record', async () => {
    await reserve(reservation('a', 600, [draw('user', 1_000)]));
    expect(await settleOf('a', { ...NOTHING, nanoUsd: 5 }, record('first'))).toBe(true);
    expect(await settleOf('a', { ...NOTHING, nanoUsd: 9 }, record('second'))).toBe(false);
    expect(await settleOf('unknown', NOTHING, record('third'))).toBe(false);
    expect(await values('user')).toEqual([5]);
    expect(await collect(store().records.query({ kind: 'usage' }))).toEqual([record('first')]);
  });

  it('settles once where two try at the same time', async () => {
    await reserve(reservation('a', 600, [draw('user', 1_000)]));
    const settle = () => settleOf('a', { ...NOTHING, nanoUsd: 5 }, record('settled'));
    expect((await Promise.all([settle(), settle(), settle()])).sort()).toEqual([false, false, true]);
    expect(await values('user')).toEqual([5]);
    expect(await collect(store().records.query({ kind: 'usage' }))).toHaveLength(1);
  });

  it('is exact up to 2^53 - 1', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const draws = [draw('user', null)];
    expect(await reserve(reservation('a', most - 1, draws))).toEqual({ ok: true, used: [most - 1] });
    expect(await reserve(reservation('c', 1, draws))).toEqual({ ok: true, used: [most] });
    expect(await settleOf('a', { ...NOTHING, nanoUsd: 3 })).toBe(true);
    expect(await values('user')).toEqual([4]);
  });

  it('stops counting at 2^53 - 1, reads on, and admits what has no limit', async () => {
    const draws = [draw('user', null), draw('guild', 1_000)];
    for (let index = 0; index < 10; index++) {
      const id = `dear ${index}`;
      await reserve(reservation(id, 100, index === 0 ? draws : draws.slice(0, 1)));
      expect(await settleOf(id, { ...NOTHING, nanoUsd: 1e15 })).toBe(true);
    }
    expect(await values('user', 'guild')).toEqual([Number.MAX_SAFE_INTEGER, 1e15]);
    expect(await reserve(reservation('more', 100, draws.slice(0, 1)))).toEqual({
      ok: true,
      used: [Number.MAX_SAFE_INTEGER],
    });
    expect((await reserve(reservation('limited', 1, draws))).ok).toBe(false);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the amount %d', async (amount) => {
    await expect(reserve(reservation('a', amount, [draw('user', 5)]))).rejects.toThrow(RangeError);
    await expect(reserve(reservation('a', 1, [draw('user', amount)]))).rejects.toThrow(RangeError);
    await reserve(reservation('a', 1, [draw('user', 5)]));
    await expect(settleOf('a', { ...NOTHING, nanoUsd: amount })).rejects.toThrow(RangeError);
    expect(await values('user')).toEqual([1]);
  });

  it('lists as abandoned what is open and whose lease has run out, with its generation id', async () => {
    const made = Date.UTC(2026, 0, 1);
    const draws = [draw('user', null), draw('guild', 7_000, { unit: 'requests' })];
    const old = reservation('old', 600, draws, { leaseUntilMs: made + 2 });
    const older = reservation('older', 0, [], { leaseUntilMs: made + 1 });
    const alive = reservation('alive', 1, draws, { leaseUntilMs: made + 3 });
    const settled = reservation('settled', 1, draws, { leaseUntilMs: made });
    for (const each of [old, older, alive, settled]) await reserve(each);
    await ledger().annotate('old', 'gen-1');
    await ledger().annotate('settled', 'gen-2');
    await settleOf('settled', NOTHING);
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
    for (const each of [mine, lost, another, elsewhere, settled]) await reserve(each);
    await settleOf('settled', NOTHING);
    const byId = (found: readonly Reservation[]) => found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(await ledger().openReservations({ guild: 'discord:1' }))).toEqual([another, lost, mine]);
    expect(byId(await ledger().openReservations({ guild: 'discord:1', user: '42' }))).toEqual([lost, mine]);
    expect(await ledger().openReservations({ guild: 'discord:3' })).toEqual([]);
    expect((await ledger().openReservations()).length).toBeGreaterThan(3);
  });

  it('renews the leases of the reservations that are named, of those that are open', async () => {
    const made = Date.UTC(2026, 0, 1);
    for (const id of ['a', 'b', 'settled']) await reserve(reservation(id, 1, []));
    await settleOf('settled', NOTHING);
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
    await reserve(reservation('a', 1, [draw('soon', 9), draw('later', 9, { expiresAtMs: Date.UTC(2027) })]));
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
    expect(await settleOf('a', { ...NOTHING, nanoUsd: 3 })).toBe(true);
    expect(await values('soon', 'later')).toEqual([0, 3]);
  });

  it('admits exactly as many at once as the limit has room for', async () => {
    const draws = [draw('user', 1_000), draw('guild', 50)];
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => reserve(reservation(`r${index}`, 1, draws))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    expect(await values('user', 'guild')).toEqual([50, 50]);
  });
}

function changeContract({ store, clock }: { store(): Store; clock(): FakeClock }): void {
  const note = (key: string) => keyIn('notes', key);
  const set = (key: string, value: unknown): Change => ({ kind: 'set', key: note(key), value });
  const read = async (...keys: string[]) => store().values.getMany(keys.map(note));
  const rawOf = async (key: string) => (await store().values.getManyRaw([note(key)]))[0];
  const claim = async (id: string) => {
    const claimed = await store().claims.claim(id, 'p', clock().now() + 10_000, clock().now() + DAY_MS);
    return claimed ?? fail();
  };

  it('are none, and change nothing', async () => {
    expect(await store().write([])).toEqual([]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'are none at all if one lives for %s ms',
    async (ttlMs) => {
      const dead: Change = { kind: 'set', key: note('two'), value: 2, ttlMs };
      const after: Change = { kind: 'replace', key: note('two'), before: undefined, value: 2, ttlMs };
      for (const each of [dead, after]) {
        await expect(store().write([set('one', 1), each])).rejects.toThrow(RangeError);
      }
      expect(await read('one', 'two')).toEqual([undefined, undefined]);
    },
  );

  it('set values of several namespaces, replace them and delete them, in their order', async () => {
    const others = keyIn('others', 'one');
    const made = await store().write([
      set('one', { text: 'ä' }),
      { kind: 'set', key: others, value: [1, null], ttlMs: 60_000 },
      set('one', 'again'),
      { kind: 'delete', key: note('none') },
      { kind: 'delete', key: others },
      set('two', 2),
      { kind: 'delete', key: note('two') },
      set('two', 'at last'),
    ]);
    expect(made).toEqual([true, true, true, false, true, true, true, true]);
    expect(await read('one', 'two')).toEqual(['again', 'at last']);
    expect(await store().values.get(others)).toBeUndefined();
    expect((await collect(store().keys('notes', ''))).sort()).toEqual(['one', 'two']);
    expect(await collect(store().keys('others', ''))).toEqual([]);
  });

  it('of all kinds are one step, where each that cannot be made is no matter of the others', async () => {
    const [growing, dealt, lost] = [await claim('growing'), await claim('dealt'), await claim('lost')];
    await finish(store(), lost);
    const [open, settled] = [reservation('open', 600, [draw('user', null)]), reservation('settled', 1, [])];
    await store().ledger.reserve(open);
    const actual = { ...NOTHING, nanoUsd: 5 };
    expect(
      await store().write([
        { kind: 'journal', claim: growing, journal: { text: 'so far' } },
        { kind: 'settle', reservation: open, actual, record: record('open') },
        { kind: 'settle', reservation: settled, actual, record: record('settled') },
        { kind: 'journal', claim: lost, journal: 'late' },
        { kind: 'finish', claim: lost },
        set('one', 1),
        { kind: 'replace', key: note('one'), before: { value: 7 }, value: 2 },
        { kind: 'journal', claim: dealt, journal: 'about to end' },
        { kind: 'finish', claim: dealt },
        { kind: 'journal', claim: dealt, journal: 'late' },
        { kind: 'finish', claim: dealt },
      ]),
    ).toEqual([true, true, false, false, false, true, false, true, true, false, false]);
    expect(await read('one')).toEqual([1]);
    expect([...(await store().ledger.read(['user'])).values()]).toEqual([5]);
    expect(await collect(store().records.query({ kind: 'usage' }))).toEqual([record('open')]);
    expect(await store().claims.journals(clock().now(), 10)).toEqual([
      { ...growing, journal: { text: 'so far' } },
    ]);
  });

  it('give a value its time to live', async () => {
    const collection = createCollection(store(), 'notes', z.string(), { ttlMs: 2_000 });
    await collection.set('one', 'short');
    expect(await collection.get('one')).toBe('short');
    // By the store's own clock where it has one.
    await clock().advance(2_000);
    await waitUntil(async () => expect(await collection.get('one')).toBeUndefined());
  });

  it('append a record in the same step, if they are made', async () => {
    const made = record('made');
    const late = record('late');
    const key = note('one');
    expect(
      await store().write([
        { ...set('one', 1), record: made },
        { kind: 'replace', key, before: { value: 7 }, value: 2, record: late },
        { kind: 'replace', key, before: { value: 1 }, value: 2, record: made },
        { kind: 'delete', key, record: made },
        { kind: 'delete', key, record: late },
      ]),
    ).toEqual([true, false, true, true, false]);
    expect(await collect(store().records.query({ kind: 'usage' }))).toEqual([made, made, made]);
  });

  it('of one value are all made, however many processes make them at once', async () => {
    const schema = z.array(z.number());
    const lists = [0, 1].map(() => createCollection({ ...store() }, 'notes', schema, { ttlMs: 60_000 }));
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    await Promise.all(
      numbers.map((each) => lists[each % 2]?.change('list', (before = []) => [...before, each])),
    );
    expect((await lists[0]?.get('list'))?.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(await lists[0]?.change('list', () => undefined)).toHaveLength(20);
    expect(await lists[0]?.change('list', (before) => before)).toBeUndefined();
    expect(await lists[1]?.get('list')).toBeUndefined();
  });

  it('that no counter could hold change nothing at all', async () => {
    const [open] = [reservation('open', 1, [draw('user', null)])];
    await store().ledger.reserve(open);
    const actual = { ...NOTHING, nanoUsd: 0.5 };
    const changes: Change[] = [set('one', 1), { kind: 'settle', reservation: open, actual }];
    await expect(store().write(changes)).rejects.toThrow(RangeError);
    expect(await read('one')).toEqual([undefined]);
    expect(await store().ledger.openReservations({ guild: 'discord:1' })).toHaveLength(1);
  });

  it('replace what was read, and nothing else', async () => {
    const replace = async (before: unknown, value: unknown, ttlMs?: number) =>
      change(store(), {
        kind: 'replace',
        key: note('one'),
        before,
        value,
        ...(ttlMs !== undefined && { ttlMs }),
      });
    expect(await replace(undefined, { n: 1, text: 'ä 😀' }, 60_000)).toBe(true);
    expect(await replace(undefined, { n: 2 })).toBe(false);
    const first = await rawOf('one');
    expect(await replace(first, { n: 2 })).toBe(true);
    expect(await replace(first, { n: 3 })).toBe(false);
    expect(await replace(first, undefined)).toBe(false);
    expect(await read('one')).toEqual([{ n: 2 }]);
    // Written by Keyv itself, it is the same text.
    await valuesOf(store(), 'notes').set('one', { n: 4, list: [{}] }, 60_000);
    expect(await replace(await rawOf('one'), undefined)).toBe(true);
    expect(await read('one')).toEqual([undefined]);
    expect(await collect(store().keys('notes', ''))).toEqual([]);
    expect(await replace(undefined, undefined)).toBe(true);
  });

  it('let one of those succeed that replace the same value at once', async () => {
    await valuesOf(store(), 'notes').set('sum', 0);
    const add = async () => {
      for (;;) {
        const before = await rawOf('sum');
        const value = Number(before?.value) + 1;
        if (await change(store(), { kind: 'replace', key: note('sum'), before, value })) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await read('sum')).toEqual([20]);
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
    await finish(store(), second);
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
    expect(await finish(store(), first)).toBe(true);
    expect(await claim('event', 'q')).toBeNull();
    await clock().advance(DAY_MS - 1);
    expect(await claim('event', 'q')).toBeNull();
    await clock().advance(1);
    expect(await claim('event', 'q')).toMatchObject({ owner: 'q', journal: null });
    expect(await finish(store(), first)).toBe(false);
  });

  it('serves as a lock where it expires at once', async () => {
    const lock = (owner: string) => claims().claim('lock', owner, clock().now() + 10_000, clock().now());
    const first = (await lock('p')) ?? fail();
    expect(await lock('q')).toBeNull();
    expect(await finish(store(), first)).toBe(true);
    const second = (await lock('q')) ?? fail();
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await writeJournal(store(), first, 'stale')).toBe(false);
  });

  it('never forgets a claim that is unfinished', async () => {
    const first = (await claim('event', 'p')) ?? fail();
    await writeJournal(store(), first, { messages: [1] });
    await clock().advance(7 * DAY_MS);
    expect(await claim('event', 'q')).toBeNull();
    expect(await takeOver('q')).toMatchObject({ id: 'event', journal: { messages: [1] } });
  });

  it('shows the journals of what is being dealt with, and of nothing else', async () => {
    const journals = (most = 10) => claims().journals(clock().now(), most);
    const mine = (await claim('mine', 'p')) ?? fail();
    await writeJournal(store(), mine, { text: 'so far' });
    await claim('without', 'p');
    const finished = (await claim('finished', 'p')) ?? fail();
    await writeJournal(store(), finished, 'over');
    await finish(store(), finished);
    const dead = (await claim('dead', 'q', 100)) ?? fail();
    await writeJournal(store(), dead, 'left');
    expect(await journals()).toHaveLength(2);
    await clock().advance(100);
    expect(await journals()).toEqual([{ ...mine, journal: { text: 'so far' } }]);
    expect(await journals(0)).toEqual([]);
  });

  it('hands the journal to whoever takes the claim over, whatever JSON it is', async () => {
    const journal = { empty: [], none: null, text: 'ä 😀 \ud800', nested: { a: [{}, 1.5] } };
    const first = (await claim('event', 'p')) ?? fail();
    expect(await writeJournal(store(), first, 'draft')).toBe(true);
    expect(await writeJournal(store(), first, journal)).toBe(true);
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
      expect(await writeJournal(store(), old, 'stale')).toBe(false);
      expect(await finish(store(), old)).toBe(false);
    }
    expect(await writeJournal(store(), third, 'fresh')).toBe(true);
    expect(await finish(store(), third)).toBe(true);
  });

  it('refuses to write to a claim that is finished or never was', async () => {
    const first = (await claim('event', 'p')) ?? fail();
    await finish(store(), first);
    expect(await writeJournal(store(), first, 'late')).toBe(false);
    expect(await finish(store(), first)).toBe(false);
    expect(await writeJournal(store(), { ...first, id: 'unknown' }, 'late')).toBe(false);
  });

  it('lets claims be taken over once their lease has run out, first those that ran out first', async () => {
    await claim('late', 'p', 300);
    await claim('early', 'p', 100);
    await claim('alive', 'p', 1_000);
    const finished = (await claim('finished', 'p', 50)) ?? fail();
    await finish(store(), finished);
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
    await finish(store(), finished);
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
    await finish(store(), other);
    expect(await takeOver('r')).toBeNull();
    await clock().advance(MINUTE_MS);
    expect((await takeOver('r'))?.id).toBe('own');
  });

  it('does not renew what was taken away, is finished or never was', async () => {
    const first = (await claim('event', 'p', 100)) ?? fail();
    const finished = (await claim('finished', 'p', 100)) ?? fail();
    await finish(store(), finished);
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
    expect(await writeJournal(store(), unheard, 'stale')).toBe(false);
    expect(await finish(store(), unheard)).toBe(false);
    expect(await finish(store(), heir)).toBe(true);
  });

  it('frees a lock that has lapsed, without anybody who takes over, and renews the old one no more', async () => {
    const lock = (owner: string) => claims().claim('lock', owner, clock().now() + 10_000, 0);
    const unheard = (await lock('p')) ?? fail();
    await clock().advance(9_999);
    expect(await lock('q')).toBeNull();
    await clock().advance(1);
    const next = (await lock('q')) ?? fail();
    expect(next.fence).toBeGreaterThan(unheard.fence);
    await claims().renew([unheard], clock().now() + DAY_MS);
    expect(await finish(store(), unheard)).toBe(false);
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
