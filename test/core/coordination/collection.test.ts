import { Keyv } from 'keyv';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  ASIDE_PREFIX,
  type CollectionOptions,
  createCollection,
  UnreadableValue,
} from '../../../src/core/coordination/collection.ts';
import { collect } from '../../support/collect.ts';

const schema = z.object({ name: z.string(), turns: z.array(z.string()) });
const note = { name: 'first', turns: ['a', 'b'] };

function keyvOf(map = new Map<string, unknown>()): Keyv {
  return new Keyv({ store: map, namespace: 'notes', useKeyPrefix: false, throwOnErrors: true });
}

const collectionOf = <T>(keyv: Keyv, options: CollectionOptions<T>) =>
  createCollection(
    {
      keyv: () => keyv,
      async *keys(_, prefix) {
        for await (const [key] of keyv.iterator?.('notes') ?? []) if (key.startsWith(prefix)) yield key;
      },
    },
    'notes',
    options,
  );

describe('createCollection', () => {
  it('gives back what was set, and undefined for what was not', async () => {
    const notes = collectionOf(keyvOf(), { version: 1, schema });
    await notes.set('one', note);
    expect(await notes.get('one')).toEqual(note);
    expect(await notes.get('two')).toBeUndefined();
  });

  it('reads many at once, leaving out what does not exist', async () => {
    const notes = collectionOf(keyvOf(), { version: 1, schema });
    await notes.set('one', note);
    await notes.set('three', { ...note, name: 'third' });
    expect([...(await notes.getMany(['one', 'two', 'three']))]).toEqual([
      ['one', note],
      ['three', { ...note, name: 'third' }],
    ]);
    expect((await notes.getMany([])).size).toBe(0);
  });

  it('lists its keys', async () => {
    const notes = collectionOf(keyvOf(), { version: 1, schema });
    await notes.set('one', note);
    await notes.set('two', note);
    expect((await collect(notes.keys())).sort()).toEqual(['one', 'two']);
  });

  it('migrates a value of an older version as it is read', async () => {
    const keyv = keyvOf();
    await collectionOf(keyv, { version: 1, schema: z.object({ title: z.string() }) }).set('one', {
      title: 'first',
    });
    const notes = collectionOf(keyv, {
      version: 3,
      schema,
      migrate: (value, from) => ({
        name: `${z.object({ title: z.string() }).parse(value).title} of ${from}`,
        turns: [],
      }),
    });
    expect(await notes.get('one')).toEqual({ name: 'first of 1', turns: [] });
  });

  it.each([
    ['a value of a newer version', { version: 2, value: note }, 'newer than 1'],
    ['a value that fails the schema', { version: 1, value: { name: 'secret', turns: [7] } }, 'turns.0'],
    ['a value without a version', note, 'no version'],
    ['null', null, 'no version'],
  ])('rejects %s with its key, leaves it in place and keeps a copy aside', async (_, stored, reason) => {
    const keyv = keyvOf();
    await keyv.set('one', stored);
    const notes = collectionOf(keyv, { version: 1, schema });

    for (const read of [() => notes.get('one'), () => notes.getMany(['one'])]) {
      const error = await read().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(UnreadableValue);
      expect(error).toMatchObject({ code: 'unreadable_value', key: 'one' });
      expect(String(error)).toContain(reason);
      expect(String(error)).toContain('notes/one');
      expect(String(error)).not.toContain('secret');
    }
    expect(await keyv.get('one')).toEqual(stored);

    await notes.set('one', note);
    expect(await notes.get('one')).toEqual(note);
    expect(await keyv.get(`${ASIDE_PREFIX}one`)).toEqual(stored);
    expect(await collect(notes.keys())).toEqual(['one']);
  });

  it('rejects an older value that nothing migrates', async () => {
    const keyv = keyvOf();
    await keyv.set('one', { version: 1, value: note });
    await expect(collectionOf(keyv, { version: 2, schema }).get('one')).rejects.toThrow('nothing migrates');
  });

  it('deletes a value together with what was kept aside of it', async () => {
    const map = new Map<string, unknown>();
    const keyv = keyvOf(map);
    const notes = collectionOf(keyv, { version: 1, schema });
    await keyv.set('one', 'garbage');
    await expect(notes.get('one')).rejects.toThrow(UnreadableValue);
    expect(await notes.delete('one')).toBe(true);
    expect(map.size).toBe(0);
    expect(await notes.delete('one')).toBe(false);
  });

  it('keeps values for as long as it is told, and no copy longer', async () => {
    const ttls: [key: string, ttl: number | undefined][] = [];
    const keyv = keyvOf();
    keyv.hooks.addHandler('preSet', ({ key, ttl }: { key: string; ttl?: number }) => ttls.push([key, ttl]));
    const notes = collectionOf(keyv, { version: 1, schema, ttlMs: 60_000 });
    await notes.set('one', note);
    await collectionOf(keyv, { version: 2, schema }).set('two', note);
    await expect(notes.get('two')).rejects.toThrow(UnreadableValue);
    expect(ttls).toEqual([
      ['one', 60_000],
      ['two', undefined],
      [`${ASIDE_PREFIX}two`, 60_000],
    ]);
  });

  it('rejects where the store fails, and never answers with a miss', async () => {
    const broken = {
      opts: {},
      on: () => broken,
      get: async () => Promise.reject(new Error('disk gone')),
      getMany: async () => Promise.reject(new Error('disk gone')),
      set: async () => Promise.reject(new Error('disk gone')),
      delete: async () => Promise.reject(new Error('disk gone')),
      clear: async () => {},
    };
    const notes = collectionOf(new Keyv(broken, { namespace: 'notes', throwOnErrors: true }), {
      version: 1,
      schema,
    });
    await expect(notes.get('one')).rejects.toThrow('disk gone');
    await expect(notes.getMany(['one'])).rejects.toThrow('disk gone');
    await expect(notes.set('one', note)).rejects.toThrow('disk gone');
    await expect(notes.delete('one')).rejects.toThrow('disk gone');
  });
});
