import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createFetch } from '../src/app/http/http-client.ts';
import type { Row } from './support/row.ts';
import { createFloor, createSubject, startStreamServer } from './support/streams.ts';

const STREAMS = 1_000;
const WORDS = 300;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

/** The memory of an open stream, 300 words into its answer, with 1,000 of them open. */
export async function measureMemory(): Promise<Row[]> {
  const server = await startStreamServer();
  try {
    const url = `${server.url}/${WORDS}/0/hold`;
    // The first streams also load code and open connections once for all.
    for (const create of [createFloor, createSubject]) await bytesPerStream(create(url));
    const floor = await bytesPerStream(createFloor(url));
    const subject = await bytesPerStream(createSubject(url));
    return [
      {
        name: 'memory per open stream of 1,000, fetch + parser',
        value: floor / 1024,
        unit: 'KiB',
        wanted: null,
      },
      {
        name: 'memory per open stream of 1,000, client + reply engine',
        value: subject / 1024,
        unit: 'KiB',
        wanted: null,
      },
      {
        name: 'data held after it was read, until the next full collection, of all data',
        value: await shareHeld(`${server.url}/100000/1000/hold`),
        unit: '×',
        wanted: 0.5,
      },
    ];
  } finally {
    await server.stop();
  }
}

async function bytesPerStream(stream: (name: string, signal: AbortSignal) => Promise<void>): Promise<number> {
  const before = await held();
  const leaving = new AbortController();
  const open = Array.from({ length: STREAMS }, (_, index) =>
    stream(`m${index}`, leaving.signal).catch(() => {}),
  );
  await sleep(3_000);
  const bytes = (await held()) - before;
  leaving.abort();
  await Promise.all(open);
  return bytes / STREAMS;
}

/** Bytes in use, on the heap and outside it. */
async function held(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await sleep(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const READERS = 50;
const READS = 8;

/** Reads bodies with pauses in which all that is in use grows old, as it does with a thousand answers. */
async function shareHeld(url: string): Promise<number> {
  const fetch = createFetch();
  const leaving = new AbortController();
  const readers = await Promise.all(
    Array.from({ length: READERS }, async () => {
      const { body } = await fetch(url, { method: 'POST', body: '{}', signal: leaving.signal });
      if (body === null) throw new Error('no body');
      return body.getReader();
    }),
  );
  let bytes = 0;
  const startBytes = process.memoryUsage().arrayBuffers;
  for (let read = 0; read < READS; read++) {
    await sleep(200);
    collectGarbage({ type: 'minor' });
    collectGarbage({ type: 'minor' });
    for (const reader of readers) bytes += (await reader.read()).value?.byteLength ?? 0;
  }
  collectGarbage({ type: 'minor' });
  // Buffers are freed by another thread.
  await sleep(200);
  collectGarbage({ type: 'minor' });
  const heldBytes = process.memoryUsage().arrayBuffers - startBytes;
  leaving.abort();
  return heldBytes / bytes;
}
