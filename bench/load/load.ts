import { availableParallelism, cpus } from 'node:os';
import { quantile } from '../support/row.ts';
import { type Measured, measure } from './measure.ts';
import type { LoadOptions } from './options.ts';
import type { Scene } from './scene.ts';
import type { Tally } from './tally.ts';

/** Asks for as long as the options say, and prints what it took and what people saw. Resolves to whether all was well. */
export async function load(scene: Scene, options: LoadOptions): Promise<boolean> {
  const { provider } = scene;
  const measured = await measure(scene, options);
  const { ways, answers, tookMs, calls, botCpuMs, loopDelay } = measured;

  console.log(machine());
  for (const { way, streams, tally } of ways) {
    console.log(
      `${way.name}: ${streams} at once, ${options.rate} words/s each, ${provider.wordsPerAnswer} words an answer`,
    );
    print(rowsOf(tally, provider.wordsPerAnswer, tookMs));
  }
  console.log(options.bare ? 'the bare bot' : options.processes > 1 ? 'the bots together' : 'the bot');
  print([
    ['CPU', `${(botCpuMs / tookMs).toFixed(2)} cores, ${(botCpuMs / answers).toFixed(1)} ms an answer`],
    ['memory', `${mb(measured.peakBytes)} at the peak, ${mb(measured.restBytes)} at the end`],
    ...(loopDelay === null ? [] : [delayRow(loopDelay)]),
    ['calls', `${calls} in ${(tookMs / 1_000).toFixed(1)} s`],
    ...brokenRules(measured),
  ]);
  if (measured.redis !== null) {
    const { commands, bytes, cpuMs } = measured.redis;
    console.log('Redis');
    print([
      ['commands', `${(commands / answers).toFixed(1)} an answer`],
      ['traffic', `${(bytes / answers / 1_000).toFixed(1)} kB an answer, both ways`],
      ['CPU', `${(cpuMs / answers).toFixed(2)} ms an answer`],
    ]);
  }
  console.log('the load itself, by which the machine shows whether it is fit for it');
  print([
    ['CPU', `${(measured.loadCpuMs / tookMs).toFixed(2)} cores`],
    ['event-loop delay', `${ms(measured.ownDelayMs)} p99 of the platforms`],
  ]);
  return ways.every(({ tally }) => tally.lost + tally.doubled === 0);
}

/** The machine and the Node version of the figures. */
export function machine(): string {
  return `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}\n`;
}

type Row = readonly [name: string, value: string];

function rowsOf(tally: Tally, wordsPerAnswer: number, tookMs: number): Row[] {
  const perSecond = tally.answers / (tookMs / 1_000);
  const { staleness, firstTextMs, endLagMs } = tally;
  const middleAndWorst = (values: readonly number[]) =>
    values.length === 0 ? '–' : `${ms(quantile(values, 0.5))} p50, ${ms(quantile(values, 0.99))} p99`;
  return [
    [
      'answers',
      `${tally.answers} (${perSecond.toFixed(1)}/s), and ${tally.unanswered} questions without one`,
    ],
    ['words', `${Math.round(perSecond * wordsPerAnswer)}/s; ${tally.lost} lost, ${tally.doubled} doubled`],
    ['first text', middleAndWorst(firstTextMs)],
    ['staleness', `${ms(staleness.mean)} mean, ${ms(staleness.percentile(95))} p95`],
    ['words behind', tally.wordsBehind.toFixed(1)],
    ['end lag', middleAndWorst(endLagMs)],
  ];
}

function delayRow({ p50Ms, p99Ms, maxMs }: NonNullable<Measured['loopDelay']>): Row {
  return ['event-loop delay', `${ms(p50Ms)} p50, ${ms(p99Ms)} p99, ${ms(maxMs)} max`];
}

function brokenRules({ refusals, otherViolations }: Measured): Row[] {
  const others = new Set(otherViolations);
  return [
    ['429s', String(refusals.length)],
    ['other broken rules', others.size === 0 ? '0' : [...others].slice(0, 5).join('; ')],
  ];
}

export function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`);
  console.log('');
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function ms(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
