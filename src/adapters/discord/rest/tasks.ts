import type { Logger } from 'pino';

/** Owns work that nobody waits for, so that `stop()` can. */
export interface Tasks {
  /** Aborts when the adapter stops. */
  readonly signal: AbortSignal;
  /** Runs work to its end; a fault is logged with `what` failed. */
  start(what: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** Aborts what is left, and resolves when nothing is. */
  stop(): Promise<void>;
}

export function createTasks(log: Logger): Tasks {
  const leaving = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    signal: leaving.signal,
    start(what, work) {
      const task = work(leaving.signal)
        .catch((error: unknown) => {
          if (!leaving.signal.aborted) log.warn({ err: error }, what);
        })
        .finally(() => running.delete(task));
      running.add(task);
    },
    async stop() {
      leaving.abort();
      await Promise.all(running);
    },
  };
}
