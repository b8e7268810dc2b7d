import type { ApiErrorName } from './errors.ts';

/** A fault of one request: before the server takes it up, or after it took effect. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  | { readonly kind: 'refuse'; readonly error: ApiErrorName }
  /** Cloudflare turns the address away, as after 10,000 invalid requests in 10 minutes; it does not say for how long. */
  | { readonly kind: 'block' }
  | {
      readonly kind: 'rate-limit';
      readonly retryAfterMs: number;
      readonly scope: 'user' | 'shared' | 'global';
    }
  | { readonly kind: 'hold'; readonly until: Promise<unknown>; readonly when: 'before' | 'after' };

interface Pending {
  readonly method: string;
  readonly path: RegExp;
  readonly fault: Fault;
  left: number;
}

/** Faults to come. Each applies to the next requests that match, the first one declared first. */
export interface Faults {
  /** @param times how many requests it strikes (1) */
  add(method: string, path: RegExp, fault: Fault, times?: number): void;
  take(method: string, path: string): Fault | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  let pending: Pending[] = [];
  return {
    add(method, path, fault, times = 1) {
      pending.push({ method, path, fault, left: times });
    },
    take(method, path) {
      const found = pending.find((each) => each.method === method && each.path.test(path));
      if (!found) return undefined;
      found.left--;
      pending = pending.filter((each) => each.left > 0);
      return found.fault;
    },
    clear() {
      pending = [];
    },
  };
}
