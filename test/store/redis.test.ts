import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createClient } from '@keyv/redis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { StartError } from '../../src/core/ports/adapter.ts';
import {
  type CountedWrite,
  keyIn,
  type Reservation,
  type Store,
  StoreError,
} from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openRedisStore } from '../../src/store/redis/store.ts';
import { storeContract } from '../contracts/store.ts';
import { change, finish, settle, valuesOf, writeJournal } from '../support/changes.ts';
import { collect } from '../support/collect.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';

const silent = pino({ level: 'silent' });
/** Waited out by what is to fail; enough for what is to succeed on a busy machine. */
const COMMAND_TIMEOUT_MS = 2_000;

const RESERVATION: Reservation = {
  id: 'r1',
  draws: [{ counter: 'money', unit: 'nanoUsd', limit: 1_000, expiresAtMs: Date.UTC(2100) }],
  reserved: { nanoUsd: 600, setAsideNanoUsd: 0, requests: 1, attempts: 1 },
  entry: { guild: 'discord:1', user: '42', model: 'm', provider: 'p', payer: 'operator' },
  madeAtMs: Date.UTC(2026),
  owner: 'p',
  leaseUntilMs: Date.UTC(2026),
};

const COUNTED_WRITE: CountedWrite = {
  key: 'limit',
  id: 'w',
  owner: 'p',
  limit: 1,
  windowMs: 1_000,
  leaseMs: 1_000,
  gapMs: 1_000,
};

/** Every way to the store. */
function callsOf(store: Store): Record<string, () => Promise<unknown>> {
  const { ledger, claims, records, pace } = store;
  const keyv = valuesOf(store, 'notes');
  return {
    get: () => keyv.get('one'),
    getMany: () => keyv.getMany(['one']),
    set: () => keyv.set('one', 2),
    delete: () => keyv.delete('one'),
    list: () => collect(store.keys('notes', '')),
    ping: () => store.ping(),
    reserve: () => ledger.reserve(RESERVATION),
    settle: () => settle(store, RESERVATION, RESERVATION.reserved),
    annotate: () => ledger.annotate('r1', 'gen'),
    renewReservations: () => ledger.renew(['a'], 1),
    abandoned: () => ledger.abandoned(1),
    read: () => ledger.read(['money']),
    claim: () => claims.claim('event', 'p', 1, 2),
    write: () => writeJournal(store, { id: 'event', owner: 'p', fence: 1 }, 1),
    renewClaims: () => claims.renew([{ id: 'a', owner: 'p', fence: 1 }], 1),
    finish: () => finish(store, { id: 'event', owner: 'p', fence: 1 }),
    takeOver: () => claims.takeOver('p', 1, 2),
    append: () => records.append({ kind: 'a', guild: 'discord:1', user: '42', atMs: 1, data: 1 }),
    query: () => collect(records.query({ kind: 'a' })),
    remove: () => records.remove({ kind: 'a' }),
    begin: async () => pace?.beginWrite(COUNTED_WRITE),
    end: async () => pace?.end('limit', [{ id: 'w', countsMs: 1_000 }]),
    block: async () => pace?.block('limit', 1_000),
  };
}

