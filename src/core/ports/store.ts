import type { Keyv } from 'keyv';
import type { GuildId } from './actor.ts';
import type { Automatic } from './automatic.ts';

/**
 * Everything that outlives a process. Every call rejects with `StoreError` if the store fails; a failed read is never an
 * empty answer. The store deletes expired values, counters and claims by itself, some minutes later.
 */
export interface Store {
  /**
   * All values, as JSON, under keys made by `keyIn`. Reads throw on faults (`throwOnErrors`), so that a miss is a miss; one
   * call is one step of the store. It cannot be listed or cleared.
   */
  readonly values: Keyv;
  /**
   * Makes changes in one atomic step, in their order. Returns whether each was made; one that could not be made does not stop
   * the others.
   *
   * @throws RangeError, before anything changes, for amounts that a counter cannot hold and a time to live that is not above 0
   */
  write(changes: readonly Change[]): Promise<readonly boolean[]>;
  /** The keys of a namespace that begin with `prefix`, in no order, some perhaps twice. Does not read their values. */
  keys(namespace: string, prefix: string): AsyncIterable<string>;
  readonly ledger: LedgerStore;
  readonly claims: ClaimStore;
  readonly records: RecordStore;
  /** Rate limits over all processes. Left out if the store serves one process, which then has the limits to itself. */
  readonly pace?: PaceStore;
  /**
   * Writes a consistent copy of everything to one file and replaces an existing one, while processes go on writing. Left out
   * if the store is a server with its own backups.
   */
  copyTo?(path: string): Promise<void>;
  /** Rejects if the store does not answer; for `/readyz`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A change of a store, and what is appended in the same step if it is made. */
export type Change = KindOfChange & { readonly record?: LogRecord | undefined };

/** Keys are made by `keyIn`. */
type KindOfChange =
  /** Always made. Without `ttlMs` the value never expires. */
  | { readonly kind: 'set'; readonly key: string; readonly value: unknown; readonly ttlMs?: number }
  /** Made if there is a value. */
  | { readonly kind: 'delete'; readonly key: string }
  /**
   * Made if the stored value is still `before`, which `values.getManyRaw` returned: undefined if there was none. An undefined
   * `value` deletes it.
   */
  | {
      readonly kind: 'replace';
      readonly key: string;
      readonly before: unknown;
      readonly value: unknown;
      readonly ttlMs?: number;
    }
  /** Replaces the journal (JSON) of a claim. Not made if the claim is finished or has another owner: stop writing. */
  | { readonly kind: 'journal'; readonly claim: ClaimKey; readonly journal: unknown }
  /** Marks a claim as done and drops its journal; the id stays claimed until it expires. Not made as `journal` is not. */
  | { readonly kind: 'finish'; readonly claim: ClaimKey }
  /** Ends a reservation: corrects each counter from the reserved to the actual amount. Not made if it is not open. */
  | {
      readonly kind: 'settle';
      readonly reservation: Pick<Reservation, 'id' | 'draws' | 'reserved' | 'entry'>;
      readonly actual: Amounts;
    };

/** The key of `Store.values` for a key in a namespace. */
export function keyIn(namespace: string, key: string): string {
  return `${namespace}${KEY_SEPARATOR}${key}`;
}

/** The namespace and key that `keyIn` joined. */
export function partsOfKey(joined: string): readonly [namespace: string, key: string] {
  const end = joined.indexOf(KEY_SEPARATOR);
  return [joined.slice(0, end), joined.slice(end + 1)];
}

/** No namespace contains it. */
const KEY_SEPARATOR = '\n';

/** The store failed or did not answer in time. A write may have happened all the same. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store_failed';
}

/**
 * The units of counters. `setAsideNanoUsd` is the part of `nanoUsd` in open reservations. `attempts` counts requests too, but
 * is never given back: it bounds how often somebody may try, while `requests` is an allowance.
 */
export type LedgerUnit = 'nanoUsd' | 'setAsideNanoUsd' | 'requests' | 'attempts';

/** An amount of each unit. Integers from 0 to 2^53 - 1, for money about $9 million. */
export type Amounts = Readonly<Record<LedgerUnit, number>>;

/** One counter that a request draws on, with its present limit. */
export interface Draw {
  /** Names scope, unit, period and the period's start. Opaque to the store. */
  readonly counter: string;
  readonly unit: LedgerUnit;
  /** The highest value that the counter may reach; null for no limit. */
  readonly limit: number | null;
  /** After that the counter is useless and is deleted. */
  readonly expiresAtMs: number;
}

/** Money and requests set aside for one request to a provider. Never changes, and lists its counters: settling needs nothing else. */
export interface Reservation {
  readonly id: string;
  /** Each counter occurs once. */
  readonly draws: readonly Draw[];
  readonly reserved: Amounts;
  /** Facts about the request, for the record that settling writes. */
  readonly entry: LedgerEntry;
  readonly madeAtMs: number;
  /** The process that is responsible for it while the lease lasts. */
  readonly owner: string;
  readonly leaseUntilMs: number;
}

/** The person, the guild and the model of a cost. */
export interface LedgerEntry {
  readonly guild: GuildId;
  readonly user: string;
  /** The person's display name at the time, for people who read the record. */
  readonly userName?: string;
  readonly model: string;
  readonly provider: string;
  readonly payer: 'operator' | 'guild';
  /** The automatic task that spends it; left out for people's requests. */
  readonly kind?: Automatic;
}

type ReserveResult =
  /** `used`: the counters' values with this reservation included, in the order of its draws. */
  | { readonly ok: true; readonly used: readonly number[] }
  /** The first draw that would exceed its limit. Nothing was added anywhere. */
  | { readonly ok: false; readonly draw: Draw; readonly used: number };

/** Counters of money and requests; `Store.write` settles them. Each call is one atomic step over everything it touches, across processes. */
export interface LedgerStore {
  /**
   * Adds the reserved amounts to every draw's counter, or to none if one would exceed its limit. If the id is open already,
   * it changes nothing and is ok.
   */
  reserve(reservation: Reservation): Promise<ReserveResult>;
  /** Stores the provider's id of the request with an open reservation. */
  annotate(id: string, generationId: string): Promise<void>;
  /** Renews the leases of those of these reservations that are still open. */
  renew(ids: readonly string[], leaseUntilMs: number): Promise<void>;
  /** Open reservations of a guild, or of one person in it, whoever owns them. Default: all. */
  openReservations(of?: RecordQuery['of']): Promise<readonly Reservation[]>;
  /** Open reservations whose lease has expired: what dead processes left. Earliest expiry first. */
  abandoned(nowMs: number): Promise<readonly OpenReservation[]>;
  /** Present values by counter; 0 for unused ones. */
  read(counters: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface OpenReservation extends Reservation {
  readonly generationId: string | null;
}

/** An event that exactly one process answers, under a lease. */
export interface Claim extends ClaimKey {
  readonly leaseUntilMs: number;
  /** The owner's latest journal (JSON); null before the first. */
  readonly journal: unknown;
}

/** Identifies one ownership of a claim. */
export interface ClaimKey {
  readonly id: string;
  readonly owner: string;
  /** Grows with each new owner. Writes with an older fence are refused. */
  readonly fence: number;
}

export interface ClaimStore {
  /**
   * Claims the id until `expiresAtMs`; null if it was claimed before, finished or not. With an expiry that is not in the
   * future it is a lock: free again once it is finished, or once it lapses without a journal. Writes the journal (JSON; null
   * by default) in the same step.
   */
  claim(
    id: string,
    owner: string,
    leaseUntilMs: number,
    expiresAtMs: number,
    journal?: unknown,
  ): Promise<Claim | null>;
  /** Renews the leases of those of these claims that are unfinished and still their owner's. */
  renew(held: readonly ClaimKey[], leaseUntilMs: number): Promise<void>;
  /** Unfinished claims with a valid lease, in no order: work under way, and its owners. With an id, only that claim. */
  underWay(nowMs: number, id?: string): Promise<readonly ClaimKey[]>;
  /** As `underWay`, but only claims with a journal, and with it; at most `most`. */
  journals(nowMs: number, most: number): Promise<readonly Claim[]>;
  /**
   * Takes over the unfinished claim whose lease expired first; null if there is none. Each goes to one caller only.
   * Unfinished claims with a journal never expire.
   */
  takeOver(owner: string, nowMs: number, leaseUntilMs: number): Promise<Claim | null>;
}

/** A stored event, such as a paid request or a granted tier. */
export interface LogRecord {
  /** For example `usage` or `audit`. */
  readonly kind: string;
  readonly guild: GuildId;
  /** The person who did it. */
  readonly user: string;
  readonly atMs: number;
  /** JSON. */
  readonly data: unknown;
}

/** The records of one kind: all, a guild's, or one person's in a guild. */
export interface RecordQuery {
  readonly kind: string;
  readonly of?: { readonly guild: GuildId; readonly user?: string };
  /** Inclusive. Default: from the beginning. */
  readonly fromMs?: number;
  /** Exclusive. Default: no end. */
  readonly toMs?: number;
}

export interface RecordStore {
  append(record: LogRecord): Promise<void>;
  /** Newest first, read page by page, so that any number fits in memory. */
  query(query: RecordQuery): AsyncIterable<LogRecord>;
  /** Deletes what `query` would return, and resolves to the number. For retention and `/forget`. */
  remove(query: RecordQuery): Promise<number>;
}

/** A write under a limit that the platform counts over all processes. */
export interface CountedWrite {
  /** Names the limit. */
  readonly key: string;
  readonly id: string;
  /** The process that writes. */
  readonly owner: string;
  /** Writes that may count at once, this one included. */
  readonly limit: number;
  /** How long a write counts after its end, at least. */
  readonly windowMs: number;
  /** Without `end`, the write counts as over this long after its begin. A limit's writes share `windowMs` and `leaseMs`. */
  readonly leaseMs: number;
  /** The time between the turns of processes; null for a write that does not wait for a turn. */
  readonly gapMs: number | null;
}

/**
 * Rate limits over all processes, by the store's clock, because machines' clocks differ. Each call is one atomic step. Unused
 * limits are deleted.
 */
export interface PaceStore {
  /**
   * Counts a write from now on and resolves to 0; or to the milliseconds after which to ask again. `ended` lists writes of the
   * same limit, as for `end`; none by default.
   */
  beginWrite(write: CountedWrite, ended?: readonly EndedWrite[]): Promise<number>;
  end(key: string, ended: readonly EndedWrite[]): Promise<void>;
  /** Lets no write begin for `ms`, in any process. */
  block(key: string, ms: number): Promise<void>;
  /**
   * Reserves room for a later write and resolves to 0; or to the milliseconds after which to ask again. Writes that take
   * turns leave that room. For a reservation that exists, renews the lease.
   */
  owe(write: OwedWrite): Promise<number>;
  /** Ends a reservation of room: the write has begun, or is not needed. */
  endDebt(key: string, id: string): Promise<void>;
}

/** A write that has ended, even if its begin never arrived. */
export interface EndedWrite extends Pick<CountedWrite, 'id'> {
  /** It counts for so long; 0 takes it back. */
  readonly countsMs: number;
  /** It counts until this long after the write that ended before it stops counting, if that is later. Default 0. */
  readonly refillMs?: number;
}

/** A reservation of room for a write: all of them could be written soon, beside the writes that count. */
export interface OwedWrite extends Pick<CountedWrite, 'key' | 'id' | 'limit' | 'windowMs'> {
  /** The time within which all could be written. */
  readonly dueMs: number;
  /** The reservation lapses after that, unless `owe` is called again. */
  readonly leaseMs: number;
}
