import type { Logger } from 'pino';
import { togetherIn } from '../coordination/together.ts';
import type { Clock } from '../kit/clock.ts';
import { createLateWrites } from '../kit/until-stored.ts';
import { type Amounts, type LogRecord, type Reservation, type Store, StoreError } from '../ports/store.ts';
import { type Spent, usageRecord } from './usage.ts';

/**
 * Asks the provider for the cost of a finished request, in nano-dollars; null if it cannot say, or not yet. Ask with the key
 * that made the request.
 */
export type LookUpCost = (
  request: Pick<Reservation, 'id' | 'entry'> & { readonly generationId: string },
  signal: AbortSignal,
) => Promise<number | null>;

/** Ends reservations, however long the store or the provider takes. */
export interface Settlement {
  /** Books the cost. Resolves once it is stored, or once it continues in the background. */
  book(reservation: Reservation, spent: Spent): Promise<void>;
  /**
   * As `book`, for an unknown cost: asks the provider first, in the background. If the process ends meanwhile, the
   * reservation stays and recovery asks again.
   */
  bookWhenPriced(reservation: Reservation, otherwise: Spent, generationId: string): void;
  /** Gives back everything but the attempt, for a request that never reached its provider. */
  release(reservation: Reservation): Promise<void>;
  /**
   * As `release`, for a reservation that may not exist. Runs twice in the background, because the unanswered reservation may
   * reach the store after the first try.
   */
  releaseDoubtful(reservation: Reservation): void;
  /** Tries pending work once more. Whatever still fails stays reserved, for recovery. */
  stop(): Promise<void>;
}

/** A provider knows an aborted request's cost some seconds later; how many is not documented. */
const LOOK_UP_AFTER_MS = [1_000, 4_000, 15_000, 60_000, 5 * 60_000, 30 * 60_000];
const DOUBT_MS = 10_000;

/** The final amounts of a paid request: everything but the part that was reserved. */
export function amountsOf({ reserved }: Reservation, nanoUsd: number): Amounts {
  return { ...reserved, nanoUsd, setAsideNanoUsd: 0 };
}

/** Only the attempt counts. */
function neverSent({ reserved }: Reservation): Amounts {
  return { nanoUsd: 0, setAsideNanoUsd: 0, requests: 0, attempts: reserved.attempts };
}

export function createSettlement(options: {
  readonly store: Pick<Store, 'values' | 'write'>;
  readonly lookUpCost: LookUpCost;
  /** Called with a settled reservation's id, so that its lease can end. */
  readonly ended: (id: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Settlement {
  const { store, log } = options;
  const late = createLateWrites({
    ...options,
    mayRetry: (error) => error instanceof StoreError,
    words: {
      retried: 'could not store a settlement; retrying',
      givenUp: 'left a reservation open for recovery',
    },
  });

  async function settle(reservation: Reservation, actual: Amounts, record: LogRecord | null): Promise<void> {
    await togetherIn(store).write({ kind: 'settle', reservation, actual, record });
    options.ended(reservation.id);
  }

  const writeSpent = (reservation: Reservation, spent: Spent) => () => {
    const { id, entry, madeAtMs } = reservation;
    const record = usageRecord({ ...entry, ...spent, id, atMs: madeAtMs });
    return settle(reservation, amountsOf(reservation, spent.costNanoUsd), record);
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
        log.debug({ err: error, id }, 'could not look up a cost');
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

    release: (made) => late.write(made.id, () => settle(made, neverSent(made), null)),

    releaseDoubtful(made) {
      const { id } = made;
      late.inBackground(id, async () => {
        await late.untilStored(() => settle(made, neverSent(made), null));
        await late.pause(DOUBT_MS);
        await late.untilStored(() => settle(made, neverSent(made), null));
      });
    },

    stop: () => late.stop(),
  };
}
