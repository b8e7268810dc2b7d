import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { LoadOptions } from './options.ts';
import type { LoadProvider, Written } from './provider.ts';
import type { Sighting } from './sighting.ts';

/** All answers of one way of asking, as people saw them. */
export interface Tally {
  add(written: Written, seen: Sighting, askedAtMs: number): void;
  /** A question without an answer: all its words are lost, and it never ends. */
  miss(): void;
  readonly answers: number;
  readonly unanswered: number;
  /** Numbered words that stand nowhere in the end, and such that stand twice. */
  readonly lost: number;
  readonly doubled: number;
  /** Milliseconds, by word: from when the provider wrote it until it could be read. */
  readonly staleness: RecordableHistogram;
  /** By answer, from the question until something could be read. */
  readonly firstTextMs: readonly number[];
  /** By answer, from the provider's last word until the last state stood. */
  readonly endLagMs: readonly number[];
  /** Numbered words that were written and could not be read yet, averaged over the time that the provider wrote. */
  readonly wordsBehind: number;
}

export function createTally(provider: LoadProvider, { words, rate }: LoadOptions): Tally {
  const staleness = createHistogram();
  const firstTextMs: number[] = [];
  const endLagMs: number[] = [];
  let [behind, samples] = [0, 0];
  let [answers, unanswered, lost, doubled] = [0, 0, 0, 0];

  const writtenAtMs = Array.from({ length: words }, (_, word) => (provider.eventOf(word) * 1_000) / rate);

  function addBehind(startedAtMs: number, endedAtMs: number, { states }: Sighting): void {
    let [written, state] = [0, -1];
    for (let atMs = startedAtMs; atMs < endedAtMs; atMs += SAMPLED_EVERY_MS) {
      while ((writtenAtMs[written] ?? Number.POSITIVE_INFINITY) <= atMs - startedAtMs) written++;
      while ((states[state + 1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) state++;
      behind += Math.max(0, written - (states[state]?.words ?? 0));
      samples++;
    }
  }

  return {
    staleness,
    firstTextMs,
    endLagMs,
    get wordsBehind() {
      return behind / samples;
    },
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
      endLagMs.push(Number.POSITIVE_INFINITY);
    },
    add({ startedAtMs, endedAtMs }, seen, askedAtMs) {
      answers++;
      const distinct = new Set(seen.words);
      lost += words - distinct.size;
      doubled += seen.words.length - distinct.size;
      firstTextMs.push((seen.states[0]?.atMs ?? seen.endedAtMs) - askedAtMs);
      endLagMs.push(seen.endedAtMs - endedAtMs);
      addBehind(startedAtMs, endedAtMs, seen);
      let word = 0;
      for (const { atMs, words: readable } of seen.states) {
        for (; word < readable; word++) {
          record(staleness, atMs - startedAtMs - (writtenAtMs[word] ?? 0));
        }
      }
    },
  };
}

const SAMPLED_EVERY_MS = 20;

/** Histograms take whole numbers from 1. */
function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms)));
}
