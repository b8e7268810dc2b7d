import type { LimitReached } from './ledger.ts';
import { LIMITS } from './limits.ts';
import { formatUsd } from './money.ts';

const OWNERS = { user: 'You have', guild: 'This place has', installation: 'This bot has' } as const;
const PERIODS = { minute: 'this minute', day: 'today', month: 'this month' } as const;

/** A limit that a request would pass, for the person who asked: which one, how much is used, when it renews. */
export function explainLimit(reached: LimitReached, nowMs: number, timeZone: string): string {
  const { scope, unit, period } = LIMITS[reached.limit];
  const { used, most, needed, renewsAtMs } = reached;
  const isMoney = unit === 'nanoUsd';
  const amount = isMoney
    ? `${usdOrNothing(used)} of ${usdOrNothing(most)}`
    : `${used} of ${most} ${most === 1 ? 'request' : 'requests'}`;
  const cost = isMoney ? ` This question could cost up to ${usdOrNothing(needed)}.` : '';
  const renewal = `That renews ${renewalInWords(renewsAtMs, nowMs, timeZone)}.`;
  const way = isMoney ? ' A cheaper model or a shorter question may still fit.' : '';
  return `${OWNERS[scope]} used ${amount} for ${PERIODS[period]}.${cost} ${renewal}${way}`;
}

function usdOrNothing(nanoUsd: number): string {
  return nanoUsd === 0 ? '$0' : formatUsd(nanoUsd);
}

/** `in 20 seconds`, `at 00:00 (UTC), in 5 hours`, `on 1 December at 00:00 (UTC)`. */
function renewalInWords(atMs: number, nowMs: number, timeZone: string): string {
  const seconds = Math.max(1, Math.ceil((atMs - nowMs) / 1_000));
  if (seconds <= 90) return `in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' }).format(atMs);
  const hours = seconds / 3_600;
  if (hours > 24) {
    const day = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'long' }).format(atMs);
    return `on ${day} at ${time} (${timeZone})`;
  }
  const distance =
    hours < 1
      ? `${Math.ceil(seconds / 60)} minutes`
      : `${Math.round(hours)} ${Math.round(hours) === 1 ? 'hour' : 'hours'}`;
  return `at ${time} (${timeZone}), in ${distance}`;
}
