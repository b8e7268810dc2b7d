import { setTimeout as sleep } from 'node:timers/promises';
import { createFloor, createSubject } from './streams.ts';

/**
 * `node cpu-worker.ts <floor|subject> <url> <streams> <rounds>`: runs so many streams side by side, round after round, and prints
 * the CPU time of each in milliseconds, as a list in JSON. A round before them is not counted.
 */

const [kind, url = '', streams, rounds] = process.argv.slice(2);
const stream = (kind === 'floor' ? createFloor : createSubject)(url);
const never = new AbortController().signal;

/** Streams start one after the other over this time, as people do, rather than in step. */
const START_MS = 500;

async function cpuMsOfRound(round: number): Promise<number> {
  const before = process.cpuUsage();
  const all = Array.from({ length: Number(streams) }, async (_, index) => {
    await sleep((START_MS * index) / Number(streams));
    await stream(`s${index}-${round}`, never);
  });
  await Promise.all(all);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

// The waits of the engine do not hold a process open; what a bot is connected to does.
setInterval(() => {}, 60_000);

await cpuMsOfRound(0); // Until the engine has compiled what is hot.
const roundsMs: number[] = [];
for (let round = 1; round <= Number(rounds); round++) roundsMs.push(await cpuMsOfRound(round));
console.log(JSON.stringify(roundsMs));
process.exit(0);
