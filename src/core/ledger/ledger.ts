import type { Logger } from 'pino';
import { createLeases } from '../coordination/leases.ts';
import type { Clock } from '../kit/clock.ts';
import { createPeriods } from '../kit/periods.ts';
import { repeat } from '../kit/repeat.ts';
import { type GuildLimits, type InstallationLimits, LIMITS, type LimitName } from '../ports/limits.ts';
import {
  type Draw,
  type LedgerEntry,
  type LedgerStore,
  type LedgerUnit,
  type Reservation,
  StoreError,
} from '../ports/store.ts';
import { recover } from './recovery.ts';
import { createSettlement, type LookUpCost } from './settlement.ts';
import type { Spent } from './usage.ts';

/** Money and requests: what a request may cost is set aside before it leaves, what it did cost is booked when it ends. */
export interface Ledger {
  /**
   * Sets the worst price aside, in one step over all limits, across processes.
   *
   * @throws StoreError if the store fails; nothing is set aside then, or not for long.
   */
  reserve(request: LedgerRequest): Promise<Reserved | LimitReached>;
  /** Where a person and a guild stand: the narrowest limit first. */
  levels(whose: Payment, limits: GuildLimits): Promise<readonly Level[]>;
  /** What is set aside for a guild, for one person in it, or for all, and not booked yet, over all processes. */
  open(of?: Parameters<LedgerStore['open']>[0]): Promise<readonly Reservation[]>;
  /** Ends what is under way, as well as the store allows. Call it when no request is open any more. */
  stop(): Promise<void>;
}

/** Who pays for whose request. */
type Payment = Pick<LedgerEntry, 'guild' | 'user' | 'payer'>;

export interface LedgerRequest extends LedgerEntry {
  /** Unique. */
  readonly id: string;
  readonly worstNanoUsd: number;
  /** What holds for this guild and payer; a guild's own key is bound by nothing but what its admins set. */
  readonly limits: GuildLimits;
}

/** A limit, and how far it is used up. */
export interface Level {
  readonly limit: LimitName;
  readonly unit: LedgerUnit;
  /** What is used of it, reservations included. */
  readonly used: number;
  /** So much of that is set aside, at its worst, for requests that have not ended; of money alone. */
  readonly setAside: number;
  /** Null if there is no limit. */
  readonly most: number | null;
  readonly renewsAtMs: number;
}

/** A request that may leave. It has to be ended by `settle` or `release`; what is called after the first of them does nothing. */
export interface Reserved {
  readonly ok: true;
  /** The limits with this reservation in: the narrowest first. */
  readonly levels: readonly Level[];
  /** Keeps the provider's id of the request, by which its cost can be looked up after a crash. Never rejects. */
  started(generationId: string): Promise<void>;
  /**
   * Books what was spent. If that is not known, the provider is asked for the true cost first, if it has an id; the
   * reservation stands until then. Never rejects for want of the store: the ledger tries again until it stands.
   */
  settle(spent: Spent): Promise<void>;
  /** For a request that never reached its provider: it costs nothing and is no request; only the attempt counts. */
  release(): Promise<void>;
}

/** The request would pass a limit. Nothing was set aside. */
export interface LimitReached extends Level {
  readonly ok: false;
  readonly most: number;
  /** What the request would have added. */
  readonly needed: number;
}

export interface LedgerOptions {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** IANA name of the zone in which days and months begin. */
  readonly timeZone: string;
  /** For all that the operator pays. */
  readonly installation: InstallationLimits;
  /** Names this process: unique among all that ever run on this store. */
  readonly owner: string;
  readonly lookUpCost: LookUpCost;
}

/** A process that missed four renewals is dead, or its reservations were looked after by another: no harm either way. */
const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 15_000;
/** Longer than a lease: what a process left that died just before this one began is seen the first time. */
const RECOVER_EVERY_MS = 5 * 60_000;
/** Counters outlive their period, so that a process whose clock is behind does not begin one anew. */
const COUNTER_GRACE_MS = 3_600_000;

/** A draw with the limit that it stands for. */
interface LimitDraw extends Draw {
  readonly name: LimitName;
  readonly renewsAtMs: number;
  /** Of money: the draw that counts the reservations in it. */
  readonly setAside: Draw | null;
}

/** What counts for a request: each limit, and what is set aside of it. */
function allOf(draws: readonly LimitDraw[]): Draw[] {
  const plain = ({ counter, unit, limit, expiresAtMs }: Draw): Draw => ({
    counter,
    unit,
    limit,
    expiresAtMs,
  });
  return draws.flatMap((draw) => [plain(draw), ...(draw.setAside ? [draw.setAside] : [])]);
}

