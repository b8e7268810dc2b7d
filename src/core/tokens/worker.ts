import { parentPort } from 'node:worker_threads';
import { countTokens, setMergeCacheSize } from 'gpt-tokenizer/encoding/o200k_base';
import { countWithin } from './count-within.ts';

/** What the thread of `estimator.ts` says: that the tokenizer is loaded, and then for each text its tokens. */
export type WorkerAnswer = 'ready' | number;

/** For one text, since others wait. Enough for some 100,000 characters of Chinese, and for millions of English. */
const BUDGET_MS = 500;

/** The cache's keys may be whole pieces; its default size would come to hundreds of megabytes then. */
setMergeCacheSize(10_000);

/** `<|endoftext|>` in what people write is text. Without that the tokenizer throws. */
const options = { disallowedSpecial: new Set<string>() };

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread');

port.on('message', (text: string) => {
  const tokens = countWithin(text, {
    count: (piece) => countTokens(piece, options),
    now: () => performance.now(),
    budgetMs: BUDGET_MS,
  });
  port.postMessage(tokens satisfies WorkerAnswer);
});
port.postMessage('ready' satisfies WorkerAnswer);
