import type { Logger } from 'pino';

/** A set of running promises, so that their owner can wait for them. */
export interface Running {
  readonly size: number;
  /** Holds the promise until it settles. It must not reject. */
  add(work: Promise<unknown>): void;
  /** Resolves when one of them settles, or at once if there is none. */
  next(): Promise<void>;
  /** Resolves when all have settled, including those added meanwhile. */
  settled(): Promise<void>;
}

export function createRunning(): Running {
  const running = new Set<Promise<unknown>>();
  return {
    get size() {
      return running.size;
    },
    add(work) {
      const held: Promise<unknown> = work.finally(() => running.delete(held));
      running.add(held);
    },
    async next() {
      if (running.size > 0) await Promise.race(running);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** Background work. Its owner awaits all of it before it stops. */
export interface Tasks {
  /** Aborts on `stop`. */
  readonly signal: AbortSignal;
  /** Runs work in the background. A fault is logged as `could not ${what}`, unless `stop` came first. */
  run(what: string, work: (signal: AbortSignal) => Promise<unknown>): void;
  /** Resolves when no work is running. */
  settled(): Promise<void>;
  /** Aborts all running work; resolves when it has ended. */
  stop(): Promise<void>;
}

export function createTasks(log: Logger): Tasks {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = createRunning();
  return {
    signal,
    run(what, work) {
      running.add(
        work(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error }, `could not ${what}`);
        }),
      );
    },
    settled: () => running.settled(),
    async stop() {
      stopping.abort();
      await running.settled();
    },
  };
}

/** Runs background work as `Tasks.run` does, but each piece only after the one before it has ended. */
export function inTurn(tasks: Pick<Tasks, 'run'>): Tasks['run'] {
  let last = Promise.resolve();
  return (what, work) => {
    const before = last;
    const ended = Promise.withResolvers<void>();
    last = ended.promise;
    tasks.run(what, (signal) => before.then(() => work(signal)).finally(ended.resolve));
  };
}
