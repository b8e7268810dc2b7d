import type { Logger } from 'pino';
import type { Clock } from '../kit/time/clock.ts';
import { repeat } from '../kit/time/repeat.ts';
import type { ClaimKey, Store } from '../ports/store.ts';

/** A process on a store that others may share. */
export interface SharedStore {
  readonly store: Store;
  /** This process's id in claims, unique among all that ever ran on this store. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface LeasesOptions<K> extends Pick<SharedStore, 'clock' | 'log'> {
  /** Completes the log line `renewing the leases of … failed`. */
  readonly what: string;
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  readonly renew: (held: readonly K[], leaseUntilMs: number) => Promise<void>;
}

export type Leases<K> = ReturnType<typeof createLeases<K>>;

/**
 * Renews leases by the keys that this process knows it holds. Leases that it does not know of, such as those of a claim whose
 * answer was lost, are not renewed and lapse by themselves.
 */
export function createLeases<K>(options: LeasesOptions<K>) {
  const { leaseMs, renewEveryMs, clock } = options;
  const held = new Set<K>();
  let renewedAtMs = clock.now();

  /** The end of a lease that is taken now. */
  const until = () => clock.now() + leaseMs;

  async function renew(): Promise<void> {
    if (held.size > 0) await options.renew([...held], until());
    renewedAtMs = clock.now();
  }

  const renewing = repeat(`renewing the leases of ${options.what}`, renewEveryMs, renew, options);

  return {
    until,
    /** Renews the lease from now on. */
    hold: (key: K) => void held.add(key),
    /** Stops renewing: the lease lapses, or was finished. */
    drop: (key: K) => void held.delete(key),
    /**
     * Renews now, after a stall of the process or its store during which leases may have expired.
     * @throws StoreError
     */
    async catchUp(): Promise<void> {
      if (clock.now() - renewedAtMs > 2 * renewEveryMs) await renew();
    },
    /** Stops all renewals. */
    stop: () => renewing.stop(),
  };
}

/** A process that missed three renewals is dead. */
const CLAIM_LEASE_MS = 10_000;
const RENEW_CLAIMS_EVERY_MS = 3_000;

/**
 * Leases of claims: 10 s, renewed every 3 s. Events and locks have the same, so a process that has lost a lock has lost its
 * event too, and stores no turn.
 */
export function createClaimLeases(what: string, { store, clock, log }: SharedStore): Leases<ClaimKey> {
  return createLeases({
    what,
    leaseMs: CLAIM_LEASE_MS,
    renewEveryMs: RENEW_CLAIMS_EVERY_MS,
    renew: (held, untilMs) => store.claims.renew(held, untilMs),
    clock,
    log,
  });
}
