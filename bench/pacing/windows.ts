/** How a platform may count: what a limit of so many calls in so many milliseconds means is often undocumented. */
export type Counting = 'fixed' | 'sliding' | 'bucket';

export interface Counter {
  /** Milliseconds to wait, or null if the call may go on. */
  take(nowMs: number): number | null;
}

export function createCounter(counting: Counting, limit: number, windowMs: number): Counter {
  switch (counting) {
    case 'fixed':
      return fixedWindow(limit, windowMs);
    case 'sliding':
      return slidingWindow(limit, windowMs);
    case 'bucket':
      return tokenBucket(limit, windowMs);
  }
}

function fixedWindow(limit: number, windowMs: number): Counter {
  let window = Number.NaN;
  let used = 0;
  return {
    take(nowMs) {
      const current = Math.floor(nowMs / windowMs);
      if (current !== window) [window, used] = [current, 0];
      if (used >= limit) return (current + 1) * windowMs - nowMs;
      used++;
      return null;
    },
  };
}

function slidingWindow(limit: number, windowMs: number): Counter {
  const takenAtMs: number[] = [];
  return {
    take(nowMs) {
      while (takenAtMs[0] !== undefined && takenAtMs[0] <= nowMs - windowMs) takenAtMs.shift();
      const oldest = takenAtMs[0];
      if (takenAtMs.length >= limit && oldest !== undefined) return oldest + windowMs - nowMs;
      takenAtMs.push(nowMs);
      return null;
    },
  };
}

function tokenBucket(limit: number, windowMs: number): Counter {
  const everyMs = windowMs / limit;
  let tokens = limit;
  let atMs = 0;
  return {
    take(nowMs) {
      tokens = Math.min(limit, tokens + (nowMs - atMs) / everyMs);
      atMs = nowMs;
      if (tokens < 1) return Math.ceil((1 - tokens) * everyMs);
      tokens--;
      return null;
    },
  };
}
