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
import { measureStaleness } from './staleness.ts';
import { measureStoreCalls } from './store-calls.ts';
import type { Row } from './support/row.ts';

/**
 * Every figure that the README quotes is printed here. `npm run bench`, about two minutes; `-- --race=100000` makes the race
 * for money that long: four times 100,000 requests.
 */
const measures = [
  measureInstall,
  measureStoreCalls,
  measurePromptCache,
  measureStaleness,
  measureFirstUpdate,
  measureMemory,
  measureCpu,
  measureJournal,
  measureFiles,
  measureLedgerRace,
  measureAcknowledgement,
];

// Simulated time: it needs no quiet machine.
if (process.argv.includes('--timeline')) {
  await drawTimelines();
  process.exit();
}
if (process.argv.includes('--pacing')) process.exit((await measurePacing()) ? 0 : 1);

console.log(
  `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}\n`,
);
const rows: Row[] = [];
for (const measure of measures) rows.push(...(await measure()));

const width = Math.max(...rows.map(({ name }) => name.length));
for (const { name, value, unit, wanted } of rows) {
  const verdict =
    wanted === null ? '' : `  wanted at most ${wanted} ${unit}${value > wanted ? ': MISSED' : ''}`;
  console.log(`${name.padEnd(width)}  ${value.toFixed(2).padStart(8)} ${unit.padEnd(3)}${verdict}`);
}
