import { writeFileSync } from 'node:fs';
import { lineOf, missesOf, wantedLine } from '../support/figures.ts';
import { CASES, EVENING_CASE, LEAST_SHARE, type PacingCase } from './cases.ts';
import { drawTimeline } from './timeline.ts';
import type { Counting } from './windows.ts';

/** `npm run bench -- --pacing`: what people see under the platforms' limits, in simulated time. Resolves to whether nothing is missed. */
export async function measurePacing(): Promise<boolean> {
  let isMissed = false;
  for (const each of CASES) {
    console.log(each.name);
    for (const counting of ['fixed', 'sliding', 'bucket'] as const)
      isMissed = (await show(each, counting)) || isMissed;
    if (each.optimum !== null) console.log(lineOf('optimum', each.optimum));
    console.log(lineOf('bare bot', await each.run('bare', 'sliding')));
    console.log(wantedLine(each.wanted));
    isMissed = (await showShare(each)) || isMissed;
  }
  return !isMissed;
}

async function show(each: PacingCase, counting: Counting): Promise<boolean> {
  const measured = await each.run('parley', counting);
  console.log(lineOf(`Parley, ${counting}`, measured));
  const missed = missesOf(each.wanted, measured);
  for (const miss of missed) console.log(`  MISSED: ${miss}`);
  return missed.length > 0;
}

/** How fast several processes are done, and how many of the calls they make, beside what one does. */
async function showShare({ run, byOne }: PacingCase): Promise<boolean> {
  if (byOne === null) return false;
  const [one, several] = [await byOne(), await run('parley', 'sliding')];
  console.log(lineOf('one process', one));
  const share = Math.min(one.wallMs / several.wallMs, several.calls / one.calls);
  const isMissed = share < LEAST_SHARE;
  console.log(
    `  ${share.toFixed(2)} of what one process does, wanted at least ${LEAST_SHARE}${isMissed ? ': MISSED' : ''}`,
  );
  return isMissed;
}

/** `npm run bench -- --timeline`: four of these cases as pictures: a quiet workspace, an evening, and a storm on each platform. */
export async function drawTimelines(): Promise<void> {
  const pictures: readonly (readonly [file: string, PacingCase | undefined])[] = [
    ['quiet', CASES.find(({ name }) => name === 'Slack, one answer of 60 s')],
    ['evening', EVENING_CASE],
    ['storm', CASES.find(({ name }) => name === 'Slack, 300 mentions')],
    ['storm-discord', CASES.find(({ name }) => name === 'Discord, 300 mentions at once')],
  ];
  for (const [file, each] of pictures) {
    if (each === undefined) continue;
    const path = `bench/pacing/timeline-${file}.svg`;
    writeFileSync(path, drawTimeline(each.name, (await each.run('parley', 'sliding')).timeline));
    console.log(`drawn: ${path}`);
  }
}
