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
  // The Swedish locale writes dates as ISO 8601 does.
  const dates = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });

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
