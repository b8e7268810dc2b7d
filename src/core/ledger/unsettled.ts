import type { GuildId } from '../ports/actor.ts';
import type { LedgerEntry, Reservation } from '../ports/store.ts';

/** A request whose price is not booked. */
export interface UnsettledRequest extends LedgerEntry {
  readonly id: string;
  readonly madeAtMs: number;
  /** What is set aside for it: its price at most. */
  readonly nanoUsd: number;
  /** Whether the process that made it has died: its price is asked for by another one, or stays at the most. */
  readonly isLeft: boolean;
}

/** Requests that are not settled, of a guild or of all, the oldest first. */
export async function listUnsettled(
  ledger: { open(of?: { readonly guild: GuildId }): Promise<readonly Reservation[]> },
  guild: GuildId | null,
  nowMs: number,
): Promise<UnsettledRequest[]> {
  const open = await ledger.open(guild === null ? undefined : { guild });
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

/** Why it is not settled, for people. */
export function whyUnsettled({ isLeft }: UnsettledRequest): string {
  return isLeft
    ? 'left by a process that died; its provider is asked for the price'
    : 'being answered, or waiting for the provider to name the price';
}
