import type { Keyv, KeyvEntry } from 'keyv';
import { partsOfKey, type Store } from '../../src/core/ports/store.ts';

/** One value that a call to the store is about. */
export interface Touch {
  readonly kind: 'read' | 'write';
  readonly namespace: string;
  readonly key: string;
}

const READS = new Set(['get', 'getMany', 'getRaw', 'getManyRaw', 'has', 'hasMany']);
const WRITES = new Set(['set', 'setMany', 'delete', 'deleteMany']);

/** The same store; `tap` is waited for before each read or write of a value, and what it throws is what the call rejects with. */
export function tapStore(store: Store, tap: (touch: Touch) => unknown): Store {
  function tapped(keyv: Keyv, placeOf: (key: string) => readonly [string, string]): Keyv {
    return new Proxy(keyv, {
      get(_, name) {
        const value: unknown = Reflect.get(keyv, name, keyv);
        const kind = READS.has(String(name)) ? 'read' : WRITES.has(String(name)) ? 'write' : null;
        if (typeof value !== 'function' || kind === null) return value;
        return async (first: string | readonly (string | KeyvEntry)[], ...rest: unknown[]) => {
          for (const item of typeof first === 'string' ? [first] : first) {
            const [namespace, key] = placeOf(typeof item === 'string' ? item : item.key);
            await tap({ kind, namespace, key });
          }
          return value.call(keyv, first, ...rest);
        };
      },
    });
  }
  return {
    ...store,
    keyv: (namespace, lock) => tapped(store.keyv(namespace, lock), (key) => [namespace, key]),
    everything: tapped(store.everything, partsOfKey),
    async replace(namespace, key, ...rest) {
      await tap({ kind: 'write', namespace, key });
      return store.replace(namespace, key, ...rest);
    },
  };
}
