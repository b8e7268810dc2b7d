import { partsOfKey, type Store } from '../../src/core/ports/store.ts';

/** One value that a call to the store is about. */
export interface Touch {
  readonly kind: 'read' | 'write';
  readonly namespace: string;
  readonly key: string;
}

/** The same store; `tap` is waited for before each read or write of a value, and what it throws is what the call rejects with. */
export function tapStore(store: Store, tap: (touch: Touch) => unknown): Store {
  async function tell(kind: Touch['kind'], joined: string): Promise<void> {
    const [namespace, key] = partsOfKey(joined);
    await tap({ kind, namespace, key });
  }
  const values = new Proxy(store.values, {
    get(_, name) {
      const value: unknown = Reflect.get(store.values, name, store.values);
      if (typeof value !== 'function' || !/^get(Many)?(Raw)?$/.test(String(name))) return value;
      return async (keys: string | readonly string[], ...rest: unknown[]) => {
        for (const key of typeof keys === 'string' ? [keys] : keys) await tell('read', key);
        return value.call(store.values, keys, ...rest);
      };
    },
  });
  return {
    ...store,
    values,
    async write(changes) {
      for (const change of changes) if ('key' in change) await tell('write', change.key);
      return store.write(changes);
    },
  };
}
