import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createFetch } from '../src/app/http/http-client.ts';
import type { Fetch } from '../src/core/ports/fetch.ts';
import { quantile, type Row } from './support/row.ts';
import { startAnsweringServer, startStreamServer } from './support/streams.ts';

/** On each side; with the server, which needs as much, they fit two cores. */
const STREAMS = 250;
const ROUNDS = 4;
/** A middling answer. */
const WORDS_PER_STREAM = 250;
const WORDS_PER_SECOND = 50;

/** Requests to a platform, so many at once. */
const REQUESTS = 4_000;
const REQUESTS_AT_ONCE = 20;

export async function measureCpu(): Promise<Row[]> {
  return [...(await measureWords()), await measureRequests()];
}

/** CPU of a request to a platform, over that of Node's own `fetch`, in rounds that alternate. */
async function measureRequests(): Promise<Row> {
  const server = await startAnsweringServer();
  try {
    const ratios: number[] = [];
    const own = createFetch();
    for (let round = 0; round <= ROUNDS; round++) {
      const nodes = await cpuOfRequests(fetch, server.url);
      ratios.push((await cpuOfRequests(own, server.url)) / nodes);
    }
    // The first round compiles.
    const value = quantile(ratios.slice(1), 0.5);
    return { name: "CPU of a request over that of Node's fetch", value, unit: '×', wanted: 0.35 };
  } finally {
    await server.stop();
  }
}

async function cpuOfRequests(send: Fetch, url: string): Promise<number> {
  const before = process.cpuUsage();
  const body = JSON.stringify({ content: 'x'.repeat(300) });
  const headers = { 'Content-Type': 'application/json' };
  let left = REQUESTS;
  const all = Array.from({ length: REQUESTS_AT_ONCE }, async () => {
    while (left-- > 0) await (await send(url, { method: 'PATCH', headers, body })).text();
  });
  await Promise.all(all);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * CPU for words that arrive at a model's pace, over what the bare floor takes for the same bytes. Both run at the same time, each in
 * a process of its own, so that whatever else the machine does hits both; a round in which it hit one of them harder does not count.
 */
async function measureWords(): Promise<Row[]> {
  const server = await startStreamServer();
  try {
    const url = `${server.url}/${WORDS_PER_STREAM}/${WORDS_PER_SECOND}/end`;
    const [floors, subjects] = await Promise.all([roundsOf('floor', url), roundsOf('subject', url)]);
    const ratios = subjects.map((subject, round) => subject / (floors[round] ?? Number.NaN));
    return [
      {
        name: 'CPU per 1,000 words, fetch + parser + JSON.parse',
        value: quantile(floors, 0.5),
        unit: 'ms',
        wanted: null,
      },
      {
        name: 'CPU per 1,000 words, client + reply engine',
        value: quantile(subjects, 0.5),
        unit: 'ms',
        wanted: null,
      },
      {
        name: 'CPU of client + reply engine over that floor',
        value: quantile(ratios, 0.5),
        unit: '×',
        wanted: 1.5,
      },
    ];
  } finally {
    await server.stop();
  }
}

/** Milliseconds of CPU per 1,000 words, round by round. */
async function roundsOf(kind: 'floor' | 'subject', url: string): Promise<number[]> {
  const worker = fileURLToPath(new URL('support/cpu-worker.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    worker,
    kind,
    url,
    String(STREAMS),
    String(ROUNDS),
  ]);
  const roundsMs = JSON.parse(stdout) as number[];
  return roundsMs.map((ms) => ms / ((STREAMS * WORDS_PER_STREAM) / 1_000));
}
