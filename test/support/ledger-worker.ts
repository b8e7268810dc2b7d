import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { type Clock, systemClock } from '../../src/core/kit/time/clock.ts';
import { createLedger, type Reserved } from '../../src/core/ledger/ledger.ts';
import { UNLIMITED_GUILD, UNLIMITED_INSTALLATION } from '../../src/core/ports/limits.ts';
import { openStore } from '../../src/store/open-store.ts';

/** A test's order to a worker. */
export type Order =
  /** So many requests at once, each of the worst price 1,000, against a limit for the guild and day. */
  | { readonly do: 'reserve'; readonly count: number; readonly nanoUsdPerGuildPerDay: number }
  /** Ends them all, each at its true cost. */
  | { readonly do: 'settle' }
  /** Makes requests one after the other, many at once, until it is killed. */
  | { readonly do: 'work' };

export interface Report {
  readonly admitted: number;
  /** The true cost of the admitted requests, in nano-dollars. */
  readonly costNanoUsd: number;
}

/** The true cost of a request: anything up to its worst price. */
export function trueCostOf(id: string): number {
  return [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_001, 7);
}

/** All workers and their test live at one time of day, so that no run passes midnight. */
export const WORKER_EPOCH_MS = Date.UTC(2026, 10, 23, 12);
export const WORST_NANO_USD = 1_000;
const FLOWS = 20;

if (import.meta.main) {
  const [url = '', owner = '', books = ''] = process.argv.slice(2);
  const startedAtMs = Date.now();
  const clock: Clock = { ...systemClock, now: () => WORKER_EPOCH_MS + Date.now() - startedAtMs };
  const log = pino({ level: 'silent' });
  const store = await openStore(url, { clock, log });
  const ledger = createLedger({
    store,
    clock,
    log,
    owner,
    timeZone: 'UTC',
    installation: UNLIMITED_INSTALLATION,
    lookUpCost: async () => null,
  });
  let serial = 0;
  let open: { readonly id: string; readonly reserved: Reserved }[] = [];

  const reserve = async (nanoUsdPerGuildPerDay: number | null) => {
    const id = `${owner}-${serial++}`;
    const reserved = await ledger.reserve({
      id,
      guild: 'discord:1',
      user: owner,
      payer: 'operator',
      model: 'm',
      provider: 'p',
      worstNanoUsd: WORST_NANO_USD,
      limits: { ...UNLIMITED_GUILD, nanoUsdPerGuildPerDay },
    });
    return reserved.ok ? { id, reserved } : null;
  };
  const settle = (id: string, reserved: Reserved) =>
    reserved.settle({
      costNanoUsd: trueCostOf(id),
      promptTokens: 1,
      completionTokens: 1,
      basis: 'provider',
    });

  const flow = async () => {
    for (;;) {
      const request = await reserve(null);
      if (request === null) throw new Error('there is no limit');
      const { id, reserved } = request;
      // The provider keeps its own books; they survive this process.
      appendFileSync(books, `${id}\n`);
      await reserved.started(id);
      await delay(Math.random() * 10);
      await settle(id, reserved);
    }
  };

  const report = (ids: readonly string[]) =>
    process.send?.({
      admitted: ids.length,
      costNanoUsd: ids.reduce((sum, id) => sum + trueCostOf(id), 0),
    } satisfies Report);

  const obey = async (order: Order): Promise<unknown> => {
    switch (order.do) {
      case 'reserve': {
        const requests = Array.from({ length: order.count }, () => reserve(order.nanoUsdPerGuildPerDay));
        open = (await Promise.all(requests)).filter((request) => request !== null);
        return report(open.map(({ id }) => id));
      }
      case 'settle':
        await Promise.all(open.map(({ id, reserved }) => settle(id, reserved)));
        return report(open.map(({ id }) => id));
      case 'work':
        return Promise.all(Array.from({ length: FLOWS }, flow));
    }
  };
  process.on('message', (order: Order) => void obey(order));
  process.send?.('ready');
}
