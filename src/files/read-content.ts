import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { FileContent, FileLimits, FileToRead, ReadContent } from '../core/ports/files.ts';

/** The data that a worker thread starts with. */
export interface WorkerTask extends FileToRead {
  readonly maxPages: number;
  readonly maxMemoryBytes: number;
}

export interface ReadContentOptions {
  readonly limits: FileLimits;
  readonly log: Logger;
}

/** The interval between checks of the thread's memory. */
const LOOK_EVERY_MS = 50;

/**
 * Reads each file on a new thread, so that nothing of a hostile file remains. A thread's heap limits do not cover buffers and
 * WebAssembly, so their size is watched from here.
 */
export function createReadContent({ limits, log }: ReadContentOptions): ReadContent {
  const { maxPages, maxMemoryBytes, timeoutMs } = limits;

  return async (file, signal) => {
    signal.throwIfAborted();
    const task: WorkerTask = { ...file, maxPages, maxMemoryBytes };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      execArgv: [],
      workerData: task,
      transferList: [file.bytes.buffer],
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryBytes / 1_000_000, maxYoungGenerationSizeMb: 16 },
      // Libraries' output may quote the file and must not reach the log.
      stdout: true,
      stderr: true,
    });
    const done = Promise.withResolvers<FileContent>();
    const fail = (why: string) => done.resolve({ kind: 'unreadable', why });
    const tooMuch = `Reading it would take more than ${inMb(maxMemoryBytes)} MB of memory.`;
    worker.on('message', done.resolve);
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return fail(tooMuch);
      log.warn({ err: error.name }, 'could not read a file');
      fail(BROKEN);
    });
    worker.on('exit', () => fail(BROKEN));
    const tooLong = setTimeout(() => fail(`Reading it takes more than ${timeoutMs / 1_000} s.`), timeoutMs);
    const watch = setInterval(() => {
      worker.getHeapStatistics().then(
        ({ used_heap_size: heap, external_memory: outside }) => {
          if (heap + outside > maxMemoryBytes) fail(tooMuch);
        },
        () => {}, // it has ended
      );
    }, LOOK_EVERY_MS);
    const abandon = () => done.reject(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      return await done.promise;
    } finally {
      clearTimeout(tooLong);
      clearInterval(watch);
      signal.removeEventListener('abort', abandon);
      await worker.terminate();
    }
  };
}

const BROKEN = 'It is damaged, or its type does not match its name.';

function inMb(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
