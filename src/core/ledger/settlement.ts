import type { Logger } from 'pino';
import { togetherIn } from '../coordination/together.ts';
import { createLateWrites } from '../kit/scheduling/until-stored.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type Change, type Reservation, type Store, StoreError } from '../ports/store.ts';
import { type Spent, usageRecord } from './usage.ts';

/** A finished request's cost in nano-dollars; null if the provider cannot say, or not yet. Ask with the request's key. */
export type LookUpCost = (
  request: Pick<Reservation, 'id' | 'entry'> & { readonly generationId: string },
  signal: AbortSignal,
) => Promise<number | null>;

/** A provider knows an aborted request's cost some seconds later; how many is not documented. */
const LOOK_UP_AFTER_MS = [1_000, 4_000, 15_000, 60_000, 5 * 60_000, 30 * 60_000];
const DOUBT_MS = 10_000;

type Settle = Extract<Change, { kind: 'settle' }>;

/** The change that books a cost. */
export function bookingOf(reservation: Reservation, spent: Spent): Settle {
  const { id, entry, madeAtMs, reserved } = reservation;
  return {
    kind: 'settle',
    reservation,
    actual: { ...reserved, nanoUsd: spent.costNanoUsd, setAsideNanoUsd: 0 },
    record: usageRecord({ ...entry, ...spent, id, atMs: madeAtMs }),
  };
}

/** The change that gives everything back but the attempt. */
function releaseOf(reservation: Reservation): Settle {
  const { attempts } = reservation.reserved;
  const actual = { nanoUsd: 0, setAsideNanoUsd: 0, requests: 0, attempts };
  return { kind: 'settle', reservation, actual };
}

/** Ends reservations, however long the store or the provider takes; only a `StoreError` is retried. */
export function createSettlement(options: {
  readonly store: Pick<Store, 'values' | 'write'>;
  readonly lookUpCost: LookUpCost;
  /** Called with a settled reservation's id, so that its lease can end. */
  readonly ended: (id: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}) {
  const { store, log } = options;
  const late = createLateWrites({
    ...options,
    mayRetry: (error) => error instanceof StoreError,
    words: {
      retried: 'could not store a settlement; retrying',
      givenUp: 'left a reservation open for recovery',
    },
  });

  const settle = (change: Settle) => async (): Promise<void> => {
    await togetherIn(store).write(change);
    options.ended(change.reservation.id);
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
    /** Books the cost. Resolves once it is stored, or once it continues in the background. */
    book: (reservation: Reservation, spent: Spent) =>
      late.write(reservation.id, settle(bookingOf(reservation, spent))),

    /** As `book`, but asks the provider for the cost first, in the background. If the process ends meanwhile, recovery does. */
    bookWhenPriced(reservation: Reservation, otherwise: Spent, generationId: string): void {
      late.inBackground(reservation.id, async () => {
        const costNanoUsd = await price(reservation, generationId);
        if (costNanoUsd === null && late.signal.aborted) return;
        const spent: Spent =
          costNanoUsd === null ? otherwise : { ...otherwise, costNanoUsd, basis: 'provider' };
        await late.untilStored(settle(bookingOf(reservation, spent)));
      });
    },

    /** Gives back everything but the attempt, for a request that never reached its provider. */
    release: (reservation: Reservation) => late.write(reservation.id, settle(releaseOf(reservation))),

    /** As `release`, for a reservation that may reach the store only after the first try. Runs twice in the background. */
    releaseDoubtful(reservation: Reservation): void {
      const release = settle(releaseOf(reservation));
      late.inBackground(reservation.id, async () => {
        await late.untilStored(release);
        await late.pause(DOUBT_MS);
        await late.untilStored(release);
      });
    },

    /** Tries pending work once more. Whatever still fails stays reserved, for recovery. */
    stop: () => late.stop(),
  };
}
