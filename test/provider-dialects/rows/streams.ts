import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import {
  DONE,
  errorChunk,
  event,
  finishChunk,
  KEEP_ALIVE,
  textChunk,
  usageChunk,
} from '../../support/provider/chunks.ts';
import { drop, json, type Reply, raw, stream } from '../../support/provider/fake-provider.ts';
import { saidIn } from '../../support/said.ts';
import type { Expected, Outcome, Row } from '../harness.ts';

const USED = { prompt_tokens: 100, completion_tokens: 10 };
const USED_NANO_USD = 100 * 1_000 + 10 * 10_000;
const END = finishChunk() + usageChunk(USED) + DONE;
const ANSWER = textChunk('A fjord is ') + textChunk('an inlet.') + END;
const WHOLE: Expected = { text: 'A fjord is an inlet.', note: null, booked: USED_NANO_USD, requests: 1 };
const COMPLETION = {
  id: 'gen-1',
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'A fjord is an inlet.' }, finish_reason: 'stop' },
  ],
  usage: USED,
};
const ADDRESS_IS_WRONG =
  /^The bot has a wrong address for The server\. .*`baseUrl` of "server" in models\.json/;
const STOOD_STILL = /took too long/;
const sse = { 'content-type': 'text/event-stream' };

/** A chunk whose delta has these fields. */
function delta(fields: object): string {
  return event({ id: 'gen-1', choices: [{ index: 0, delta: fields, finish_reason: null }] });
}

/** Sends the start, and after it the same piece again and again until the connection is closed. */
function endless(start: string, piece: string): Reply {
  return (response) => {
    response.writeHead(200, sse);
    response.write(start);
    const beat = setInterval(() => response.write(piece), 20);
    response.once('close', () => clearInterval(beat));
  };
}

/** Sends 40 times this piece of reasoning, and then the answer. */
function thinking(piece: object): Reply {
  return (response) => {
    response.writeHead(200, sse);
    let left = 40;
    const think = setInterval(() => {
      if (--left > 0) return response.write(delta(piece));
      clearInterval(think);
      return response.end(ANSWER);
    }, 20);
  };
}

/** Sends the pieces, and leaves the connection open. */
function held(...pieces: string[]): Reply {
  return (response) => {
    response.writeHead(200, sse);
    for (const piece of pieces) response.write(piece);
  };
}

/** Sends so much of the piece as the connection takes, up to a bound that no reader should reach. */
function flood(piece: string, times: number, end = ''): Reply {
  return (response) => {
    response.writeHead(200, sse);
    pour(response, piece, times, end);
  };
}

function pour(response: ServerResponse, piece: string, left: number, end: string): void {
  for (; left > 0 && !response.destroyed; left--) {
    if (!response.write(piece)) {
      response.once('drain', () => pour(response, piece, left - 1, end));
      return;
    }
  }
  if (!response.destroyed) response.end(end);
}

/** The request ended, though its response had not. */
async function closed({ chats }: Outcome): Promise<void> {
  expect(await chats[0]?.closed).toBe('aborted');
}

/** So many characters are shown in all. */
function shows(chars: number): (outcome: Outcome) => void {
  return ({ surface }) => expect(surface.text.replaceAll('\n', '')).toHaveLength(chars);
}

const CAP = { maxOutputTokens: 100 };
const CAPPED_CHARS = 1_600;
const CUT = 'Stopped at the length limit (100 tokens). Press Go on for the rest.';

