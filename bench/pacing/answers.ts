import { Reply } from '../../src/core/delivery/reply.ts';
import type { WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { Surface } from '../../src/core/ports/surface.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { wordsOf } from '../../test/support/long-answer.ts';
import type { Figures } from '../support/figures.ts';
import { log } from '../support/streams.ts';

/** One case of the table: so many questions, and what the model writes to each. */
export interface Scene {
  readonly answers: number;
  /** The last question comes so long after the first. */
  readonly spreadMs: number;
  readonly words: number;
  readonly wordsPerSecond: number;
  /** From the question to the model's first word. */
  readonly firstWordMs: number;
  /** When each question comes; spread evenly over `spreadMs` by default. */
  readonly startsAtMs?: readonly number[];
}

/** Answers as people saw them; the platform counts calls and refusals. */
export interface Outcome extends Omit<Figures, 'calls' | 'refusals'> {
  readonly timeline: readonly AnswerTimeline[];
}

export interface AnswerTimeline {
  readonly askedAtMs: number;
  readonly endedAtMs: number;
  /** How many words could be read from then on. */
  readonly shown: readonly { readonly atMs: number; readonly words: number }[];
}

/** Keeps what each message of an answer shows. */
export interface Screen {
  show(message: string, text: string): void;
}

/** One answer, as a bot writes it. */
export interface WrittenAnswer {
  write(text: string): void;
  /** Resolves when its last state stands. */
  finish(): Promise<unknown>;
}

/** An answer by Parley's own reply engine. */
export function replyOn(surface: Surface, limiters: WriteLimiters, clock: Clock): WrittenAnswer {
  const reply = new Reply({
    surface,
    limiters,
    clock,
    log,
    answerId: 'answer',
    onOpen() {},
    signal: new AbortController().signal,
  });
  const buttons = [{ kind: 'retry', answerId: 'answer' }] as const;
  return {
    write: (text) => reply.write(text),
    finish: () => reply.finish({ status: 'complete', note: null, footer: 'A model · 4 s', buttons }),
  };
}

/** Simulated time goes by in such steps. */
const STEP_MS = 20;
/** Fifteen minutes of simulated time end any case. */
const LONGEST_MS = 900_000;

/** Ten characters a word. */
function wordNamed(index: number): string {
  return `${`w${index}-`.padEnd(9, 'o')} `;
}

/** Asks all questions of the scene in simulated time, and writes the answers. */
export async function runScene(
  scene: Scene,
  clock: FakeClock,
  begin: (index: number, screen: Screen) => WrittenAnswer,
): Promise<Outcome> {
  const { answers, words, wordsPerSecond, firstWordMs } = scene;
  const startMs = clock.now();
  const lives = Array.from({ length: answers }, (_, index) => {
    const messages = new Map<string, string>();
    const shown: { atMs: number; words: number }[] = [];
    const screen: Screen = {
      show(message, text) {
        messages.set(message, text);
        const seen = new Set(wordsOf([...messages.values()].join('\n'))).size;
        if (seen > (shown.at(-1)?.words ?? 0)) shown.push({ atMs: clock.now(), words: seen });
      },
    };
    return {
      askedAtMs: startMs + (scene.startsAtMs?.[index] ?? (index / answers) * scene.spreadMs),
      screen,
      shown,
      written: 0,
      endedAtMs: Number.POSITIVE_INFINITY,
      doneAtMs: Number.POSITIVE_INFINITY,
      answer: null as WrittenAnswer | null,
      finalWords: () => wordsOf([...messages.values()].join('\n')),
    };
  });

  let [behind, samples, unfinished] = [0, 0, answers];
  while (unfinished > 0 && clock.now() - startMs < LONGEST_MS) {
    for (const [index, life] of lives.entries()) {
      const elapsedMs = clock.now() - life.askedAtMs;
      if (elapsedMs < 0 || life.endedAtMs < Number.POSITIVE_INFINITY) continue;
      life.answer ??= begin(index, life.screen);
      const due = Math.min(words, Math.floor(((elapsedMs - firstWordMs) * wordsPerSecond) / 1_000) + 1);
      for (; life.written < due; life.written++) life.answer.write(wordNamed(life.written));
      if (life.written > 0) {
        behind += life.written - (life.shown.at(-1)?.words ?? 0);
        samples++;
      }
      if (life.written < words) continue;
      life.endedAtMs = clock.now();
      void life.answer.finish().then(() => {
        life.doneAtMs = clock.now();
        unfinished--;
      });
    }
    await clock.advance(STEP_MS);
  }

  const final = lives.map((life) => life.finalWords());
  return {
    firstTextMs: lives.map((life) => (life.shown[0]?.atMs ?? Number.POSITIVE_INFINITY) - life.askedAtMs),
    endLagMs: lives.map((life) => life.doneAtMs - life.endedAtMs),
    wordsBehind: behind / samples,
    lost: final.reduce((sum, seen) => sum + words - new Set(seen).size, 0),
    doubled: final.reduce((sum, seen) => sum + seen.length - new Set(seen).size, 0),
    wallMs: Math.max(...lives.map((life) => life.doneAtMs)) - startMs,
    timeline: lives.map(({ askedAtMs, endedAtMs, shown }) => ({ askedAtMs, endedAtMs, shown })),
  };
}
