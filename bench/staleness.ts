import { Reply } from '../src/core/delivery/reply.ts';
import { createWriteLimiters } from '../src/core/delivery/write-limiter.ts';
import { createFakeClock } from '../test/support/fake-clock.ts';
import {
  createMemoryLimiter,
  createMemorySurface,
  type MemorySurface,
} from '../test/support/memory-surface.ts';
import type { Row } from './support/row.ts';
import { log } from './support/streams.ts';

const WORDS_PER_SECOND = 50;
const SECONDS = 60;
/** A Discord channel's edits, as people measure them. */
const LIMIT = 5;
const WINDOW_MS = 5_000;
/** The duration of a write to the platform, there and back; the view is visible after half of it. */
const ROUND_TRIP_MS = 100;

/**
 * How old what a person sees is, averaged over all words, in simulated time: the mean wait of a word from when it is written until
 * it is visible, over the best that the limit allows.
 */
export async function measureStaleness(): Promise<Row[]> {
  return [
    {
      name: `staleness at ${WORDS_PER_SECOND} words/s over the best of ${LIMIT} edits per ${WINDOW_MS / 1_000} s`,
      value: await stalenessOver(1),
      unit: '×',
      wanted: 1.2,
    },
    { name: 'the same, 10 answers in one channel', value: await stalenessOver(10), unit: '×', wanted: 1.2 },
  ];
}

async function stalenessOver(replies: number): Promise<number> {
  const clock = createFakeClock(0);
  const limiters = createWriteLimiters(clock);
  const limiter = createMemoryLimiter(clock);
  const answers = Array.from({ length: replies }, (_, index) => {
    const surface = createMemorySurface({
      clock,
      limiter,
      latencyMs: ROUND_TRIP_MS,
      limits: { maxChars: 100_000 },
      scope: { key: 'edits', limit: LIMIT, windowMs: WINDOW_MS },
      openScope: { key: `posts ${index}`, limit: LIMIT, windowMs: WINDOW_MS },
    });
    const reply = new Reply({
      surface,
      limiters,
      clock,
      log,
      answerId: 'answer',
      onOpen() {},
      signal: new AbortController().signal,
    });
    return { surface, reply };
  });

  const writtenAtMs: number[] = [];
  const gapMs = 1_000 / WORDS_PER_SECOND;
  for (let word = 0; word < SECONDS * WORDS_PER_SECOND; word++) {
    writtenAtMs.push(clock.now());
    for (const { reply } of answers) reply.write(`w${word} `);
    await clock.advance(gapMs);
  }
  const ended = Promise.all(answers.map(({ reply }) => end(reply)));
  await clock.advance(WINDOW_MS * replies);
  await ended;
  if (limiter.refusals > 0) throw new Error('the limit was run into');

  const waits = answers.flatMap(({ surface }) => waitsIn(surface, writtenAtMs));
  return mean(waits) / bestMs(replies, writtenAtMs);
}

function end(reply: Reply): Promise<boolean> {
  return reply.finish({ status: 'complete', note: null, footer: null, buttons: [] });
}

/** How long each word waited to be seen. */
function waitsIn(surface: MemorySurface, writtenAtMs: readonly number[]): number[] {
  const waits: number[] = [];
  for (const { view, atMs } of surface.messages[0]?.views ?? []) {
    const words = view.text.match(/\bw\d+\b/g)?.length ?? 0;
    for (let word = waits.length; word < words; word++) waits.push(atMs - (writtenAtMs[word] ?? 0));
  }
  if (waits.length !== writtenAtMs.length) throw new Error('words are missing');
  return waits;
}

/**
 * The mean wait where the limit is spread evenly over answers and time, which is the least that any schedule reaches in the
 * long run: each word goes with the next edit, and the last ones at once.
 */
function bestMs(replies: number, writtenAtMs: readonly number[]): number {
  const everyMs = (WINDOW_MS / LIMIT) * replies;
  const lastAtMs = writtenAtMs.at(-1) ?? 0;
  const waits = writtenAtMs.map((atMs) => Math.min(Math.ceil(atMs / everyMs) * everyMs, lastAtMs) - atMs);
  return mean(waits) + ROUND_TRIP_MS / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
