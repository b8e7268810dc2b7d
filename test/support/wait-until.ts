import { vi } from 'vitest';

/** For what real sockets, files and threads bring: a busy machine may stand still for seconds. */
const PATIENCE_MS = 10_000;

/** Waits until a check no longer throws, for 10 s by default; resolves to what it returns. */
export function waitUntil<T>(check: () => T | Promise<T>, timeoutMs = PATIENCE_MS): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: 5 });
}
