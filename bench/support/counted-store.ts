import { type Change, partsOfKey, type Store } from '../../src/core/ports/store.ts';

/** The calls that count, by name. Leases and sweeps are left out: they go by time, not by answer. */
const COUNTED: ReadonlySet<string> = new Set([
  ...['get', 'getMany', 'getManyRaw', 'claim', 'underWay'],
  ...['reserve', 'annotate', 'open', 'read', 'append', 'query', 'remove'],
]);

/** The same store; `onCall` is told of each call for an answer. */
export function countCalls(store: Store, onCall: (call: string) => void): Store {
  function counted<T extends object>(target: T, part: string): T {
    return new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (COUNTED.has(String(name))) onCall(`${part}.${String(name)}`);
          return value.apply(target, args);
        };
      },
    });
  }
  return {
    ...store,
    values: counted(store.values, 'values'),
    write(changes) {
      onCall(`write ${changes.map(nameOf).join(', ')}`);
      return store.write(changes);
    },
    ledger: counted(store.ledger, 'ledger'),
    claims: counted(store.claims, 'claims'),
    records: counted(store.records, 'records'),
  };
}

function nameOf(change: Change): string {
  return 'key' in change ? `${change.kind} of ${partsOfKey(change.key)[0]}` : change.kind;
}
