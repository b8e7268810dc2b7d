import { writeFileSync } from 'node:fs';
import { lineOf, missesOf, wantedLine } from '../support/figures.ts';
import { CASES, EVENING_CASE, type PacingCase } from './cases.ts';
import { drawTimeline } from './timeline.ts';
import type { Counting } from './windows.ts';

/** `npm run bench -- --pacing`: what people see under the platforms' limits, in simulated time. With `--timeline`, as pictures too. */
export async function measurePacing(isDrawn: boolean): Promise<boolean> {
  let isMissed = false;
  for (const each of CASES) {
    console.log(each.name);
    for (const counting of ['fixed', 'sliding', 'bucket'] as const)
      isMissed = (await show(each, counting)) || isMissed;
    if (each.optimum !== null) console.log(lineOf('optimum', each.optimum));
    console.log(lineOf('bare bot', await each.run('bare', 'sliding')));
    console.log(wantedLine(each.wanted));
  }
  if (isDrawn) await draw();
  return !isMissed;
}

async function show(each: PacingCase, counting: Counting): Promise<boolean> {
  const measured = await each.run('parley', counting);
  console.log(lineOf(`Parley, ${counting}`, measured));
  const missed = missesOf(each.wanted, measured);
  for (const miss of missed) console.log(`  MISSED: ${miss}`);
  return missed.length > 0;
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
