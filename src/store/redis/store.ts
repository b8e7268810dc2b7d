import type { Logger } from 'pino';
import { repeat } from '../../core/kit/time/repeat.ts';
import { VERSION } from '../../core/kit/version.ts';
import { StartError } from '../../core/ports/adapter.ts';
import { partsOfKey, type Store } from '../../core/ports/store.ts';
import { createValues, type StoreDependencies, SWEEP_EVERY_MS } from '../shared.ts';
import { createTrustedTime } from '../trusted-time.ts';
import { createRedisWrite } from './changes.ts';
import { createRedisClaims, sweepClaims } from './claims.ts';
import { connectRedis, type RedisConnection, unreachable } from './connection.ts';
import { indexAllKeys, keyPages, redisKey, sweepKeys } from './key-index.ts';
import { INDEXED_BY, SCHEMA_KEY } from './keys.ts';
import { createRedisLedger, indexReservations, sweepCounters } from './ledger.ts';
import { createRedisPace } from './pace.ts';
import { createRedisRecords } from './records.ts';

const SCHEMA_VERSION = 1;
/** The first version that can list sorted sets alphabetically and backwards. */
const OLDEST_REDIS = '6.2';
/** Entries per script of a sweep; a script blocks everybody else. */
const ENTRIES_PER_SWEEP = 500;

export interface RedisStoreDependencies extends StoreDependencies {
  /** Time limit of a command in milliseconds. Default 5,000. */
  readonly commandTimeoutMs?: number;
}

/**
 * Opens a store that many processes share: one Redis server, or one compatible with Redis 6.2, that evicts nothing.
 *
 * @throws StartError if Redis cannot be used, or contains data of a newer version
 */
export async function openRedisStore(url: string, dependencies: RedisStoreDependencies): Promise<Store> {
  const { clock, log } = dependencies;
  const connection = await connectRedis(url, log, dependencies.commandTimeoutMs);
  try {
    await checkServer(connection, log);
    await checkSchema(connection);
    const isIndexed = await connection.run((client) => client.exists(INDEXED_BY));
    if (isIndexed === 0) await indexAll(connection);
  } catch (error) {
    await connection.close();
    throw error instanceof StartError ? error : unreachable(url, error);
  }

  const trustedTime = createTrustedTime(dependencies);
  /** Processes are upgraded one by one, so one without indexes may have written in the meantime. */
  let isIndexedAgain = false;
  const sweeping = repeat(
    'forgetting what has expired',
    SWEEP_EVERY_MS,
    async () => {
      if (!isIndexedAgain) await indexAll(connection);
      isIndexedAgain = true;
      await sweepKeys(connection);
      const untilMs = trustedTime();
      if (untilMs === null) return;
      await sweepCounters(connection, untilMs, ENTRIES_PER_SWEEP);
      await sweepClaims(connection, untilMs, ENTRIES_PER_SWEEP);
    },
    dependencies,
  );

  return {
    values: createValues((keys) =>
      connection.run((client) => client.mGet(keys.map((key) => redisKey(...partsOfKey(key))))),
    ),
    write: createRedisWrite(connection),
    async *keys(namespace, prefix) {
      for await (const page of keyPages(connection, namespace, prefix)) yield* page;
    },
    ledger: createRedisLedger(connection),
    claims: createRedisClaims(connection, clock),
    records: createRedisRecords(connection),
    pace: createRedisPace(connection),
    async ping() {
      await connection.run((client) => client.ping());
    },
    async close() {
      await sweeping.stop();
      await connection.close();
    },
  };
}

/** Indexes the entries of a version without indexes, once, at the first start of a version with them. */
async function indexAll(connection: RedisConnection): Promise<void> {
  await indexAllKeys(connection);
  await indexReservations(connection);
  await connection.run((client) => client.set(INDEXED_BY, VERSION));
}

async function checkSchema({ run }: RedisConnection): Promise<void> {
  const found = await run(async (client) => {
    await client.set(SCHEMA_KEY, SCHEMA_VERSION, { condition: 'NX' });
    return Number(await client.get(SCHEMA_KEY));
  });
  if (found <= SCHEMA_VERSION) return;
  throw new StartError(
    `Redis contains data of a newer Parley: its schema version is ${found}, this Parley supports up to ${SCHEMA_VERSION}`,
    'Run the newer Parley again, or name another database in STORE_URL: redis://HOST:PORT/NUMBER.',
  );
}

/** Checks, as far as Redis tells, whether Parley can work with it. */
async function checkServer({ run }: RedisConnection, log: Logger): Promise<void> {
  // The account may lack the right to ask.
  const info = await run((client) => client.info().catch(() => ''));
  const told = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];

  const version = told('redis_version');
  if (version !== undefined && version.localeCompare(OLDEST_REDIS, 'en', { numeric: true }) < 0) {
    throw new StartError(
      `Redis ${version} is too old: Parley needs ${OLDEST_REDIS} or newer`,
      'Update Redis, or set STORE_URL to another one.',
    );
  }
  const policy = told('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    log.warn(
      { policy },
      'Redis may delete conversations and counters when its memory is full. Set its maxmemory-policy to noeviction',
    );
  }
}
