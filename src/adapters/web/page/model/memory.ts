/**
 * Data that the page itself stores. `tab` outlives a reload. `browser` is also the start of the next tab, while each open tab
 * keeps its own.
 */
export type Scope = 'tab' | 'browser';

const PREFIX = 'parley:';

export function remember(scope: Scope, key: string, value: unknown): void {
  for (const storage of storages(scope)) {
    try {
      storage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // Full or forbidden storage only costs convenience.
    }
  }
}

/** A stored value, if `isValid` accepts it. */
export function recall<T>(scope: Scope, key: string, isValid: (value: unknown) => value is T): T | null {
  for (const storage of storages(scope)) {
    try {
      const value: unknown = JSON.parse(storage.getItem(PREFIX + key) ?? 'null');
      if (isValid(value)) return value;
    } catch {
      // Treated as not stored.
    }
  }
  return null;
}

function storages(scope: Scope): readonly Storage[] {
  return scope === 'tab' ? [sessionStorage] : [sessionStorage, localStorage];
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

export function isTable<T>(
  isValid: (value: unknown) => value is T,
): (value: unknown) => value is Record<string, T> {
  return (value): value is Record<string, T> =>
    typeof value === 'object' && value !== null && Object.values(value).every(isValid);
}
