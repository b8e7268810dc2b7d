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
