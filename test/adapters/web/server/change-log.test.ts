import { describe, expect, it } from 'vitest';
import { createChangeLog } from '../../../../src/adapters/web/server/change-log.ts';

describe('a change log', () => {
  it('gives everything to a reader who knows nothing', () => {
    const log = createChangeLog<string>();
    log.put('a', '1', null);
    log.put('b', '2', null);
    expect(log.since(null, 'r')).toEqual({
      version: 2,
      reset: true,
      items: [
        ['a', '1'],
        ['b', '2'],
      ],
      removed: [],
    });
  });

  it('gives a reader the newest state of what changed since, and of nothing else', () => {
    const log = createChangeLog<string>();
    log.put('a', '1', null);
    log.put('b', '1', null);
    const { version } = log.since(null, 'r');
    log.put('b', '2', null);
    log.put('b', '3', null);
    log.remove('a');
    expect(log.since(version, 'r')).toEqual({
      version: 5,
      reset: false,
      items: [['b', '3']],
      removed: ['a'],
    });
    expect(log.since(5, 'r')).toEqual({ version: 5, reset: false, items: [], removed: [] });
  });

  it('brings a reader to the state of all from any point on the way', () => {
    const log = createChangeLog<number>();
    const states: { version: number; known: Map<string, number> }[] = [];
    for (let step = 0; step < 60; step++) {
      const { version, items } = log.since(null, 'r');
      states.push({ version, known: new Map(items) });
      const key = `k${(step * 7) % 5}`;
      if (step % 3 === 2) log.remove(key);
      else log.put(key, step, null);
    }
    const now = new Map(log.since(null, 'r').items);
    for (const { version, known } of states) {
      const { items, removed, reset } = log.since(version, 'r');
      if (reset) known.clear();
      for (const [key, value] of items) known.set(key, value);
      for (const key of removed) known.delete(key);
      expect(known).toEqual(now);
    }
  });

  it('shows to each reader what is theirs and what is for all', () => {
    const log = createChangeLog<string>();
    log.put('a', 'for all', null);
    log.put('b', 'for one', 'one');
    expect(log.since(null, 'one').items).toHaveLength(2);
    expect(log.since(null, 'other').items).toEqual([['a', 'for all']]);
    expect(log.since(1, 'other').items).toEqual([]);
    log.remove('b');
    expect(log.since(2, 'one').removed).toEqual(['b']);
    expect(log.since(2, 'other').removed).toEqual([]);
  });

  it('lets a reader start anew who has missed more removals than it remembers', () => {
    const log = createChangeLog<number>();
    log.put('stays', 0, null);
    for (let n = 0; n < 1_100; n++) {
      log.put(`k${n}`, n, null);
      log.remove(`k${n}`);
    }
    expect(log.since(3, 'r')).toMatchObject({ reset: true, items: [['stays', 0]] });
    const { version } = log.since(null, 'r');
    expect(log.since(version - 10, 'r')).toMatchObject({ reset: false });
  });

  it('lets a reader start anew who claims to know the future', () => {
    const log = createChangeLog<string>();
    log.put('a', '1', null);
    expect(log.since(2, 'r').reset).toBe(true);
  });

  it('calls its listeners on each change until they leave', () => {
    const log = createChangeLog<string>();
    let calls = 0;
    const leave = log.subscribe(() => calls++);
    log.put('a', '1', null);
    log.remove('a');
    log.remove('a');
    leave();
    log.put('a', '2', null);
    expect(calls).toBe(2);
  });
});
