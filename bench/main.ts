import { availableParallelism, cpus } from 'node:os';
import { measureAcknowledgement } from './acknowledge.ts';
import { measureCpu } from './cpu.ts';
import { measureFiles } from './files.ts';
import { measureFirstUpdate } from './first-update.ts';
import { measureInstall } from './install.ts';
import { measureJournal } from './journal.ts';
import { measureLedgerRace } from './ledger-race.ts';
import { measureMemory } from './memory.ts';
import { drawTimelines, measurePacing } from './pacing/main.ts';
import { measurePromptCache } from './prompt-cache.ts';
import { measureRedisCommands } from './redis-commands.ts';
import { measureStaleness } from './staleness.ts';
import { measureStoreCalls } from './store-calls.ts';
import type { Row } from './support/row.ts';

/**
 * Every figure that the README quotes is printed here. `npm run bench`, about two minutes; `-- --only=files` for one measure;
 * `-- --race=100000` makes the race for money that long: four times 100,000 requests.
 */
const measures: Readonly<Record<string, () => Promise<Row[]>>> = {
  install: measureInstall,
  'store-calls': measureStoreCalls,
  'redis-commands': measureRedisCommands,
  'prompt-cache': measurePromptCache,
  staleness: measureStaleness,
  'first-update': measureFirstUpdate,
  memory: measureMemory,
  cpu: measureCpu,
  journal: measureJournal,
  files: measureFiles,
  'ledger-race': measureLedgerRace,
  acknowledgement: measureAcknowledgement,
};

// Simulated time: it needs no quiet machine.
if (process.argv.includes('--timeline')) {
  await drawTimelines();
  process.exit();
}
if (process.argv.includes('--pacing')) process.exit((await measurePacing()) ? 0 : 1);

console.log(
  `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}\n`,
);
const only = process.argv.find((each) => each.startsWith('--only='))?.slice('--only='.length);
if (only !== undefined && !Object.hasOwn(measures, only)) {
  throw new Error(`--only takes one of ${Object.keys(measures).join(', ')}`);
}
const rows: Row[] = [];
for (const [name, measure] of Object.entries(measures)) {
  if (only === undefined || only === name) rows.push(...(await measure()));
}

const width = Math.max(...rows.map(({ name }) => name.length));
for (const { name, value, unit, wanted } of rows) {
  const verdict =
    wanted === null ? '' : `  wanted at most ${wanted} ${unit}${value > wanted ? ': MISSED' : ''}`;
  console.log(`${name.padEnd(width)}  ${value.toFixed(2).padStart(8)} ${unit.padEnd(3)}${verdict}`);
}
