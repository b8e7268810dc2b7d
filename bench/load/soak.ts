import { keepAsking } from './asking.ts';
import type { Holdings, LoadBot } from './bot.ts';
import { print } from './load.ts';
import type { LoadOptions } from './options.ts';
import type { Scene } from './scene.ts';
import { readStored, type Stored } from './stored.ts';
import { createTally } from './tally.ts';

/** The bot's holdings after a round. */
interface Round extends Holdings {
  readonly stored: Stored;
  readonly tookMs: number;
}

/** The share by which the heap may grow per round, after a collection: caches that fill and code that is compiled. */
const MOST_GROWTH = 0.01;
/** Connections that happen to be kept alive at that moment. */
const SPARE_HANDLES = 2;

/**
 * Asks as many questions as the options say, round by round, lets the bot rest after each, and prints what grew. Resolves to
 * whether nothing did but what the store keeps until its time is over.
 */
export async function soak(
  scene: Scene,
  options: LoadOptions,
  { rounds, answersPerRound }: NonNullable<LoadOptions['soak']>,
): Promise<boolean> {
  const { provider } = scene;
  const bot = scene.bots[0] as LoadBot;
  const ways = scene.ways.map((each) => ({ ...each, tally: createTally(provider, options) }));
  const taken: Round[] = [];
  console.log(`${rounds} rounds of ${answersPerRound} answers of ${provider.wordsPerAnswer} words\n`);
  console.log('round  seconds   heap MB  outside MB  handles  open claims, reservations  locks  store MB');
  for (let round = 1; round <= rounds; round++) {
    let left = answersPerRound;
    const sinceMs = performance.now();
    await Promise.all(
      ways.map(({ way, streams, tally }) =>
        keepAsking(way, streams, tally, provider, options, () => left-- > 0),
      ),
    );
    const tookMs = performance.now() - sinceMs;
    const now = { ...(await bot.holdings()), stored: readStored(scene.databasePath), tookMs };
    taken.push(now);
    console.log(lineOf(round, now));
  }

  const [first, second] = taken;
  const last = taken.at(-1);
  if (first === undefined || second === undefined || last === undefined) throw new Error('no rounds');
  // The first one fills caches and compiles what is hot.
  const perRound = slope(taken.slice(1).map(({ heapBytes }) => heapBytes)) / second.heapBytes;
  const answers = answersPerRound * (rounds - 1);
  const bytesPerAnswer = (last.stored.bytes - first.stored.bytes) / answers;
  const isWell = {
    words: ways.every(({ tally }) => tally.lost + tally.doubled === 0),
    heap: perRound <= MOST_GROWTH,
    handles: last.handles <= second.handles + SPARE_HANDLES,
    claims: last.stored.openClaims + last.stored.reservations === 0,
  };
  const verdict = (good: boolean) => (good ? 'good' : 'NOT GOOD');
  console.log('');
  print([
    ['words', `${sum(ways, 'lost')} lost, ${sum(ways, 'doubled')} doubled: ${verdict(isWell.words)}`],
    ['heap', `${(perRound * 100).toFixed(2)} % a round from the second on: ${verdict(isWell.heap)}`],
    [
      'handles',
      `${second.handles} after the second round, ${last.handles} after the last: ${verdict(isWell.handles)}`,
    ],
    [
      'open claims and reservations',
      `${last.stored.openClaims + last.stored.reservations}: ${verdict(isWell.claims)}`,
    ],
    ['store', `${Math.round(bytesPerAnswer)} bytes an answer: ${storedWords(first, last, answers)}`],
    ['memory', `${Math.round(bot.residentBytes().peak / 1e6)} MB at the peak`],
  ]);
  return Object.values(isWell).every(Boolean);
}

/** How much the values rise from each to the next, by least squares; 0 of a single one. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const rise = values.reduce((total, value, index) => total + (index - middle) * (value - mean), 0);
  const run = values.reduce((total, _, index) => total + (index - middle) ** 2, 0);
  return run === 0 ? 0 : rise / run;
}

function sum(
  ways: readonly { readonly tally: { lost: number; doubled: number } }[],
  what: 'lost' | 'doubled',
) {
  return ways.reduce((total, { tally }) => total + tally[what], 0);
}

/** The rows that the store keeps of an answer, and how long it is meant to keep them. */
function storedWords(first: Round, last: Round, answers: number): string {
  const rows = (what: 'claims' | 'values' | 'records' | 'counters') =>
    ((last.stored[what] - first.stored[what]) / answers).toFixed(2);
  return `${rows('claims')} claims (a day), ${rows('values')} values and ${rows('records')} records (RETENTION_DAYS), ${rows('counters')} counters`;
}

function lineOf(round: number, { heapBytes, externalBytes, handles, stored, tookMs }: Round): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  return [
    String(round).padStart(5),
    (tookMs / 1_000).toFixed(0).padStart(7),
    mb(heapBytes).padStart(8),
    mb(externalBytes).padStart(10),
    String(handles).padStart(7),
    `${stored.openClaims}, ${stored.reservations}`.padStart(25),
    String(stored.locks).padStart(5),
    mb(stored.bytes).padStart(8),
  ].join('  ');
}
