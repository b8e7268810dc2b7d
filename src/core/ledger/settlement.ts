import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { type Amounts, type LedgerStore, type Reservation, StoreError } from '../ports/store.ts';
import { type Spent, usageRecord } from './usage.ts';

/**
 * The cost in nano-dollars that the provider itself names for a request after the fact; null where it cannot, or not
 * yet. To be asked with the key that the request was made with.
 */
export type LookUpCost = (
  request: Pick<Reservation, 'id' | 'entry'> & { readonly generationId: string },
  signal: AbortSignal,
) => Promise<number | null>;

/** Ends reservations, however long the store or the provider's word takes. */
export interface Settlement {
  /** Books what was spent. Resolves when it stands, or else when it goes on in the background. */
  book(reservation: Reservation, spent: Spent): Promise<void>;
  /** As `book`, of an estimate: asks the provider for the true cost first, in the background. */
  bookWhenPriced(reservation: Reservation, estimate: Spent, generationId: string): void;
  /** Gives back all but the attempt, for a request that never reached its provider. */
  release(reservation: Reservation): Promise<void>;
  /**
   * As `release`, of a reservation that may have been made or not. In the background, twice: the call whose answer
   * never came may arrive at the store after the first.
   */
  releaseDoubtful(reservation: Reservation): void;
  /** What is under way is tried once more. What then does not stand stays reserved, and is for recovery. */
  stop(): Promise<void>;
}

/** A provider has an aborted request's cost some seconds later; how many is not documented. */
const LOOK_UP_AFTER_MS = [1_000, 4_000, 15_000, 60_000];
const RETRY_AFTER_MS = { first: 1_000, most: 30_000 };
const DOUBT_MS = 10_000;

const ONE_REQUEST = { setAsideNanoUsd: 0, requests: 1, attempts: 1 };
const NEVER_SENT: Amounts = { nanoUsd: 0, setAsideNanoUsd: 0, requests: 0, attempts: 1 };

export function createSettlement(options: {
  readonly store: LedgerStore;
  readonly lookUpCost: LookUpCost;
  readonly clock: Clock;
  readonly log: Logger;
}): Settlement {
  const { store, clock, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();

  function inBackground(id: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => log.error({ err: error, id }, 'a reservation is left open, for recovery'))
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  /** Sleeps unless, and only until, everything has to end. */
  const pause = (ms: number) => clock.sleep(ms, signal).catch(() => {});

  /** Tries until the store takes it; once more, and no longer, when everything has to end. */
  async function untilStored(write: () => Promise<unknown>): Promise<void> {
    for (let waitMs = RETRY_AFTER_MS.first; ; waitMs = Math.min(2 * waitMs, RETRY_AFTER_MS.most)) {
      const last = signal.aborted;
      try {
        await write();
        return;
      } catch (error) {
        if (last || !(error instanceof StoreError)) throw error;
      }
      await pause(waitMs);
    }
  }

  /** Tries once while the caller waits, and goes on by itself. */
  async function nowOrLater(id: string, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.warn({ err: error, id }, 'the store does not take a settlement; it is tried again');
      inBackground(id, () => untilStored(write));
    }
  }

  const writeSpent =
    ({ id, entry, madeAtMs }: Reservation, spent: Spent) =>
    () =>
      store.settle(
        id,
        { ...ONE_REQUEST, nanoUsd: spent.costNanoUsd },
        usageRecord({ ...entry, ...spent, id, atMs: madeAtMs }),
      );

  async function price(reservation: Reservation, generationId: string): Promise<number | null> {
    const { id, entry } = reservation;
    for (const afterMs of LOOK_UP_AFTER_MS) {
      await pause(afterMs);
      if (signal.aborted) return null;
      try {
        const costNanoUsd = await options.lookUpCost({ id, entry, generationId }, signal);
        if (costNanoUsd !== null) return costNanoUsd;
      } catch (error) {
        log.debug({ err: error, id }, 'a cost could not be looked up');
      }
    }
    return null;
  }

  return {
    book: (reservation, spent) => nowOrLater(reservation.id, writeSpent(reservation, spent)),

    bookWhenPriced(reservation, estimate, generationId) {
      inBackground(reservation.id, async () => {
        const costNanoUsd = await price(reservation, generationId);
        const spent: Spent =
          costNanoUsd === null ? estimate : { ...estimate, costNanoUsd, basis: 'provider' };
        await untilStored(writeSpent(reservation, spent));
      });
    },

    release: ({ id }) => nowOrLater(id, () => store.settle(id, NEVER_SENT, null)),

    releaseDoubtful({ id }) {
      inBackground(id, async () => {
        await untilStored(() => store.settle(id, NEVER_SENT, null));
        await pause(DOUBT_MS);
        await untilStored(() => store.settle(id, NEVER_SENT, null));
      });
    },

    async stop() {
      stopping.abort();
      await Promise.all(underWay);
    },
  };
}
