import type { Amounts, Change, Reservation } from '../core/ports/store.ts';

/** @throws RangeError for amounts and limits that a counter cannot hold exactly */
export function checkReservation({ id, reserved, draws }: Reservation): void {
  checkAmounts(reserved, id);
  for (const { counter, limit } of draws) if (limit !== null) check(limit, `the limit of ${counter}`);
}

/** @throws RangeError as `checkReservation` */
export function checkChanges(changes: readonly Change[]): void {
  for (const change of changes)
    if (change.kind === 'settle') checkAmounts(change.actual, change.reservation.id);
}

function checkAmounts(amounts: Amounts, id: string): void {
  for (const [unit, amount] of Object.entries(amounts)) check(amount, `${unit} of reservation ${id}`);
}

function check(amount: number, what: string): void {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError(`${what} must be an integer from 0 to 2^53 - 1, and is ${amount}`);
  }
}
