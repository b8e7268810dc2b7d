import {
  type Amounts,
  type Change,
  type ClaimKey,
  keyIn,
  type LogRecord,
  type Reservation,
  type Store,
} from '../../src/core/ports/store.ts';

/** Changes of a store one at a time; each resolves to whether it was made. */

export async function change(store: Pick<Store, 'write'>, one: Change): Promise<boolean> {
  return (await store.write([one]))[0] === true;
}

export function writeJournal(store: Store, claim: ClaimKey, journal: unknown): Promise<boolean> {
  return change(store, { kind: 'journal', claim, journal });
}

export function finish(store: Store, claim: ClaimKey): Promise<boolean> {
  return change(store, { kind: 'finish', claim });
}

export function settle(
  store: Store,
  reservation: Reservation,
  actual: Amounts,
  record?: LogRecord,
): Promise<boolean> {
  return change(store, { kind: 'settle', reservation, actual, record });
}

/** The values of one namespace. */
export function valuesOf(store: Pick<Store, 'values' | 'write' | 'keys'>, namespace: string) {
  const { values } = store;
  return {
    get: (key: string) => values.get(keyIn(namespace, key)),
    getMany: (keys: readonly string[]) => values.getMany(keys.map((key) => keyIn(namespace, key))),
    set: (key: string, value: unknown, ttlMs?: number) =>
      change(store, { kind: 'set', key: keyIn(namespace, key), value, ...(ttlMs && { ttlMs }) }),
    setMany: (entries: readonly { key: string; value: unknown; ttlMs?: number }[]) =>
      store.write(entries.map((entry) => ({ kind: 'set', ...entry, key: keyIn(namespace, entry.key) }))),
    delete: (key: string) => change(store, { kind: 'delete', key: keyIn(namespace, key) }),
    async *entries(): AsyncGenerator<[key: string, value: unknown]> {
      for await (const key of store.keys(namespace, '')) yield [key, await values.get(keyIn(namespace, key))];
    },
  };
}
