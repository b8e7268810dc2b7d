import type { Logger } from 'pino';
import { createLeases } from '../coordination/leases.ts';
import { orLog } from '../kit/or-log.ts';
import type { Clock } from '../kit/time/clock.ts';
import { createPeriods, type PeriodKind, type Periods } from '../kit/time/periods.ts';
import { repeat } from '../kit/time/repeat.ts';
import { type GuildLimits, type InstallationLimits, LIMITS, type LimitName } from '../ports/limits.ts';
import {
  type Draw,
  type LedgerEntry,
  type LedgerStore,
  type LedgerUnit,
  type Reservation,
  type Store,
  StoreError,
} from '../ports/store.ts';
import { recover } from './recovery.ts';
import { createSettlement, type LookUpCost } from './settlement.ts';
import type { Spent } from './usage.ts';

/** Whose request it is, and who pays. */
type Payment = Pick<LedgerEntry, 'guild' | 'user' | 'payer'>;

export interface LedgerRequest extends LedgerEntry {
  /** Unique. */
  readonly id: string;
  readonly worstNanoUsd: number;
  /** The limits for this guild and payer. Only limits set by the guild's admins bind the guild's own key. */
  readonly limits: GuildLimits;
}

/** A limit and its present use. */
export interface Level {
  readonly limit: LimitName;
  readonly unit: LedgerUnit;
  /** The amount used, reservations included. */
  readonly used: number;
  /** The reserved part of `used`, at its highest, for requests that have not ended. Only for money; else 0. */
  readonly setAside: number;
  /** Null for no limit. */
  readonly most: number | null;
  readonly renewsAtMs: number;
}

/** A reserved request. Must be ended once, by `settle` or `release`. */
export interface Reserved {
  readonly ok: true;
  /** Stores the provider's id of the request, by which its cost can be looked up after a crash. Never rejects. */
  started(generationId: string): Promise<void>;
  /**
   * Books the cost. If it is unknown and the request has an id, asks the provider first and keeps the reservation until then.
   * Retries until the store takes it; never rejects because of the store.
   */
  settle(spent: Spent): Promise<void>;
  /** Ends a request that never reached its provider: it costs nothing and only the attempt counts. */
  release(): Promise<void>;
}

/** A reservation just made. */
export interface NewlyReserved extends Reserved {
  /** The limits with this reservation included, narrowest first. */
  readonly levels: readonly Level[];
}

/** The request would exceed a limit. Nothing was reserved. */
export interface LimitReached extends Level {
  readonly ok: false;
  readonly most: number;
  /** The amount that the request would have added. */
  readonly needed: number;
}

export interface LedgerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** IANA name of the time zone of days and months. */
  readonly timeZone: string;
  /** Limits on everything that the operator pays for. */
  readonly installation: InstallationLimits;
  /** The id of this process, unique among all that ever ran on this store. */
  readonly owner: string;
  readonly lookUpCost: LookUpCost;
}

/** A process that missed four renewals is dead, or another process took over its reservations; neither does harm. */
const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 15_000;
/** Longer than a lease, so that the first run sees what a process left that died just before this one started. */
const RECOVER_EVERY_MS = 5 * 60_000;
/** Counters outlive their period, so that a process with a slow clock does not start one again. */
const COUNTER_GRACE_MS = 3_600_000;

/** A limit and the draw on it. */
interface LimitDraw {
  readonly name: LimitName;
  readonly renewsAtMs: number;
  readonly draw: Draw;
  /** For money: the draw that counts reservations. */
  readonly setAside: Draw | null;
}

/** The draws of a request: one per limit, and one per counter of reservations. */
function allOf(draws: readonly LimitDraw[]): Draw[] {
  return draws.flatMap(({ draw, setAside }) => (setAside === null ? [draw] : [draw, setAside]));
}

/**
 * Every limit has a counter, even if it is not set, so that a limit set at noon includes the morning. Requests that guilds
 * pay for have counters of their own and do not count for the installation.
 */
function drawsOf(
  { guild, user, payer }: Payment,
  most: GuildLimits & InstallationLimits,
  periodOf: (kind: PeriodKind) => ReturnType<Periods>,
): LimitDraw[] {
  const whose = { user: [guild, user], guild: [guild], installation: [] } as const;
  return Object.entries(LIMITS).flatMap(([key, { scope, unit, period }]) => {
    if (payer === 'guild' && scope === 'installation') return [];
    const name = key as LimitName;
    const { key: start, endMs } = periodOf(period);
    const drawOn = (counted: LedgerUnit, limit: number | null): Draw => ({
      counter: JSON.stringify([payer, scope, ...whose[scope], counted, start]),
      unit: counted,
      limit,
      expiresAtMs: endMs + COUNTER_GRACE_MS,
    });
    const setAside = unit === 'nanoUsd' ? drawOn('setAsideNanoUsd', null) : null;
    return { name, renewsAtMs: endMs, draw: drawOn(unit, most[name]), setAside };
  });
}

