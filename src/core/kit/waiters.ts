/**
 * A promise that waits in a line of its caller's. `join` enters the line with what ends the wait, and returns how to leave
 * it. As soon as the signal aborts, the line is left and the promise rejects with the signal's reason.
 */
export function waitInLine<T = void>(
  signal: AbortSignal | undefined,
  join: (grant: (value: T) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abandon = () => {
      leave();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abandon, { once: true });
    const leave = join((value) => {
      signal?.removeEventListener('abort', abandon);
      resolve(value);
    });
  });
}
