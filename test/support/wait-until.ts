import { vi } from 'vitest';

/** For what real sockets, files and threads bring: a busy machine may stand still for seconds. */
const PATIENCE_MS = 10_000;

/** Waits until a check no longer throws; resolves to what it returns. */
export function waitUntil<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, PATIENCE_MS);
}
