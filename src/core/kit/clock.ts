/** Time as an argument, so that tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Does not hold the process open. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const wake = () => {
        signal?.removeEventListener('abort', abandon);
        resolve();
      };
      const timer = setTimeout(wake, ms).unref();
      const abandon = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abandon, { once: true });
    }),
};

/** As `systemClock`, but it never jumps, whatever is done to the computer's clock: for what counts time and names no date. */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };
