import { SharedLimiter } from '../../src/core/delivery/shared-limiter.ts';
import { createWriteLimiters, type WriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import type { PaceStore } from '../../src/core/ports/store.ts';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { createMemoryPace } from '../../test/support/memory-pace.ts';
import type { Figures, Wanted } from '../support/figures.ts';
import { log } from '../support/streams.ts';
import { type Outcome, replyOn, runScene, type Scene } from './answers.ts';
import { createSimulatedDiscord, type SimulatedPlatform } from './discord.ts';
import { discordOptimum, slackOptimum } from './optimum.ts';
import { createSimulatedSlack } from './slack.ts';
import type { Counting } from './windows.ts';

type Measured = Outcome & Figures;

export interface PacingCase {
  readonly name: string;
  readonly wanted: Wanted;
  readonly optimum: Figures | null;
  /** The same by one process, of whose pace several have to keep `LEAST_SHARE`; null if the case has one. */
  readonly byOne: (() => Promise<Measured>) | null;
  run(bot: 'parley' | 'bare', counting: Counting): Promise<Measured>;
}

/** Several processes on one store do so much of what one does. */
export const LEAST_SHARE = 0.8;

const WORDS = 180;
const WORDS_PER_SECOND = 50;

function mentionsOnDiscord(answers: number, wanted: Wanted, processes = 1): PacingCase {
  const scene: Scene = {
    answers,
    spreadMs: 0,
    words: WORDS,
    wordsPerSecond: WORDS_PER_SECOND,
    firstWordMs: 150,
  };
  const platformOn = (counting: Counting) => (clock: FakeClock) =>
    createSimulatedDiscord(clock, { counting, channels: Math.ceil(answers / 4) });
  return {
    name: `Discord, ${answers} mentions at once${processes === 1 ? '' : `, ${processes} processes`}`,
    wanted,
    optimum: discordOptimum(answers),
    byOne: processes === 1 ? null : () => measure(scene, 'parley', platformOn('sliding')),
    run: (bot, counting) => measure(scene, bot, platformOn(counting), processes),
  };
}

interface SlackCase {
  readonly channels?: number;
  readonly words?: number;
  readonly wanted?: Wanted;
  /** Updates that are refused although the limit is kept. */
  readonly surprises?: ReadonlySet<number>;
  readonly startsAtMs?: readonly number[];
  /** Bots on one store that share the answers; 1 by default. */
  readonly processes?: number;
  /** Each way to the store and back takes up to this long. Default 0. */
  readonly storeLateMs?: number;
}

function mentionsOnSlack(name: string, answers: number, more: SlackCase = {}): PacingCase {
  const {
    channels = Math.ceil(answers / 4),
    words = WORDS,
    wanted = {},
    surprises,
    startsAtMs,
    processes = 1,
    storeLateMs = 0,
  } = more;
  const spreadMs = channels === 1 ? 0 : Math.min(4_000, 500 + answers * 10);
  const scene: Scene = {
    answers,
    spreadMs,
    words,
    wordsPerSecond: WORDS_PER_SECOND,
    firstWordMs: 350,
    ...(startsAtMs && { startsAtMs }),
  };
  const platformOn = (counting: Counting) => (clock: FakeClock) =>
    createSimulatedSlack(clock, { counting, channels, postBurst: 5, ...(surprises && { surprises }) });
  const hasOptimum = words === WORDS && !startsAtMs && !surprises;
  return {
    name: `Slack, ${name}`,
    wanted,
    optimum: hasOptimum ? slackOptimum(answers, spreadMs) : null,
    byOne: processes === 1 ? null : () => measure(scene, 'parley', platformOn('sliding')),
    run: (bot, counting) => measure(scene, bot, platformOn(counting), processes, storeLateMs),
  };
}

async function measure(
  scene: Scene,
  bot: 'parley' | 'bare',
  platformOn: (clock: FakeClock) => SimulatedPlatform,
  processes = 1,
  storeLateMs = 0,
): Promise<Measured> {
  const clock = createFakeClock(0);
  const platform = platformOn(clock);
  const limiters = limitersOf(processes, clock, storeLateMs);
  const outcome = await runScene(scene, clock, (index, screen) => {
    if (bot === 'bare') return platform.bareBot.start(index, screen);
    const own = limiters[index % processes] as WriteLimiters;
    return replyOn(platform.open(index, screen, own), own, clock);
  });
  return { ...outcome, calls: platform.calls, refusals: platform.refusals };
}

function limitersOf(processes: number, clock: FakeClock, storeLateMs: number): readonly WriteLimiters[] {
  if (processes === 1) return [createWriteLimiters(clock)];
  const pace = latePace(createMemoryPace(clock), clock, storeLateMs);
  return Array.from({ length: processes }, () =>
    createWriteLimiters(clock, new SharedLimiter(pace, { clock, log })),
  );
}

/** A store on a machine that is too busy: both ways take a time of their own, up to `latestMs`. */
function latePace(pace: PaceStore, clock: FakeClock, latestMs: number): PaceStore {
  let ways = 0;
  const way = () => clock.sleep((latestMs * ((ways++ * 37) % 100)) / 100);
  async function through<T>(step: () => Promise<T>): Promise<T> {
    if (latestMs === 0) return step();
    await way();
    const answer = await step();
    await way();
    return answer;
  }
  return {
    beginWrite: (...args) => through(() => pace.beginWrite(...args)),
    end: (...args) => through(() => pace.end(...args)),
    block: (...args) => through(() => pace.block(...args)),
    owe: (...args) => through(() => pace.owe(...args)),
    endDebt: (...args) => through(() => pace.endDebt(...args)),
  };
}

/** Thirty people who ask again and again for ten minutes, each answer 8 s long. */
const EVENING = Array.from({ length: 60 }, (_, index) => index * 10_000 + ((index * 7_919) % 9_000));

export const EVENING_CASE = mentionsOnSlack('an evening with 30 people', EVENING.length, {
  words: 400,
  channels: 8,
  startsAtMs: EVENING,
});

export const CASES: readonly PacingCase[] = [
  mentionsOnDiscord(100, { endLag: [1.6, 2.5], calls: 330 }),
  mentionsOnDiscord(300, { firstText: [9.5, 13], endLag: [6.5, 10], wall: 14, calls: 720 }),
  mentionsOnDiscord(300, {}, 4),
  mentionsOnSlack('100 mentions', 100, { wanted: { endLag: [1, 3] } }),
  mentionsOnSlack('300 mentions', 300, { wanted: { endLag: [2, 6] } }),
  mentionsOnSlack('10 mentions', 10, { wanted: { wordsBehind: 27 } }),
  mentionsOnSlack('5 in one channel at once', 5, { channels: 1, wanted: { firstText: [0.4, 0.6] } }),
  mentionsOnSlack('one answer in a quiet workspace', 1, { wanted: { wordsBehind: 27 } }),
  mentionsOnSlack('one answer of 20 s', 1, { words: 1_000, wanted: { wordsBehind: 27 } }),
  mentionsOnSlack('one answer of 60 s', 1, { words: 3_000 }),
  mentionsOnSlack('10 mentions, two processes', 10, { processes: 2, wanted: { wordsBehind: 27 } }),
  mentionsOnSlack('100 mentions, four processes', 100, { processes: 4, wanted: { endLag: [1, 3] } }),
  mentionsOnSlack('8 answers of 30 s', 8, { words: 1_500, wanted: { endLag: [1, 3] } }),
  mentionsOnSlack('8 answers of 30 s, four processes', 8, {
    processes: 4,
    words: 1_500,
    wanted: { endLag: [1, 3] },
  }),
  mentionsOnSlack('300 mentions in 40 s, four processes, a store that is late', 300, {
    processes: 4,
    storeLateMs: 700,
    startsAtMs: Array.from({ length: 300 }, (_, index) => index * 133),
    wanted: { endLag: [2, 6], refusals: 0 },
  }),
  mentionsOnSlack('10 answers of 30 s', 10, { words: 1_500, wanted: { endLag: [2, 6] } }),
  mentionsOnSlack('12 answers of 30 s', 12, { words: 1_500, wanted: { endLag: [2, 6] } }),
  mentionsOnSlack('8 answers of 44 s', 8, { words: 2_200, wanted: { endLag: [2, 6] } }),
  mentionsOnSlack('20 answers of 20 s', 20, { words: 1_000, wanted: { endLag: [2, 6] } }),
  mentionsOnSlack('10 answers of 30 s, four processes', 10, {
    processes: 4,
    words: 1_500,
    wanted: { endLag: [2, 6] },
  }),
  mentionsOnSlack('10 mentions, three surprise 429s', 10, {
    surprises: new Set([5, 6, 7]),
    wanted: { endLag: [3, 3] },
  }),
  EVENING_CASE,
];
