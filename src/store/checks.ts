import type { Amounts, Change, Reservation } from '../core/ports/store.ts';

/** @throws RangeError for amounts and limits that a counter cannot hold exactly */
export function checkReservation({ id, reserved, draws }: Reservation): void {
  checkAmounts(reserved, id);
  for (const { counter, limit } of draws) if (limit !== null) check(limit, `the limit of ${counter}`);
}

/**
 * Finds what would make a step fail half-way, because Redis takes nothing back.
 * @throws RangeError as `checkReservation`, and for a time to live that is not above 0
 */
export function checkChanges(changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'settle') checkAmounts(change.actual, change.reservation.id);
    const ttlMs = 'ttlMs' in change ? change.ttlMs : undefined;
    if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`the time to live must be above 0 ms, and is ${ttlMs}`);
    }
  }
}

function checkAmounts(amounts: Amounts, id: string): void {
  for (const [unit, amount] of Object.entries(amounts)) check(amount, `${unit} of reservation ${id}`);
}

function check(amount: number, what: string): void {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError(`${what} must be an integer from 0 to 2^53 - 1, and is ${amount}`);
  }
}
