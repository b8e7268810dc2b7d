import { createClient } from '@keyv/redis';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { steadyClock, systemClock } from '../../src/core/kit/time/clock.ts';
import type { PaceStore } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { type PaceBench, paceContract } from '../contracts/pace.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createMemoryPace } from '../support/memory-pace.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';

const log = pino({ level: 'silent' });

async function openMemory(): Promise<PaceBench> {
  const clock = createFakeClock();
  const pace = createMemoryPace(clock);
  return {
    clients: [pace, pace, pace],
    clock,
    async run(work) {
      let isOver = false;
      const over = work.finally(() => {
        isOver = true;
      });
      while (!isOver) await clock.advance(1_000);
      return over;
    },
    close: async () => {},
  };
}

describe('the pace that other tests use', () => paceContract('memory', openMemory, 50));

describeWithRedis('the pace of processes', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  /** As another process opens it. */
  async function open(): Promise<{ pace: PaceStore; close(): Promise<void> }> {
    const { pace, close } = await openStore(redis.url, { clock: systemClock, log });
    if (pace === undefined) throw new Error('Redis keeps the pace of processes');
    return { pace, close };
  }

  async function openRedis(): Promise<PaceBench> {
    await redis.flush();
    const [one, two, three] = await Promise.all([open(), open(), open()]);
    return {
      clients: [one.pace, two.pace, three.pace],
      clock: steadyClock,
      run: (work) => work,
      async close() {
        for (const { close } of [one, two, three]) await close();
      },
    };
  }

  paceContract('Redis', openRedis, 10);

  const write = { id: 'w', owner: 'p', limit: 1, windowMs: 1_000, leaseMs: 1_000, gapMs: 1_000 };

  it('leaves nothing in Redis for ever', async () => {
    await redis.flush();
    const lasting = { ...write, windowMs: 10_000, leaseMs: 10_000 };
    const { pace, close } = await open();
    await pace.beginWrite({ ...lasting, key: 'interim' });
    await pace.beginWrite({ ...lasting, key: 'urgent', gapMs: null });
    await pace.beginWrite({ ...lasting, key: 'refused' });
    await pace.beginWrite({ ...lasting, key: 'refused' });
    await pace.end('ended', [{ id: 'w', countsMs: 10_000 }]);
    await pace.block('blocked', 10_000);
    const client = createClient({ url: redis.url });
    await client.connect();
    const keys = (await client.keys('*')).filter((key) => key.includes('pace'));
    expect(keys.length).toBeGreaterThan(4);
    for (const key of keys) expect(await client.pTTL(key), key).toBeGreaterThan(0);
    client.destroy();
    await close();
  });

  it('does not take times for true that were written before the clock of Redis’s machine was set back', async () => {
    await redis.flush();
    const { pace, close } = await open();
    const tomorrow = Date.now() + 86_400_000;
    const client = createClient({ url: redis.url });
    await client.connect();
    const times = [`{old = ${tomorrow}}`, `{p = ${tomorrow}}`, `{old = ${tomorrow}}`];
    const [writes, turns, owed] = times;
    await client.eval(
      `redis.call('SET', KEYS[1], cmsgpack.pack({
        writes = ${writes}, turns = ${turns}, owed = ${owed}, next = ${tomorrow}, blocked = ${tomorrow}
      }))`,
      { keys: ['{parley}:pace:limit'] },
    );
    client.destroy();
    expect(await pace.beginWrite({ ...write, key: 'limit' })).toBe(0);
    await close();
  });

  it('counts on where that clock was set back by less than the age of a limit', async () => {
    await redis.flush();
    const { pace, close } = await open();
    const soon = Date.now() + 3_600_000;
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.eval(
      `redis.call('SET', KEYS[1], cmsgpack.pack({
        writes = {}, turns = {}, owed = {}, next = 0, blocked = 0, filled = ${soon}
      }))`,
      { keys: ['{parley}:pace:limit'] },
    );
    client.destroy();
    const refills = { ...write, key: 'limit', windowMs: 10_000, gapMs: null };
    const ended = [{ id: 'w', countsMs: 10_000, refillMs: 10_000 }];
    expect(await pace.beginWrite(refills)).toBe(0);
    await pace.end('limit', ended);
    expect(await pace.beginWrite({ ...refills, id: 'next' })).toBeGreaterThan(0);
    await close();
  });
});
