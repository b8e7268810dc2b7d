import { globSync, lstatSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchProgram } from '../test/support/program.ts';
import { cpuMsOf } from './load/bot.ts';
import { quantile, type Row } from './support/row.ts';

const STARTS = 5;

/** The size of an install by `npm ci --omit=dev`, and how soon Parley is ready for the first time and afterwards. */
export async function measureInstall(): Promise<Row[]> {
  return [...installedSize(), ...(await startTime())];
}

/** The size of the packages that Parley runs with, as the disk counts it. The largest stand apart. */
function installedSize(): Row[] {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  const sizes = Object.entries(lock.packages)
    // The optional ones are Node itself, for each system.
    .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
    .map(([path]) => ({ path, megabytes: megabytesOn(path) }))
    .sort((one, other) => other.megabytes - one.megabytes);
  const sum = sizes.reduce((total, { megabytes }) => total + megabytes, 0);
  return [
    { name: 'packages of an install, without Node', value: sum, unit: 'MB', wanted: 90 },
    ...sizes
      .filter(({ megabytes }) => megabytes >= 4)
      .map(({ path, megabytes }) => ({
        name: `… ${path.replace('node_modules/', '')}`,
        value: megabytes,
        unit: 'MB',
        wanted: null,
      })),
  ];
}

function megabytesOn(path: string): number {
  const entries = globSync('**/*', { cwd: path, exclude: (name) => name === 'node_modules' });
  return (
    ['.', ...entries].reduce((sum, entry) => sum + lstatSync(join(path, entry)).blocks * 512, 0) / 2 ** 20
  );
}

/** The demo on an empty folder. Other work on the machine shows in the time, hardly in the CPU time. */
async function startTime(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, isWarm] of [
    ['first', false],
    ['later', true],
  ] as const) {
    const times: number[] = [];
    const cpuTimes: number[] = [];
    const cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
    for (let start = 0; start < STARTS; start++) {
      const folder = await mkdtemp(join(tmpdir(), 'parley-start-'));
      const startedAt = performance.now();
      const run = launchProgram(folder, { NODE_COMPILE_CACHE: isWarm ? cache : join(folder, 'cache') });
      await run.ready;
      times.push((performance.now() - startedAt) / 1_000);
      cpuTimes.push(cpuMsOf(run.pid) / 1_000);
      // Node writes the cache as it ends.
      run.signal('SIGTERM');
      await run.exited;
      await rm(folder, { recursive: true, force: true });
    }
    await rm(cache, { recursive: true, force: true });
    rows.push(
      {
        name: `${name} start until ready`,
        value: quantile(times, 0.5),
        unit: 's',
        wanted: isWarm ? null : 0.8,
      },
      { name: `${name} start until ready, CPU`, value: quantile(cpuTimes, 0.5), unit: 's', wanted: null },
    );
  }
  return rows;
}
