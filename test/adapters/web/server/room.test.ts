import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../../src/adapters/web/server/messages.ts';
import { createRoom } from '../../../../src/adapters/web/server/room.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { openStore } from '../playground.ts';

function said(id: string, thread: string | null = null): Draft {
  const spot = { channel: 'general', thread };
  return { ...spot, kind: 'said', id, user: 'member', audience: null, text: id, addressed: false, files: [] };
}

describe('a room', () => {
  it('keeps the newest thousand messages, and lets a thread go with what it hung on', async () => {
    const values = new Map<string, unknown>();
    const room = createRoom(openStore(values), createFakeClock(), pino({ level: 'silent' }));
    await room.post(said('root'));
    await room.post(said('reply', 'root'));
    for (let n = 0; n < 998; n++) await room.post(said(`m${n}`));
    expect(values.size).toBe(1_000);
    await room.post(said('one more'));
    expect([room.find('root'), room.find('reply')]).toEqual([expect.anything(), undefined]);
    await room.post(said('last'));
    expect(values.size).toBe(1_000);
    expect(room.find('root')).toBeUndefined();
    expect(room.find('m0')).toBeDefined();
    expect(room.changes.since(null, 'member').items).toHaveLength(1_000);
  });

  it('keeps what a lively thread hangs on, however old it is', async () => {
    const values = new Map<string, unknown>();
    const room = createRoom(openStore(values), createFakeClock(), pino({ level: 'silent' }));
    await room.post(said('root'));
    for (let n = 0; n < 999; n++) await room.post(said(`m${n}`));
    await room.post(said('reply', 'root'));
    await room.post(said('last'));
    expect(values.size).toBe(1_000);
    expect(room.find('root')).toBeDefined();
    expect(room.find('reply')).toBeDefined();
    expect([room.find('m0'), room.find('m1')]).toEqual([undefined, undefined]);
  });

  it('has a message though an old one could not be forgotten', async () => {
    const store = openStore(new Map());
    const room = createRoom(store, createFakeClock(), pino({ level: 'silent' }));
    for (let n = 0; n < 1_000; n++) await room.post(said(`m${n}`));
    const { write } = store;
    store.write = async (changes) => {
      if (changes.some(({ kind }) => kind === 'delete')) throw new Error('down');
      return write(changes);
    };
    expect(await room.post(said('last'))).toMatchObject({ id: 'last' });
    expect(room.find('last')).toBeDefined();
  });

  it('goes on with the order of an earlier process', async () => {
    const values = new Map<string, unknown>();
    const log = pino({ level: 'silent' });
    const before = createRoom(openStore(values), createFakeClock(), log);
    for (let n = 0; n < 12; n++) await before.post(said(`m${n}`));
    const after = createRoom(openStore(values), createFakeClock(), log);
    await after.load();
    await after.post(said('next'));
    const shown = after.changes.since(null, 'member').items.map(([key]) => key);
    expect(shown).toEqual([...Array.from({ length: 12 }, (_, n) => `m${n}`), 'next']);
    expect(after.find('next')?.order).toBe(13);
  });

  it('shows no state before it is stored, so that a process that dies takes nothing back', async () => {
    const values = new Map<string, unknown>();
    const store = openStore(values);
    const room = createRoom(store, createFakeClock(), pino({ level: 'silent' }));
    const message = await room.post(said('m1'));
    const shown = () => room.changes.since(null, 'member').items.map(([, item]) => item);
    let stored = Promise.resolve();
    const { write } = store;
    store.write = async (...args) => {
      await stored;
      return write(...args);
    };
    for (const text of ['m1 and more', 'm1 and still more']) {
      const { promise, resolve } = Promise.withResolvers<void>();
      stored = promise;
      const replacing = room.replace({ ...message, text } as typeof message, true);
      expect(shown()).not.toMatchObject([{ text }]);
      resolve();
      await replacing;
      expect(shown()).toMatchObject([{ text }]);
      expect(JSON.stringify([...values.values()])).toContain(text);
    }
  });

  it('shows a state that the store does not take, and rejects where none follows', async () => {
    const store = openStore(new Map());
    const room = createRoom(store, createFakeClock(), pino({ level: 'silent' }));
    const message = await room.post(said('m1'));
    store.write = async () => {
      throw new Error('down');
    };
    await room.replace({ ...message, text: 'growing' } as typeof message, true);
    await expect(room.replace({ ...message, text: 'whole' } as typeof message)).rejects.toThrow('down');
    expect(room.changes.since(null, 'member').items).toMatchObject([['m1', { text: 'whole' }]]);
  });

  it('does not begin as an empty one where the store fails', async () => {
    const store = openStore(new Map());
    store.values.getManyRaw = async () => {
      throw new Error('down');
    };
    const room = createRoom(store, createFakeClock(), pino({ level: 'silent' }));
    await createRoom(store, createFakeClock(), pino({ level: 'silent' })).post(said('m1'));
    await expect(room.load()).rejects.toThrow('down');
  });
});