/** @param used values by counter */
function levelOf({ name, renewsAtMs, draw, setAside }: LimitDraw, used: ReadonlyMap<string, number>): Level {
  return {
    limit: name,
    unit: draw.unit,
    used: used.get(draw.counter) ?? 0,
    setAside: (setAside && used.get(setAside.counter)) ?? 0,
    most: draw.limit,
    renewsAtMs,
  };
}

export type Ledger = ReturnType<typeof createLedger>;

/** Money and requests. A request's highest cost is reserved before it leaves; its true cost is booked when it ends. */
export function createLedger(options: LedgerOptions) {
  const { clock, log, owner } = options;
  const store = options.store.ledger;
  const periods = createPeriods(options.timeZone);
  const leases = createLeases<string>({
    what: 'reservations',
    leaseMs: LEASE_MS,
    renewEveryMs: RENEW_EVERY_MS,
    renew: (ids, untilMs) => store.renew(ids, untilMs),
    clock,
    log,
  });
  const settlement = createSettlement({ ...options, ended: (id) => leases.drop(id) });
  const recovering = repeat(
    'recovering reservations of dead processes',
    RECOVER_EVERY_MS,
    (signal) => recover(options, signal),
    options,
  );

  function draw(whose: Payment, limits: GuildLimits, atMs: number): LimitDraw[] {
    return drawsOf(whose, { ...limits, ...options.installation }, (kind) => periods(kind, atMs));
  }

  /** Builds the same reservation from the same arguments, except for its lease. */
  function reservationOf(
    { id, worstNanoUsd, limits, ...entry }: LedgerRequest,
    madeAtMs: number,
    limitDraws = draw(entry, limits, madeAtMs),
  ): Reservation {
    // An automatic request is not the person's request.
    const requests = entry.kind === undefined ? 1 : 0;
    return {
      id,
      draws: allOf(limitDraws),
      reserved: { nanoUsd: worstNanoUsd, setAsideNanoUsd: worstNanoUsd, requests, attempts: requests },
      entry,
      madeAtMs,
      owner,
      leaseUntilMs: leases.until(),
    };
  }

  function reserved(request: LedgerRequest, madeAtMs: number): Reserved {
    const { id } = request;
    let generation: string | null = null;
    // Built anew, so that its draws (2 kB) are not held for as long as the answer streams.
    const reservation = () => reservationOf(request, madeAtMs);
    return {
      ok: true,
      async started(generationId) {
        generation = generationId;
        const unstored = orLog(log, 'warn', { id }, 'could not store the id of a generation');
        await store.annotate(id, generationId).catch(unstored);
      },
      async settle(spent) {
        const isKnown = spent.basis === 'provider' || spent.basis === 'tokens' || spent.costNanoUsd === 0;
        if (!isKnown && generation !== null) settlement.bookWhenPriced(reservation(), spent, generation);
        else await settlement.book(reservation(), spent);
      },
      release: () => settlement.release(reservation()),
    };
  }

  return {
    /**
     * Reserves the highest cost, in one step over all limits and processes.
     *
     * @throws StoreError if the store fails; nothing is reserved then, or only until the lease lapses
     */
    async reserve(request: LedgerRequest): Promise<NewlyReserved | LimitReached> {
      const { id, limits } = request;
      const madeAtMs = clock.now();
      const limitDraws = draw(request, limits, madeAtMs);
      const reservation = reservationOf(request, madeAtMs, limitDraws);
      const result = await store.reserve(reservation).catch((error: unknown) => {
        if (error instanceof StoreError) settlement.releaseDoubtful(reservation);
        throw error;
      });
      if (result.ok) {
        leases.hold(id);
        const used = new Map(reservation.draws.map(({ counter }, at) => [counter, result.used[at] ?? 0]));
        const levels = limitDraws.map((draw) => levelOf(draw, used));
        return { ...reserved(request, madeAtMs), levels };
      }
      const { counter, unit, limit: most } = result.draw;
      const exceeded = limitDraws.find(({ draw }) => draw.counter === counter);
      if (exceeded === undefined || most === null) throw new Error(`the counter ${counter} has no limit`);
      const setAside = await store.read(exceeded.setAside === null ? [] : [exceeded.setAside.counter]);
      const level = levelOf(exceeded, new Map([...setAside, [counter, result.used]]));
      return { ok: false, ...level, most, needed: reservation.reserved[unit] };
    },

    /** The present use of a person's and a guild's limits, narrowest limit first. */
    async levels(whose: Payment, limits: GuildLimits): Promise<readonly Level[]> {
      const draws = draw(whose, limits, clock.now());
      const used = await store.read(allOf(draws).map(({ counter }) => counter));
      return draws.map((draw) => levelOf(draw, used));
    },

    /** Reservations of a guild, of one person in it, or of all, that are not booked yet, over all processes. */
    openReservations: (of?: Parameters<LedgerStore['openReservations']>[0]) => store.openReservations(of),

    /** Finishes pending work, as far as the store allows. Call it once no request is open. */
    async stop(): Promise<void> {
      await Promise.all([leases.stop(), recovering.stop(), settlement.stop()]);
    },
  };
}
