import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { longAnswer } from '../../test/support/long-answer.ts';

/**
 * A provider in a process of its own, so that its work is not counted: `node stream-server.ts` prints its port, and ends
 * with its standard input. `POST /<words>/<perSecond>/<end|hold>/chat/completions` streams so many words of Markdown, one
 * event each, at that pace (0: all at once), and then ends the stream or holds it open.
 */

const TICK_MS = 20;
const WORDS = longAnswer(5_000).match(/\s*\S+/g) ?? [];
const EVENTS = WORDS.map((content) => event({ content }, null));
const LAST_EVENTS = [
  event({}, 'stop'),
  `data: ${JSON.stringify({
    id: 'gen-1',
    object: 'chat.completion.chunk',
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110, cost: 0.0001 },
  })}\n\n`,
  'data: [DONE]\n\n',
].join('');

/** A chunk with the fields that OpenRouter sends. */
function event(delta: object, finish: string | null): string {
  return `data: ${JSON.stringify({
    id: 'gen-1764000000-AbCdEfGhIjKlMnOpQrSt',
    provider: 'OpenAI',
    model: 'openai/gpt-4o-mini',
    object: 'chat.completion.chunk',
    created: 1_764_000_000,
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', ...delta },
        finish_reason: finish,
        native_finish_reason: finish,
        logprobs: null,
      },
    ],
    system_fingerprint: 'fp_0123456789',
  })}\n\n`;
}

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
  if (due > stream.sent) response.write(EVENTS.slice(stream.sent, due).join(''));
  stream.sent = due;
  if (due < words) return;
  streams.delete(stream);
  if (!holds) response.end(LAST_EVENTS);
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
