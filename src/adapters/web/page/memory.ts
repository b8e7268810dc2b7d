/** What the page itself remembers: per tab, and as the default of the next tab. */
const PREFIX = 'parley:';

export function remember(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  for (const storage of [sessionStorage, localStorage]) {
    try {
      storage.setItem(PREFIX + key, text);
    } catch {
      // Storage that is full or forbidden costs a convenience, nothing more.
    }
  }
}

/** What was remembered, if `isValid` finds it to be what it should be. */
export function recall<T>(key: string, isValid: (value: unknown) => value is T): T | null {
  for (const storage of [sessionStorage, localStorage]) {
    try {
      const value: unknown = JSON.parse(storage.getItem(PREFIX + key) ?? 'null');
      if (isValid(value)) return value;
    } catch {
      // As if it had never been remembered.
    }
  }
  return null;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isTable<T>(
  isValid: (value: unknown) => value is T,
): (value: unknown) => value is Record<string, T> {
  return (value): value is Record<string, T> =>
    typeof value === 'object' && value !== null && Object.values(value).every(isValid);
}
