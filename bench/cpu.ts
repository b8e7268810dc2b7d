import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Row } from './support/row.ts';
import { startStreamServer } from './support/streams.ts';

const STREAMS = 100;
const ROUNDS = 3;
/** A middling answer. */
const WORDS_PER_STREAM = 250;
const WORDS_PER_SECOND = 50;

/**
 * CPU for words that arrive at a model's pace, over what the bare floor takes for the same bytes. Both run at the same time, each in
 * a process of its own, so that whatever else the machine does hits both.
 */
export async function measureCpu(): Promise<Row[]> {
  const server = await startStreamServer();
  try {
    const url = `${server.url}/${WORDS_PER_STREAM}/${WORDS_PER_SECOND}/end`;
    const [floor, subject] = await Promise.all([
      cpuMsPerThousandWords('floor', url),
      cpuMsPerThousandWords('subject', url),
    ]);
    return [
      {
        name: 'CPU per 1,000 words, fetch + parser + JSON.parse',
        value: floor,
        unit: 'ms',
        wanted: null,
      },
      { name: 'CPU per 1,000 words, client + reply engine', value: subject, unit: 'ms', wanted: null },
      {
        name: 'CPU of client + reply engine over that floor',
        value: subject / floor,
        unit: '×',
        wanted: 1.5,
      },
    ];
  } finally {
    await server.stop();
  }
}

async function cpuMsPerThousandWords(kind: 'floor' | 'subject', url: string): Promise<number> {
  const worker = fileURLToPath(new URL('support/cpu-worker.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    worker,
    kind,
    url,
    String(STREAMS),
    String(ROUNDS),
  ]);
  return Number(stdout) / ((STREAMS * ROUNDS * WORDS_PER_STREAM) / 1_000);
}
