import { parentPort, workerData } from 'node:worker_threads';
import type { FileContent } from '../core/ports/files.ts';
import { kindOf } from './kind.ts';
import type { WorkerTask } from './read-content.ts';
import { readPlain, Unreadable } from './text.ts';

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread');

const task = workerData as WorkerTask;
const content = await read(task).catch(
  (error: unknown): FileContent => ({
    kind: 'unreadable',
    why: error instanceof Unreadable ? error.message : 'It is damaged, or its type does not match its name.',
  }),
);
port.postMessage(content);

/** Loads each reader only when a file needs it. */
async function read({ bytes, name, maxChars, maxPages, maxMemoryBytes }: WorkerTask): Promise<FileContent> {
  const kind = kindOf(bytes);
  switch (kind) {
    case 'image':
      return (await import('./image.ts')).readImage(bytes, maxMemoryBytes);
    case 'pdf':
      return (await import('./pdf.ts')).readPdf(bytes, { maxChars, maxPages });
    case 'zip':
      return (await import('./office.ts')).readOffice(bytes, { maxChars, maxPages, maxMemoryBytes });
    case 'other':
      return readPlain(bytes, name, maxChars);
  }
}
