import { steadyClock, systemClock } from '../core/kit/clock.ts';
import type { StoreDependencies } from './shared.ts';

/** A clock that is wrong is put right within this; what expired by it alone is not forgotten before. */
const DOUBT_MS = 3_600_000;

interface Sample {
  readonly wallMs: number;
  readonly steadyMs: number;
}

/** Up to when what has expired may be forgotten, in milliseconds since the epoch; null if it is not known yet. */
export type TrustedTime = () => number | null;

/**
 * The lowest time that the clock showed within the last hour, with what passed since; null in the first hour. So a clock that jumps
 * forward and back forgets nothing.
 */
export function createTrustedTime({
  clock,
  steadyClock: steady = clock === systemClock ? steadyClock : clock,
}: Pick<StoreDependencies, 'clock' | 'steadyClock'>): TrustedTime {
  const sample = (): Sample => ({ wallMs: clock.now(), steadyMs: steady.now() });
  let samples: readonly Sample[] = [sample()];

  return () => {
    const now = sample();
    const isOld = ({ steadyMs }: Sample) => steadyMs <= now.steadyMs - DOUBT_MS;
    // The newest of the old ones stays: the next may be long after it.
    const before = samples.findLast(isOld);
    samples = [...samples.filter((one) => one === before || !isOld(one)), now];
    if (before === undefined) return null;
    return Math.min(...samples.map(({ wallMs, steadyMs }) => wallMs + now.steadyMs - steadyMs));
  };
}
