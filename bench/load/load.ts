import { availableParallelism, cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { keepAsking } from './asking.ts';
import { cpuMsOf } from './bot.ts';
import type { LoadOptions } from './options.ts';
import { readRedis } from './redis.ts';
import type { Scene } from './scene.ts';
import { createTally, type Tally } from './tally.ts';

/** Asks for as long as the options say, and prints what it took and what people saw. Resolves to whether all was well. */
export async function load(scene: Scene, options: LoadOptions): Promise<boolean> {
  const { bot, provider } = scene;
  const endsAtMs = Date.now() + options.seconds * 1_000;
  const ways = scene.ways.map((each) => ({ ...each, tally: createTally(provider, options) }));

  await bot.loopDelay();
  const before = { atMs: performance.now(), botMs: bot.cpuMs(), providerMs: cpuMsOf(provider.pid) };
  const redisBefore = options.redis === null ? null : await readRedis(options.redis);
  const own = process.cpuUsage();
  const ownDelay = monitorEventLoopDelay({ resolution: OWN_SAMPLING_MS });
  ownDelay.enable();
  await Promise.all(
    ways.map(({ way, streams, tally }) =>
      keepAsking(way, streams, tally, provider, options, (asked) => asked === 0 || Date.now() < endsAtMs),
    ),
  );
  const tookMs = performance.now() - before.atMs;
  const { user, system } = process.cpuUsage(own);
  const loadMs = cpuMsOf(provider.pid) - before.providerMs + (user + system) / 1_000;
  const cores = { bot: (bot.cpuMs() - before.botMs) / tookMs, load: loadMs / tookMs };
  const delay = await bot.loopDelay();

  console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}\n`);
  for (const { way, streams, tally } of ways) {
    console.log(
      `${way.name}: ${streams} at once, ${options.rate} words/s each, ${provider.wordsPerAnswer} words an answer`,
    );
    print(rowsOf(tally, provider.wordsPerAnswer, tookMs));
  }
  console.log('the bot');
  print([
    ['CPU', `${cores.bot.toFixed(2)} cores`],
    ['memory', `${Math.round(bot.peakBytes() / 1e6)} MB at the peak`],
    ['event-loop delay', `${ms(delay.p50Ms)} p50, ${ms(delay.p99Ms)} p99, ${ms(delay.maxMs)} max`],
    ...brokenRules(scene.violations()),
  ]);
  if (options.redis !== null && redisBefore !== null) {
    const redis = await readRedis(options.redis);
    const answers = ways.reduce((total, { tally }) => total + tally.answers, 0);
    const each = (which: keyof typeof redis) => (redis[which] - redisBefore[which]) / answers;
    console.log('Redis');
    print([
      ['commands', `${each('commands').toFixed(1)} an answer`],
      ['traffic', `${(each('bytes') / 1_000).toFixed(1)} kB an answer, both ways`],
      ['CPU', `${each('cpuMs').toFixed(2)} ms an answer`],
    ]);
  }
  console.log('the load itself, by which the machine shows whether it is fit for it');
  print([
    ['CPU', `${cores.load.toFixed(2)} cores`],
    ['event-loop delay', `${ms(ownDelay.percentile(99) / 1e6 - OWN_SAMPLING_MS)} p99 of the platforms`],
  ]);
  return ways.every(({ tally }) => tally.lost + tally.doubled === 0);
}

/** How often our own event loop is looked at; what it shows counts that in. */
const OWN_SAMPLING_MS = 10;

type Row = readonly [name: string, value: string];

function rowsOf(tally: Tally, wordsPerAnswer: number, tookMs: number): Row[] {
  const perSecond = tally.answers / (tookMs / 1_000);
  const { staleness, firstText, endLag } = tally;
  return [
    [
      'answers',
      `${tally.answers} (${perSecond.toFixed(1)}/s), and ${tally.unanswered} questions without one`,
    ],
    ['words', `${Math.round(perSecond * wordsPerAnswer)}/s; ${tally.lost} lost, ${tally.doubled} doubled`],
    ['first text', `${ms(firstText.mean)} mean, ${ms(firstText.percentile(99))} p99`],
    ['staleness', `${ms(staleness.mean)} mean, ${ms(staleness.percentile(95))} p95`],
    ['end lag', `${ms(endLag.mean)} mean, ${ms(endLag.percentile(99))} p99, ${ms(endLag.max)} max`],
  ];
}

function brokenRules(violations: readonly string[]): Row[] {
  const limits = violations.filter((text) => text.startsWith('429'));
  const others = new Set(violations.filter((text) => !text.startsWith('429')));
  return [
    ['429s', String(limits.length)],
    ['other broken rules', others.size === 0 ? '0' : [...others].slice(0, 5).join('; ')],
  ];
}

export function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`);
  console.log('');
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
