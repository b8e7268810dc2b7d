import { startRedis } from '../../test/support/redis.ts';
import { type Figures, lineOf, missesOf, wantedLine } from '../support/figures.ts';
import { quantile } from '../support/row.ts';
import {
  type CostCase,
  CPU_CASES,
  IDLE_CASE,
  LOAD_CASES,
  type LoadCase,
  PEAK_CASE,
  SHARING_CASE,
} from './cases.ts';
import { machine } from './load.ts';
import { type Measured, measure } from './measure.ts';
import { readOptions } from './options.ts';
import { openScene } from './scene.ts';

/** A bare bot may need many minutes on Slack; after one it is clear. */
const BARE = '--bare --patience 60';
const CPU_PAIRS = 3;

/** `npm run load -- --table`: each row with the optimum, the bare bot and what is wanted. Resolves to whether nothing was missed. */
export async function runTable(): Promise<boolean> {
  console.log(machine());
  // The first start of all compiles, and keeps what that takes.
  await runLoad('--mention 1 --words 10 --seconds 0');
  const misses: string[] = [];
  for (const each of LOAD_CASES) misses.push(...(await showLoad(each)));
  for (const each of CPU_CASES) misses.push(...(await showCpu(each)));
  misses.push(...show(PEAK_CASE, (await runLoad(PEAK_CASE.flags)).peakBytes / 1e6, 'MB'));
  misses.push(...show(IDLE_CASE, (await runLoad(IDLE_CASE.flags)).restBytes / 1e6, 'MB'));
  misses.push(...(await showSharing()));
  console.log(misses.length === 0 ? 'nothing missed' : `missed:\n${misses.join('\n')}`);
  return misses.length === 0;
}

async function showLoad({ name, flags, wanted, optimum }: LoadCase): Promise<string[]> {
  console.log(`${name}\n  npm run load -- ${flags}`);
  const parley = figuresOf(await runLoad(flags));
  console.log(lineOf('Parley', parley));
  if (optimum !== null) console.log(lineOf('optimum', optimum));
  console.log(lineOf('bare bot', figuresOf(await runLoad(`${flags} ${BARE}`))));
  console.log(wantedLine(wanted));
  const missed = missesOf(wanted, parley);
  console.log(missed.length === 0 ? '  kept\n' : `  MISSED: ${missed.join('; ')}\n`);
  return missed.map((miss) => `  ${name}: ${miss}`);
}

/** In turn, as other work on the machine costs both alike then. */
async function showCpu(each: CostCase): Promise<string[]> {
  const ratios: number[] = [];
  for (let pair = 0; pair < CPU_PAIRS; pair++) {
    const [parley, bare] = [await runLoad(each.flags), await runLoad(`${each.flags} ${BARE}`)].map(
      cpuPerAnswer,
    );
    ratios.push((parley ?? Number.NaN) / (bare ?? Number.NaN));
    console.log(`CPU an answer: Parley ${parley?.toFixed(1)} ms, bare bot ${bare?.toFixed(1)} ms`);
  }
  return show(
    { ...each, name: `CPU of an answer over the bare bot's: ${each.name}` },
    quantile(ratios, 0.5),
    '×',
  );
}

async function showSharing(): Promise<string[]> {
  const { name, flags, processes, least } = SHARING_CASE;
  const redis = await startRedis();
  try {
    const shared = `${flags} --redis ${redis.url}`;
    const one = figuresOf(await runLoad(shared));
    await redis.flush();
    const many = figuresOf(await runLoad(`${shared} --processes ${processes}`));
    console.log(`${name}\n${lineOf('one process', one)}\n${lineOf(`${processes} processes`, many)}`);
    const share = one.wallMs / many.wallMs;
    const isKept = share >= least && many.lost + many.doubled + many.refusals === 0;
    const verdict = `${share.toFixed(2)} of what one does, wanted at least ${least}, no 429, no word lost or doubled`;
    console.log(`  ${verdict}: ${isKept ? 'kept' : 'MISSED'}\n`);
    return isKept ? [] : [`  ${name}: ${verdict}`];
  } finally {
    await redis.stop();
  }
}

function show({ name, most }: CostCase, value: number, unit: string): string[] {
  const isKept = value <= most;
  console.log(
    `${name}: ${value.toFixed(2)} ${unit}, wanted at most ${most}: ${isKept ? 'kept' : 'MISSED'}\n`,
  );
  return isKept ? [] : [`  ${name}: ${value.toFixed(2)} ${unit}, wanted at most ${most}`];
}

async function runLoad(flags: string): Promise<Measured> {
  const options = readOptions(flags.split(' '));
  if (typeof options === 'string') throw new Error(`no load: ${flags}`);
  const scene = await openScene(options);
  try {
    return await measure(scene, options);
  } finally {
    await scene.close();
  }
}

function cpuPerAnswer({ botCpuMs, answers }: Measured): number {
  return botCpuMs / answers;
}

/** The figures of a load with one way of asking. */
function figuresOf({ ways, tookMs, calls, refusals, otherViolations }: Measured): Figures {
  const tally = ways[0]?.tally;
  if (tally === undefined) throw new Error('nobody asked');
  if (otherViolations.length > 0) console.log(`  broken rules: ${[...new Set(otherViolations)].join('; ')}`);
  const { firstTextMs, endLagMs, wordsBehind, lost, doubled } = tally;
  return {
    firstTextMs,
    endLagMs,
    wordsBehind,
    lost,
    doubled,
    wallMs: tookMs,
    calls,
    refusals: refusals.length,
  };
}
