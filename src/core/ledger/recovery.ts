import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import type { LedgerStore, OpenReservation } from '../ports/store.ts';
import { amountsOf, type LookUpCost } from './settlement.ts';
import { type CostBasis, usageRecord } from './usage.ts';

/** A provider that has no word on a cost by then will not have one. */
const LOOK_UP_FOR_MS = 24 * 3_600_000;
/** The longest period is over, so that the reservation holds nobody up any more. */
const WRITE_OFF_AFTER_MS = 35 * 24 * 3_600_000;

/**
 * Settles what dead processes left, at the cost that the provider names. What has none stays reserved at its worst
 * price, and is booked at that price when all its periods are over; at once if that is nothing.
 */
export async function recover(
  options: {
    readonly store: LedgerStore;
    readonly lookUpCost: LookUpCost;
    readonly clock: Clock;
    readonly log: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  const { store, lookUpCost, clock, log } = options;

  async function settle(reservation: OpenReservation, nanoUsd: number, basis: CostBasis): Promise<void> {
    const { id, entry, madeAtMs } = reservation;
    const spent = { costNanoUsd: nanoUsd, promptTokens: 0, completionTokens: 0, basis };
    await store.settle(
      id,
      amountsOf(reservation, nanoUsd),
      usageRecord({ ...entry, ...spent, id, atMs: madeAtMs }),
    );
  }

  for (const reservation of await store.abandoned(clock.now())) {
    signal.throwIfAborted();
    const { id, entry, generationId, reserved, madeAtMs } = reservation;
    const ageMs = clock.now() - madeAtMs;
    if (reserved.nanoUsd === 0) {
      await settle(reservation, 0, 'reserved');
      log.info({ id, ...entry, nanoUsd: 0 }, 'a request that a dead process left was settled');
    } else if (ageMs > WRITE_OFF_AFTER_MS) {
      await settle(reservation, reserved.nanoUsd, 'reserved');
      log.warn(
        { id, ...entry, nanoUsd: reserved.nanoUsd },
        'a request whose cost is not known was booked at its worst price',
      );
    } else if (generationId !== null && ageMs <= LOOK_UP_FOR_MS) {
      const costNanoUsd = await lookUpCost({ id, entry, generationId }, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        log.debug({ err: error, id }, 'a cost could not be looked up');
        return null;
      });
      if (costNanoUsd === null) continue;
      await settle(reservation, costNanoUsd, 'provider');
      log.info({ id, ...entry, nanoUsd: costNanoUsd }, 'a request that a dead process left was settled');
    }
  }
}
