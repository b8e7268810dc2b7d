import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { storeContract } from '../contracts/store.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';

const log = pino({ level: 'silent' });

describeWithRedis('Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  storeContract('Redis', async (clock) => {
    await redis.flush();
    return openStore(redis.url, { clock, log });
  });
});
