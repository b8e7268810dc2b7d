import type { Clock } from '../../../src/core/kit/time/clock.ts';

const DISCORD_EPOCH_MS = 1_420_070_400_000n;
const SEQUENCE_BITS = 22n;

/** Makes ids like Discord's: the time they were made at in the upper bits, so that they sort by age. */
export function createSnowflakes(clock: Clock): () => string {
  let last = 0n;
  return () => {
    const fromClock = (BigInt(clock.now()) - DISCORD_EPOCH_MS) << SEQUENCE_BITS;
    last = fromClock > last ? fromClock : last + 1n;
    return last.toString();
  };
}

/** When the thing with this id was made, in milliseconds since the Unix epoch. */
export function snowflakeTimeMs(id: string): number {
  return Number((BigInt(id) >> SEQUENCE_BITS) + DISCORD_EPOCH_MS);
}
