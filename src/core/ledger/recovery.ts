import type { Logger } from 'pino';
import type { Clock } from '../kit/time/clock.ts';
import type { OpenReservation, Store } from '../ports/store.ts';
import { bookingOf, type LookUpCost } from './settlement.ts';
import type { CostBasis } from './usage.ts';

/** If a provider has no cost for a request by then, it never will. */
const LOOK_UP_FOR_MS = 24 * 3_600_000;
/** The longest period is over by then, so that the reservation blocks nobody. */
const WRITE_OFF_AFTER_MS = 35 * 24 * 3_600_000;

/**
 * Settles the reservations of dead processes at the provider's cost. Without one, a reservation stays at its highest cost and
 * is booked at that once all its periods are over; at once if it is 0.
 */
export async function recover(
  options: {
    readonly store: Store;
    readonly lookUpCost: LookUpCost;
    readonly clock: Clock;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, lookUpCost, clock, log } = options;

  async function settle(reservation: OpenReservation, costNanoUsd: number, basis: CostBasis): Promise<void> {
    const spent = { costNanoUsd, promptTokens: 0, completionTokens: 0, basis };
    await store.write([bookingOf(reservation, spent)]);
  }

  for (const reservation of await store.ledger.abandoned(clock.now())) {
    signal.throwIfAborted();
    const { id, entry, generationId, reserved, madeAtMs } = reservation;
    const ageMs = clock.now() - madeAtMs;
    if (reserved.nanoUsd === 0) {
      await settle(reservation, 0, 'reserved');
      log.info({ id, ...entry, nanoUsd: 0 }, 'settled a request that a dead process left');
    } else if (ageMs > WRITE_OFF_AFTER_MS) {
      await settle(reservation, reserved.nanoUsd, 'reserved');
      log.warn(
        { id, ...entry, nanoUsd: reserved.nanoUsd },
        'booked a request with unknown cost at its highest cost',
      );
    } else if (generationId !== null && ageMs <= LOOK_UP_FOR_MS) {
      const costNanoUsd = await lookUpCost({ id, entry, generationId }, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        log.debug({ err: error, id }, 'could not look up a cost');
        return null;
      });
      if (costNanoUsd === null) continue;
      await settle(reservation, costNanoUsd, 'provider');
      log.info({ id, ...entry, nanoUsd: costNanoUsd }, 'settled a request that a dead process left');
    }
  }
}
