import { describe, expect, it } from 'vitest';
import { createCache } from '../../../../src/adapters/slack/api/cache.ts';
import { systemClock } from '../../../../src/core/kit/time/clock.ts';

describe('a cache of answers', () => {
  function setUp() {
    let nowMs = Date.UTC(2026, 0, 2);
    let loads = 0;
    const cache = createCache<number>({ ...systemClock, now: () => nowMs }, 60_000);
    return {
      get: () => cache.get('key', async () => ++loads),
      move(ms: number) {
        nowMs += ms;
      },
    };
  }

  it('asks again when an answer is too old', async () => {
    const { get, move } = setUp();
    expect([await get(), await get()]).toEqual([1, 1]);
    move(59_999);
    expect(await get()).toBe(1);
    move(1);
    expect(await get()).toBe(2);
  });

  it('keeps no answer for longer where the clock is put back', async () => {
    const { get, move } = setUp();
    await get();
    move(-86_400_000);
    expect(await get()).toBe(2);
  });

  it('takes a value that nobody asked for if it pushes out no other that still counts', async () => {
    let nowMs = 0;
    const cache = createCache<string>({ ...systemClock, now: () => nowMs }, 60_000, 2);
    const ask = (key: string) => cache.get(key, async () => 'asked again');
    cache.put('a', 'A', 0);
    expect([cache.hasRoomFor('a'), cache.hasRoomFor('b')]).toEqual([false, true]);
    cache.put('b', 'B', 30_000);
    expect(cache.hasRoomFor('c')).toBe(false);
    nowMs = 60_000;
    expect(cache.hasRoomFor('c')).toBe(true);
    cache.put('c', 'C', 60_000);
    expect([await ask('b'), await ask('c')]).toEqual(['B', 'C']);
  });

  it('keeps no fault', async () => {
    const cache = createCache<string>(systemClock, 60_000);
    await expect(cache.get('key', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('key', async () => 'back')).toBe('back');
  });
});
