import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadOptions } from './options.ts';
import type { AskingWay } from './platform.ts';
import type { LoadProvider } from './provider.ts';
import type { Tally } from './tally.ts';

let questions = 0;

/**
 * Keeps so many answers going in one way, each followed by the next while there are to be more; `hasMore` is told how many there
 * were in that slot.
 */
export async function keepAsking(
  way: AskingWay,
  streams: number,
  tally: Tally,
  provider: LoadProvider,
  { rampSeconds, patienceSeconds }: LoadOptions,
  hasMore: (asked: number) => boolean,
): Promise<void> {
  async function ask(slot: number): Promise<void> {
    const question = `q${questions++}`;
    const written = provider.written(question);
    const askedAtMs = Date.now();
    const seen = await Promise.race([
      way.ask(`Question ${question}`, slot),
      sleep(patienceSeconds * 1_000, null),
    ]);
    if (seen === null) tally.miss();
    else tally.add(await written, seen, askedAtMs);
  }

  async function fill(slot: number): Promise<void> {
    await sleep((rampSeconds * 1_000 * slot) / streams);
    for (let asked = 0; hasMore(asked); asked++) await ask(slot);
  }

  await Promise.all(Array.from({ length: streams }, (_, slot) => fill(slot)));
}
