import { DONE, finishChunk, KEEP_ALIVE, textChunk, usageChunk } from '../../support/provider/chunks.ts';
import { json, stream } from '../../support/provider/fake-provider.ts';
import type { Row } from '../harness.ts';

const USED = { prompt_tokens: 100, completion_tokens: 10 };
const USED_NANO_USD = 100 * 1_000 + 10 * 10_000;

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
    expect: { text: 'A fjord is an inlet.', note: null, booked: 123_000, requests: 1 },
  },
  {
    name: 'answers in one piece though a stream was asked for',
    replies: [
      json(200, {
        id: 'gen-1',
        choices: [{ index: 0, message: { role: 'assistant', content: 'An inlet.' }, finish_reason: 'stop' }],
        usage: USED,
      }),
    ],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
  {
    name: 'ends without [DONE]',
    replies: [stream(textChunk('An inlet.'), finishChunk(), usageChunk(USED))],
    expect: { text: 'An inlet.', note: null, booked: USED_NANO_USD, requests: 1 },
  },
];
