import type { Keyv } from 'keyv';
import type { Adapter } from '../../src/core/ports/adapter.ts';
import { PlaceGone } from '../../src/core/ports/delivery-errors.ts';
import { type Store, StoreError } from '../../src/core/ports/store.ts';
import type { LiveMessage, Surface } from '../../src/core/ports/surface.ts';

/** A process that ends at one of its steps: from then on nothing that it does has an effect. */
export interface Life {
  /** Steps so far: writes to the store and to the platform. */
  readonly steps: number;
  readonly isOver: boolean;
  /** As this process has it in its hands. */
  store(store: Store): Store;
  surface(surface: Surface): Surface;
  platform(platform: Pick<Adapter, 'platform' | 'reopen'>): Pick<Adapter, 'platform' | 'reopen'>;
  /** Ends it now. */
  end(): void;
}

/** Ends before the effect of step `at` (the first is 1), or right after it. Never, by default. */
export function createLife(at = Number.POSITIVE_INFINITY, when: 'before' | 'after' = 'before'): Life {
  let steps = 0;
  let isOver = false;

  async function step<T>(effect: () => Promise<T>, dead: () => Error): Promise<T> {
    if (isOver) throw dead();
    const isLast = ++steps === at;
    if (isLast && when === 'before') {
      isOver = true;
      throw dead();
    }
    const result = await effect();
    if (isLast) isOver = true;
    if (isOver) throw dead();
    return result;
  }

  /**
   * Lets an object live as long as the process: the named methods are steps, all others work until the end, except those
   * that stand here instead.
   */
  function mortal<T extends object>(
    target: T,
    writes: readonly (keyof T)[],
    dead: () => Error,
    instead: Partial<T> = {},
  ): T {
    return new Proxy(target, {
      get(_, name) {
        if (Object.hasOwn(instead, name)) return instead[name as keyof T];
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const call = () => value.apply(target, args);
          if (writes.includes(name as keyof T)) return step(call, dead);
          if (isOver) throw dead();
          return call();
        };
      },
    });
  }

  const noStore = () => new StoreError('this process is dead');
  const noPlace = () => new PlaceGone('expired');

  return {
    get steps() {
      return steps;
    },
    get isOver() {
      return isOver;
    },
    store: (store) => ({
      ...store,
      values: mortal<Keyv>(store.values, [], noStore),
      write: (...args) => step(() => store.write(...args), noStore),
      claims: mortal(store.claims, ['claim'], noStore),
      ledger: mortal(store.ledger, ['reserve', 'annotate'], noStore),
    }),
    end() {
      isOver = true;
    },
    surface: mortalSurface,
    platform: (adapter) => ({
      platform: adapter.platform,
      async reopen(lost, signal) {
        if (isOver) throw noPlace();
        const found = await adapter.reopen?.(lost, signal);
        if (!found) return null;
        const { message } = found;
        return {
          ...found,
          surface: mortalSurface(found.surface),
          message: message && { ...message, live: liveMessage(message.live) },
        };
      },
    }),
  };

  function liveMessage(message: LiveMessage): LiveMessage {
    return mortal(message, ['update'], noPlace);
  }

  function mortalSurface(surface: Surface): Surface {
    /** Must not throw, even when all else does. */
    const sign =
      <A extends unknown[]>(show: (...args: A) => void) =>
      (...args: A) => {
        if (!isOver) show.apply(surface, args);
      };
    return mortal(surface, ['prepare', 'tellPrivately'], noPlace, {
      openMessage: async (view, signal) =>
        liveMessage(await step(() => surface.openMessage(view, signal), noPlace)),
      indicate: sign(surface.indicate),
      ...(surface.waits && { waits: sign(surface.waits) }),
      ...(surface.think && { think: sign(surface.think) }),
    });
  }
}
