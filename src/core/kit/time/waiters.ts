/**
 * Waits in the caller's queue. `join` enters it with a function that ends the wait, and returns a function that leaves it. If
 * the signal aborts, the promise leaves the queue and rejects with the signal's reason.
 */
export function waitInLine<T = void>(
  signal: AbortSignal | undefined,
  join: (grant: (value: T) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    let isGranted = false;
    let isListening = false;
    const abandon = () => {
      leave();
      reject(signal?.reason);
    };
    const leave = join((value) => {
      if (isListening) signal?.removeEventListener('abort', abandon);
      isGranted = true;
      resolve(value);
    });
    // Most are granted at once, and listeners are expensive.
    if (isGranted || signal === undefined) return;
    isListening = true;
    signal.addEventListener('abort', abandon, { once: true });
  });
}
