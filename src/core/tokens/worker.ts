import { parentPort } from 'node:worker_threads';
import { countTokens, setMergeCacheSize } from 'gpt-tokenizer/encoding/o200k_base';
import { piecesOf } from './pieces.ts';

/** The thread of `estimator.ts`: takes a text, answers with its tokens; says `ready` once the tokenizer is loaded. */
export type WorkerAnswer = 'ready' | number;

/** The cache's keys may be whole pieces; its default size would come to hundreds of megabytes then. */
setMergeCacheSize(10_000);

/** `<|endoftext|>` in what people write is text. Without that the tokenizer throws. */
const options = { disallowedSpecial: new Set<string>() };

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread');

port.on('message', (text: string) => {
  let tokens = 0;
  for (const piece of piecesOf(text)) tokens += countTokens(piece, options);
  port.postMessage(tokens satisfies WorkerAnswer);
});
port.postMessage('ready' satisfies WorkerAnswer);
