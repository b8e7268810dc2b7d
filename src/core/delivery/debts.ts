import type { Clock } from '../kit/time/clock.ts';
import { waitInLine } from '../kit/time/waiters.ts';
import type { Scope } from '../ports/scope.ts';
import type { SharedLimiter, SharedOwed } from './shared-limiter.ts';

/** Room that a lane keeps for a last write. */
export interface Owed {
  /** Ends it: the write was granted, or is not needed. Further calls do nothing. */
  release(): void;
}

type Debtor = (shared: SharedOwed | null) => void;

export interface DebtsOptions {
  readonly scope: Scope;
  readonly clock: Clock;
  /** Null if no other process draws from the limit. */
  readonly shared: SharedLimiter | null;
  /** When one more last write is affordable; infinity if no time alone makes it so. */
  readonly affordableAtMs: (owed: number) => number;
  /** Something changed that the lane has to look at. */
  readonly onChange: () => void;
  readonly wakeAt: (atMs: number) => void;
}

/** The last writes that a lane owes to the answers that grow in it, and the answers that wait to grow. */
export class Debts {
  readonly #options: DebtsOptions;
  #owed = 0;
  #debtors: Debtor[] = [];
  /** Whether the store is being asked for room, and the time before which it is not asked again. */
  #isAsking = false;
  #asksFromMs = 0;

  constructor(options: DebtsOptions) {
    this.#options = options;
  }

  /** Last writes that room is kept for. */
  get owed(): number {
    return this.#owed;
  }

  isIdle(): boolean {
    return this.#owed + this.#debtors.length === 0;
  }

  /** Resolves once one more last write is affordable, in order of arrival. */
  owe(signal: AbortSignal): Promise<Owed> {
    const { onChange } = this.#options;
    return waitInLine<Owed>(signal, (grant) => {
      const debtor: Debtor = (shared) => {
        this.#owed++;
        let isOpen = true;
        grant({
          release: () => {
            if (!isOpen) return;
            isOpen = false;
            this.#owed--;
            shared?.release();
            onChange();
          },
        });
      };
      this.#debtors.push(debtor);
      onChange();
      return () => {
        this.#debtors = this.#debtors.filter((other) => other !== debtor);
      };
    });
  }

  /** Lets answers grow as far as their last writes are affordable. */
  admitWaiting(): void {
    const { clock, shared, affordableAtMs, wakeAt } = this.#options;
    while (this.#debtors.length > 0 && !this.#isAsking) {
      const atMs = Math.max(this.#asksFromMs, affordableAtMs(this.#owed));
      if (atMs > clock.now()) {
        wakeAt(atMs);
        return;
      }
      if (shared === null) this.#debtors.shift()?.(null);
      else void this.#askForRoom(shared);
    }
  }

  /** Reserves room over all processes, for the caller that has waited longest by then. */
  async #askForRoom(shared: SharedLimiter): Promise<void> {
    const { scope, clock, onChange } = this.#options;
    this.#isAsking = true;
    const owed = await shared.owe(scope);
    this.#isAsking = false;
    if (typeof owed === 'number') this.#asksFromMs = clock.now() + owed;
    else {
      const debtor = this.#debtors.shift();
      if (debtor === undefined) owed.release();
      else debtor(owed);
    }
    onChange();
  }
}