export function createLedger(options: LedgerOptions): Ledger {
  const { store, clock, log, owner } = options;
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

  /**
   * Every limit has its counter, also if nothing is limited: a limit that is set at noon knows of the morning. What
   * guilds pay themselves is counted apart, and is no matter of the installation's.
   */
  function drawsOf({ guild, user, payer }: Payment, limits: GuildLimits): LimitDraw[] {
    const nowMs = clock.now();
    const most = { ...limits, ...options.installation };
    const whose = { user: [guild, user], guild: [guild], installation: [] } as const;
    return Object.entries(LIMITS).flatMap(([key, { scope, unit, period }]) => {
      if (payer === 'guild' && scope === 'installation') return [];
      const name = key as LimitName;
      const { key: start, endMs } = periods(period, nowMs);
      const expiresAtMs = endMs + COUNTER_GRACE_MS;
      const counterOf = (counted: LedgerUnit) =>
        JSON.stringify([payer, scope, ...whose[scope], counted, start]);
      const setAside: Draw | null =
        unit === 'nanoUsd'
          ? { counter: counterOf('setAsideNanoUsd'), unit: 'setAsideNanoUsd', limit: null, expiresAtMs }
          : null;
      return {
        name,
        counter: counterOf(unit),
        unit,
        limit: most[name],
        expiresAtMs,
        renewsAtMs: endMs,
        setAside,
      };
    });
  }

  /** @param used by counter */
  function levelOf(draw: LimitDraw, used: ReadonlyMap<string, number>): Level {
    const { name, unit, counter, limit, renewsAtMs, setAside } = draw;
    const countOf = (of: string | undefined) => (of === undefined ? 0 : (used.get(of) ?? 0));
    return {
      limit: name,
      unit,
      used: countOf(counter),
      setAside: countOf(setAside?.counter),
      most: limit,
      renewsAtMs,
    };
  }

  function admitted(reservation: Reservation, levels: readonly Level[]): Reserved {
    let generation: string | null = null;
    let ended = false;

    async function end(how: () => Promise<void> | void): Promise<void> {
      if (ended) return;
      ended = true;
      await how();
    }

    return {
      ok: true,
      levels,
      async started(generationId) {
        generation = generationId;
        try {
          await store.annotate(reservation.id, generationId);
        } catch (error) {
          log.warn({ err: error, id: reservation.id }, 'the id of a generation could not be kept');
        }
      },
      settle: (spent) =>
        end(() => {
          const isKnown = spent.basis === 'provider' || spent.basis === 'tokens' || spent.costNanoUsd === 0;
          if (!isKnown && generation !== null) {
            return settlement.bookWhenPriced(reservation, spent, generation);
          }
          return settlement.book(reservation, spent);
        }),
      release: () => end(() => settlement.release(reservation)),
    };
  }

  return {
    async reserve({ id, worstNanoUsd, limits, ...entry }) {
      const limitDraws = drawsOf(entry, limits);
      const draws = allOf(limitDraws);
      const madeAtMs = clock.now();
      // What nobody asked for is no request of theirs.
      const requests = entry.kind === undefined ? 1 : 0;
      const reservation: Reservation = {
        id,
        draws,
        reserved: { nanoUsd: worstNanoUsd, setAsideNanoUsd: worstNanoUsd, requests, attempts: requests },
        entry,
        madeAtMs,
        owner,
        leaseUntilMs: leases.until(),
      };
      const result = await store.reserve(reservation).catch((error: unknown) => {
        if (error instanceof StoreError) settlement.releaseDoubtful(reservation);
        throw error;
      });
      if (result.ok) {
        leases.hold(id);
        const used = new Map(draws.map(({ counter }, index) => [counter, result.used[index] ?? 0]));
        return admitted(
          reservation,
          limitDraws.map((draw) => levelOf(draw, used)),
        );
      }
      const draw = limitDraws.find(({ counter }) => counter === result.draw.counter);
      if (!draw || draw.limit === null) throw new Error(`no limit stands for ${result.draw.counter}`);
      const setAside = await store.read(draw.setAside === null ? [] : [draw.setAside.counter]);
      return {
        ok: false,
        ...levelOf(draw, new Map([...setAside, [draw.counter, result.used]])),
        most: draw.limit,
        needed: reservation.reserved[draw.unit],
      };
    },

    async levels(whose, limits) {
      const draws = drawsOf(whose, limits);
      const used = await store.read(allOf(draws).map(({ counter }) => counter));
      return draws.map((draw) => levelOf(draw, used));
    },

    open: (of) => store.open(of),

    async stop() {
      await Promise.all([leases.stop(), recovering.stop(), settlement.stop()]);
    },
  };
}
