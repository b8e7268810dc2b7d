import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerTask } from './read-content.ts';
import { readFile } from './read-file.ts';

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread');
port.postMessage(await readFile(workerData as WorkerTask));
