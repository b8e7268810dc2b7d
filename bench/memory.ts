import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Row } from './support/row.ts';
import { createFloor, createSubject, startStreamServer } from './support/streams.ts';

const STREAMS = 1_000;
const WORDS = 300;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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
