import { createWriteLimiters } from '../../src/core/delivery/write-limiter.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { type Outcome, runScene, type Scene } from './answers.ts';
import { createSimulatedDiscord } from './discord.ts';
import { discordOptimum, slackOptimum } from './optimum.ts';
import { percentile } from './percentile.ts';
import { createSimulatedSlack } from './slack.ts';
import type { Counting } from './windows.ts';

interface Measured extends Outcome {
  readonly calls: number;
  readonly refusals: number;
}

async function discord(answers: number, counting: Counting): Promise<Measured> {
  const clock = createFakeClock(0);
  const limiters = createWriteLimiters(clock);
  const platform = createSimulatedDiscord(clock, { counting, channels: Math.ceil(answers / 4) });
  const scene: Scene = { answers, spreadMs: 0, words: 180, wordsPerSecond: 50, firstWordMs: 150 };
  const outcome = await runScene(scene, clock, limiters, (index, screen) =>
    platform.open(index, screen, limiters),
  );
  return { ...outcome, calls: platform.calls, refusals: platform.refusals };
}

async function slack(
  answers: number,
  counting: Counting,
  { channels = Math.ceil(answers / 4), words = 180, surprises = new Set<number>() } = {},
): Promise<Measured> {
  const clock = createFakeClock(0);
  const limiters = createWriteLimiters(clock);
  const platform = createSimulatedSlack(clock, { counting, channels, postBurst: 5, surprises });
  const spreadMs = answers === 1 ? 0 : Math.min(4_000, 500 + answers * 10);
  const scene: Scene = {
    answers,
    spreadMs: channels === 1 ? 0 : spreadMs,
    words,
    wordsPerSecond: 50,
    firstWordMs: 350,
  };
  const outcome = await runScene(scene, clock, limiters, (index, screen) =>
    platform.open(index, screen, limiters),
  );
  return { ...outcome, calls: platform.calls, refusals: platform.refusals };
}

function print(name: string, { firstTextMs, endLagMs, ...rest }: Measured): void {
  const s = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
  console.log(
    `${name.padEnd(44)} first ${s(percentile(firstTextMs, 0.5))} / ${s(percentile(firstTextMs, 0.99))}` +
      `  lag ${s(percentile(endLagMs, 0.5))} / ${s(percentile(endLagMs, 0.99))}  wall ${s(rest.wallMs)}` +
      `  calls ${rest.calls}  behind ${rest.wordsBehind.toFixed(1)}  429 ${rest.refusals}  lost ${rest.lost} doubled ${rest.doubled}`,
  );
}

for (const counting of ['fixed', 'sliding'] as const) {
  for (const answers of [100, 300])
    print(`Discord, ${answers} mentions, ${counting}`, await discord(answers, counting));
}
for (const answers of [100, 300]) {
  const { firstTextMs, endLagMs, calls, wallMs } = discordOptimum(answers);
  print(`Discord, ${answers} mentions, optimum`, {
    firstTextMs,
    endLagMs,
    calls,
    wallMs,
    wordsBehind: 0,
    lost: 0,
    doubled: 0,
    refusals: 0,
    timeline: [],
  });
}
for (const counting of ['sliding', 'bucket', 'fixed'] as const) {
  for (const answers of [1, 10, 30, 100, 300])
    print(`Slack, ${answers} mentions, ${counting}`, await slack(answers, counting));
  print(`Slack, 5 in one channel, ${counting}`, await slack(5, counting, { channels: 1 }));
  print(`Slack, 1 answer of 60 s, ${counting}`, await slack(1, counting, { words: 3_000 }));
  print(`Slack, 10 answers of 60 s, ${counting}`, await slack(10, counting, { words: 3_000 }));
}
for (const answers of [100, 300]) {
  const { firstTextMs, endLagMs, calls, wallMs } = slackOptimum(answers, Math.min(4_000, 500 + answers * 10));
  print(`Slack, ${answers} mentions, optimum`, {
    firstTextMs,
    endLagMs,
    calls,
    wallMs,
    wordsBehind: 0,
    lost: 0,
    doubled: 0,
    refusals: 0,
    timeline: [],
  });
}
