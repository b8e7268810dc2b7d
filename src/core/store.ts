import type { Keyv } from 'keyv';
import type { GuildId } from './actor.ts';

/**
 * Everything that outlives a process. Every call rejects with `StoreError` where the store fails: a failed read is never
 * an empty answer.
 */
export interface Store {
  /**
   * A Keyv of its own for one kind of value; made once per namespace. Its reads and writes throw on faults
   * (`throwOnErrors`), so that a miss is a miss.
   */
  keyv(namespace: string): Keyv;
  readonly ledger: LedgerStore;
  readonly claims: ClaimStore;
  /** Rejects where the store does not answer; `/readyz` asks. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store_failed';
}

/** One counter that a request draws on, with the limit that holds for it now. */
export interface Draw {
  /** `<scope>:<unit>:<period>:<period start>`, for example `guild:discord:1:usd:day:2026-11-23`. */
  readonly counter: string;
  /** Nano-dollars, or requests. */
  readonly amount: number;
  /** The counter may not pass it; null where there is none. */
  readonly limit: number | null;
  /** The counter is of no use after that and may be forgotten. */
  readonly expiresAtMs: number;
}

/** Money and requests set aside for one request to a provider. A row of its own: settling needs nothing else. */
export interface Reservation {
  readonly id: string;
  readonly draws: readonly Draw[];
  /** The request's own facts, kept with the reservation and copied into the usage record. */
  readonly entry: LedgerEntry;
  readonly madeAtMs: number;
}

/** Who spent what on what. */
export interface LedgerEntry {
  readonly guild: GuildId;
  readonly user: string;
  readonly model: string;
  readonly provider: string;
  readonly payer: 'operator' | 'guild';
}

export interface UsageRecord extends LedgerEntry {
  readonly id: string;
  readonly atMs: number;
  readonly costNanoUsd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Whether the provider named the cost, or it follows from tokens and prices, or from an estimate. */
  readonly basis: 'provider' | 'tokens' | 'estimate';
}

export type ReserveResult =
  | { readonly ok: true }
  /** The first draw that would have passed its limit; nothing was added anywhere. */
  | { readonly ok: false; readonly draw: Draw; readonly used: number };

/** Counters of money and requests. Each call is one atomic step over all that it touches, across processes. */
export interface LedgerStore {
  /** Adds every draw's amount to its counter, or none where one would pass its limit. A known id changes nothing and is ok. */
  reserve(reservation: Reservation): Promise<ReserveResult>;
  /**
   * Ends a reservation: each counter is corrected from the amount that was reserved to the actual one (`actual`
   * by counter; a counter not named keeps what was reserved), and the record is kept. False where the reservation is not
   * open (settled before): nothing is changed then.
   */
  settle(id: string, actual: Readonly<Record<string, number>>, record: UsageRecord): Promise<boolean>;
  /** Notes on an open reservation what is learned meanwhile: the provider's id for the request. */
  annotate(id: string, generationId: string): Promise<void>;
  /** Reservations still open that were made before `madeBeforeMs`: what crashed processes left. Oldest first, at most 1,000. */
  open(madeBeforeMs: number): Promise<readonly OpenReservation[]>;
  /** Present values; a counter that was never drawn on is 0. */
  read(counters: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Usage records, newest first. */
  usage(query: UsageQuery): Promise<readonly UsageRecord[]>;
  /** Forgets records older than that, and counters that have expired. */
  prune(recordsBeforeMs: number, nowMs: number): Promise<void>;
  /** Forgets the records of a guild, or of one person in it. Counters stay: limits outlive what is forgotten. */
  forget(guild: GuildId, user?: string): Promise<void>;
}

export interface OpenReservation extends Reservation {
  readonly generationId: string | null;
}

export interface UsageQuery {
  readonly guild?: GuildId;
  readonly user?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Default 10,000. */
  readonly most?: number;
}

/** An event that one process answers, exactly once, with a lease on it while it does. */
export interface Claim {
  readonly id: string;
  readonly owner: string;
  readonly leaseUntilMs: number;
  /** Raised by each new owner; writes of an older owner are refused. */
  readonly fence: number;
  /** The journal of the answer; null before there is one, and after it is finished. */
  readonly journal: unknown;
  readonly finished: boolean;
}

export interface ClaimStore {
  /** Inserts the claim; false where the id was claimed before, finished or not. Forgotten at `expiresAtMs`. */
  claim(id: string, owner: string, leaseUntilMs: number, expiresAtMs: number): Promise<boolean>;
  /** Replaces the journal (JSON). False where the claim has another owner or fence by now: stop writing. */
  write(id: string, owner: string, fence: number, journal: unknown): Promise<boolean>;
  /** Prolongs the leases of all unfinished claims of an owner. */
  renew(owner: string, leaseUntilMs: number): Promise<void>;
  /** Marks the claim as dealt with and drops its journal; the id stays claimed until it expires. */
  finish(id: string, owner: string, fence: number): Promise<boolean>;
  /** Takes over one unfinished claim whose lease ran out, if there is one; each goes to one caller only. */
  takeOver(owner: string, nowMs: number, leaseUntilMs: number): Promise<Claim | null>;
  prune(nowMs: number): Promise<void>;
}
