import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { createKeyedQueue } from '../core/kit/keyed-queue.ts';
import type { FileContent, FileLimits, FileToRead, ReadContent } from '../core/ports/files.ts';

/** What the thread gets with its start. */
export interface WorkerTask extends FileToRead {
  readonly maxPages: number;
  readonly maxMemoryBytes: number;
}

export interface ReadContentOptions {
  readonly limits: FileLimits;
  readonly log: Logger;
}

/** Files that may wait for the one that is read. */
const MAX_WAITING = 100;
/** How often the thread's memory is looked at. */
const LOOK_EVERY_MS = 50;

/**
 * One thread for each file, so that nothing of a hostile one is left, and one thread at a time, so that its memory is all that
 * files take. Heap limits of a thread know nothing of buffers and WebAssembly: those are watched from here.
 */
export function createReadContent({ limits, log }: ReadContentOptions): ReadContent {
  const queue = createKeyedQueue(MAX_WAITING);
  const { maxPages, maxMemoryBytes, timeoutMs } = limits;

  async function read(file: FileToRead, signal: AbortSignal): Promise<FileContent> {
    const task: WorkerTask = { ...file, maxPages, maxMemoryBytes };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      execArgv: [],
      workerData: task,
      transferList: [file.bytes.buffer],
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryBytes / 1_000_000, maxYoungGenerationSizeMb: 16 },
      // What a library says is not for the log: it may quote the file.
      stdout: true,
      stderr: true,
    });
    const done = Promise.withResolvers<FileContent>();
    const fail = (why: string) => done.resolve({ kind: 'unreadable', why });
    const tooMuch = `It takes more than ${inMb(maxMemoryBytes)} MB of memory to read.`;
    worker.on('message', done.resolve);
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return fail(tooMuch);
      log.warn({ err: error.name }, 'a file could not be read');
      fail(BROKEN);
    });
    worker.on('exit', () => fail(BROKEN));
    const tooLong = setTimeout(() => fail(`It takes more than ${timeoutMs / 1_000} s to read.`), timeoutMs);
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
  }

  return async (file, signal) => {
    const leave = await queue.enter('files', () => {}, signal);
    if (leave === null)
      return { kind: 'unreadable', why: 'Too many files are being read. Try again in a minute.' };
    try {
      signal.throwIfAborted();
      return await read(file, signal);
    } finally {
      leave();
    }
  };
}

const BROKEN = 'It is damaged, or not what its name says.';

function inMb(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
