import type { Logger } from 'pino';

/** Owns what runs beside the answers: nothing of it is awaited where it starts, and all of it before the adapter stops. */
export interface Tasks {
  run(what: string, work: () => Promise<unknown>): void;
  settled(): Promise<void>;
}

export function createTasks(log: Logger): Tasks {
  const running = new Set<Promise<void>>();
  return {
    run(what, work) {
      const task: Promise<void> = work()
        .then(
          () => {},
          (error: unknown) => log.warn({ err: error }, `could not ${what}`),
        )
        .finally(() => running.delete(task));
      running.add(task);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
