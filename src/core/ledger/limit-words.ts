import { formatUsd, parseNanoUsd } from '../kit/money.ts';
import { LIMITS, type LimitName } from '../ports/limits.ts';
import type { Level, LimitReached } from './ledger.ts';

const OWNERS = { user: 'You have', guild: 'This place has', installation: 'This bot has' } as const;
const PERIODS = { minute: 'this minute', day: 'today', month: 'this month' } as const;

/** A limit that a request would pass, for the person who asked: which one, how much is used, when it renews. */
export function explainLimit(reached: LimitReached, nowMs: number, timeZone: string): string {
  const { needed, setAside } = reached;
  const isMoney = LIMITS[reached.limit].unit === 'nanoUsd';
  const cost = isMoney ? ` This question could cost up to ${usdOrNothing(needed)}.` : '';
  const later =
    setAside > 0
      ? `, and so may this one once answers that are being written are done: ${usdOrNothing(setAside)} is set aside for them`
      : '';
  const way = isMoney ? ` A cheaper model or a shorter question may still fit${later}.` : '';
  const { use, renewal } = levelParts(reached, nowMs, timeZone);
  return `${use}${cost} ${renewal}${way}`;
}

/** How far a limit is used up, and when it renews. */
export function levelInWords(level: Level, nowMs: number, timeZone: string): string {
  const { use, renewal } = levelParts(level, nowMs, timeZone);
  return `${use} ${renewal}`;
}

function levelParts({ limit, used, most, renewsAtMs }: Level, nowMs: number, timeZone: string) {
  const { scope, period } = LIMITS[limit];
  return {
    use: `${OWNERS[scope]} used ${useInWords(limit, used, most)} for ${PERIODS[period]}.`,
    renewal: `That renews ${renewalInWords(renewsAtMs, nowMs, timeZone)}.`,
  };
}

/** `$1.20 of $5.00`, `3 of 20 requests`; where there is no limit what is used alone. */
export function useInWords(limit: LimitName, used: number, most: number | null): string {
  if (most === null) return amountInWords(limit, used);
  const isMoney = LIMITS[limit].unit === 'nanoUsd';
  return `${isMoney ? usdOrNothing(used) : used.toLocaleString('en-US')} of ${amountInWords(limit, most)}`;
}

/** `$5.00`, `1 request`, `20 requests`. */
export function amountInWords(limit: LimitName, most: number): string {
  if (LIMITS[limit].unit === 'nanoUsd') return usdOrNothing(most);
  return `${most.toLocaleString('en-US')} ${most === 1 ? 'request' : 'requests'}`;
}

type ParsedAmount =
  | { readonly ok: true; readonly most: number }
  | { readonly ok: false; readonly problem: string };

const MOST_REQUESTS = 1_000_000;
const MOST_USD = 1_000_000;

/** Reads the most of a limit as people write it: `5`, `$5`, `0.50 USD`, `1,000`. The problem is a sentence for them. */
export function parseAmount(limit: LimitName, text: string): ParsedAmount {
  const isMoney = LIMITS[limit].unit === 'nanoUsd';
  const digits =
    /^(?:US)?(\$)?\s*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(\$|USD|dollars?)?$/i.exec(
      text.trim(),
    );
  const problem = (what: string): ParsedAmount => ({ ok: false, problem: what });
  if (digits === null) {
    return problem(
      isMoney
        ? 'The amount must be in US dollars, such as `5`, `$5` or `0.50`.'
        : 'The amount must be a whole number of requests, such as `20`.',
    );
  }
  const [, before, number = '', after] = digits;
  const plain = number.replaceAll(',', '');
  if (!isMoney) {
    if (before || after)
      return problem('This limit counts requests, not dollars: give a whole number such as `20`.');
    if (plain.includes('.'))
      return problem('There are no parts of requests: give a whole number such as `20`.');
    if (Number(plain) > MOST_REQUESTS) return problem('A million requests is the most that can be set.');
    return { ok: true, most: Number(plain) };
  }
  const most = parseNanoUsd(plain);
  if (most === null || most > MOST_USD * 1e9)
    return problem('A million dollars is the most that can be set.');
  return { ok: true, most };
}

export function usdOrNothing(nanoUsd: number): string {
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
