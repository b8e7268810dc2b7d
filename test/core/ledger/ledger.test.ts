import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLedger,
  type Ledger,
  type LedgerRequest,
  type LimitReached,
  type NewlyReserved,
} from '../../../src/core/ledger/ledger.ts';
import type { LookUpCost } from '../../../src/core/ledger/settlement.ts';
import { createUsageLog, type Spent } from '../../../src/core/ledger/usage.ts';
import {
  type InstallationLimits,
  UNLIMITED_GUILD,
  UNLIMITED_INSTALLATION,
} from '../../../src/core/ports/limits.ts';
import { type Store, StoreError } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { collect } from '../../support/collect.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const { log, lines } = createLogRecorder();
/** The requests of which the log has said this in a test. */
const said = (words: string) =>
  lines.map((line) => JSON.parse(line)).flatMap(({ msg, id }) => (msg === words ? [id] : []));
const START = Date.UTC(2026, 10, 29, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const REQUEST = {
  id: 'r1',
  guild: 'discord:1',
  user: '42',
  payer: 'operator',
  model: 'openai/gpt-4o',
  provider: 'openai',
  worstNanoUsd: 1_000,
  limits: UNLIMITED_GUILD,
} as const satisfies LedgerRequest;

const spent = (costNanoUsd: number, basis: Spent['basis'] = 'provider'): Spent => ({
  costNanoUsd,
  promptTokens: 10,
  completionTokens: 20,
  basis,
});

let clock: FakeClock;
let store: Store;
let faults: StoreFaults;
let ledgers: Ledger[];

interface StoreFaults {
  /** Calls of these names reject; `lost` after they were carried out, as when an answer never comes. */
  failing: Partial<Record<'reserve' | 'annotate' | 'write', 'refused' | 'lost'>>;
}

function faulty(whole: Store): Store {
  const guard =
    <A extends unknown[], R>(name: keyof StoreFaults['failing'], call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const fault = faults.failing[name];
      if (fault === 'refused') throw new StoreError('away');
      const result = await call(...args);
      if (fault === 'lost') throw new StoreError('no answer');
      return result;
    };
  const { ledger } = whole;
  return {
    ...whole,
    write: guard('write', whole.write),
    ledger: {
      ...ledger,
      reserve: guard('reserve', ledger.reserve),
      annotate: guard('annotate', ledger.annotate),
    },
  };
}

function open(
  more: {
    owner?: string;
    installation?: InstallationLimits;
    timeZone?: string;
    lookUpCost?: LookUpCost;
  } = {},
): Ledger {
  const ledger = createLedger({
    store: faulty(store),
    clock,
    log,
    timeZone: 'UTC',
    installation: UNLIMITED_INSTALLATION,
    owner: 'process-1',
    lookUpCost: async () => null,
    ...more,
  });
  ledgers.push(ledger);
  return ledger;
}

/** The operator's counters of the one person and guild, by limit. */
async function used(payer: 'operator' | 'guild' = 'operator') {
  const levels = await open().levels({ ...REQUEST, payer }, UNLIMITED_GUILD);
  return Object.fromEntries(levels.map((level) => [level.limit, level.used]));
}

function admitted(result: NewlyReserved | LimitReached): NewlyReserved {
  if (!result.ok) throw new Error(`refused by ${result.limit}`);
  return result;
}

const usage = () => collect(createUsageLog(store.records).query({}));

beforeEach(async () => {
  clock = createFakeClock(START);
  lines.length = 0;
  store = await openStore('memory:', { clock, log });
  faults = { failing: {} };
  ledgers = [];
});

afterEach(async () => {
  faults.failing = {};
  await Promise.all(ledgers.map((ledger) => ledger.stop()));
  await store.close();
});

describe('reserve and settle', () => {
  it('sets the worst price aside for person, guild and installation, and books the true one', async () => {
    const reserved = admitted(await open().reserve(REQUEST));
    expect(await used()).toMatchObject({
      requestsPerUserPerMinute: 1,
      requestsPerUserPerDay: 1,
      nanoUsdPerUserPerDay: 1_000,
      nanoUsdPerGuildPerDay: 1_000,
      nanoUsdPerGuildPerMonth: 1_000,
      nanoUsdPerDay: 1_000,
      nanoUsdPerMonth: 1_000,
    });
    await reserved.settle(spent(123));
    expect(await used()).toMatchObject({
      requestsPerUserPerMinute: 1,
      requestsPerUserPerDay: 1,
      nanoUsdPerUserPerDay: 123,
      nanoUsdPerGuildPerDay: 123,
      nanoUsdPerGuildPerMonth: 123,
      nanoUsdPerDay: 123,
      nanoUsdPerMonth: 123,
    });
    const { id, limits: _, worstNanoUsd: __, ...entry } = REQUEST;
    expect(await usage()).toEqual([{ id, ...entry, ...spent(123), atMs: START }]);
  });

  it('says how far each limit is used with the reservation in', async () => {
    const { levels } = admitted(
      await open().reserve({ ...REQUEST, limits: { ...UNLIMITED_GUILD, nanoUsdPerUserPerDay: 5_000 } }),
    );
    expect(levels.find(({ limit }) => limit === 'nanoUsdPerUserPerDay')).toEqual({
      limit: 'nanoUsdPerUserPerDay',
      unit: 'nanoUsd',
      used: 1_000,
      setAside: 1_000,
      most: 5_000,
      renewsAtMs: Date.UTC(2026, 10, 30),
    });
  });

  it('gives back money and request of what never reached its provider, but not the attempt', async () => {
    const reserved = admitted(await open().reserve(REQUEST));
    await reserved.release();
    expect(await used()).toMatchObject({
      requestsPerUserPerMinute: 1,
      requestsPerUserPerDay: 0,
      nanoUsdPerUserPerDay: 0,
      nanoUsdPerMonth: 0,
    });
    expect(await usage()).toEqual([]);
  });

  it('ends a request once, whatever is called after', async () => {
    const reserved = admitted(await open().reserve(REQUEST));
    await reserved.settle(spent(5));
    await reserved.settle(spent(500));
    await reserved.release();
    expect((await used())['nanoUsdPerDay']).toBe(5);
    expect(await usage()).toHaveLength(1);
  });

  it('books in the period in which the request was made', async () => {
    const reserved = admitted(await open().reserve(REQUEST));
    await clock.advance(13 * HOUR_MS);
    await reserved.settle(spent(700));
    expect((await used())['nanoUsdPerUserPerDay']).toBe(0);
    expect((await used())['nanoUsdPerGuildPerMonth']).toBe(700);
    expect((await usage())[0]?.atMs).toBe(START);
  });
});

describe('limits', () => {
  it.each([
    ['requestsPerUserPerMinute', 2, 'attempts', 1, Date.UTC(2026, 10, 29, 12, 1)],
    ['requestsPerUserPerDay', 2, 'requests', 1, Date.UTC(2026, 10, 30)],
    ['nanoUsdPerUserPerDay', 2_500, 'nanoUsd', 1_000, Date.UTC(2026, 10, 30)],
    ['nanoUsdPerGuildPerDay', 2_500, 'nanoUsd', 1_000, Date.UTC(2026, 10, 30)],
    ['nanoUsdPerGuildPerMonth', 2_500, 'nanoUsd', 1_000, Date.UTC(2026, 11, 1)],
  ] as const)(
    '%s refuses the third of two, names itself, its use and its renewal, and renews then',
    async (limit, most, unit, needed, renewsAtMs) => {
      const ledger = open();
      const limits = { ...UNLIMITED_GUILD, [limit]: most };
      for (const id of ['a', 'b']) admitted(await ledger.reserve({ ...REQUEST, id, limits }));
      expect(await ledger.reserve({ ...REQUEST, id: 'c', limits })).toEqual({
        ok: false,
        limit,
        unit,
        used: 2 * needed,
        setAside: unit === 'nanoUsd' ? 2 * needed : 0,
        most,
        needed,
        renewsAtMs,
      });
      await clock.advance(renewsAtMs - START - 1);
      expect((await ledger.reserve({ ...REQUEST, id: 'd', limits })).ok).toBe(false);
      await clock.advance(1);
      expect((await ledger.reserve({ ...REQUEST, id: 'e', limits })).ok).toBe(true);
    },
  );

  it.each(['nanoUsdPerDay', 'nanoUsdPerMonth'] as const)('%s bounds all guilds together', async (limit) => {
    const ledger = open({ installation: { ...UNLIMITED_INSTALLATION, [limit]: 2_500 } });
    admitted(await ledger.reserve({ ...REQUEST, id: 'a' }));
    admitted(await ledger.reserve({ ...REQUEST, id: 'b', guild: 'slack:T1', user: 'T1/U1' }));
    expect(await ledger.reserve({ ...REQUEST, id: 'c', guild: 'web:local' })).toMatchObject({
      ok: false,
      limit,
      used: 2_000,
    });
  });

  it('bounds each person and each guild by themselves', async () => {
    const ledger = open();
    const limits = { ...UNLIMITED_GUILD, nanoUsdPerUserPerDay: 1_000, nanoUsdPerGuildPerDay: 2_000 };
    admitted(await ledger.reserve({ ...REQUEST, id: 'a', limits }));
    expect(await ledger.reserve({ ...REQUEST, id: 'b', limits })).toMatchObject({
      limit: 'nanoUsdPerUserPerDay',
    });
    admitted(await ledger.reserve({ ...REQUEST, id: 'c', limits, user: '43' }));
    expect(await ledger.reserve({ ...REQUEST, id: 'd', limits, user: '44' })).toMatchObject({
      limit: 'nanoUsdPerGuildPerDay',
    });
    admitted(await ledger.reserve({ ...REQUEST, id: 'e', limits, guild: 'discord:2' }));
  });

  it('makes room again when a request costs less than was set aside', async () => {
    const ledger = open();
    const limits = { ...UNLIMITED_GUILD, nanoUsdPerUserPerDay: 1_000 };
    const first = admitted(await ledger.reserve({ ...REQUEST, limits }));
    expect((await ledger.reserve({ ...REQUEST, id: 'r2', limits })).ok).toBe(false);
    await first.settle(spent(0));
    expect((await ledger.reserve({ ...REQUEST, id: 'r3', limits })).ok).toBe(true);
  });

  it('lets what costs nothing pass where the money is used up', async () => {
    const ledger = open();
    const limits = { ...UNLIMITED_GUILD, nanoUsdPerUserPerDay: 0 };
    expect((await ledger.reserve({ ...REQUEST, worstNanoUsd: 0, limits })).ok).toBe(true);
  });

  it("counts what a guild pays itself apart, and never among the installation's money", async () => {
    const ledger = open({ installation: { nanoUsdPerDay: 0, nanoUsdPerMonth: 0 } });
    admitted(await ledger.reserve({ ...REQUEST, payer: 'guild' }));
    expect(new Set(Object.values(await used('operator')))).toEqual(new Set([0]));
    const paid = await used('guild');
    for (const limit of ['nanoUsdPerDay', 'nanoUsdPerMonth']) expect(paid).not.toHaveProperty(limit);
    expect(paid).toMatchObject({
      requestsPerUserPerMinute: 1,
      requestsPerUserPerDay: 1,
      nanoUsdPerUserPerDay: 1_000,
      nanoUsdPerGuildPerDay: 1_000,
      nanoUsdPerGuildPerMonth: 1_000,
    });
    const limits = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 1 };
    expect(await ledger.reserve({ ...REQUEST, id: 'r2', payer: 'guild', limits })).toMatchObject({
      ok: false,
    });
  });

  it('knows what was spent before a limit was set', async () => {
    const ledger = open();
    await admitted(await ledger.reserve(REQUEST)).settle(spent(900));
    const limits = { ...UNLIMITED_GUILD, nanoUsdPerGuildPerDay: 1_500 };
    expect(await ledger.reserve({ ...REQUEST, id: 'r2', limits })).toMatchObject({ ok: false, used: 900 });
  });

  it("begins days in the operator's time zone", async () => {
    const ledger = open({ timeZone: 'Asia/Tokyo' });
    const limits = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 1 };
    admitted(await ledger.reserve({ ...REQUEST, limits }));
    expect(await ledger.reserve({ ...REQUEST, id: 'r2', limits })).toMatchObject({
      renewsAtMs: Date.UTC(2026, 10, 29, 15),
    });
  });
});

