import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';

export interface Background {
  /** Resolves when what was running has ended. */
  stop(): Promise<void>;
}

/** Runs `work` every so often until stopped. A fault is logged, and the next turn tries again. */
export function repeat(
  work: () => Promise<void>,
  everyMs: number,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Background {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
        await work();
      } catch (error) {
        if (!signal.aborted)
          log.warn({ err: error }, 'background work of the store failed; it is tried again');
      }
    }
  }
  const running = run();

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
