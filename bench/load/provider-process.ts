import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { LAST_CHUNKS, proseChunks, titleChunk, wordChunks } from '../support/chunks.ts';
import type { FromProvider } from './provider.ts';

/**
 * The model's side of a load, in a process of its own, forked: `node provider-process.ts <words> <words per second>
 * <milliseconds until the first> <prose or markdown>`. It answers every chat completion with the same words, one event and
 * one write for each, and tells its parent when.
 */

const [words, perSecond, firstWordMs] = process.argv.slice(2).map(Number) as [number, number, number];
/** Streams fall due at different ticks, as they began at different times: not all in step. */
const TICK_MS = 5;
/** So few are asked for where a thread is named by what it is about. */
const MOST_TITLE_TOKENS = 100;
const CHUNKS = process.argv[5] === 'prose' ? proseChunks(words) : wordChunks(words);

interface Stream {
  readonly question: string;
  readonly response: ServerResponse;
  readonly startedAtMs: number;
  sent: number;
}

const streams = new Set<Stream>();

function tell(message: FromProvider): void {
  process.send?.(message);
}

function send(stream: Stream, nowMs: number): void {
  const { question, response, startedAtMs } = stream;
  if (nowMs < startedAtMs) return;
  const due = Math.min(CHUNKS.length, Math.floor(((nowMs - startedAtMs) * perSecond) / 1_000) + 1);
  for (; stream.sent < due; stream.sent++) response.write(CHUNKS[stream.sent]);
  if (due < CHUNKS.length) return;
  streams.delete(stream);
  response.end(LAST_CHUNKS);
  tell({ kind: 'ended', question, startedAtMs, endedAtMs: nowMs });
}

setInterval(() => {
  const nowMs = Date.now();
  for (const stream of streams) send(stream, nowMs);
}, TICK_MS);

const server = createServer(async (request, response) => {
  if (!request.url?.endsWith('/chat/completions')) return void response.writeHead(404).end();
  const body = await text(request);
  const question = body.match(/\bq\d+\b/g)?.at(-1) ?? '';
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-generation-id': `gen-${question}` });
  const { max_completion_tokens: maxTokens } = JSON.parse(body) as { max_completion_tokens?: number };
  if (maxTokens !== undefined && maxTokens <= MOST_TITLE_TOKENS)
    return void response.end(titleChunk(question) + LAST_CHUNKS);
  const stream: Stream = { question, response, startedAtMs: Date.now() + firstWordMs, sent: 0 };
  streams.add(stream);
  response.on('close', () => streams.delete(stream));
  send(stream, Date.now());
});

server.listen(0, '127.0.0.1', () => tell({ kind: 'ready', port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
