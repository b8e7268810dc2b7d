/** The period over which a limit counts. */
export type PeriodKind = 'minute' | keyof typeof CALENDAR;

interface Period {
  /** The period's start: `2026-11-23T06:15Z`, `2026-11-23`, `2026-11`. */
  readonly key: string;
  /** The start of the next period, in milliseconds since the epoch. */
  readonly endMs: number;
}

/** Finds the period that a moment falls in. */
export type Periods = (kind: PeriodKind, atMs: number) => Period;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Periods of dates. `keyOf` names the period of a date (`2026-11-23`), and no other kind has that name. `stepMs` is shorter
 * than any period of the kind: the shortest day has 23 hours, the shortest month 28 days.
 */
const CALENDAR = {
  day: { keyOf: (date: string) => date, stepMs: DAY_MS / 2 },
  month: { keyOf: (date: string) => date.slice(0, 7), stepMs: 14 * DAY_MS },
} as const;

/**
 * Calendar periods in an IANA time zone. On a clock change a day has 23 or 25 hours; if the change skips midnight, the day
 * begins at the first moment of its date. Minutes are the same everywhere.
 *
 * @throws RangeError for an unknown time zone
 */
export function createPeriods(timeZone: string): Periods {
  const dates = isoDates(timeZone);

  /** The first moment that has another key. */
  function endOf(kind: keyof typeof CALENDAR, key: string, atMs: number): number {
    const { keyOf, stepMs } = CALENDAR[kind];
    const isIn = (ms: number) => keyOf(dates.format(ms)) === key;
    let within = atMs;
    while (isIn(within + stepMs)) within += stepMs;
    let beyond = within + stepMs;
    while (beyond - within > 1) {
      const middle = Math.floor((within + beyond) / 2);
      if (isIn(middle)) within = middle;
      else beyond = middle;
    }
    return beyond;
  }

  /** Every request asks for the same periods, so the current ones are kept. */
  const current = new Map<PeriodKind, Period & { readonly knownFromMs: number }>();

  return (kind, atMs) => {
    if (kind === 'minute') {
      const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      return { key: `${new Date(startMs).toISOString().slice(0, 16)}Z`, endMs: startMs + MINUTE_MS };
    }
    const known = current.get(kind);
    if (known && known.knownFromMs <= atMs && atMs < known.endMs) return known;
    const key = CALENDAR[kind].keyOf(dates.format(atMs));
    const period = { key, endMs: endOf(kind, key, atMs), knownFromMs: atMs };
    current.set(kind, period);
    return period;
  };
}

/** Time zones differ by multiples of 15 minutes, so a date never changes within a quarter of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;

/** Returns a function that gives a moment's date in an IANA time zone, such as `2026-11-23`. */
export function createDates(timeZone: string): (atMs: number) => string {
  const dates = isoDates(timeZone);
  const known = new Map<number, string>();
  return (atMs) => {
    const quarter = Math.floor(atMs / QUARTER_MS);
    const date = known.get(quarter) ?? dates.format(quarter * QUARTER_MS);
    known.set(quarter, date);
    return date;
  };
}

/** The last `count` days, including this one, oldest first. */
export function lastDays(today: string, count: number): string[] {
  const endMs = Date.parse(today);
  return Array.from({ length: count }, (_, index) =>
    new Date(endMs - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** By time zone: creating one takes a fifth of a millisecond. */
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Writes dates as ISO 8601 does, in an IANA time zone.
 * @throws RangeError for an unknown time zone
 */
export function isoDates(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  // The Swedish locale writes them so.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
}
