import { onTestFinished, vi } from 'vitest';

/** A server that never answers. */
export const silentFetch: typeof fetch = (_, init) =>
  new Promise((_, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });

/** The time limits that are set from now on; they end when the test says so. */
export function timeLimits(): { readonly asked: readonly number[]; end(): void } {
  const asked: number[] = [];
  let current = new AbortController();
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    asked.push(ms);
    current = new AbortController();
    return current.signal;
  });
  onTestFinished(() => spy.mockRestore());
  return { asked, end: () => current.abort(new DOMException('', 'TimeoutError')) };
}
