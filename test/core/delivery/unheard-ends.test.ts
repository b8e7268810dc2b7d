import { expect, it } from 'vitest';
import { UnheardEnds } from '../../../src/core/delivery/unheard-ends.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const end = (id: string, countsMs: number) => ({ id, countsMs, refillMs: 7 });

async function heard(ends: UnheardEnds, key: string) {
  return ends.tell(key, async (all) =>
    all.map(({ id, countsMs, refillMs }) => `${id} ${countsMs} ${refillMs}`),
  );
}

it('the ends of writes are told once, with the time that they still count', async () => {
  const clock = createFakeClock();
  const ends = new UnheardEnds(clock, 1_000);
  ends.note('a', end('w1', 500));
  await clock.advance(200);
  ends.note('a', end('w2', 500));
  ends.noteLimit('b');
  expect([ends.has('a'), ends.has('b'), ends.has('c'), ends.limits()]).toEqual([
    true,
    true,
    false,
    ['a', 'b'],
  ]);
  await clock.advance(400);
  expect(await heard(ends, 'a')).toEqual(['w1 0 7', 'w2 100 7']);
  expect([await heard(ends, 'a'), await heard(ends, 'b'), ends.limits()]).toEqual([[], [], []]);
});

it('an end that could not be told stays, until the store has given its write up', async () => {
  const clock = createFakeClock();
  const ends = new UnheardEnds(clock, 1_000);
  ends.note('a', end('w1', 500));
  ends.note('a', end('w2', 501));
  const failing = ends.tell('a', () => Promise.reject(new Error('no store')));
  ends.note('a', end('w3', 500));
  await expect(failing).rejects.toThrow('no store');
  expect(ends.limits()).toEqual(['a']);
  await clock.advance(1_500);
  ends.noteLimit('a');
  expect(await heard(ends, 'a')).toEqual(['w2 0 7']);
});
