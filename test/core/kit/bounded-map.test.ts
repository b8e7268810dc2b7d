import { expect, it } from 'vitest';
import { BoundedMap } from '../../../src/core/kit/bounded-map.ts';

it('drops what was set longest ago', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('one', 1).set('two', 2).set('one', 3);
  expect([...map]).toEqual([
    ['two', 2],
    ['one', 3],
  ]);
  map.set('three', 4);
  expect([...map]).toEqual([
    ['one', 3],
    ['three', 4],
  ]);
  map.set('three', 5);
  expect([...map]).toEqual([
    ['one', 3],
    ['three', 5],
  ]);
});
