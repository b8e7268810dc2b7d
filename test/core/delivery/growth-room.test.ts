import { expect, it } from 'vitest';
import type { Owed } from '../../../src/core/delivery/debts.ts';
import { GrowthRoom } from '../../../src/core/delivery/growth-room.ts';

it('gives back room that it is granted as its answer ends', async () => {
  const granted = Promise.withResolvers<Owed>();
  let isKept = true;
  const limiters = { owe: () => granted.promise };
  const surface = { updateScope: { key: 'k', limit: 1, windowMs: 1_000 } };
  const room = new GrowthRoom(limiters, surface, () => {});
  expect(room.isKept()).toBe(false);
  granted.resolve({
    release() {
      isKept = false;
    },
  });
  room.close();
  await granted.promise;
  expect(isKept).toBe(false);
});

it('asks for room once, says when there is some, and gives it back once', async () => {
  const granted = Promise.withResolvers<Owed>();
  const scope = { key: 'k', limit: 1, windowMs: 1_000 };
  const calls: string[] = [];
  const limiters = {
    owe: (asked: unknown) => {
      calls.push(asked === scope ? 'ask' : 'ask elsewhere');
      return granted.promise;
    },
  };
  const room = new GrowthRoom(limiters, { updateScope: scope }, () => calls.push('ready'));
  expect([room.isAwaited(), room.isKept(), room.isKept(), room.isAwaited()]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  granted.resolve({ release: () => calls.push('release') });
  await granted.promise;
  expect([room.isKept(), room.isAwaited(), calls]).toEqual([true, false, ['ask', 'ready']]);
  room.release();
  room.release();
  room.close();
  expect(calls).toEqual(['ask', 'ready', 'release']);
  expect(room.isKept()).toBe(false);
});

it('stops asking for room when its answer ends', async () => {
  let signal: AbortSignal | undefined;
  const limiters = {
    owe: (_: unknown, given: AbortSignal) => {
      signal = given;
      return new Promise<Owed>((_, reject) => given.addEventListener('abort', () => reject(given.reason)));
    },
  };
  const updateScope = { key: 'k', limit: 1, windowMs: 1_000 };
  const room = new GrowthRoom(limiters, { updateScope }, () => {});
  room.isKept();
  room.close();
  expect(signal?.aborted).toBe(true);
});

it('has room without asking where updates have no limit', () => {
  const limiters = { owe: () => Promise.reject(new Error('nobody asks')) };
  const room = new GrowthRoom(limiters, {}, () => {});
  expect([room.isKept(), room.isAwaited()]).toEqual([true, false]);
});
