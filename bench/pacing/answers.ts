import { createReply } from '../../src/core/delivery/reply.ts';
import type { WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import type { Surface } from '../../src/core/ports/surface.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { wordsOf } from '../../test/support/long-answer.ts';
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

/** What people saw. Milliseconds; lags count from the model's last word. */
export interface Outcome {
  readonly firstTextMs: readonly number[];
  readonly endLagMs: readonly number[];
  /** Words that the model had written and that could not be read yet, averaged over time. */
  readonly wordsBehind: number;
  readonly lost: number;
  readonly doubled: number;
  readonly wallMs: number;
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

/** A word starts every so many milliseconds of simulated time at the most: finer steps change no figure. */
const STEP_MS = 20;
/** Ten minutes of simulated time end any case. */
const LONGEST_MS = 600_000;

/** Runs real replies over the surfaces that `open` makes, in simulated time. */
export async function runScene(
  scene: Scene,
  clock: FakeClock,
  limiters: WriteLimiters | ((index: number) => WriteLimiters),
  open: (index: number, screen: Screen) => Surface,
): Promise<Outcome> {
  const { answers, words, wordsPerSecond, firstWordMs } = scene;
  const startMs = clock.now();
  const lives = Array.from({ length: answers }, (_, index) => {
    const askedAtMs = startMs + (scene.startsAtMs?.[index] ?? (index / answers) * scene.spreadMs);
    return createLife(askedAtMs);
  });
  let unfinished = answers;

  function createLife(askedAtMs: number) {
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
      askedAtMs,
      screen,
      shown,
      written: 0,
      endedAtMs: Number.POSITIVE_INFINITY,
      doneAtMs: Number.POSITIVE_INFINITY,
      reply: null as ReturnType<typeof createReply> | null,
      finalWords: () => wordsOf([...messages.values()].join('\n')),
    };
  }

  let behind = 0;
  let samples = 0;
  while (unfinished > 0 && clock.now() - startMs < LONGEST_MS) {
    for (const [index, life] of lives.entries()) {
      const elapsedMs = clock.now() - life.askedAtMs;
      if (elapsedMs < 0 || life.endedAtMs < Number.POSITIVE_INFINITY) continue;
      life.reply ??= createReply({
        surface: open(index, life.screen),
        limiters: typeof limiters === 'function' ? limiters(index) : limiters,
        clock,
        log,
        buttons: [{ kind: 'stop', answerId: `answer-${index}` }],
        onOpen() {},
        signal: new AbortController().signal,
      });
      const due = Math.min(words, Math.floor(((elapsedMs - firstWordMs) * wordsPerSecond) / 1_000) + 1);
      for (; life.written < due; life.written++) life.reply.write(`${`w${life.written}-`.padEnd(9, 'o')} `);
      if (life.written > 0) {
        behind += life.written - (life.shown.at(-1)?.words ?? 0);
        samples++;
      }
      if (life.written < words) continue;
      life.endedAtMs = clock.now();
      const buttons = [{ kind: 'retry', answerId: `answer-${index}` }] as const;
      void life.reply.finish({ status: 'complete', note: null, footer: 'model · 4 s', buttons }).then(() => {
        life.doneAtMs = clock.now();
        unfinished--;
      });
    }
    await clock.advance(STEP_MS);
  }

  const final = lives.map((life) => life.finalWords());
  return {
    firstTextMs: lives.map((life) => (life.shown[0]?.atMs ?? Number.POSITIVE_INFINITY) - life.askedAtMs),
    endLagMs: lives.map((life) => (life.shown.at(-1)?.atMs ?? Number.POSITIVE_INFINITY) - life.endedAtMs),
    wordsBehind: behind / samples,
    lost: final.reduce((sum, seen) => sum + words - new Set(seen).size, 0),
    doubled: final.reduce((sum, seen) => sum + seen.length - new Set(seen).size, 0),
    wallMs: Math.max(...lives.map((life) => life.doneAtMs)) - startMs,
    timeline: lives.map(({ askedAtMs, endedAtMs, shown }) => ({ askedAtMs, endedAtMs, shown })),
  };
}
