import type { Logger } from 'pino';

/** A set of running promises, so that their owner can wait for them. */
export function createRunning() {
  const running = new Set<Promise<unknown>>();
  return {
    get size() {
      return running.size;
    },
    /** Holds the promise until it settles. It must not reject. */
    add(work: Promise<unknown>): void {
      const held: Promise<unknown> = work.finally(() => running.delete(held));
      running.add(held);
    },
    /** Resolves when one of them settles, or at once if there is none. */
    async next(): Promise<void> {
      if (running.size > 0) await Promise.race(running);
    },
    /** Resolves when all have settled, including those added meanwhile. */
    async settled(): Promise<void> {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

export type Tasks = ReturnType<typeof createTasks>;

/** Background work. Its owner awaits all of it before it stops. */
export function createTasks(log: Logger) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = createRunning();
  return {
    /** Aborts on `stop`. */
    signal,
    /** Runs work in the background. A fault is logged as `could not ${what}`, unless `stop` came first. */
    run(what: string, work: (signal: AbortSignal) => Promise<unknown>): void {
      running.add(
        work(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error }, `could not ${what}`);
        }),
      );
    },
    /** Resolves when no work is running. */
    settled: () => running.settled(),
    /** Aborts all running work; resolves when it has ended. */
    async stop(): Promise<void> {
      stopping.abort();
      await running.settled();
    },
  };
}

/** Runs background work as `Tasks.run` does, but each piece only after the one before it has ended. */
export class TasksInTurn {
  readonly #tasks: Pick<Tasks, 'run'>;
  #last = Promise.resolve();

  constructor(tasks: Pick<Tasks, 'run'>) {
    this.#tasks = tasks;
  }

  run(...[what, work]: Parameters<Tasks['run']>): void {
    const before = this.#last;
    const ended = Promise.withResolvers<void>();
    this.#last = ended.promise;
    this.#tasks.run(what, (signal) => before.then(() => work(signal)).finally(ended.resolve));
  }
}
