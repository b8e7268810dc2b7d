import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWriteLimiters } from '../src/core/delivery/write-limiter.ts';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { quantile, type Row } from './support/row.ts';
import { answerOnce, nowhere, providerAt } from './support/streams.ts';

const ANSWERS = 300;

const event = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: 'gen-1', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** From the moment when the provider writes its first token until the adapter is asked to show it, over real HTTP. */
export async function measureFirstUpdate(): Promise<Row[]> {
  let tokenAtMs = 0;
  const server = createServer(async (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': PROCESSING\n\n');
    await sleep(5); // Models think; the headers are long there when the first token comes.
    tokenAtMs = performance.now();
    response.write(event({ content: 'Hello' }, null));
    await sleep(5);
    response.end(`${event({ content: ' there.' }, 'stop')}data: [DONE]\n\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const provider = providerAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const limiters = createWriteLimiters(systemClock);
    const delaysMs: number[] = [];
    for (let index = 0; index < ANSWERS; index++) {
      const surface = nowhere(`f${index}`, () => delaysMs.push(performance.now() - tokenAtMs));
      await answerOnce(provider, limiters, surface, new AbortController().signal);
    }
    return [
      {
        name: "provider's first token to first update, median",
        value: quantile(delaysMs, 0.5),
        unit: 'ms',
        wanted: 5,
      },
      {
        name: "provider's first token to first update, 99th percentile",
        value: quantile(delaysMs, 0.99),
        unit: 'ms',
        wanted: null,
      },
    ];
  } finally {
    server.close();
  }
}
