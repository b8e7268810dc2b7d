import { wordsOf } from '../../test/support/long-answer.ts';

/** One answer as people saw it. */
export interface Sighting {
  /** How many of its numbered words could be read from then on; the first entry is the first text, with words or without. */
  readonly states: readonly { readonly atMs: number; readonly words: number }[];
  /** When its last state stood. */
  readonly endedAtMs: number;
  /** The numbered words that stand there in the end, all messages in order. */
  readonly words: readonly string[];
}

/** Watches the messages of one answer. */
export interface Observer {
  /** A message shows this from now on. Messages are seen for the first time in their order. */
  see(message: string, text: string, isLast: boolean): void;
  /** Resolves when the answer's last state stands. */
  readonly sighting: Promise<Sighting>;
}

/** @param wholeWords the answer has ended when so many words stand, whatever `isLast` says; null if that counts alone */
export function createObserver(wholeWords: number | null): Observer {
  const shown = new Map<string, string>();
  const states: { atMs: number; words: number }[] = [];
  const { promise, resolve } = Promise.withResolvers<Sighting>();
  return {
    see(message, text, isLast) {
      if (text.trim() === '') return;
      const atMs = Date.now();
      shown.set(message, text);
      const words = newestWord(text) + 1;
      if (words > (states.at(-1)?.words ?? -1)) states.push({ atMs, words });
      if (isLast || words === wholeWords)
        resolve({ states, endedAtMs: atMs, words: wordsOf([...shown.values()].join('\n')) });
    },
    sighting: promise,
  };
}

/** Its number; -1 where there is none. Words stand in order, so that the last one is the newest. */
function newestWord(text: string): number {
  for (let at = text.lastIndexOf('w'); at >= 0; at = text.lastIndexOf('w', at - 1)) {
    const number = /^w(\d+)\b/.exec(text.slice(at, at + 12))?.[1];
    if (number !== undefined) return Number(number);
    if (at === 0) break;
  }
  return -1;
}
