import type { GuildId } from '../ports/actor.ts';
import { AUTOMATIC } from '../ports/automatic.ts';
import type { LedgerEntry, Reservation } from '../ports/store.ts';

/** A request whose cost is not booked. */
export interface UnsettledRequest extends LedgerEntry {
  readonly id: string;
  readonly madeAtMs: number;
  /** The reserved amount, which is its highest cost. */
  readonly nanoUsd: number;
  /** Whether its process has died. Another process then asks for the price; without one it stays at the highest cost. */
  readonly isLeft: boolean;
}

/** Unsettled requests of a guild or of all, oldest first. */
export async function listUnsettled(
  ledger: { openReservations(of?: { readonly guild: GuildId }): Promise<readonly Reservation[]> },
  guild: GuildId | null,
  nowMs: number,
): Promise<UnsettledRequest[]> {
  const open = await ledger.openReservations(guild === null ? undefined : { guild });
  return open
    .map(({ id, entry, madeAtMs, reserved, leaseUntilMs }) => ({
      ...entry,
      id,
      madeAtMs,
      nanoUsd: reserved.nanoUsd,
      isLeft: leaseUntilMs <= nowMs,
    }))
    .toSorted((a, b) => a.madeAtMs - b.madeAtMs);
}

/** The kind of request, in words for people. */
export function whatIsUnsettled({ kind }: UnsettledRequest): string {
  return kind === undefined ? 'request' : `${AUTOMATIC[kind].label}, automatic`;
}

/** The reason, for people. */
export function whyUnsettled({ isLeft }: UnsettledRequest): string {
  return isLeft
    ? 'left by a process that died; its provider is asked for the price'
    : 'being answered, or waiting for the provider to name the price';
}
