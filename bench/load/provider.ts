import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { proseChunks, wordChunks } from '../support/chunks.ts';
import type { LoadOptions } from './options.ts';

export type FromProvider =
  | { readonly kind: 'ready'; readonly port: number }
  | {
      readonly kind: 'ended';
      readonly question: string;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
    };

/** When the provider wrote an answer. */
export interface Written {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface LoadProvider {
  readonly url: string;
  readonly pid: number;
  /** Events of one answer, the marks between its numbered words included. */
  readonly wordsPerAnswer: number;
  /** Which of those events brings the numbered word: the provider writes it so many gaps after the start. */
  eventOf(numberedWord: number): number;
  /** Resolves when the answer to the question is written to its end. */
  written(question: string): Promise<Written>;
  stop(): void;
}

/** Starts the provider of `provider-process.ts`. */
export async function startProvider(options: LoadOptions): Promise<LoadProvider> {
  const { words, rate, firstWordMs, prose } = options;
  const child = fork(fileURLToPath(new URL('provider-process.ts', import.meta.url)), [
    String(words),
    String(rate),
    String(firstWordMs),
    prose ? 'prose' : 'markdown',
  ]);
  const [ready] = (await once(child, 'message')) as [FromProvider];
  if (ready.kind !== 'ready' || child.pid === undefined) throw new Error('the provider did not start');

  const waiting = new Map<string, (written: Written) => void>();
  child.on('message', (message: FromProvider) => {
    if (message.kind !== 'ended') return;
    waiting.get(message.question)?.(message);
    waiting.delete(message.question);
  });

  const chunks = prose ? proseChunks(words) : wordChunks(words);
  const events = chunks.flatMap((chunk, event) => (/\bw\d+\b/.test(chunk) ? [event] : []));
  return {
    url: `http://127.0.0.1:${ready.port}/v1`,
    pid: child.pid,
    wordsPerAnswer: chunks.length,
    eventOf: (numberedWord) => events[numberedWord] ?? chunks.length,
    written: (question) => new Promise((resolve) => waiting.set(question, resolve)),
    stop: () => child.disconnect(),
  };
}
