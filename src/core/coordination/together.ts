import { createBatch } from '../kit/scheduling/batch.ts';
import type { Change, Store } from '../ports/store.ts';

type Together = ReturnType<typeof createTogether>;
const known = new WeakMap<object, Together>();

/** Joins simultaneous calls to a store: all reads of values become one step, and so do all changes. */
export function togetherIn(store: Pick<Store, 'values' | 'write'>): Together {
  const together = known.get(store) ?? createTogether(store);
  known.set(store, together);
  return together;
}

function createTogether(store: Pick<Store, 'values' | 'write'>) {
  return {
    /** Takes a key made by `keyIn`. */
    read: createBatch((keys: readonly string[]) => store.values.getManyRaw<unknown>([...keys])),
    /** Resolves to whether the change was made. */
    write: createBatch((changes: readonly Change[]) => store.write(changes)),
  };
}
