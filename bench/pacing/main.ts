import { writeFileSync } from 'node:fs';
import { CASES, EVENING_CASE, type Measured, type PacingCase } from './cases.ts';
import { percentile } from './percentile.ts';
import { drawTimeline } from './timeline.ts';
import type { Counting } from './windows.ts';

/** `npm run bench -- --pacing`: what people see under the platforms' limits, in simulated time. With `--timeline`, as pictures too. */
export async function measurePacing(isDrawn: boolean): Promise<boolean> {
  let isMissed = false;
  for (const each of CASES) {
    console.log(each.name);
    for (const counting of ['fixed', 'sliding', 'bucket'] as const)
      isMissed = (await show(each, counting)) || isMissed;
    if (each.optimum !== null) row('optimum', { ...NOTHING, ...each.optimum });
    row('bare bot', await each.run('bare', 'sliding'));
  }
  if (isDrawn) await draw();
  return !isMissed;
}

async function show(each: PacingCase, counting: Counting): Promise<boolean> {
  const measured = await each.run('parley', counting);
  row(`Parley, ${counting}`, measured);
  const missed = missesOf(each, measured);
  for (const miss of missed) console.log(`  MISSED: ${miss}`);
  return missed.length > 0;
}

function missesOf({ wanted }: PacingCase, measured: Measured): string[] {
  const { firstText, endLag } = wanted;
  const seconds = (values: readonly number[], share: number) => percentile(values, share) / 1_000;
  const bounds: readonly (readonly [name: string, value: number, most: number | undefined])[] = [
    ['first text p50', seconds(measured.firstTextMs, 0.5), firstText?.[0]],
    ['first text p99', seconds(measured.firstTextMs, 0.99), firstText?.[1]],
    ['end lag p50', seconds(measured.endLagMs, 0.5), endLag?.[0]],
    ['end lag p99', seconds(measured.endLagMs, 0.99), endLag?.[1]],
    ['wall', measured.wallMs / 1_000, wanted.wall],
    ['calls', measured.calls, wanted.calls],
    ['words behind', measured.wordsBehind, wanted.wordsBehind],
    ['words lost or doubled', measured.lost + measured.doubled, 0],
  ];
  return bounds
    .filter(([, value, most]) => most !== undefined && !(value <= most))
    .map(([name, value, most]) => `${name} ${value.toFixed(2)}, wanted at most ${most}`);
}

const NOTHING = { wordsBehind: Number.NaN, refusals: 0, lost: 0, doubled: 0, timeline: [] };

function row(name: string, { firstTextMs, endLagMs, wallMs, calls, wordsBehind, refusals }: Measured): void {
  const s = (ms: number) => (ms / 1_000).toFixed(2).padStart(6);
  const pair = (values: readonly number[]) =>
    `${s(percentile(values, 0.5))} /${s(percentile(values, 0.99))} s`;
  console.log(
    `  ${name.padEnd(16)} first text ${pair(firstTextMs)}  end lag ${pair(endLagMs)}  wall ${s(wallMs)} s` +
      `  ${String(calls).padStart(5)} calls  ${Number.isNaN(wordsBehind) ? '   –' : wordsBehind.toFixed(0).padStart(4)} words behind  ${refusals} × 429`,
  );
}

async function draw(): Promise<void> {
  const pictures: readonly (readonly [file: string, PacingCase | undefined])[] = [
    ['quiet', CASES.find(({ name }) => name === 'Slack, one answer of 60 s')],
    ['evening', EVENING_CASE],
    ['storm', CASES.find(({ name }) => name === 'Slack, 300 mentions')],
  ];
  for (const [file, each] of pictures) {
    if (each === undefined) continue;
    const path = `bench/pacing/timeline-${file}.svg`;
    writeFileSync(path, drawTimeline(each.name, (await each.run('parley', 'sliding')).timeline));
    console.log(`drawn: ${path}`);
  }
}
