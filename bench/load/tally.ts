import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { LoadOptions } from './options.ts';
import type { LoadProvider, Written } from './provider.ts';
import type { Sighting } from './sighting.ts';

/** What people saw of all answers of one way. */
export interface Tally {
  add(written: Written, seen: Sighting): void;
  /** A question without an answer: all its words are lost. */
  miss(): void;
  readonly answers: number;
  readonly unanswered: number;
  /** Numbered words that stand nowhere in the end, and such that stand twice. */
  readonly lost: number;
  readonly doubled: number;
  /** Milliseconds, by word: from when the provider wrote it until it could be read. */
  readonly staleness: RecordableHistogram;
  /** Milliseconds, by answer: from the provider's first word until something could be read … */
  readonly firstText: RecordableHistogram;
  /** … and from its last word until the last state stood. */
  readonly endLag: RecordableHistogram;
}

export function createTally(provider: LoadProvider, { words, rate }: LoadOptions): Tally {
  const [staleness, firstText, endLag] = [createHistogram(), createHistogram(), createHistogram()];
  let [answers, unanswered, lost, doubled] = [0, 0, 0, 0];

  return {
    staleness,
    firstText,
    endLag,
    get answers() {
      return answers;
    },
    get unanswered() {
      return unanswered;
    },
    get lost() {
      return lost;
    },
    get doubled() {
      return doubled;
    },
    miss() {
      unanswered++;
      lost += words;
    },
    add({ startedAtMs, endedAtMs }, seen) {
      answers++;
      const distinct = new Set(seen.words);
      lost += words - distinct.size;
      doubled += seen.words.length - distinct.size;
      record(firstText, (seen.states[0]?.atMs ?? seen.endedAtMs) - startedAtMs);
      record(endLag, seen.endedAtMs - endedAtMs);
      let word = 0;
      for (const { atMs, words: readable } of seen.states) {
        for (; word < readable; word++) {
          record(staleness, atMs - (startedAtMs + (provider.eventOf(word) * 1_000) / rate));
        }
      }
    },
  };
}

/** Histograms take whole numbers from 1. */
function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms)));
}
