import { describe, expect, it } from 'vitest';
import { createRate, type Waiting } from '../../../../src/core/kit/scheduling/rate.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

function setUp({ perSecond = 10, atOnce = 1 } = {}) {
  const clock = createFakeClock();
  const startMs = clock.now();
  const pace = createRate(clock, { perSecond, atOnce });
  const turns: { name: string; atMs: number }[] = [];
  const enter = async (name: string, waiting?: Waiting) => {
    await pace.enter(waiting);
    turns.push({ name, atMs: clock.now() - startMs });
  };
  return { clock, pace, turns, enter };
}

describe('a pace', () => {
  it('gives turns evenly, in the order in which they were asked for', async () => {
    const { clock, turns, enter } = setUp();
    const all = ['a', 'b', 'c', 'd'].map((name) => enter(name));
    await clock.advance(1_000);
    await Promise.all(all);
    expect(turns).toEqual([
      { name: 'a', atMs: 0 },
      { name: 'b', atMs: 100 },
      { name: 'c', atMs: 200 },
      { name: 'd', atMs: 300 },
    ]);
  });

  it('lets nobody wait who comes more seldom than that', async () => {
    const { clock, turns, enter } = setUp();
    for (const name of ['a', 'b', 'c']) {
      await enter(name);
      await clock.advance(150);
    }
    expect(turns.map(({ atMs }) => atMs)).toEqual([0, 150, 300]);
  });

  it('lets some go together after a rest, and never more', async () => {
    const { clock, turns, enter } = setUp({ atOnce: 3 });
    await clock.advance(60_000);
    const all = Array.from({ length: 5 }, (_, index) => enter(String(index)));
    await clock.advance(1_000);
    await Promise.all(all);
    expect(turns.map(({ atMs }) => atMs - 60_000)).toEqual([0, 0, 0, 100, 200]);
  });

  it('makes nobody wait for a clock that was turned back', async () => {
    const { clock, pace } = setUp();
    let nowMs = clock.now();
    const turned = createRate({ ...clock, now: () => nowMs }, { perSecond: 10, atOnce: 1 });
    await turned.enter();
    nowMs -= 86_400_000;
    const waiting = turned.enter();
    nowMs += 100;
    await clock.advance(100);
    await waiting;
    await pace.enter();
  });

  it('lets what is urgent, or becomes so, go at once and on nobody’s account', async () => {
    const { clock, pace, turns, enter } = setUp();
    const { signal } = new AbortController();
    let isUrgent = false;
    const all = [
      enter('first'),
      enter('second', { key: 'a', isUrgent: () => isUrgent, signal }),
      enter('third'),
      enter('urgent', { key: 'b', isUrgent: () => true, signal }),
    ];
    await clock.advance(10);
    isUrgent = true;
    pace.hurry('b');
    await clock.advance(0);
    expect(turns.map(({ name }) => name)).toEqual(['first', 'urgent']);
    pace.hurry('a');
    await clock.advance(1_000);
    await Promise.all(all);
    expect(turns.slice(2)).toEqual([
      { name: 'second', atMs: 10 },
      { name: 'third', atMs: 100 },
    ]);
  });

  it('forgets who gives up', async () => {
    const { clock, turns, enter } = setUp();
    const leaving = new AbortController();
    const waiting: Waiting = { key: 'a', isUrgent: () => false, signal: leaving.signal };
    const all = [enter('a'), enter('b', waiting), enter('c')];
    leaving.abort(new Error('no more'));
    await expect(all[1]).rejects.toThrow('no more');
    await expect(enter('d', waiting)).rejects.toThrow('no more');
    await clock.advance(100);
    await Promise.all([all[0], all[2]]);
    expect(turns.map(({ name }) => name)).toEqual(['a', 'c']);
  });
});
