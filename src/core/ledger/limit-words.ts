import { formatUsd, parseNanoUsd } from '../kit/money.ts';
import { counted, upperFirst } from '../kit/text/text.ts';
import type { PeriodKind } from '../kit/time/periods.ts';
import { type CountedUnit, LIMITS, type LimitName } from '../ports/limits.ts';
import { type Platform, platformRow } from '../ports/platforms.ts';
import type { Level, LimitReached } from './ledger.ts';

/** The words for a period: "the … limit", and "3 of 20 requests …". */
export const PERIOD_WORDS: Readonly<Record<PeriodKind, { readonly kind: string; readonly current: string }>> =
  {
    minute: { kind: 'per-minute', current: 'this minute' },
    day: { kind: 'daily', current: 'today' },
    month: { kind: 'monthly', current: 'this month' },
  };

/** The words for the counted thing: one, and several. */
const UNIT_WORDS: Readonly<Record<CountedUnit, readonly [one: string, several: string]>> = {
  requests: ['request', 'requests'],
  attempts: ['request', 'requests'],
};

const SHARED_BY = { user: '', guild: ' for everyone here', installation: ' for the whole bot' } as const;

/** The reader of a limit, and the time of reading. */
export interface Reader {
  readonly nowMs: number;
  /** The time zone for times, if the platform does not know the reader's own. */
  readonly timeZone: string;
  /** The platform on which it is read; null for the operator's log and pages. */
  readonly platform: Platform | null;
}

/** Tells the person who asked why a request was refused: the limit, and when it resets. */
export function explainLimit(reached: LimitReached, reader: Reader): string {
  const { limit, used, setAside, most, needed } = reached;
  const { unit, period } = LIMITS[limit];
  const resets = `It resets ${resetInWords(reached.renewsAtMs, reader)}.`;
  const size = limitSize(limit, most);
  if (unit !== 'nanoUsd' || (used >= most && setAside === 0))
    return `${upperFirst(PERIOD_WORDS[period].kind)} limit reached (${size}). ${resets}`;
  const left = usdOrNothing(Math.max(0, most - used));
  const reserved =
    setAside > 0
      ? ` ${usdOrNothing(setAside)} is reserved for answers in progress: try again when they are done.`
      : '';
  return `This question could cost up to ${usdOrNothing(needed)}, but only ${left} of the ${PERIOD_WORDS[period].kind} limit (${size}) is left. ${resets} A cheaper model or a shorter question may still fit.${reserved}`;
}

/** The present use of a limit, and when it resets. */
export function levelInWords({ limit, used, most, renewsAtMs }: Level, reader: Reader): string {
  const { scope, period } = LIMITS[limit];
  const use = `${useInWords(limit, used, most)} used (${PERIOD_WORDS[period].kind} limit${SHARED_BY[scope]}).`;
  return `${use} It resets ${resetInWords(renewsAtMs, reader)}.`;
}

function limitSize(limit: LimitName, most: number): string {
  return `${amountInWords(limit, most)}${SHARED_BY[LIMITS[limit].scope]}`;
}

/** `$1.20 of $5.00`, `3 of 20 requests`; without a limit just the use. */
export function useInWords(limit: LimitName, used: number, most: number | null): string {
  if (most === null) return amountInWords(limit, used);
  const isMoney = LIMITS[limit].unit === 'nanoUsd';
  return `${isMoney ? usdOrNothing(used) : used.toLocaleString('en-US')} of ${amountInWords(limit, most)}`;
}

/** `$5.00`, `1 request`, `20 requests`. */
export function amountInWords(limit: LimitName, most: number): string {
  const { unit } = LIMITS[limit];
  if (unit === 'nanoUsd') return usdOrNothing(most);
  return counted(most, ...UNIT_WORDS[unit]);
}

type ParsedAmount =
  | { readonly ok: true; readonly most: number }
  | { readonly ok: false; readonly problem: string };

const MOST_COUNTED = 1_000_000;
const MOST_USD = 1_000_000;

/** Reads the value of a limit as people write it: `5`, `$5`, `0.50 USD`, `1,000`. `problem` is a sentence for them. */
export function parseAmount(limit: LimitName, text: string): ParsedAmount {
  const { unit } = LIMITS[limit];
  const digits =
    /^(?:US)?(\$)?\s*(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(\$|USD|dollars?)?$/i.exec(
      text.trim(),
    );
  const problem = (what: string): ParsedAmount => ({ ok: false, problem: what });
  if (digits === null) {
    return problem(
      unit === 'nanoUsd'
        ? 'The amount must be in US dollars, such as `5`, `$5` or `0.50`.'
        : `The amount must be a whole number of ${UNIT_WORDS[unit][1]}, such as \`20\`.`,
    );
  }
  const [, before, number = '', after] = digits;
  const plain = number.replaceAll(',', '');
  if (unit !== 'nanoUsd') {
    const [, several] = UNIT_WORDS[unit];
    if (before || after)
      return problem(`This limit counts ${several}, not dollars. Use a whole number such as \`20\`.`);
    if (plain.includes('.')) return problem(`${upperFirst(several)} must be a whole number such as \`20\`.`);
    if (Number(plain) > MOST_COUNTED) return problem(`The maximum is 1,000,000 ${several}.`);
    return { ok: true, most: Number(plain) };
  }
  const most = parseNanoUsd(plain);
  if (most === null || most > MOST_USD * 1e9) return problem('The maximum is $1,000,000.');
  return { ok: true, most };
}

export function usdOrNothing(nanoUsd: number): string {
  return nanoUsd === 0 ? '$0' : formatUsd(nanoUsd);
}

function resetInWords(atMs: number, { nowMs, timeZone, platform }: Reader): string {
  const words = timeInWords(atMs, nowMs, timeZone);
  return (platform && platformRow(platform).moment(atMs, nowMs, words)) ?? words;
}

/** `in 20 seconds`, `at 00:00 (UTC), in 5 hours`, `on 1 December at 00:00 (UTC)`. */
function timeInWords(atMs: number, nowMs: number, timeZone: string): string {
  const seconds = Math.max(1, Math.ceil((atMs - nowMs) / 1_000));
  if (seconds <= 90) return `in ${counted(seconds, 'second', 'seconds')}`;
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' }).format(atMs);
  const hours = seconds / 3_600;
  if (hours > 24) {
    const day = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'long' }).format(atMs);
    return `on ${day} at ${time} (${timeZone})`;
  }
  const distance =
    hours < 1 ? `${Math.ceil(seconds / 60)} minutes` : counted(Math.round(hours), 'hour', 'hours');
  return `at ${time} (${timeZone}), in ${distance}`;
}
