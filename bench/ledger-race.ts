import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { createLedger } from '../src/core/ledger/ledger.ts';
import { recover } from '../src/core/ledger/recovery.ts';
import { createUsageLog } from '../src/core/ledger/usage.ts';
import { UNLIMITED_GUILD, UNLIMITED_INSTALLATION } from '../src/core/ports/limits.ts';
import { openStore } from '../src/store/open-store.ts';
import { startRedis } from '../test/support/redis.ts';
import { type Honesty, RACE_GUILD } from './support/race-worker.ts';
import type { Row } from './support/row.ts';
import { log } from './support/streams.ts';

const WORKER = new URL('support/race-worker.ts', import.meta.url).pathname;
const PROCESSES = 4;
/** Requests for each store and provider; `node bench/main.ts --race=100000` makes it that many. */
const REQUESTS = 1_000;
/** A process is killed for every so many requests. */
const REQUESTS_PER_KILL = 200;
/** The average cost of a request; the limit of the guild is met when three quarters of them are through. */
const MEAN_NANO_USD = 520_000;

/**
 * Requests of four processes, some of which are killed in the middle, against one limit and a provider that keeps books: what it
 * billed is held against what is booked when the next process has recovered what the dead ones left.
 */
export async function measureLedgerRace(): Promise<Row[]> {
  const requests = Number(/^--race=(\d+)$/.exec(process.argv.at(-1) ?? '')?.[1] ?? REQUESTS);
  const redis = await startRedis();
  const rows: Row[] = [];
  for (const store of ['SQLite', 'Redis']) {
    for (const honesty of ['honest', 'silent'] as const) {
      await redis.flush();
      const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
      const url = store === 'Redis' ? redis.url : `sqlite:${join(folder, 'parley.db')}`;
      const { billed, booked, limit, drift } = await race(url, folder, honesty, requests);
      rmSync(folder, { recursive: true });
      const name = `${store}, ${requests.toLocaleString('en-US')} requests of ${PROCESSES} processes with kills`;
      const row = (what: string, value: number) =>
        rows.push({ name: `${name}: ${what}`, value, unit: 'n$', wanted: 0 });
      row('overspend', Math.max(0, billed - limit));
      if (honesty === 'honest') row('drift from what was billed', drift);
      else row('billed beyond what is booked, reasoning unsaid', Math.max(0, billed - booked));
    }
  }
  await redis.stop();
  return rows;
}

async function race(url: string, folder: string, honesty: Honesty, requests: number) {
  const limit = Math.round(requests * 0.75 * MEAN_NANO_USD);
  let serial = 0;
  let made = 0;
  let isOver = false;
  const workers = new Set<ChildProcess>();
  const over = Promise.withResolvers<void>();
  const broken = (code: number | null) => over.reject(new Error(`a worker ended with ${code}`));

  function start(): void {
    const owner = `p${serial++}`;
    const books = join(folder, `books-${owner}`);
    const worker = fork(WORKER, [url, owner, books, honesty, String(limit)], { execArgv: [] });
    workers.add(worker);
    worker.on('exit', (code, signal) => {
      workers.delete(worker);
      if (signal === null && code !== 0) broken(code);
    });
    worker.on('message', () => {
      made++;
      if (made % REQUESTS_PER_KILL === 0 && !isOver) {
        worker.kill('SIGKILL');
        start();
      }
      if (made >= requests) {
        isOver = true;
        over.resolve();
      }
    });
  }

  for (let index = 0; index < PROCESSES; index++) start();
  await over.promise;
  await Promise.all(
    [...workers].map(async (worker) => {
      const exited = once(worker, 'exit');
      // It may have been killed a moment ago.
      worker.send('end', () => {});
      await exited;
    }),
  );

  const bills = new Map<string, number>();
  for (const file of readdirSync(folder).filter((name) => name.startsWith('books-'))) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean)) {
      const [id = '', nanoUsd] = line.split(' ');
      bills.set(id, Number(nanoUsd));
    }
  }
  return { limit, ...(await settled(url, bills)) };
}

/** Recovers what dead processes left, and holds the store against the provider's books. */
async function settled(url: string, bills: ReadonlyMap<string, number>) {
  // All leases have run out by then, and no day is over.
  const clock = { ...systemClock, now: () => Date.now() + 5 * 60_000 };
  const store = await openStore(url, { clock, log });
  const lookUpCost = async ({ generationId }: { readonly generationId: string }) =>
    bills.get(generationId) ?? null;
  await recover({ store, lookUpCost, clock, log }, new AbortController().signal);
  const open = new Map(
    (await store.ledger.openReservations({ guild: RACE_GUILD })).map((each) => [each.id, each]),
  );
  let setAside = 0;
  for (const { reserved } of open.values()) setAside += reserved.nanoUsd;
  let recorded = 0;
  for await (const { costNanoUsd } of createUsageLog(store.records).query({})) recorded += costNanoUsd;
  const ledger = createLedger({
    store,
    clock,
    log,
    timeZone: 'UTC',
    installation: UNLIMITED_INSTALLATION,
    owner: 'bench',
    lookUpCost: async () => null,
  });
  const levels = await ledger.levels({ guild: RACE_GUILD, user: '', payer: 'operator' }, UNLIMITED_GUILD);
  const booked = levels.find(({ limit }) => limit === 'nanoUsdPerGuildPerDay')?.used ?? Number.NaN;
  await ledger.stop();
  await store.close();

  let billed = 0;
  let billedAndSettled = 0;
  for (const [id, nanoUsd] of bills) {
    billed += nanoUsd;
    const aside = open.get(id);
    if (aside === undefined) billedAndSettled += nanoUsd;
    else if (nanoUsd > aside.reserved.nanoUsd) throw new Error(`${id} cost more than its worst price`);
  }
  const drift = Math.abs(recorded - billedAndSettled) + Math.abs(booked - recorded - setAside);
  return { billed, booked, drift };
}
