import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocks, type Locks } from '../../../src/core/coordination/locks.ts';
import { type ClaimStore, type Store, StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { waitUntil } from '../../support/wait-until.ts';

const never = new AbortController().signal;
const { log } = createLogRecorder();
let clock: FakeClock;
let store: Store;
let opened: Locks[];

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log });
  opened = [];
});

afterEach(async () => {
  for (const locks of opened) await locks.stop();
  await store.close();
});

function processNamed(owner: string, more: Partial<Store> = {}): Locks {
  const locks = createLocks({ store: { ...store, ...more }, owner, clock, log });
  opened.push(locks);
  return locks;
}

describe('locks', () => {
  it('keep work of one name apart, in a process and over two, and leave other names alone', async () => {
    const processes = [processNamed('p'), processNamed('q')];
    const inside = new Map<string, number>();
    let most = 0;
    let done = 0;
    const work = (name: string) => async () => {
      const now = (inside.get(name) ?? 0) + 1;
      inside.set(name, now);
      most = Math.max(most, now);
      await clock.sleep(10);
      inside.set(name, now - 1);
      done++;
    };
    const names = ['one', 'other'];
    const working = processes.flatMap((locks) =>
      names.flatMap((name) => Array.from({ length: 5 }, () => locks.hold(name, work(name)))),
    );
    await clock.advance(10_000);
    await Promise.all(working);
    expect({ most, done }).toEqual({ most: 1, done: 20 });
  });

  it('are renewed no more once they are released', async () => {
    let renewed = 0;
    const renew: ClaimStore['renew'] = async (claims) => {
      renewed += claims.length;
    };
    const locks = processNamed('p', { claims: { ...store.claims, renew } });
    const release = await locks.acquireLock('one', 0, () => {}, never);
    await clock.advance(3_000);
    expect(renewed).toBe(1);
    await release?.();
    await clock.advance(30_000);
    expect(renewed).toBe(1);
  });

  it('are free again where the work fails', async () => {
    const locks = processNamed('p');
    await expect(locks.hold('one', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await locks.hold('one', async () => 'yes')).toBe('yes');
  });

  it('that may have been taken by a call whose answer never came are free again when that lease has run out, whatever else is held', async () => {
    let isLost = false;
    const claims: ClaimStore = {
      ...store.claims,
      async claim(...args) {
        const claim = await store.claims.claim(...args);
        if (isLost) throw new StoreError('no answer');
        return claim;
      },
    };
    const locks = processNamed('p', { claims });
    const release = await locks.acquireLock('other', 0, () => {}, never);
    isLost = true;
    await expect(locks.acquireLock('one', 0, () => {}, never)).rejects.toThrow(StoreError);
    isLost = false;
    await clock.advance(10_000);
    expect(await processNamed('q').hold('one', async () => 'free')).toBe('free');
    await expect(store.claims.underWay(clock.now())).resolves.toHaveLength(1);
    await release?.();
  });

  it('are waited for no longer than it takes until what a dead process held is free', async () => {
    await processNamed('p').acquireLock('one', 0, () => {}, never);
    let fault: unknown;
    const holding = processNamed('q')
      .hold('one', async () => {})
      .catch((error: unknown) => {
        fault = error;
      });
    await clock.advance(14_000);
    expect(fault).toBeUndefined();
    await clock.advance(2_000);
    await holding;
    expect(fault).toBeInstanceOf(StoreError);
  });
});

/** Enters, and says when it is in. */
function enter(locks: Locks, name: string, signal = never) {
  const state = { isIn: false, waits: 0 };
  const entering = locks
    .acquireLock(name, 2, () => state.waits++, signal)
    .then((release) => {
      state.isIn = true;
      return release;
    });
  return { state, leave: async () => (await entering)?.(), entering };
}

describe('locks that are waited for', () => {
  it('are taken one after the other in a process, in the order of arrival, and refused where too many wait', async () => {
    const locks = processNamed('p');
    const [first, second, third] = [enter(locks, 'c'), enter(locks, 'c'), enter(locks, 'c')];
    expect(await locks.acquireLock('c', 2, () => {}, never)).toBeNull();
    await first.leave();
    await second.entering;
    expect(third.state.isIn).toBe(false);
    await second.leave();
    await third.leave();
    expect([first, second, third].map(({ state }) => state.waits)).toEqual([0, 1, 1]);
  });

  it('are one at a time over two processes, and others go on', async () => {
    const [here, there] = [processNamed('p'), processNamed('q')];
    const first = enter(here, 'c');
    await first.entering;
    const second = enter(there, 'c');
    await clock.advance(60_000);
    expect(second.state).toEqual({ isIn: false, waits: 1 });
    await enter(there, 'another').leave();
    await first.leave();
    await clock.advance(1_000);
    expect(second.state.isIn).toBe(true);
    await second.leave();
  });

  it('of a dead process are free when its lease has run out', async () => {
    await enter(processNamed('dead'), 'c').entering;
    await opened[0]?.stop();
    const next = enter(processNamed('q'), 'c');
    await clock.advance(9_000);
    expect(next.state.isIn).toBe(false);
    await clock.advance(2_000);
    expect(next.state.isIn).toBe(true);
    await next.leave();
  });

  it('that were taken although the store said nothing are free when that lease has run out', async () => {
    let isDeaf = true;
    const claims = {
      ...store.claims,
      async claim(...args: Parameters<typeof store.claims.claim>) {
        const claim = await store.claims.claim(...args);
        if (isDeaf) throw new StoreError('no answer');
        return claim;
      },
    };
    const locks = processNamed('p', { claims });
    await expect(locks.acquireLock('c', 2, () => {}, never)).rejects.toThrow(StoreError);
    isDeaf = false;
    await enter(locks, 'another').entering;
    const again = enter(locks, 'c');
    await clock.advance(9_000);
    expect(again.state.isIn).toBe(false);
    await clock.advance(2_000);
    expect(again.state.isIn).toBe(true);
    await clock.advance(60_000);
    expect(await store.claims.takeOver('q', clock.now(), clock.now())).toBeNull();
    await again.leave();
  });

  it('stay taken for no longer than the store is away', async () => {
    let isAway = false;
    const write: Store['write'] = (changes) =>
      isAway ? Promise.reject(new StoreError('away')) : store.write(changes);
    const turn = enter(processNamed('p', { write }), 'c');
    await turn.entering;
    isAway = true;
    await turn.leave();
    isAway = false;
    await clock.advance(30_000);
    const next = enter(processNamed('q'), 'c');
    await waitUntil(() => expect(next.state.isIn).toBe(true));
    await next.leave();
  });

  it('are given up by who is told to stop while waiting', async () => {
    const first = enter(processNamed('p'), 'c');
    await first.entering;
    const stopping = new AbortController();
    const second = enter(processNamed('q'), 'c', stopping.signal);
    await clock.advance(1_000);
    stopping.abort(new Error('stopped'));
    await expect(second.entering).rejects.toThrow('stopped');
    await first.leave();
  });
});