describe('a counter', () => {
  it('outlives its period by an hour, for a process whose clock is behind', async () => {
    admitted(await open().reserve(REQUEST));
    await clock.advance(12 * HOUR_MS + 30 * MINUTE_MS);
    const behind = createLedger({
      store,
      clock: { ...clock, now: () => clock.now() - 45 * MINUTE_MS },
      log,
      timeZone: 'UTC',
      installation: UNLIMITED_INSTALLATION,
      owner: 'behind',
      lookUpCost: async () => null,
    });
    ledgers.push(behind);
    const limits = { ...UNLIMITED_GUILD, requestsPerUserPerDay: 1 };
    expect(await behind.reserve({ ...REQUEST, id: 'r2', limits })).toMatchObject({
      ok: false,
      limit: 'requestsPerUserPerDay',
      used: 1,
    });
    await clock.advance(40 * MINUTE_MS);
    expect(
      await store.ledger.read([JSON.stringify(['operator', 'guild', 'discord:1', 'nanoUsd', '2026-11-23'])]),
    ).toEqual(new Map([[JSON.stringify(['operator', 'guild', 'discord:1', 'nanoUsd', '2026-11-23']), 0]]));
  });
});

describe('when the store fails', () => {
  it('refuses the request by rejecting', async () => {
    faults.failing = { reserve: 'refused' };
    await expect(open().reserve(REQUEST)).rejects.toThrow(StoreError);
  });

  it('releases what may have been set aside by a call whose answer never came', async () => {
    faults.failing = { reserve: 'lost', write: 'refused' };
    await expect(open().reserve(REQUEST)).rejects.toThrow(StoreError);
    expect((await used())['nanoUsdPerDay']).toBe(1_000);
    await clock.advance(5_000);
    faults.failing = {};
    await clock.advance(MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(0);
  });

  it('releases a reservation that reached the store after its release', async () => {
    const late = store.ledger.reserve;
    let arrive = async () => {};
    store = {
      ...store,
      ledger: {
        ...store.ledger,
        async reserve(reservation) {
          arrive = async () => void (await late(reservation));
          throw new StoreError('no answer');
        },
      },
    };
    await expect(open().reserve(REQUEST)).rejects.toThrow(StoreError);
    await clock.advance(9_000);
    await arrive();
    expect((await used())['nanoUsdPerDay']).toBe(1_000);
    await clock.advance(2_000);
    expect((await used())['nanoUsdPerDay']).toBe(0);
  });

  it('books what was spent as soon as the store is back, and does not keep the answer waiting', async () => {
    const reserved = admitted(await open().reserve(REQUEST));
    faults.failing = { write: 'refused', annotate: 'refused' };
    await reserved.started('gen-1');
    await reserved.settle(spent(77));
    await clock.advance(10 * MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(1_000);
    faults.failing = {};
    await clock.advance(MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(77);
    expect(await usage()).toHaveLength(1);
  });

  it('books once what was booked by a call whose answer never came', async () => {
    const reserved = admitted(await open().reserve(REQUEST));
    faults.failing = { write: 'lost' };
    await reserved.settle(spent(77));
    await clock.advance(MINUTE_MS);
    faults.failing = {};
    await clock.advance(MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(77);
    expect(await usage()).toHaveLength(1);
  });

  it('tries once more on stop, and leaves the rest reserved', async () => {
    const ledger = open();
    const first = admitted(await ledger.reserve(REQUEST));
    const second = admitted(await ledger.reserve({ ...REQUEST, id: 'r2' }));
    faults.failing = { write: 'refused' };
    await first.settle(spent(1));
    faults.failing = {};
    await ledger.stop();
    expect((await used())['nanoUsdPerDay']).toBe(1_001);

    faults.failing = { write: 'refused' };
    await second.settle(spent(2));
    await ledger.stop();
    expect((await used())['nanoUsdPerDay']).toBe(1_001);
  });
});

describe('the log of settlements', () => {
  /** The lines of a level or above, without what every line has. */
  const logged = (least: number) =>
    lines
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level >= least)
      .map(({ level, id, msg, err }) => ({ level, id, msg, fault: err?.message }));

  it('has each request whose settlement or generation could not be stored, and whose was given up', async () => {
    const ledger = open();
    const reserved = admitted(await ledger.reserve(REQUEST));
    faults.failing = { write: 'refused', annotate: 'refused' };
    await reserved.started('gen-1');
    await reserved.settle(spent(77));
    await ledger.stop();
    expect(logged(40)).toEqual([
      { level: 40, id: 'r1', msg: 'could not store the id of a generation', fault: 'away' },
      { level: 40, id: 'r1', msg: 'could not store a settlement; retrying', fault: 'away' },
      { level: 50, id: 'r1', msg: 'left a reservation open for recovery', fault: 'away' },
    ]);
  });

  it('has each request that a dead process left, with whose it was and what it cost', async () => {
    const dead = open({ owner: 'dead' });
    admitted(await dead.reserve({ ...REQUEST, worstNanoUsd: 0 }));
    await admitted(await dead.reserve({ ...REQUEST, id: 'r2' })).started('gen-2');
    admitted(await dead.reserve({ ...REQUEST, id: 'r3', kind: 'titles' }));
    await dead.stop();
    open({ lookUpCost: async () => 7 });
    await clock.advance(6 * MINUTE_MS);
    await clock.jump(36 * DAY_MS);
    const { guild, user, payer, model, provider } = REQUEST;
    const whose = { guild, user, payer, model, provider };
    const settled = { level: 30, ...whose, msg: 'settled a request that a dead process left' };
    const booked = { level: 40, ...whose, msg: 'booked a request with unknown cost at its highest cost' };
    const found = lines.map((line) => JSON.parse(line)).filter(({ nanoUsd }) => nanoUsd !== undefined);
    expect(found).toEqual([
      expect.objectContaining({ ...settled, id: 'r1', nanoUsd: 0 }),
      expect.objectContaining({ ...settled, id: 'r2', nanoUsd: 7 }),
      expect.objectContaining({ ...booked, id: 'r3', kind: 'titles', nanoUsd: 1_000 }),
    ]);
  });
});

describe('an answer that was stopped', () => {
  it("is booked at the provider's own cost once that is known", async () => {
    const answers = [null, new Error('not yet'), 55];
    const asked: unknown[] = [];
    const ledger = open({
      async lookUpCost(request) {
        asked.push(request);
        const answer = answers.shift() ?? null;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    });
    const reserved = admitted(await ledger.reserve(REQUEST));
    await reserved.started('gen-0');
    await reserved.started('gen-1');
    await reserved.settle(spent(40, 'estimate'));
    expect((await used())['nanoUsdPerDay']).toBe(1_000);
    await clock.advance(20_000);
    expect((await used())['nanoUsdPerDay']).toBe(55);
    expect(await usage()).toEqual([expect.objectContaining({ costNanoUsd: 55, basis: 'provider' })]);
    const { guild, user, model, provider, payer } = REQUEST;
    expect(asked).toEqual(
      Array(3).fill({ id: 'r1', generationId: 'gen-1', entry: { guild, user, model, provider, payer } }),
    );
  });

  it('is booked as it stands where the provider does not say within half an hour, or was never heard of', async () => {
    const ledger = open();
    const known = admitted(await ledger.reserve(REQUEST));
    await known.started('gen-1');
    await known.settle(spent(40, 'estimate'));
    const unknown = admitted(await ledger.reserve({ ...REQUEST, id: 'r2' }));
    await unknown.settle(spent(2, 'estimate'));
    expect((await used())['nanoUsdPerDay']).toBe(1_002);
    await clock.advance(HOUR_MS);
    expect((await used())['nanoUsdPerDay']).toBe(42);
  });

  it('stays reserved on stop, and is priced by whichever process comes next', async () => {
    const ledger = open({ owner: 'ending' });
    const reserved = admitted(await ledger.reserve(REQUEST));
    await reserved.started('gen-1');
    await reserved.settle(spent(1_000, 'reserved'));
    await ledger.stop();
    expect((await used())['nanoUsdPerDay']).toBe(1_000);
    expect(await usage()).toEqual([]);
    open({ owner: 'next', lookUpCost: async () => 7 });
    await clock.advance(6 * MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(7);
  });

  it('has its cost looked up after 1, 4, 15 and 60 seconds, 5 and 30 minutes', async () => {
    const asked: number[] = [];
    const ledger = open({
      async lookUpCost() {
        asked.push((clock.now() - START) / 1_000);
        return null;
      },
    });
    const reserved = admitted(await ledger.reserve(REQUEST));
    await reserved.started('gen-1');
    await reserved.settle(spent(40, 'estimate'));
    await clock.advance(HOUR_MS);
    expect(asked).toEqual([1, 5, 20, 80, 380, 2_180]);
  });

  it('is booked at once where it can have cost nothing', async () => {
    const asked: unknown[] = [];
    const ledger = open({
      async lookUpCost(request) {
        asked.push(request);
        return 0;
      },
    });
    const reserved = admitted(await ledger.reserve({ ...REQUEST, worstNanoUsd: 0 }));
    await reserved.started('gen-1');
    await reserved.settle(spent(0, 'reserved'));
    expect(await usage()).toHaveLength(1);
    expect(asked).toEqual([]);
  });
});

describe('recovery', () => {
  /** Leaves two reservations as a process that dies does: the second had heard from its provider. */
  async function die(): Promise<void> {
    const dead = open({ owner: 'dead' });
    admitted(await dead.reserve(REQUEST));
    await admitted(await dead.reserve({ ...REQUEST, id: 'r2' })).started('gen-2');
    await dead.stop();
  }

  it('settles what the provider has a price for, and lists the rest, which stays reserved', async () => {
    await die();
    open({ lookUpCost: async ({ generationId }) => (generationId === 'gen-2' ? 7 : null) });
    expect(await store.ledger.abandoned(clock.now())).toEqual([]);
    await clock.advance(6 * MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(1_007);
    expect((await store.ledger.abandoned(clock.now())).map(({ id }) => id)).toEqual(['r1']);
    expect(await usage()).toEqual([
      expect.objectContaining({ id: 'r2', costNanoUsd: 7, basis: 'provider', atMs: START }),
    ]);
  });

  it('counts what ran by itself as money, and as no request of anybody’s', async () => {
    const dead = open({ owner: 'dead' });
    admitted(await dead.reserve({ ...REQUEST, kind: 'summaries', worstNanoUsd: 0 }));
    admitted(await dead.reserve({ ...REQUEST, id: 'r2' }));
    await admitted(await dead.reserve({ ...REQUEST, id: 'r3', kind: 'titles' })).started('gen-3');
    await dead.stop();
    const requestsBefore = (await used())['requestsPerUserPerDay'];
    open({ lookUpCost: async () => 7 });
    await clock.advance(6 * MINUTE_MS);
    expect(requestsBefore).toBe(1);
    expect((await used())['requestsPerUserPerDay']).toBe(1);
    expect((await used())['nanoUsdPerDay']).toBe(1_007);
    expect((await usage()).map(({ id, kind }) => [id, kind])).toEqual(
      expect.arrayContaining([
        ['r1', 'summaries'],
        ['r3', 'titles'],
      ]),
    );
  });

  it('settles at once what can have cost nothing', async () => {
    const dead = open({ owner: 'dead' });
    admitted(await dead.reserve({ ...REQUEST, worstNanoUsd: 0 }));
    await dead.stop();
    open();
    await clock.advance(6 * MINUTE_MS);
    expect(await store.ledger.abandoned(clock.now())).toEqual([]);
    expect(await usage()).toEqual([expect.objectContaining({ costNanoUsd: 0, basis: 'reserved' })]);
    expect(said('settled a request that a dead process left')).toHaveLength(1);
  });

  it('asks again where the provider fails', async () => {
    await die();
    let asked = 0;
    open({
      async lookUpCost() {
        if (++asked === 1) throw new Error('away');
        return 7;
      },
    });
    await clock.advance(6 * MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(2_000);
    await clock.advance(5 * MINUTE_MS);
    expect((await used())['nanoUsdPerDay']).toBe(1_007);
    expect(asked).toBe(2);
    expect(said('could not look up a cost')).toEqual(['r2']);
    expect(said('settled a request that a dead process left')).toEqual(['r2']);
  });

  it('asks for a day, and no longer: a provider that has no word by then will not have one', async () => {
    await die();
    let asked = 0;
    open({
      async lookUpCost() {
        asked++;
        return null;
      },
    });
    await clock.advance(23 * HOUR_MS);
    const inADay = asked;
    expect(inADay).toBeGreaterThan(200);
    await clock.advance(26 * HOUR_MS);
    expect(asked - inADay).toBeLessThan(20);
    expect(await store.ledger.abandoned(clock.now())).toHaveLength(2);
  });

  it('comes a minute after a process died: until then its lease lasts, which it renews every 15 seconds', async () => {
    const alive = open({ owner: 'alive' });
    const reserved = admitted(await alive.reserve(REQUEST));
    const leaseMs = async () => ((await alive.openReservations())[0]?.leaseUntilMs ?? 0) - clock.now();
    expect(await leaseMs()).toBe(MINUTE_MS);
    await clock.advance(14_999);
    expect(await leaseMs()).toBe(MINUTE_MS - 14_999);
    await clock.advance(1);
    expect(await leaseMs()).toBe(MINUTE_MS);
    await reserved.release();
  });

  it('leaves alone what a process that lives has open, however long it takes', async () => {
    const alive = open({ owner: 'alive' });
    const reserved = admitted(await alive.reserve(REQUEST));
    await reserved.started('gen-1');
    open({ owner: 'other', lookUpCost: async () => 1 });
    await clock.advance(3 * HOUR_MS);
    expect(await store.ledger.abandoned(clock.now())).toEqual([]);
    await reserved.settle(spent(77));
    expect((await usage())[0]).toMatchObject({ costNanoUsd: 77 });
  });

  it('books at the worst price what nobody could price until all its periods were over', async () => {
    await die();
    open();
    await clock.jump(34 * DAY_MS);
    expect(await store.ledger.abandoned(clock.now())).toHaveLength(2);
    expect(await usage()).toEqual([]);
    await clock.jump(2 * DAY_MS);
    expect(await store.ledger.abandoned(clock.now())).toEqual([]);
    expect(await usage()).toEqual(
      ['r2', 'r1'].map((id) => expect.objectContaining({ id, costNanoUsd: 1_000, basis: 'reserved' })),
    );
    expect(said('booked a request with unknown cost at its highest cost')).toEqual(['r1', 'r2']);
  });
});