/** How the words of an answer come. */
export const STREAMS: readonly Row[] = [
  {
    name: 'streams as OpenRouter does',
    provider: 'openrouter',
    replies: [
      stream(
        KEEP_ALIVE,
        textChunk('A fjord is '),
        textChunk('an inlet.'),
        finishChunk(),
        usageChunk({ ...USED, cost: 0.000_123 }),
        DONE,
      ),
    ],
    expect: { ...WHOLE, booked: 123_000 },
  },
  { name: 'answers in one piece', replies: [json(200, COMPLETION)], expect: WHOLE },

  // 9. The body decides, not its label.
  ...['text/plain', 'application/json', 'application/x-ndjson', 'application/octet-stream', 'text/html'].map(
    (label): Row => ({
      name: `streams under ${label}`,
      replies: [raw(200, ANSWER, { 'content-type': label })],
      expect: WHOLE,
    }),
  ),
  {
    name: 'sends a bare completion under text/event-stream',
    replies: [raw(200, JSON.stringify(COMPLETION), sse)],
    expect: WHOLE,
  },
  {
    name: 'sends a bare completion over many lines under text/event-stream',
    replies: [raw(200, `\n${JSON.stringify(COMPLETION, null, 2)}\n`, sse)],
    expect: WHOLE,
  },
  {
    name: 'sends one JSON object a line',
    replies: [
      raw(200, ANSWER.replaceAll('data: ', '').replaceAll('\n\n', '\n'), {
        'content-type': 'application/x-ndjson',
      }),
    ],
    expect: WHOLE,
  },
  {
    name: 'sends a bare error under text/event-stream',
    replies: [raw(200, '{"error":{"code":402,"message":"no money"}}', sse)],
    expect: { text: '', note: /run out of credit/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'sends a bare error between events',
    replies: [raw(200, `${textChunk('A fjord is ')}{"error":{"code":402,"message":"no money"}}\n`, sse)],
    expect: { text: 'A fjord is', note: /run out of credit/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'wraps an error in an array, as Gemini does',
    replies: [raw(200, '[{"error":{"code":402,"message":"no money","status":"FAILED_PRECONDITION"}}]', sse)],
    expect: { text: '', note: /run out of credit/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'wraps an error in an array inside an event',
    replies: [stream(textChunk('A fjord is '), event([{ error: { code: 402, message: 'no money' } }]))],
    expect: { text: 'A fjord is', note: /run out of credit/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'writes a space behind [DONE]',
    replies: [raw(200, ANSWER.replace('[DONE]', '[DONE] '), sse)],
    expect: { ...WHOLE, also: ({ logged }) => expect(logged).not.toContain('skipped a line') },
  },
  ...(
    [
      ['gzip', gzipSync, 'gzip'],
      ['gzip without a word of it', gzipSync, null],
      ['deflate', deflateSync, 'deflate'],
      ['brotli', brotliCompressSync, 'br'],
    ] as const
  ).map(
    ([name, pack, label]): Row => ({
      name: `compresses with ${name} though identity was asked for`,
      replies: [raw(200, pack(ANSWER), label === null ? sse : { ...sse, 'content-encoding': label })],
      expect: WHOLE,
    }),
  ),
  {
    name: 'compresses an error',
    replies: [
      raw(402, gzipSync('{"error":{"message":"Insufficient Balance"}}'), { 'content-encoding': 'gzip' }),
    ],
    expect: { text: '', note: /run out of credit/, booked: 0, requests: 1 },
  },
  {
    name: 'ends without a blank line behind the last event',
    replies: [
      raw(
        200,
        textChunk('A fjord is ') + textChunk('an inlet.') + usageChunk(USED) + finishChunk().trimEnd(),
        sse,
      ),
    ],
    expect: WHOLE,
  },
  {
    name: 'ends lines with carriage returns and line feeds, behind a byte order mark',
    replies: [raw(200, `\uFEFF${ANSWER.replaceAll('\n', '\r\n')}`, sse)],
    expect: WHOLE,
  },
  {
    name: 'ends without [DONE]',
    replies: [stream(textChunk('A fjord is an inlet.'), finishChunk(), usageChunk(USED))],
    expect: WHOLE,
  },
  {
    name: 'sends a page of HTML with 200',
    replies: [raw(200, '<!doctype html><title>Welcome to nginx!</title>', { 'content-type': 'text/html' })],
    expect: { text: '', note: ADDRESS_IS_WRONG, booked: 'reserved', requests: 1 },
  },
  {
    name: 'sends plain words with 200',
    replies: [raw(200, 'It works!', { 'content-type': 'text/plain' })],
    expect: {
      text: '',
      note: /^The server sent something that is not an answer/,
      booked: 'reserved',
      requests: 1,
    },
  },
  {
    name: 'cuts a JSON answer short',
    replies: [raw(200, JSON.stringify(COMPLETION).slice(0, -40), { 'content-type': 'application/json' })],
    expect: { text: '', note: /^The answer was cut off/, booked: 'reserved', requests: 1 },
  },

  // 10. Liveness is progress.
  {
    name: 'sends keep-alive comments for ever and no answer',
    firstProgressSec: 8,
    replies: [endless('', KEEP_ALIVE)],
    expect: { text: '', note: STOOD_STILL, booked: 'reserved', requests: 1, also: closed },
  },
  {
    name: 'sends keep-alive comments for ever after some text',
    progressSec: 8,
    replies: [endless(textChunk('A fjord is '), KEEP_ALIVE)],
    expect: { text: 'A fjord is', note: STOOD_STILL, booked: 'reserved', requests: 1, also: closed },
  },
  {
    name: 'sends empty deltas for ever after some text',
    progressSec: 8,
    replies: [endless(textChunk('A fjord is '), textChunk(''))],
    expect: { text: 'A fjord is', note: STOOD_STILL, booked: 'reserved', requests: 1, also: closed },
  },
  {
    name: 'thinks for longer than an answer may stand still',
    progressSec: 8,
    firstProgressSec: 8,
    replies: [thinking({ reasoning: 'Hm. ' })],
    expect: WHOLE,
  },
  {
    name: 'thinks in secret for longer than an answer may stand still',
    provider: 'openrouter',
    progressSec: 8,
    firstProgressSec: 8,
    replies: [
      thinking({ reasoning: null, reasoning_details: [{ type: 'reasoning.encrypted', data: 'Zm8=' }] }),
    ],
    expect: { ...WHOLE, booked: USED_NANO_USD },
  },
  {
    name: 'is slow to begin, which its model may',
    firstProgressSec: 4,
    model: { firstProgressSec: 3_600 },
    replies: [
      (response) => {
        response.writeHead(200, sse);
        response.write(KEEP_ALIVE);
        setTimeout(() => response.end(ANSWER), 600);
      },
    ],
    expect: WHOLE,
  },
  {
    name: 'falls silent',
    idleSec: 8,
    replies: [held(textChunk('A fjord is '))],
    expect: { text: 'A fjord is', note: STOOD_STILL, booked: 'reserved', requests: 1, also: closed },
  },
  {
    name: 'leaves the connection open behind finish reason and usage',
    replies: [held(ANSWER.replace(DONE, ''))],
    expect: { ...WHOLE, also: closed },
  },
  {
    name: 'beats on behind finish reason and usage',
    replies: [endless(ANSWER.replace(DONE, ''), KEEP_ALIVE)],
    expect: { ...WHOLE, also: closed },
  },
  {
    name: 'beats on behind the finish reason and names no usage',
    replies: [endless(textChunk('A fjord is an inlet.') + finishChunk(), textChunk(''))],
    expect: { ...WHOLE, booked: 'reserved', also: closed },
  },

  // 11. Bounds hold inside an event.
  {
    name: 'sends 900 KB in one delta',
    model: CAP,
    replies: [stream(textChunk('x'.repeat(900_000)), END)],
    expect: { text: /^[x\n]+$/, note: CUT, booked: 'reserved', requests: 1, also: shows(CAPPED_CHARS) },
  },
  {
    name: 'sends 5 MB in one piece of JSON',
    model: CAP,
    replies: [
      json(200, {
        ...COMPLETION,
        choices: [{ message: { content: 'x'.repeat(5_000_000) }, finish_reason: 'stop' }],
      }),
    ],
    expect: { text: /^[x\n]+$/, note: CUT, booked: USED_NANO_USD, requests: 1, also: shows(CAPPED_CHARS) },
  },
  {
    name: 'has not heard of the cap',
    model: CAP,
    replies: [endless('', textChunk('x'.repeat(100)))],
    expect: {
      text: /^[x\n]+$/,
      note: CUT,
      booked: 'reserved',
      requests: 1,
      also: async (outcome) => {
        shows(CAPPED_CHARS)(outcome);
        await closed(outcome);
      },
    },
  },
  {
    name: 'cuts at the cap within a character of two halves',
    model: CAP,
    replies: [stream(textChunk('x'.repeat(CAPPED_CHARS - 1) + '😀'.repeat(100)), END)],
    expect: { text: /^[x\n]+$/, note: CUT, booked: 'reserved', requests: 1, also: shows(CAPPED_CHARS - 1) },
  },
  {
    name: 'calls a tool with 300 MB of arguments',
    replies: [
      flood(
        delta({ tool_calls: [{ index: 0, function: { name: 'search', arguments: 'x'.repeat(100_000) } }] }),
        3_000,
      ),
    ],
    expect: {
      text: '',
      note: 'The model called the tool `search`, which it does not have here, and wrote no answer. Try again, or pick another model.',
      booked: 'reserved',
      requests: 1,
      also: closed,
    },
  },
  {
    name: 'cites 10,000 pages',
    replies: [
      stream(
        textChunk('A fjord is an inlet.'),
        delta({
          annotations: Array.from({ length: 10_000 }, (_, page) => ({
            type: 'url_citation',
            url_citation: { url: `https://example.org/${page}`, title: `${page} ${'long '.repeat(100)}` },
          })),
        }),
        END,
      ),
    ],
    expect: {
      text: /^A fjord is an inlet\.\n\n\*\*Sources\*\*\n1\. [\s\S]*\n40\. [^\n]*$/,
      note: null,
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: 'cites 150 MB in one event',
    replies: [
      (response) => {
        response.writeHead(200, sse);
        response.write(`${textChunk('A fjord is ')}data: {"choices":[{"delta":{"annotations":["`);
        pour(response, 'x'.repeat(100_000), 1_500, '');
      },
    ],
    expect: {
      text: 'A fjord is',
      note: /^.* sent something that is not an answer/,
      booked: 'reserved',
      requests: 1,
      also: closed,
    },
  },
  {
    name: 'sends 300 MB that hold no answer',
    replies: [flood(delta({ audio: { data: 'x'.repeat(100_000) } }), 3_000)],
    expect: { text: '', note: /is not an answer/, booked: 'reserved', requests: 1, also: closed },
  },

  // 12. Images: taken in within bounds; the caption and the provider's own price are kept.
  {
    name: 'sends an image of megabytes in many small reads, with a caption and a price',
    provider: 'openrouter',
    replies: [
      (response) => {
        response.writeHead(200, sse);
        const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(3_000_000)]);
        const url = `data:image/png;base64,${picture.toString('base64')}`;
        const chunk = delta({ images: [{ type: 'image_url', image_url: { url } }] });
        response.write(textChunk('A fjord is an inlet.'));
        for (let at = 0; at < chunk.length; at += 20_000) response.write(chunk.slice(at, at + 20_000));
        response.end(finishChunk() + usageChunk({ ...USED, cost: 0.039 }) + DONE);
      },
    ],
    expect: {
      ...WHOLE,
      booked: 39_000_000,
      also: ({ surface }) => {
        const [image, ...others] = surface.shown?.files ?? [];
        expect(image).toMatchObject({ name: 'image-1.png', mediaType: 'image/png' });
        expect(image?.bytes).toHaveLength(3_000_008);
        expect(others).toEqual([]);
      },
    },
  },
  {
    name: 'makes images, and says what they cost by the token',
    provider: 'openrouter',
    model: {
      output: ['text', 'image'],
      answerTokens: 2_000,
      prices: { promptPerMillion: 1, completionPerMillion: 10, imageOutputPerMillion: 30 },
    },
    replies: [
      stream(
        textChunk('A fjord is an inlet.'),
        finishChunk(),
        usageChunk({ prompt_tokens: 10, completion_tokens: 1_000 }),
        DONE,
      ),
    ],
    expect: {
      ...WHOLE,
      booked: 10 * 1_000 + 1_000 * 30_000,
      also: ({ chats }) => expect(chats[0]?.body).toMatchObject({ modalities: ['text', 'image'] }),
    },
  },
  {
    name: 'sends nothing but an image that is none',
    replies: [stream(delta({ images: [{ image_url: { url: 'data:image/png;base64,aGVsbG8=' } }] }), END)],
    expect: {
      ...WHOLE,
      text: '',
      note: 'An image of this answer cannot be shown: it is too large, one too many, or of an unknown type.',
      status: 'failed',
    },
  },
  {
    name: 'sends nothing but images, of more bytes together than are shown',
    replies: [
      stream(
        ...['ffd8ff', '474946383961', '89504e470d0a1a0a00'].map((head) => {
          // Zeros behind the head, of 7.5 MB: made as text, which takes no second.
          const base64 = Buffer.from(head, 'hex').toString('base64') + 'A'.repeat(10_000_000);
          return delta({ images: [{ image_url: { url: 'data:image/x;base64,' } }] }).replace(
            'base64,',
            `$&${base64}`,
          );
        }),
        END,
      ),
    ],
    questions: ['Draw a fjord'],
    expect: {
      ...WHOLE,
      text: '',
      note: 'An image of this answer cannot be shown: it is too large, one too many, or of an unknown type.',
      status: 'complete',
      booked: USED_NANO_USD,
      also: ({ surface }) =>
        expect(surface.shown?.files?.map(({ name }) => name)).toEqual(['image-1.jpg', 'image-2.gif']),
    },
  },

  // 13. Lone surrogates.
  {
    name: 'splits a character over two deltas',
    replies: [
      stream(
        event({ choices: [{ delta: { content: 'A \ud83d' } }] }),
        event({ choices: [{ delta: { content: '\ude00!' } }] }),
        END,
      ),
    ],
    expect: { ...WHOLE, text: 'A 😀!' },
  },
  {
    name: 'sends half a character, which goes out to nobody',
    questions: ['What is a fjord?', 'And \ud83d a \udc00 bay?'],
    replies: [
      stream(event({ choices: [{ delta: { content: 'An \ud83d inlet \udc00.\ud83d' } }] }), END),
      stream(textChunk('A fjord is an inlet.'), END),
    ],
    expect: {
      ...WHOLE,
      booked: 2 * USED_NANO_USD,
      requests: 2,
      also: ({ chats }) => {
        expect(saidIn(chats[1]?.body)).toEqual([
          'What is a fjord?',
          'An \ufffd inlet \ufffd.\ufffd',
          'And \ufffd a \ufffd bay?',
        ]);
      },
    },
  },
  {
    name: 'cites a page with half a character in its title',
    replies: [
      stream(
        textChunk('An inlet.'),
        delta({ annotations: [{ url_citation: { url: 'https://example.org/', title: 'A \ud83d page' } }] }),
        END,
      ),
    ],
    expect: { ...WHOLE, text: /1\. \[A \ufffd page\]/ },
  },

  // 14. Reasoning in the text.
  {
    name: 'thinks in its text',
    questions: ['What is a fjord?', 'And a bay?'],
    replies: [
      stream(...['<th', 'ink>Let me', ' see.</thi', 'nk>\n\nA fjord is ', 'an inlet.'].map(textChunk), END),
      stream(textChunk('A fjord is an inlet.'), END),
    ],
    expect: {
      ...WHOLE,
      booked: 2 * USED_NANO_USD,
      requests: 2,
      also: ({ chats }) => expect(chats[1]?.body.messages[2].content).toBe('A fjord is an inlet.'),
    },
  },
  {
    name: 'thinks in the text of one piece',
    replies: [
      json(200, {
        ...COMPLETION,
        choices: [
          {
            message: { content: '\n<think>\nSo `</think>` ends it.\n</think>\n\nA fjord is an inlet.' },
            finish_reason: 'stop',
          },
        ],
      }),
    ],
    expect: WHOLE,
  },
  {
    name: 'thinks twice in its text',
    replies: [stream(textChunk('<think>a</think>\n<think>b</think>\nA fjord is an inlet.'), END)],
    expect: WHOLE,
  },
  {
    name: 'thinks in its text up to the limit',
    replies: [
      stream(
        textChunk('<think>Let me see. '.padEnd(300, '?')),
        finishChunk('length'),
        usageChunk(USED),
        DONE,
      ),
    ],
    expect: {
      text: '',
      note: /used all 8,192 tokens for thinking/,
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: 'answers about the tag',
    replies: [stream(textChunk('`<think>` opens it, </think> closes it.'), END)],
    expect: { ...WHOLE, text: '`<think>` opens it, </think> closes it.' },
  },
  {
    name: 'answers with the tag in a code block',
    replies: [stream(textChunk('```xml\n<think>x</think>\n```'), END)],
    expect: { ...WHOLE, text: '```xml\n<think>x</think>\n```' },
  },
  {
    name: 'opens the tag, never closes it, and ends in good order',
    replies: [stream(textChunk('<think> is a tag.'), END)],
    expect: { ...WHOLE, text: '<think> is a tag.' },
  },
  {
    name: 'answers with a lone closing tag',
    replies: [stream(textChunk('It ends with </think> there.'), END)],
    expect: { ...WHOLE, text: 'It ends with </think> there.' },
  },
  {
    name: 'begins within its reasoning, as its model is known to',
    model: { reasoningInText: true },
    replies: [stream(...['Let me see.', '</th', 'ink>', '\n\nA fjord is ', 'an inlet.'].map(textChunk), END)],
    expect: WHOLE,
  },
  {
    name: 'does not think, though its model is known to',
    model: { reasoningInText: true },
    replies: [stream(...['A fjord is ', 'an inlet.'].map(textChunk), END)],
    expect: WHOLE,
  },
  {
    name: 'says less than a tag',
    replies: [stream(textChunk('<'), END)],
    expect: { ...WHOLE, text: '<' },
  },

  // 15. Sources.
  {
    name: 'names its sources as Perplexity does',
    replies: [
      stream(
        ...['A fjord is ', 'an inlet.[1][2]'].map((content) =>
          event({
            id: 'gen-1',
            citations: ['https://example.org/a', 'https://example.org/b'],
            search_results: [
              { title: 'Fjords', url: 'https://example.org/a', date: '2026-01-01' },
              { title: 'Inlets', url: 'https://example.org/b' },
            ],
            choices: [{ index: 0, delta: { content } }],
          }),
        ),
        END,
      ),
    ],
    expect: {
      ...WHOLE,
      text: 'A fjord is an inlet.[1][2]\n\n**Sources**\n1. [Fjords](https://example.org/a)\n2. [Inlets](https://example.org/b)',
    },
  },
  {
    name: 'names the addresses of its sources alone',
    replies: [json(200, { ...COMPLETION, citations: ['https://example.org/a', 'javascript:alert(1)', 7] })],
    expect: {
      ...WHOLE,
      text: 'A fjord is an inlet.\n\n**Sources**\n1. [example.org](https://example.org/a)',
    },
  },

  // 18. Missing parts are named.
  {
    name: 'sends a broken line',
    replies: [
      stream(
        textChunk('A fjord is '),
        'data: {"choices":[{"delta":{"content":"lost"\n\n',
        textChunk('an inlet.'),
        END,
      ),
    ],
    expect: {
      ...WHOLE,
      note: 'Part of this answer could not be read and is missing.',
      status: 'complete',
    },
  },
  {
    name: 'calls a tool that nobody offered, behind some text',
    replies: [
      stream(
        textChunk('A fjord is an inlet.'),
        delta({
          tool_calls: [{ index: 0, id: 'x', type: 'function', function: { name: 'get_map', arguments: '' } }],
        }),
        delta({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }),
        finishChunk('tool_calls'),
        usageChunk(USED),
        DONE,
      ),
    ],
    expect: {
      ...WHOLE,
      note: 'The model also called the tool `get_map`, which it does not have here.',
      status: 'complete',
    },
  },
  {
    name: 'calls tools whose names are no names',
    replies: [
      stream(
        delta({ tool_calls: [{ function: { name: '@everyone **x**' } }] }),
        finishChunk('tool_calls'),
        usageChunk(USED),
        DONE,
      ),
    ],
    expect: {
      text: '',
      note: 'The model called a tool, which it does not have here, and wrote no answer. Try again, or pick another model.',
      status: 'failed',
      booked: USED_NANO_USD,
      requests: 1,
    },
  },
  {
    name: 'fails in the middle of an answer',
    replies: [stream(textChunk('A fjord is '), errorChunk(502, 'provider_unavailable'))],
    expect: { text: 'A fjord is', note: /overloaded or unavailable/, booked: 'reserved', requests: 1 },
  },
  {
    name: 'drops the connection behind usage in every chunk',
    replies: [
      drop(
        event({
          choices: [{ delta: { content: 'A fjord' } }],
          usage: { prompt_tokens: 100, completion_tokens: 1 },
        }),
        event({
          choices: [{ delta: { content: ' is ' } }],
          usage: { prompt_tokens: 100, completion_tokens: 2 },
        }),
      ),
    ],
    expect: {
      text: 'A fjord is',
      note: /^The answer was cut off/,
      booked: 100 * 1_000 + 2 * 10_000,
      requests: 1,
    },
  },
];
