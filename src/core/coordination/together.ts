import type { StoredDataRaw } from 'keyv';
import { createBatch } from '../kit/batch.ts';
import type { Change, Store } from '../ports/store.ts';

/** What is asked of a store at the same time is one call: all reads of values are one step of it, and so are all changes. */
export interface Together {
  /** Of a key that `keyIn` made. */
  read(key: string): Promise<StoredDataRaw<unknown>>;
  /** Resolves to whether it was made. */
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
