import type { Json } from './json.ts';

/** A fault of one call of a Web API method. */
export interface Fault {
  readonly method: string;
  /** Before the call has its effect (default), or after it: the effect stands, the caller does not learn of it. */
  readonly when?: 'before' | 'after';
  /** How many calls it hits, 1 by default. */
  readonly times?: number;
  readonly matches?: (args: Json) => boolean;
  readonly how:
    | { readonly kind: 'status'; readonly status: number }
    | { readonly kind: 'reset' }
    | { readonly kind: 'silence' }
    | { readonly kind: 'error'; readonly error: string; readonly messages?: readonly string[] }
    | { readonly kind: 'rate-limited'; readonly retryAfterSec: number }
    | { readonly kind: 'hold'; readonly until: Promise<unknown> };
}

export interface Faults {
  add(fault: Fault): void;
  /** The fault that hits this call at this point, used up by asking. */
  take(method: string, when: 'before' | 'after', args: Json): Fault['how'] | null;
}

export function createFaults(): Faults {
  const planned: { fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      planned.push({ fault, left: fault.times ?? 1 });
    },
    take(method, when, args) {
      const hit = planned.find(
        ({ fault, left }) =>
          left > 0 &&
          fault.method === method &&
          (fault.when ?? 'before') === when &&
          (fault.matches?.(args) ?? true),
      );
      if (hit === undefined) return null;
      hit.left -= 1;
      return hit.fault.how;
    },
  };
}
