import { setTimeout as sleep } from 'node:timers/promises';
import { createFloor, createSubject } from './streams.ts';

/**
 * `node cpu-worker.ts <floor|subject> <url> <streams> <rounds>`: runs so many streams side by side, one round after the other, and
 * prints the CPU time that they took, in milliseconds. A round before them is not counted.
 */

const [kind, url = '', streams, rounds] = process.argv.slice(2);
const stream = (kind === 'floor' ? createFloor : createSubject)(url);
const never = new AbortController().signal;

/** Streams start one after the other over this time, as people do, rather than in step. */
const START_MS = 1_000;

async function run(roundCount: number): Promise<void> {
  const slots = Array.from({ length: Number(streams) }, async (_, slot) => {
    await sleep((START_MS * slot) / Number(streams));
    for (let round = 0; round < roundCount; round++) await stream(`s${slot}-${round}`, never);
  });
  await Promise.all(slots);
}

// The waits of the engine do not hold a process open; what a bot is connected to does.
setInterval(() => {}, 60_000);

await run(1); // Until the engine has compiled what is hot.
const before = process.cpuUsage();
await run(Number(rounds));
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1_000);
process.exit(0);
