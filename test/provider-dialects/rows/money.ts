import { DONE, finishChunk, textChunk, usageChunk } from '../../support/provider/chunks.ts';
import { stream } from '../../support/provider/fake-provider.ts';
import type { Row } from '../harness.ts';

/** What is booked. */
export const MONEY: readonly Row[] = [
  {
    name: 'names tokens and no price',
    replies: [
      stream(
        textChunk('An inlet.'),
        finishChunk(),
        usageChunk({ prompt_tokens: 1_000, completion_tokens: 100 }),
        DONE,
      ),
    ],
    expect: { text: 'An inlet.', note: null, booked: 1_000 * 1_000 + 100 * 10_000, requests: 1 },
  },
  {
    name: 'tells the price of a stopped answer later',
    provider: 'openrouter',
    generations: { 'gen-0000000001-fake': { total_cost: 0.000_5 } },
    replies: [
      (response) => {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'x-generation-id': 'gen-0000000001-fake',
        });
        response.write(textChunk('A fjord is'));
      },
    ],
    meanwhile: async ({ shows, stop }) => {
      await shows('A fjord is');
      await stop();
    },
    expect: { text: 'A fjord is', note: 'Stopped by Mia.', booked: 500_000, requests: 1 },
  },
];
