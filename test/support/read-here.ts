import type { FileLimits, ReadContent } from '../../src/core/ports/files.ts';
import { readFile } from '../../src/files/read-file.ts';

/** Reads files as a thread of `createReadContent` does, but in this process: a thread for each takes a tenth of a second of CPU. */
export function createReadHere({ maxPages, maxMemoryBytes }: FileLimits): ReadContent {
  return async ({ name, bytes, maxChars }, signal) => {
    signal.throwIfAborted();
    const own = structuredClone(bytes, { transfer: [bytes.buffer] });
    return readFile({ name, bytes: own, maxChars, maxPages, maxMemoryBytes });
  };
}
