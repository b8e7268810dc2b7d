import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { createLateWrites } from '../kit/until-stored.ts';
import {
  type Amounts,
  type LedgerStore,
  type LogRecord,
  type Reservation,
  StoreError,
} from '../ports/store.ts';
import { type Spent, usageRecord } from './usage.ts';

/**
 * The cost in nano-dollars that the provider itself names for a request after the fact; null if it cannot, or not
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
  /**
   * As `book`, of what is not known: asks the provider for the true cost first, in the background. It stays reserved
   * where the process ends meanwhile: recovery asks again.
   */
  bookWhenPriced(reservation: Reservation, otherwise: Spent, generationId: string): void;
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
const LOOK_UP_AFTER_MS = [1_000, 4_000, 15_000, 60_000, 5 * 60_000, 30 * 60_000];
const DOUBT_MS = 10_000;

/** What counts of a request that was paid for: all but what was set aside. */
export function amountsOf({ reserved }: Reservation, nanoUsd: number): Amounts {
  return { ...reserved, nanoUsd, setAsideNanoUsd: 0 };
}

/** Only the attempt counts. */
function neverSent({ reserved }: Reservation): Amounts {
  return { nanoUsd: 0, setAsideNanoUsd: 0, requests: 0, attempts: reserved.attempts };
}

export function createSettlement(options: {
  readonly store: LedgerStore;
  readonly lookUpCost: LookUpCost;
  /** Told of a reservation that is settled, so that its lease may go. */
  readonly ended: (id: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Settlement {
  const { store, log } = options;
  const late = createLateWrites({
    ...options,
    mayRetry: (error) => error instanceof StoreError,
    words: {
      retried: 'the store does not take a settlement; it is tried again',
      givenUp: 'a reservation is left open, for recovery',
    },
  });

  async function settle(id: string, actual: Amounts, record: LogRecord | null): Promise<void> {
    await store.settle(id, actual, record);
    options.ended(id);
  }

  const writeSpent = (reservation: Reservation, spent: Spent) => () => {
    const { id, entry, madeAtMs } = reservation;
    const record = usageRecord({ ...entry, ...spent, id, atMs: madeAtMs });
    return settle(id, amountsOf(reservation, spent.costNanoUsd), record);
  };

  async function price(reservation: Reservation, generationId: string): Promise<number | null> {
    const { id, entry } = reservation;
    for (const afterMs of LOOK_UP_AFTER_MS) {
      await late.pause(afterMs);
      if (late.signal.aborted) return null;
      try {
        const costNanoUsd = await options.lookUpCost({ id, entry, generationId }, late.signal);
        if (costNanoUsd !== null) return costNanoUsd;
      } catch (error) {
        log.debug({ err: error, id }, 'a cost could not be looked up');
      }
    }
    return null;
  }

  return {
    book: (reservation, spent) => late.write(reservation.id, writeSpent(reservation, spent)),

    bookWhenPriced(reservation, otherwise, generationId) {
      late.inBackground(reservation.id, async () => {
        const costNanoUsd = await price(reservation, generationId);
        if (costNanoUsd === null && late.signal.aborted) return;
        const spent: Spent =
          costNanoUsd === null ? otherwise : { ...otherwise, costNanoUsd, basis: 'provider' };
        await late.untilStored(writeSpent(reservation, spent));
      });
    },

    release: (made) => late.write(made.id, () => settle(made.id, neverSent(made), null)),

    releaseDoubtful(made) {
      const { id } = made;
      late.inBackground(id, async () => {
        await late.untilStored(() => settle(id, neverSent(made), null));
        await late.pause(DOUBT_MS);
        await late.untilStored(() => settle(id, neverSent(made), null));
      });
    },

    stop: () => late.stop(),
  };
}
