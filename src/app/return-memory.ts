const CHECK_MS = 15_000;
/** Less growth than both of these is not worth a collection, which takes the longer the more is in use. */
const GROWTH_BYTES = 24 * 1024 * 1024;
const GROWTH_SHARE = 1 / 4;

export interface Memory {
  /** Memory that the system counts for the process; null if the system does not say. */
  residentBytes(): number | null;
  /** Collects everything that is unused and returns its pages to the system. Undefined if Node does not allow it. */
  readonly collect: (() => void) | undefined;
}

/**
 * Node's own. `npm start` makes the collector callable by `--expose-gc`. This collection takes 0.07 s after the start and 0.12 s
 * after a thousand answers on a quiet machine, more if other work wants the cores. Nothing else runs meanwhile.
 */
const ownMemory: Memory = {
  residentBytes() {
    try {
      return process.memoryUsage.rss();
    } catch {
      // Without a file descriptor that is free, or without /proc.
      return null;
    }
  },
  collect: globalThis.gc?.bind(null, { type: 'major', execution: 'sync', flavor: 'last-resort' }),
};

/**
 * Returns unused memory to the system whenever the process has grown and no answer is in flight: after the start, which loads
 * much that is needed once, and after busy times. V8 itself keeps the pages of its largest heap. Does not hold the process open.
 */
export function returnMemoryAtRest(answersInFlight: () => number, memory: Memory = ownMemory): void {
  const { residentBytes, collect } = memory;
  if (collect === undefined) return;
  /** The memory after the last collection, or less if it has come down since. */
  let keptBytes = 0;
  setInterval(() => {
    const bytes = residentBytes();
    if (bytes === null) return;
    keptBytes = Math.min(keptBytes, bytes);
    const grownBytes = bytes - keptBytes;
    if (answersInFlight() > 0 || grownBytes < Math.max(GROWTH_BYTES, keptBytes * GROWTH_SHARE)) return;
    collect();
    keptBytes = residentBytes() ?? bytes;
  }, CHECK_MS).unref();
}
