import type { StoredDataRaw } from 'keyv';
import { createBatch } from '../kit/batch.ts';
import type { Change, Store } from '../ports/store.ts';

/** Joins simultaneous calls to a store: all reads of values become one step, and so do all changes. */
export interface Together {
  /** @param key made by `keyIn` */
  read(key: string): Promise<StoredDataRaw<unknown>>;
  /** Resolves to whether the change was made. */
  write(change: Change): Promise<boolean>;
}

const known = new WeakMap<object, Together>();

export function togetherIn(store: Pick<Store, 'values' | 'write'>): Together {
  const found = known.get(store);
  if (found !== undefined) return found;
  const together = {
    read: createBatch((keys: readonly string[]) => store.values.getManyRaw<unknown>([...keys])),
    write: createBatch((changes: readonly Change[]) => store.write(changes)),
  };
  known.set(store, together);
  return together;
}
