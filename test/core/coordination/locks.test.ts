import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocks, type Locks } from '../../../src/core/coordination/locks.ts';
import { type ClaimStore, type Store, StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

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

function processNamed(owner: string, claims = store.claims): Locks {
  const locks = createLocks({ store: { ...store, claims }, owner, clock, log });
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
    const locks = processNamed('p', claims);
    const release = await locks.acquireLock('other', () => {}, never);
    isLost = true;
    await expect(locks.acquireLock('one', () => {}, never)).rejects.toThrow(StoreError);
    isLost = false;
    await clock.advance(10_000);
    expect(await processNamed('q').hold('one', async () => 'free')).toBe('free');
    await expect(store.claims.underWay(clock.now())).resolves.toHaveLength(1);
    await release();
  });

  it('are waited for no longer than it takes until what a dead process held is free', async () => {
    await processNamed('p').acquireLock('one', () => {}, never);
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
