import type { Logger } from 'pino';
import type { Clock } from './clock.ts';

/** Work that repeats until its owner stops it. */
export interface Background {
  /** Resolves when the current run has ended. */
  stop(): Promise<void>;
}

/** Runs `work` at an interval, never twice at once. A fault is logged, and ends only this run. The signal aborts on `stop`. */
export function repeat(
  what: string,
  everyMs: number,
  work: (signal: AbortSignal) => Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Background {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
        await work(signal);
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, `${what} failed and is tried again later`);
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
