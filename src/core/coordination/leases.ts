import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { repeat } from '../kit/repeat.ts';

/**
 * Renews leases by the keys that this process knows it holds. Leases that it does not know of, such as those of a claim whose
 * answer was lost, are not renewed and lapse by themselves.
 */
export interface Leases<K> {
  /** The end of a lease that is taken now. */
  until(): number;
  /** Renews the lease from now on. */
  hold(key: K): void;
  /** Stops renewing: the lease lapses, or was finished. */
  drop(key: K): void;
  /**
   * Renews now, after a stall of the process or its store during which leases may have expired.
   * @throws StoreError
   */
  catchUp(): Promise<void>;
  /** Stops all renewals. */
  stop(): Promise<void>;
}

export interface LeasesOptions<K> {
  /** Completes the log line `renewing the leases of … failed`. */
  readonly what: string;
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  readonly renew: (held: readonly K[], leaseUntilMs: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createLeases<K>(options: LeasesOptions<K>): Leases<K> {
  const { leaseMs, renewEveryMs, clock } = options;
  const held = new Set<K>();
  let renewedAtMs = clock.now();

  const until = () => clock.now() + leaseMs;

  async function renew(): Promise<void> {
    if (held.size > 0) await options.renew([...held], until());
    renewedAtMs = clock.now();
  }

  const renewing = repeat(`renewing the leases of ${options.what}`, renewEveryMs, renew, options);

  return {
    until,
    hold: (key) => void held.add(key),
    drop: (key) => void held.delete(key),
    async catchUp() {
      if (clock.now() - renewedAtMs > 2 * renewEveryMs) await renew();
    },
    stop: () => renewing.stop(),
  };
}
