const CHECK_MS = 15_000;
/** Less is not worth a collection. */
const GROWTH_BYTES = 24 * 1024 * 1024;

export interface Memory {
  /** Memory that the system counts for the process. */
  residentBytes(): number;
  /** Collects everything that is unused and returns its pages to the system. Undefined if Node does not allow it. */
  readonly collect: (() => void) | undefined;
}

/**
 * Node's own. `npm start` makes the collector callable by `--expose-gc`. This collection takes 0.15 s of a core after the start
 * and 0.5 s after a thousand answers, in which nothing else runs.
 */
const ownMemory: Memory = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: globalThis.gc?.bind(null, { type: 'major', execution: 'sync', flavor: 'last-resort' }),
};

/**
 * Returns unused memory to the system whenever the process has grown and no answer is in flight: after the start, which loads
 * much that is needed once, and after busy times. V8 itself keeps the pages of its largest heap. Does not hold the process open.
 */
export function returnMemoryAtRest(answersInFlight: () => number, memory: Memory = ownMemory): void {
  const { residentBytes, collect } = memory;
  if (collect === undefined) return;
  let keptBytes = 0;
  setInterval(() => {
    if (answersInFlight() > 0 || residentBytes() < keptBytes + GROWTH_BYTES) return;
    collect();
    keptBytes = residentBytes();
  }, CHECK_MS).unref();
}
