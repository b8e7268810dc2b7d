import { steadyClock, systemClock } from '../core/kit/time/clock.ts';
import type { StoreDependencies } from './shared.ts';

/** A wrong clock is corrected within this time. Until then nothing is deleted only because that clock says it has expired. */
const DOUBT_MS = 3_600_000;

interface Sample {
  readonly wallMs: number;
  readonly steadyMs: number;
}

/** The time up to which expired entries may be deleted, in milliseconds since the epoch; null if unknown yet. */
export type TrustedTime = () => number | null;

/** The clock's lowest time in the last hour, plus the time since; null in the first. So a jump forth and back deletes nothing. */
export function createTrustedTime({
  clock,
  steadyClock: steady = clock === systemClock ? steadyClock : clock,
}: Pick<StoreDependencies, 'clock' | 'steadyClock'>): TrustedTime {
  const sample = (): Sample => ({ wallMs: clock.now(), steadyMs: steady.now() });
  let samples: readonly Sample[] = [sample()];

  return () => {
    const now = sample();
    const isOld = ({ steadyMs }: Sample) => steadyMs <= now.steadyMs - DOUBT_MS;
    // The newest old sample stays, because the next one may be much later.
    const before = samples.findLast(isOld);
    samples = [...samples.filter((one) => one === before || !isOld(one)), now];
    if (before === undefined) return null;
    return Math.min(...samples.map(({ wallMs, steadyMs }) => wallMs + now.steadyMs - steadyMs));
  };
}