describeWithRedis('Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  storeContract('Redis', async (clock) => {
    await redis.flush();
    return openStore(redis.url, { clock, log: silent });
  });

  describe('a Redis that fails', () => {
    let store: Store;
    let logged: string[];

    beforeEach(async () => {
      await redis.flush();
      logged = [];
      const log = pino({}, { write: (line) => logged.push(JSON.parse(line).msg) });
      store = await openRedisStore(redis.url, {
        clock: createFakeClock(),
        log,
        commandTimeoutMs: COMMAND_TIMEOUT_MS,
      });
    });
    afterEach(() => store.close());

    async function expectAllToReject(): Promise<void> {
      const calls = Object.entries(callsOf(store));
      const outcomes = await Promise.all(
        calls.map(async ([name, call]) => [name, await call().catch((error: unknown) => error)] as const),
      );
      for (const [name, outcome] of outcomes) expect(outcome, name).toBeInstanceOf(StoreError);
    }

    it('makes every call reject while it is away, and none when it is back', async () => {
      await redis.stop();
      await expectAllToReject();
      await expectAllToReject();
      await redis.start();
      await expect
        .poll(
          () =>
            store.ping().then(
              () => 'back',
              () => 'away',
            ),
          { timeout: 10_000 },
        )
        .toBe('back');
      for (const [name, call] of Object.entries(callsOf(store))) {
        await expect(
          call().then(() => 'done'),
          name,
        ).resolves.toBe('done');
      }
      expect(logged).toEqual([
        'Redis is unreachable; everything that needs the store fails until it is back',
        'Redis is reachable again',
      ]);
    });

    it('is reached by a new connection if the answers of the old one stop coming', async () => {
      const { hostname, port } = new URL(redis.url);
      let isStuck = false;
      const between = createServer((socket) => {
        const isFirst = !isStuck;
        const server = connect(Number(port), hostname);
        socket.pipe(server);
        server.on('data', (data) => {
          if (!(isFirst && isStuck)) socket.write(data);
        });
        for (const end of [socket, server]) end.on('error', () => {});
        socket.on('close', () => server.destroy());
      }).listen(0, '127.0.0.1');
      await once(between, 'listening');
      onTestFinished(() => void between.close());
      const url = `redis://127.0.0.1:${(between.address() as AddressInfo).port}`;
      const other = await openRedisStore(url, {
        clock: createFakeClock(),
        log: silent,
        commandTimeoutMs: 500,
      });
      isStuck = true;
      await expect(other.ping()).rejects.toThrow('no answer within 500 ms');
      const isBack = () =>
        other.ping().then(
          () => true,
          () => false,
        );
      await expect.poll(isBack, { timeout: 5_000 }).toBe(true);
      await other.close();
    });

    it('is left by a store that is closed while its answers stop coming', async () => {
      const log = silent;
      const other = await openRedisStore(redis.url, { clock: createFakeClock(), log, commandTimeoutMs: 500 });
      redis.pause();
      try {
        const asked = expect(other.ping()).rejects.toThrow(StoreError);
        await other.close();
        await asked;
        await expect(other.ping()).rejects.toThrow(StoreError);
      } finally {
        redis.resume();
      }
      const client = createClient({ url: redis.url });
      await client.connect();
      onTestFinished(() => client.destroy());
      // This client, and the other store's.
      await expect.poll(async () => (await client.clientList()).length, { timeout: 5_000 }).toBe(2);
    });

    it('makes every call reject where its answers stop coming, and none when they come again', async () => {
      const keyv = valuesOf(store, 'notes');
      await keyv.set('kept', 1);
      redis.pause();
      try {
        await expectAllToReject();
      } finally {
        redis.resume();
      }
      await expect
        .poll(
          () =>
            store.ping().then(
              () => 'back',
              () => 'away',
            ),
          { timeout: 10_000 },
        )
        .toBe('back');
      expect(await keyv.get('kept')).toBeDefined();
    });

    it('makes every call reject once the store is closed, and is not connected to again', async () => {
      await store.close();
      await expectAllToReject();
      const client = createClient({ url: redis.url });
      await client.connect();
      expect(await client.clientList()).toHaveLength(1);
      client.destroy();
    });

    it('runs scripts that Redis has forgotten', async () => {
      await store.ledger.reserve(RESERVATION);
      const client = createClient({ url: redis.url });
      await client.connect();
      await client.scriptFlush();
      client.destroy();
      expect((await store.ledger.reserve({ ...RESERVATION, id: 'r2' })).ok).toBe(false);
    });
  });

  describe('opening Redis', () => {
    const open = (url: string, log = silent) => openStore(url, { clock: createFakeClock(), log });

    beforeEach(() => redis.flush());

    it('refuses to start where nobody answers, and says what to do without telling the password', async () => {
      const error = await open('redis://me:hunter2@127.0.0.1:1').catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StartError);
      expect(error).toMatchObject({
        message: 'Redis 127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1',
        remedy:
          'Check that Redis runs there and that STORE_URL names it: redis://USER:PASSWORD@HOST:PORT, or rediss:// with TLS.',
      });
    });

    it('refuses to start where the password is refused', async () => {
      const error = await open(redis.url.replace('//', '//me:hunter2@')).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StartError);
      expect(String(error)).toContain('WRONGPASS');
      expect(String(error)).not.toContain('hunter2');
    });

    it.each(['redis://127.0.0.1:99999', 'rediss://[', 'redis://127.0.0.1/nonsense'])(
      'refuses to start with %s',
      async (url) => {
        const error = await open(url).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(StartError);
        const host = URL.canParse(url) ? '127.0.0.1' : 'at STORE_URL';
        expect((error as StartError).message).toMatch(new RegExp(`^Redis ${host} cannot be used: .`));
      },
    );

    it('refuses to start on a Redis that is too old', async () => {
      const { hostname, port } = new URL(redis.url);
      /** Says that it is another version. */
      const openAs = async (version: string) => {
        const between = createServer((socket) => {
          const server = connect(Number(port), hostname);
          socket.pipe(server);
          // As long as before, because the answer begins with its length.
          server.on('data', (data) => {
            const told = data
              .toString('latin1')
              .replace(/redis_version:\S+/, (was) => `redis_version:${version}`.padEnd(was.length, ' '));
            socket.write(Buffer.from(told, 'latin1'));
          });
          for (const end of [socket, server]) end.on('error', () => {});
          socket.on('close', () => server.destroy());
        }).listen(0, '127.0.0.1');
        await once(between, 'listening');
        onTestFinished(() => void between.close());
        const store = await open(`redis://127.0.0.1:${(between.address() as AddressInfo).port}`);
        await store.close();
      };
      for (const version of ['2.8', '5.0', '6.1']) {
        await expect(openAs(version)).rejects.toMatchObject({
          name: 'StartError',
          message: `Redis ${version} is too old: Parley needs 6.2 or newer`,
          remedy: 'Update Redis, or set STORE_URL to another one.',
        });
      }
      for (const version of ['6.2', '6.10', '10.0']) await openAs(version);
    });

    it('refuses to start on what a newer Parley wrote', async () => {
      const client = createClient({ url: redis.url });
      await client.connect();
      await client.set('{parley}:schema', '999');
      client.destroy();
      await expect(open(redis.url)).rejects.toMatchObject({
        name: 'StartError',
        message:
          'Redis contains data of a newer Parley: its schema version is 999, this Parley supports up to 1',
        remedy:
          'Run the newer Parley again, or name another database in STORE_URL: redis://HOST:PORT/NUMBER.',
      });
    });

    it('warns where Redis may throw data away', async () => {
      const client = createClient({ url: redis.url });
      await client.connect();
      const lines: string[] = [];
      const log = pino({}, { write: (line) => lines.push(line) });
      await (await open(redis.url, log)).close();
      expect(lines).toEqual([]);
      await client.configSet('maxmemory-policy', 'allkeys-lru');
      await (await open(redis.url, log)).close();
      await client.configSet('maxmemory-policy', 'noeviction');
      client.destroy();
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        expect.objectContaining({
          level: 40,
          policy: 'allkeys-lru',
          msg: 'Redis may delete conversations and counters when its memory is full. Set its maxmemory-policy to noeviction',
        }),
      ]);
    });
  });

  it('keeps no lease of a reservation that is renewed as it is settled', async () => {
    await redis.flush();
    const store = await openStore(redis.url, { clock: createFakeClock(), log: silent });
    await store.ledger.reserve(RESERVATION);
    await settle(store, RESERVATION, RESERVATION.reserved);
    await store.ledger.renew([RESERVATION.id], Date.UTC(2100));
    const client = createClient({ url: redis.url });
    await client.connect();
    expect(await client.zCard('{parley}:reservations:lease')).toBe(0);
    client.destroy();
    await store.close();
  });

  it('keeps no entry of a record that is removed in any index', async () => {
    await redis.flush();
    const store = await openStore(redis.url, { clock: createFakeClock(), log: silent });
    for (const user of ['42', '43'])
      await store.records.append({ kind: 'a', guild: 'discord:1', user, atMs: 1, data: 1 });
    await store.records.remove({ kind: 'a', of: { guild: 'discord:1', user: '42' } });
    const client = createClient({ url: redis.url });
    await client.connect();
    const left = ['["a"]', '["a","discord:1"]', '["a","discord:1","42"]'].map((of) =>
      client.zCard(`{parley}:records:${of}`),
    );
    expect(await Promise.all(left)).toEqual([1, 1, 0]);
    client.destroy();
    await store.close();
  });

  it('forgets claims that are finished and expired', async () => {
    await redis.flush();
    const clock = createFakeClock();
    const store = await openStore(redis.url, { clock, log: silent });
    for (const id of ['finished', 'unfinished']) {
      const claim = await store.claims.claim(id, 'p', clock.now(), clock.now() + 1_000);
      if (id === 'finished' && claim) await finish(store, claim);
    }
    const client = createClient({ url: redis.url });
    await client.connect();
    await expect
      .poll(
        async () => {
          await clock.advance(10 * 60_000);
          return [
            await client.hKeys('{parley}:claims'),
            await client.zRange('{parley}:claims:expiry', 0, -1),
          ];
        },
        { timeout: 10_000 },
      )
      .toEqual([['unfinished'], ['unfinished']]);
    client.destroy();
    await store.close();
  });

  it('forgets all claims that are finished and expired, however many, and past those that are unfinished', async () => {
    await redis.flush();
    const clock = createFakeClock();
    const store = await openStore(redis.url, { clock, log: silent });
    const { claims } = store;
    // A lock is expired from the start: those that are held stand before all that could be forgotten.
    for (let lock = 0; lock < 3; lock++) await claims.claim(`lock ${lock}`, 'p', clock.now(), 0);
    const events = Array.from({ length: 1_200 }, (_, index) => `event ${index}`);
    await Promise.all(
      events.map(async (id) => {
        const claim = await claims.claim(id, 'p', clock.now(), clock.now() + 1_000);
        if (claim) await finish(store, claim);
      }),
    );
    const client = createClient({ url: redis.url });
    await client.connect();
    await clock.advance(70 * 60_000);
    await expect.poll(() => client.hLen('{parley}:claims'), { timeout: 10_000 }).toBe(3);
    expect(await client.zCard('{parley}:claims:expiry')).toBe(3);
    client.destroy();
    await store.close();
  });

  describe('what is found by its guild', () => {
    let client: ReturnType<typeof createClient>;

    beforeEach(async () => {
      await redis.flush();
      client = createClient({ url: redis.url });
      await client.connect();
    });
    afterEach(() => client.destroy());

    const keysOf = async (store: Store, prefix: string) =>
      (await collect(store.keys('notes', prefix))).sort();
    const value = (text: string) => JSON.stringify({ value: text });

    it('takes as many commands, however many keys others have', async () => {
      const store = await openStore(redis.url, { clock: createFakeClock(), log: silent });
      const notes = valuesOf(store, 'notes');
      const others = Array.from({ length: 5_000 }, (_, index) => ({ key: `discord:2/${index}`, value: 1 }));
      for (let at = 0; at < others.length; at += 500) await notes.setMany(others.slice(at, at + 500));
      await notes.set('discord:1/a', 1, 60_000);
      await store.ledger.reserve({ ...RESERVATION, id: 'own', draws: [] });
      await client.configResetStat();
      expect(await keysOf(store, 'discord:1/')).toEqual(['discord:1/a']);
      expect(await store.ledger.openReservations({ guild: 'discord:1' })).toMatchObject([{ id: 'own' }]);
      expect(await store.ledger.openReservations({ guild: 'discord:11' })).toEqual([]);
      const stats = await client.info('commandstats');
      const calls = [...stats.matchAll(/^cmdstat_([a-z]+):calls=(\d+)/gm)].map(([, name, count]) => [
        name,
        Number(count),
      ]);
      const { config: _, ...used } = Object.fromEntries(calls);
      expect(used).toEqual({ zrange: 3, exists: 1, hmget: 1, zmscore: 1 });
      await store.close();
    });

    it('holds what a version without an index wrote before, and what one writes beside it', async () => {
      const { leaseUntilMs, ...body } = RESERVATION;
      await client.set('parley:notes::discord:1/kept', value('kept'));
      await client.set('parley:notes::discord:1/short', value('short'), {
        expiration: { type: 'PX', value: 60_000 },
      });
      await client.set('another program::discord:1/x', value('x'));
      await client.hSet('{parley}:reservations', body.id, JSON.stringify(body));
      await client.zAdd('{parley}:reservations:lease', { value: body.id, score: leaseUntilMs });

      const clock = createFakeClock();
      const store = await openStore(redis.url, { clock, log: silent });
      expect(await keysOf(store, 'discord:1/')).toEqual(['discord:1/kept', 'discord:1/short']);
      expect(await store.ledger.openReservations({ guild: 'discord:1' })).toEqual([RESERVATION]);

      await client.set('parley:notes::discord:1/late', value('late'));
      await clock.advance(6 * 60_000);
      await expect
        .poll(() => keysOf(store, 'discord:1/'))
        .toEqual(['discord:1/kept', 'discord:1/late', 'discord:1/short']);
      // When each expires is known by then.
      await expect
        .poll(() => client.zRange('{parley}:keyv:expiry', 0, -1))
        .toEqual(['parley:notes::discord:1/short']);
      await store.close();
    });

    it('forgets what was deleted, settled or has expired', async () => {
      const clock = createFakeClock();
      const store = await openStore(redis.url, { clock, log: silent });
      const notes = valuesOf(store, 'notes');
      await notes.setMany([
        { key: 'deleted', value: 1, ttlMs: 60_000 },
        { key: 'expires', value: 1, ttlMs: 60_000 },
        { key: 'stays', value: 1, ttlMs: 60_000 },
      ]);
      await notes.set('stays', 2);
      await notes.delete('deleted');
      const replaced = { kind: 'replace', key: keyIn('notes', 'replaced'), ttlMs: 60_000 } as const;
      await change(store, { ...replaced, before: undefined, value: 1 });
      expect(await keysOf(store, '')).toEqual(['expires', 'replaced', 'stays']);
      const [before] = await store.values.getManyRaw([replaced.key]);
      expect(await change(store, { ...replaced, before, value: undefined })).toBe(true);
      await store.ledger.reserve(RESERVATION);
      await settle(store, RESERVATION, RESERVATION.reserved);
      const [expires, stays] = ['parley:notes::expires', 'parley:notes::stays'];
      expect(await client.zRange('{parley}:keyv:expiry', 0, -1)).toEqual([expires, stays]);

      // As if their time had come: Redis forgets the one, and the sweep finds that the other stays by now.
      await client.pExpire(expires, 1);
      await client.zAdd(
        '{parley}:keyv:expiry',
        [expires, stays].map((value) => ({ value, score: 1 })),
      );
      await expect.poll(() => keysOf(store, '')).toEqual(['stays']);
      await clock.advance(6 * 60_000);
      await expect.poll(() => client.zCard('{parley}:keyv:expiry')).toBe(0);
      expect(await client.zRange('{parley}:keyv:keys', 0, -1)).toEqual([stays]);
      expect(await client.exists('{parley}:reservations:of')).toBe(0);
      await store.close();
    });
  });

  describe('what stands in Redis', () => {
    it('has Parley in its names, times to live where it was asked, and one slot for what scripts touch', async () => {
      await redis.flush();
      const store = await openStore(redis.url, { clock: createFakeClock(), log: silent });
      for (const call of Object.values(callsOf(store))) await call();
      await valuesOf(store, 'notes').set('short', 1, 60_000);
      const open = { ...RESERVATION, id: 'open', draws: [] };
      await store.ledger.reserve(open);
      await store.ledger.annotate(open.id, 'gen');
      const claim = await store.claims.claim('journal', 'p', 1, 2, { place: 'somewhere' });
      expect(claim).not.toBeNull();
      await store.records.append({ kind: 'b', guild: 'discord:1', user: '42', atMs: 1, data: 1 });
      const client = createClient({ url: redis.url });
      await client.connect();
      const keys = await client.keys('*');
      // Processes of other versions find things by these names.
      expect(keys.sort()).toEqual([
        'parley:notes::short',
        '{parley}:claims',
        '{parley}:claims:expiry',
        '{parley}:claims:journal',
        '{parley}:claims:lease',
        '{parley}:counters',
        '{parley}:counters:expiry',
        '{parley}:indexed',
        '{parley}:keyv:expiry',
        '{parley}:keyv:keys',
        '{parley}:pace:limit',
        '{parley}:records',
        '{parley}:records:["b","discord:1","42"]',
        '{parley}:records:["b","discord:1"]',
        '{parley}:records:["b"]',
        '{parley}:records:seq',
        '{parley}:reservations',
        '{parley}:reservations:generation',
        '{parley}:reservations:lease',
        '{parley}:reservations:of',
        '{parley}:schema',
      ]);
      expect(await client.pTTL('parley:notes::short')).toBeGreaterThan(50_000);
      client.destroy();
      await store.close();
    });
  });
});
