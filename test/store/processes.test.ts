import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLedger } from '../../src/core/ledger/ledger.ts';
import { createUsageLog } from '../../src/core/ledger/usage.ts';
import { UNLIMITED_GUILD, UNLIMITED_INSTALLATION } from '../../src/core/ports/limits.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { settle } from '../support/changes.ts';
import { collect } from '../support/collect.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import {
  type Order,
  type Report,
  trueCostOf,
  WORKER_EPOCH_MS,
  WORST_NANO_USD,
} from '../support/ledger-worker.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';

const WORKER = new URL('../support/ledger-worker.ts', import.meta.url).pathname;
/** Processes take seconds to start on a busy machine. */
const TIMEOUT_MS = 60_000;
const log = pino({ level: 'silent' });

describe('one SQLite file', () => {
  manyProcesses({ processes: 2, url: async (folder) => `sqlite:${join(folder, 'parley.db')}` });
});

describeWithRedis('one Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  manyProcesses({
    processes: 4,
    async url() {
      await redis.flush();
      return redis.url;
    },
  });
});

interface Setting {
  readonly processes: number;
  /** The address of a store that holds nothing yet. */
  url(folder: string): Promise<string>;
}

function manyProcesses({ processes, url: freshUrl }: Setting): void {
  let folder: string;
  let url: string;
  let books: string;
  let workers: ChildProcess[];
  let clock: FakeClock;
  let store: Store;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-processes-'));
    books = join(folder, 'books');
    url = await freshUrl(folder);
    workers = [];
    clock = createFakeClock(WORKER_EPOCH_MS);
    store = await openStore(url, { clock, log });
  });
  afterEach(async () => {
    await Promise.all(workers.map(kill));
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function startWorkers(generation: string): Promise<ChildProcess[]> {
    const started = Array.from({ length: processes }, (_, index) =>
      fork(WORKER, [url, `${generation}${index}`, books], { execArgv: [] }),
    );
    workers.push(...started);
    await Promise.all(started.map((worker) => once(worker, 'message')));
    return started;
  }

  async function ask(worker: ChildProcess, order: Order): Promise<Report> {
    const answer = once(worker, 'message');
    worker.send(order);
    const [report] = await answer;
    return report as Report;
  }

  async function kill(worker: ChildProcess): Promise<void> {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const exited = once(worker, 'exit');
    worker.kill('SIGKILL');
    await exited;
  }

  function openLedger() {
    return createLedger({
      store,
      clock,
      log,
      owner: 'the next process',
      timeZone: 'UTC',
      installation: UNLIMITED_INSTALLATION,
      lookUpCost: async ({ generationId }) => trueCostOf(generationId),
    });
  }

  async function spentToday(): Promise<number | undefined> {
    const ledger = openLedger();
    const whose = { guild: 'discord:1', user: '', payer: 'operator' } as const;
    const levels = await ledger.levels(whose, UNLIMITED_GUILD);
    await ledger.stop();
    const found = ['nanoUsdPerGuildPerDay', 'nanoUsdPerMonth'].map(
      (name) => levels.find(({ limit }) => limit === name)?.used,
    );
    expect(new Set(found).size).toBe(1);
    return found[0];
  }

  /** Ids of the requests that the provider worked on, by its own books. */
  function booked(): string[] {
    return existsSync(books) ? readFileSync(books, 'utf8').split('\n').slice(0, -1) : [];
  }

  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

  it(`admits exactly 50 of 200 requests that ${processes} processes make at once, and books their true cost`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const started = await startWorkers('worker');
    const order: Order = {
      do: 'reserve',
      count: 200 / processes,
      nanoUsdPerGuildPerDay: 50 * WORST_NANO_USD,
    };
    const reserved = await Promise.all(started.map((worker) => ask(worker, order)));
    expect(sum(reserved.map(({ admitted }) => admitted))).toBe(50);
    expect(await spentToday()).toBe(50 * WORST_NANO_USD);

    const settled = await Promise.all(started.map((worker) => ask(worker, { do: 'settle' })));
    expect(await spentToday()).toBe(sum(settled.map(({ costNanoUsd }) => costNanoUsd)));
    expect(await collect(createUsageLog(store.records).query({}))).toHaveLength(50);
  });

  it('comes to the true costs after processes were killed in the middle, time and again', {
    timeout: TIMEOUT_MS,
  }, async () => {
    for (let round = 0; round < 3; round++) {
      const started = await startWorkers(`round${round}-`);
      for (const worker of started) worker.send({ do: 'work' } satisfies Order);
      await expect.poll(() => booked().length, { timeout: TIMEOUT_MS }).toBeGreaterThan(60 * (round + 1));
      await Promise.all(started.map(kill));
    }
    const sent = booked();
    expect(await store.ledger.abandoned(WORKER_EPOCH_MS + 3_600_000)).not.toEqual([]);

    const ledger = openLedger();
    await expect
      .poll(
        async () => {
          await clock.advance(6 * 60_000);
          const open = await store.ledger.abandoned(WORKER_EPOCH_MS + 3_600_000);
          return open.filter(({ generationId }) => generationId !== null);
        },
        { timeout: TIMEOUT_MS },
      )
      .toEqual([]);

    // Killed in the moment between reserving and hearing from the provider: these stay at their worst price.
    const unsettled = await store.ledger.abandoned(clock.now());
    const costOf = (id: string) => (sent.includes(id) ? trueCostOf(id) : 0);
    const unknown = new Set(unsettled.map(({ id }) => id));
    const known = sum(sent.filter((id) => !unknown.has(id)).map(trueCostOf));
    expect(await spentToday()).toBe(known + unknown.size * WORST_NANO_USD);

    for (const reservation of unsettled) {
      const { id } = reservation;
      await settle(store, reservation, { nanoUsd: costOf(id), setAsideNanoUsd: 0, requests: 1, attempts: 1 });
    }
    expect(await spentToday()).toBe(sum(sent.map(trueCostOf)));
    await ledger.stop();
  });
}
