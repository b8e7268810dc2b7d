import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LAST_CHUNKS, wordChunks } from './chunks.ts';

/**
 * A provider in a process of its own, so that its work is not counted: `node stream-server.ts` prints its port, and ends
 * with its standard input. `POST /<words>/<perSecond>/<end|hold>/chat/completions` streams so many words of Markdown, one
 * event each, at that pace (0: all at once), and then ends the stream or holds it open.
 */

const TICK_MS = 20;
const CHUNKS = wordChunks(5_000);

interface Stream {
  readonly response: ServerResponse;
  readonly words: number;
  readonly perSecond: number;
  readonly holds: boolean;
  readonly startedAtMs: number;
  sent: number;
}

const streams = new Set<Stream>();

function send(stream: Stream, nowMs: number): void {
  const { response, words, perSecond, holds, startedAtMs } = stream;
  const due =
    perSecond === 0 ? words : Math.min(words, Math.floor(((nowMs - startedAtMs) * perSecond) / 1_000) + 1);
  if (due > stream.sent) response.write(CHUNKS.slice(stream.sent, due).join(''));
  stream.sent = due;
  if (due < words) return;
  streams.delete(stream);
  if (!holds) response.end(LAST_CHUNKS);
}

setInterval(() => {
  const nowMs = performance.now();
  for (const stream of streams) send(stream, nowMs);
}, TICK_MS);

const server = createServer((request, response) => {
  const [, words, perSecond, end] = request.url?.split('/') ?? [];
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-generation-id': 'gen-1' });
  const stream: Stream = {
    response,
    words: Number(words),
    perSecond: Number(perSecond),
    holds: end === 'hold',
    startedAtMs: performance.now(),
    sent: 0,
  };
  streams.add(stream);
  response.on('close', () => streams.delete(stream));
  send(stream, stream.startedAtMs);
});

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on('end', () => process.exit(0));
