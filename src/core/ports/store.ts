import type { Keyv } from 'keyv';
import type { GuildId } from './actor.ts';
import type { Automatic } from './automatic.ts';

/**
 * Everything that outlives a process. Every call rejects with `StoreError` if the store fails: a failed read is never
 * an empty answer. Expired values, counters and claims are forgotten by the store itself, some minutes later.
 */
export interface Store {
  /**
   * The Keyv of one kind of value. Its reads and writes throw on faults (`throwOnErrors`), so that a miss is a miss.
   * Values are JSON. With a lock it changes something only while that claim is held, which is looked at in the same step;
   * else it rejects with `LockLost`.
   */
  keyv(namespace: string, lock?: ClaimKey): Keyv;
  /**
   * The Keyv over all namespaces, for what is read or written together: one call is one step of the store. Its keys are
   * made by `keyIn`. It cannot be listed or cleared.
   */
  readonly everything: Keyv;
  /**
   * Puts a value in the place of the one that was read, or deletes that if `after` is undefined. False, and nothing is changed, if
   * something else stands there by now. `before` is what `everything.getManyRaw` gave; undefined if there was nothing.
   */
  replace(namespace: string, key: string, before: unknown, after: unknown, ttlMs?: number): Promise<boolean>;
  /** The keys of a namespace that begin with `prefix`, in no order; some may come twice. Their values are not read. */
  keys(namespace: string, prefix: string): AsyncIterable<string>;
  readonly ledger: LedgerStore;
  readonly claims: ClaimStore;
  readonly records: RecordStore;
  /** Left out where the store serves one process, which has the platforms' limits to itself. */
  readonly pace?: PaceStore;
  /**
   * Writes a consistent copy of everything to one file, in place of what was there, while processes go on writing. Left
   * out if the store is a server, which has its own way.
   */
  copyTo?(path: string): Promise<void>;
  /** Rejects if the store does not answer; `/readyz` asks. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A namespace's key in `Store.everything`. */
export function keyIn(namespace: string, key: string): string {
  return `${namespace}${KEY_SEPARATOR}${key}`;
}

/** Namespace and key of what `keyIn` made. */
export function partsOfKey(joined: string): readonly [namespace: string, key: string] {
  const end = joined.indexOf(KEY_SEPARATOR);
  return [joined.slice(0, end), joined.slice(end + 1)];
}

/** No namespace has it in its name. */
const KEY_SEPARATOR = '\n';

/** The store failed, or its answer did not come in time. A write may have happened all the same. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store_failed';
}

/** Who was to change a value under a lock held it no longer: it was taken for dead. Nothing was changed. */
export class LockLost extends StoreError {
  constructor({ id }: ClaimKey) {
    super(`another process holds ${id} by now`);
  }
}

/**
 * What counters count. `setAsideNanoUsd` is the part of `nanoUsd` that belongs to open reservations. `attempts` counts
 * requests too, but is never given back: it bounds how often somebody may try, where `requests` is an allowance.
 */
export type LedgerUnit = 'nanoUsd' | 'setAsideNanoUsd' | 'requests' | 'attempts';

/** So much of each unit. Integers from 0 to 2^53 - 1, which is $9 million. */
export type Amounts = Readonly<Record<LedgerUnit, number>>;

/** One counter that a request draws on, with the limit that holds for it now. */
export interface Draw {
  /** Names scope, unit, period and the period's start; opaque to the store. */
  readonly counter: string;
  readonly unit: LedgerUnit;
  /** The counter may not pass it; null if there is none. */
  readonly limit: number | null;
  /** The counter is of no use after that and is forgotten. */
  readonly expiresAtMs: number;
}

/** Money and requests set aside for one request to a provider. It names its counters: settling needs nothing else. */
export interface Reservation {
  readonly id: string;
  /** Each counter once. */
  readonly draws: readonly Draw[];
  readonly reserved: Amounts;
  /** The request's own facts, for the record that settling leaves. */
  readonly entry: LedgerEntry;
  readonly madeAtMs: number;
  /** The process that answers for it, while its lease lasts. */
  readonly owner: string;
  readonly leaseUntilMs: number;
}

/** Who spends what on what. */
export interface LedgerEntry {
  readonly guild: GuildId;
  readonly user: string;
  /** What the person was called then, for people who read of it. */
  readonly userName?: string;
  readonly model: string;
  readonly provider: string;
  readonly payer: 'operator' | 'guild';
  /** What spent it by itself; left out of requests that somebody made. */
  readonly kind?: Automatic;
}

type ReserveResult =
  /** `used`: the counters' values with this reservation in, in the order of its draws. */
  | { readonly ok: true; readonly used: readonly number[] }
  /** The first draw that would have passed its limit; nothing was added anywhere. */
  | { readonly ok: false; readonly draw: Draw; readonly used: number };

/** Counters of money and requests. Each call is one atomic step over all that it touches, across processes. */
export interface LedgerStore {
  /**
   * Adds to every draw's counter what is reserved of its unit, or to none if one would pass its limit. An id that
   * is open already changes nothing and is ok.
   */
  reserve(reservation: Reservation): Promise<ReserveResult>;
  /**
   * Ends a reservation: each of its counters is corrected from what was reserved to the actual amount, and the record
   * is appended. False if the reservation is not open (settled before): nothing is changed then.
   */
  settle(id: string, actual: Amounts, record: LogRecord | null): Promise<boolean>;
  /** Notes on an open reservation the provider's id for the request, once it is known. */
  annotate(id: string, generationId: string): Promise<void>;
  /** Prolongs the leases of these reservations, of those that are open. */
  renew(ids: readonly string[], leaseUntilMs: number): Promise<void>;
  /** Open reservations of a guild, or of one person in it, whoever looks after them: what is still to be booked. All by default. */
  open(of?: RecordQuery['of']): Promise<readonly Reservation[]>;
  /** Open reservations whose lease has run out: what dead processes left. First those that ran out first. */
  abandoned(nowMs: number): Promise<readonly OpenReservation[]>;
  /** Present values, by counter; one that was never drawn on is 0. */
  read(counters: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface OpenReservation extends Reservation {
  readonly generationId: string | null;
}

/** An event that one process answers, exactly once, with a lease on it while it does. */
export interface Claim extends ClaimKey {
  readonly leaseUntilMs: number;
  /** What the owner wrote last (JSON); null before that. */
  readonly journal: unknown;
}

/** Names one ownership of a claim. */
export interface ClaimKey {
  readonly id: string;
  readonly owner: string;
  /** Raised by each new owner; what an older one writes is refused. */
  readonly fence: number;
}

export interface ClaimStore {
  /**
   * Claims the id until `expiresAtMs`; null if it was claimed before, finished or not. One that expires at once is
   * free again as soon as it is finished, or has lapsed with no journal: a lock. The journal (JSON) is written in the same
   * step; null by default.
   */
  claim(
    id: string,
    owner: string,
    leaseUntilMs: number,
    expiresAtMs: number,
    journal?: unknown,
  ): Promise<Claim | null>;
  /** Replaces the journal (JSON). False if the claim is finished or another's by now: stop writing. */
  write(claim: ClaimKey, journal: unknown): Promise<boolean>;
  /** Prolongs the leases of these claims, of those that are unfinished and their owner's still. */
  renew(held: readonly ClaimKey[], leaseUntilMs: number): Promise<void>;
  /** Unfinished claims whose lease lasts, in no order: what is being dealt with, by whom. With an id that one alone. */
  underWay(nowMs: number, id?: string): Promise<readonly ClaimKey[]>;
  /** As `underWay`, those alone that have a journal, with it; at most so many. */
  journals(nowMs: number, most: number): Promise<readonly Claim[]>;
  /** Marks the claim as dealt with and drops its journal; the id stays claimed until it expires. False as for `write`. */
  finish(claim: ClaimKey): Promise<boolean>;
  /**
   * Takes over the unfinished claim whose lease ran out first, if there is one; each goes to one caller only. Unfinished
   * claims with a journal never expire.
   */
  takeOver(owner: string, nowMs: number, leaseUntilMs: number): Promise<Claim | null>;
}

/** Something that happened and is kept: a request that was paid for, a tier that was granted. */
export interface LogRecord {
  /** For example `usage` or `audit`. */
  readonly kind: string;
  readonly guild: GuildId;
  /** Who did it. */
  readonly user: string;
  readonly atMs: number;
  /** JSON. */
  readonly data: unknown;
}

/** The records of one kind: all, a guild's, or one person's in a guild. */
export interface RecordQuery {
  readonly kind: string;
  readonly of?: { readonly guild: GuildId; readonly user?: string };
  /** From then on; since ever by default. */
  readonly fromMs?: number;
  /** Before then; all by default. */
  readonly toMs?: number;
}

export interface RecordStore {
  append(record: LogRecord): Promise<void>;
  /** Newest first; read page by page, so that any number fits in memory. */
  query(query: RecordQuery): AsyncIterable<LogRecord>;
  /** Removes what `query` would give, and says how many that were. For retention and for `/forget`. */
  remove(query: RecordQuery): Promise<number>;
}

/** A write to a platform that draws from a limit which the platform counts over all processes. */
export interface CountedWrite {
  /** Names the limit. */
  readonly key: string;
  readonly id: string;
  /** The process that writes. */
  readonly owner: string;
  /** So many may count, this one included. */
  readonly limit: number;
  /** A write counts for so long after its end … */
  readonly windowMs: number;
  /** … which is taken to come so long after its begin if nobody tells of it. Both are one for all writes of a limit. */
  readonly leaseMs: number;
  /** Processes take turns, so far apart. Null for what need not wait for its turn. */
  readonly gapMs: number | null;
}

/**
 * What all processes write, on the clock of the store: those of machines need not agree. Each call is one atomic step.
 * A limit that rests is forgotten.
 */
export interface PaceStore {
  /** Counts a write from now on and resolves to 0; or to the milliseconds after which to ask again. */
  begin(write: CountedWrite): Promise<number>;
  /** It counts for so long from now on, whether its begin has been heard of or not; 0 takes it back. */
  end(key: string, id: string, countsMs: number): Promise<void>;
  /** Nothing begins for so long, whoever asks. */
  block(key: string, ms: number): Promise<void>;
  /**
   * Keeps room for a write that comes later, and resolves to 0; or to the milliseconds after which to ask again. What takes turns
   * leaves that room. Room that is kept already is kept for another lease.
   */
  owe(write: OwedWrite): Promise<number>;
  /** The write has come, or is not needed. */
  settle(key: string, id: string): Promise<void>;
}

/** A write that is kept room for: all that are owed could be written soon, beside those that count. */
export interface OwedWrite extends Pick<CountedWrite, 'key' | 'id' | 'limit' | 'windowMs'> {
  /** How soon. */
  readonly dueMs: number;
  /** It is forgotten after that, unless it is asked for again. */
  readonly leaseMs: number;
}
