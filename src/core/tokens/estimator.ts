import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { waitInLine } from '../kit/waiters.ts';
import type { WorkerAnswer } from './worker.ts';

/**
 * Counts tokens as OpenAI's models do since GPT-4o (o200k). For others it is an estimate: they may count some percent
 * more, and those with smaller vocabularies, as Claude 3, a third; on rare scripts any of them may be further off.
 */
export interface TokenEstimator {
  /**
   * The tokens of a text. Works on a thread of its own, whatever the text; the first call loads the tokenizer there, which
   * takes a fifth of a second. Where it cannot serve, the answer is the upper bound. Rejects only with the signal's reason.
   */
  count(text: string, signal?: AbortSignal): Promise<number>;
  /** At least what any model counts: a token is at least one byte of UTF-8. */
  upperBound(text: string): number;
  /** Ends the thread; calls that wait get the upper bound, and so do those that come. */
  close(): Promise<void>;
}

export interface TokenEstimatorOptions {
  readonly log: Logger;
  /** Default: `worker.ts` beside this file. */
  readonly workerUrl?: URL;
}

/** So much may be on its way through the thread; above that the upper bound is the better answer, because it is there. */
const MAX_PENDING_CHARS = 1_000_000;

/** A thread that ends so many times without an answer in between is not started again. */
const MAX_FAILURES = 3;

/** The tokenizer takes about 75 MB; a runaway is to end in this thread and not take the process along. */
const MAX_HEAP_MB = 256;
/** What it makes beside that is short-lived; the default would let 48 MB of it pile up. */
const MAX_YOUNG_MB = 8;

interface Job {
  readonly text: string;
  finish(tokens: number): void;
}

export function createTokenEstimator(options: TokenEstimatorOptions): TokenEstimator {
  const { log, workerUrl = new URL('./worker.ts', import.meta.url) } = options;
  let worker: Worker | null = null;
  let ready = false;
  let failures = 0;
  let closed = false;
  let running: Job | null = null;
  let waiting: Job[] = [];

  function start(): void {
    const started = new Worker(workerUrl, {
      // Flags of the main thread may not be fit for a file (`--eval`), and none is needed.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    worker = started;
    started.on('message', (answer: WorkerAnswer) => {
      if (answer === 'ready') ready = true;
      else {
        failures = 0;
        running?.finish(answer);
        running = null;
      }
      next();
    });
    started.on('error', (error) => log.warn({ err: error }, 'the tokenizer failed'));
    started.on('exit', () => {
      if (worker !== started) return;
      worker = null;
      ready = false;
      failures += 1;
      if (failures === MAX_FAILURES && !closed) {
        log.error('the tokenizer does not run; tokens are bounded by bytes, and windows are shorter');
      }
      abandon();
    });
    // After the listeners: each one would hold the process open again.
    started.unref();
  }

  function next(): void {
    running = waiting.shift() ?? null;
    if (running !== null) worker?.postMessage(running.text);
  }

  function abandon(): void {
    const jobs = pending();
    running = null;
    waiting = [];
    for (const job of jobs) job.finish(upperBound(job.text));
  }

  function pending(): readonly Job[] {
    return running === null ? waiting : [running, ...waiting];
  }

  function hasRoomFor(text: string): boolean {
    return pending().reduce((sum, job) => sum + job.text.length, text.length) <= MAX_PENDING_CHARS;
  }

  return {
    upperBound,
    async count(text, signal) {
      signal?.throwIfAborted();
      if (worker === null && !closed && failures < MAX_FAILURES) start();
      if (worker === null || !hasRoomFor(text)) return upperBound(text);
      return waitInLine(signal, (finish) => {
        const job: Job = { text, finish };
        waiting.push(job);
        if (ready && running === null) next();
        return () => {
          waiting = waiting.filter((other) => other !== job);
        };
      });
    },
    async close() {
      closed = true;
      await worker?.terminate();
    },
  };
}

function upperBound(text: string): number {
  return Buffer.byteLength(text);
}
