import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { repeat } from '../kit/repeat.ts';

/**
 * Keeps leases from running out, by the keys that this process knows it holds. What the store has and the process does not
 * know of, such as a claim whose answer was lost, is not renewed: it lapses by itself.
 */
export interface Leases<K> {
  /** When a lease that is taken now runs out. */
  until(): number;
  /** Renews this one from now on. */
  hold(key: K): void;
  /** Lets it lapse, or forgets it if it is finished. */
  drop(key: K): void;
  /** Renews now, where a stall of the process or its store may have let leases run out. @throws StoreError */
  catchUp(): Promise<void>;
  /** From then on everything lapses. */
  stop(): Promise<void>;
}

export interface LeasesOptions<K> {
  /** For the log: `renewing the leases of …` failed. */
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
