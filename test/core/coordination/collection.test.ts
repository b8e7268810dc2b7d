import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  ASIDE_PREFIX,
  type CollectionOptions,
  createCollection,
  UnreadableValue,
} from '../../../src/core/coordination/collection.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { partsOfKey, type Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { collect } from '../../support/collect.ts';
import { tapStore } from '../../support/tapped-store.ts';

const schema = z.object({ name: z.string(), turns: z.array(z.string()) });
const note = { name: 'first', turns: ['a', 'b'] };

let store: Store;

beforeEach(async () => {
  store = await openStore('memory:', { clock: systemClock, log: pino({ level: 'silent' }) });
});
afterEach(() => store.close());

const collectionOf = (options?: CollectionOptions, on = store) =>
  createCollection(on, 'notes', schema, options);

describe('createCollection', () => {
  it('gives back what was set, and undefined for what was not', async () => {
    const notes = collectionOf();
    await notes.set('one', note);
    expect(await notes.get('one')).toEqual(note);
    expect(await notes.get('two')).toBeUndefined();
  });

  it('reads many at once, leaving out what does not exist', async () => {
    const notes = collectionOf();
    await notes.set('one', note);
    await notes.set('three', { ...note, name: 'third' });
    expect([...(await notes.getMany(['one', 'two', 'three']))]).toEqual([
      ['one', note],
      ['three', { ...note, name: 'third' }],
    ]);
    expect((await notes.getMany([])).size).toBe(0);
  });

  it('lists its keys', async () => {
    const notes = collectionOf();
    await notes.set('one', note);
    await notes.set('two', note);
    expect((await collect(notes.keys())).sort()).toEqual(['one', 'two']);
  });

  it('migrates a value of an older version as it is read', async () => {
    await createCollection(store, 'notes', z.object({ title: z.string() })).set('one', { title: 'first' });
    const notes = collectionOf({
      version: 3,
      migrate: (value, from) => ({
        name: `${z.object({ title: z.string() }).parse(value).title} of ${from}`,
        turns: [],
      }),
    });
    expect(await notes.get('one')).toEqual({ name: 'first of 1', turns: [] });
  });

  it.each([
    ['a value of a newer version', { version: 2, value: note }, 'its version is 2, newer than 1'],
    [
      'a value that fails the schema',
      { version: 1, value: { name: ['secret'], turns: [7] } },
      'name: invalid_type, turns.0: invalid_type',
    ],
    ['a value of another type', { version: 1, value: 'secret' }, 'value: invalid_type'],
    ['a value without a version', note, 'it has no version'],
    ['null', null, 'it has no version'],
  ])('rejects %s with its key, leaves it in place and keeps a copy aside', async (_, stored, reason) => {
    const keyv = valuesOf(store, 'notes');
    await keyv.set('one', stored);
    const notes = collectionOf();

    for (const read of [() => notes.get('one'), () => notes.getMany(['one'])]) {
      const error = await read().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(UnreadableValue);
      expect(error).toMatchObject({ code: 'unreadable_value', key: 'one' });
      expect(String(error)).toBe(`UnreadableValue: the stored value notes/one cannot be read: ${reason}`);
    }
    expect(await keyv.get('one')).toEqual(stored);

    await notes.set('one', note);
    expect(await notes.get('one')).toEqual(note);
    expect(await keyv.get(`${ASIDE_PREFIX}one`)).toEqual(stored);
    expect(await collect(notes.keys())).toEqual(['one']);
  });

  it('rejects an older value that nothing migrates', async () => {
    const keyv = valuesOf(store, 'notes');
    await keyv.set('one', { version: 1, value: note });
    await expect(collectionOf({ version: 2 }).get('one')).rejects.toThrow(
      'there is no migration from version 1 to 2',
    );
  });

  it('deletes a value together with what was kept aside of it', async () => {
    const keyv = valuesOf(store, 'notes');
    const notes = collectionOf();
    await keyv.set('one', 'garbage');
    await expect(notes.get('one')).rejects.toThrow(UnreadableValue);
    expect(await notes.delete('one')).toBe(true);
    expect(await keyv.getMany(['one', `${ASIDE_PREFIX}one`])).toEqual([undefined, undefined]);
    expect(await notes.delete('one')).toBe(false);
  });

  it('deletes that copy as well where the value is replaced by nothing', async () => {
    const keyv = valuesOf(store, 'notes');
    const notes = collectionOf();
    await keyv.set('one', 'garbage');
    await expect(notes.get('one')).rejects.toThrow(UnreadableValue);
    await notes.set('one', note);
    expect(await keyv.get(`${ASIDE_PREFIX}one`)).toBe('garbage');
    await notes.change('one', () => undefined);
    expect(await keyv.getMany(['one', `${ASIDE_PREFIX}one`])).toEqual([undefined, undefined]);
  });

  it('keeps values for as long as it is told, and no copy longer', async () => {
    const ttls: [key: string, ttl: number | undefined][] = [];
    const { write } = store;
    store.write = (changes) => {
      for (const change of changes)
        if (change.kind === 'set') ttls.push([partsOfKey(change.key)[1], change.ttlMs]);
      return write(changes);
    };
    const notes = collectionOf({ ttlMs: 60_000 });
    await notes.set('one', note);
    await collectionOf({ version: 2 }).set('two', note);
    await expect(notes.get('two')).rejects.toThrow(UnreadableValue);
    expect(ttls).toEqual([
      ['one', 60_000],
      ['two', undefined],
      [`${ASIDE_PREFIX}two`, 60_000],
    ]);
  });

  it('reads what several collections ask for at the same time in one call, and writes so too', async () => {
    const calls: number[] = [];
    const getManyRaw = store.values.getManyRaw.bind(store.values);
    store.values.getManyRaw = ((keys: string[]) => {
      calls.push(keys.length);
      return getManyRaw(keys);
    }) as typeof getManyRaw;
    const notes = collectionOf();
    const others = createCollection(store, 'others', schema);
    await Promise.all([notes.set('one', note), others.set('one', { ...note, name: 'other' })]);
    const [one, other, none] = await Promise.all([notes.get('one'), others.get('one'), others.get('two')]);
    expect([one, other, none]).toEqual([note, { ...note, name: 'other' }, undefined]);
    expect(calls).toEqual([3]);
  });

  it('replaces a value that was seen, unless it was changed, deleted or begun meanwhile', async () => {
    const notes = collectionOf({ ttlMs: 60_000 });
    const none = await notes.look('one');
    expect(await notes.replace('one', none, note)).toBe(true);
    expect(await notes.replace('one', none, { ...note, name: 'late' })).toBe(false);
    const first = await notes.look('one');
    expect(first.value).toEqual(note);
    expect(await notes.replace('one', first, { ...note, name: 'second' })).toBe(true);
    expect(await notes.replace('one', first, undefined)).toBe(false);
    expect(await notes.get('one')).toMatchObject({ name: 'second' });
    const second = await notes.look('one');
    await notes.delete('one');
    expect(await notes.replace('one', second, note)).toBe(false);
    expect(await notes.get('one')).toBeUndefined();
    expect(await notes.replace('one', await notes.look('one'), undefined)).toBe(true);
  });

  it('rejects where the store fails, and never answers with a miss', async () => {
    const broken = tapStore(store, () => Promise.reject(new Error('disk gone')));
    const notes = collectionOf({}, broken);
    await expect(notes.get('one')).rejects.toThrow('disk gone');
    await expect(notes.getMany(['one'])).rejects.toThrow('disk gone');
    await expect(notes.set('one', note)).rejects.toThrow('disk gone');
    await expect(notes.delete('one')).rejects.toThrow('disk gone');
  });
});
