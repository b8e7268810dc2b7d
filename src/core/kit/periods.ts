/** How long a limit counts before it begins anew. */
export type PeriodKind = 'minute' | 'day' | 'month';

interface Period {
  /** Names the period by its start: `2026-11-23T06:15Z`, `2026-11-23`, `2026-11`. */
  readonly key: string;
  /** When the next one begins, in milliseconds since the epoch. */
  readonly endMs: number;
}

/** Says which period a moment falls in. */
export type Periods = (kind: PeriodKind, atMs: number) => Period;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/** No step passes a whole period by: the shortest month has 28 days, and a day of 23 hours is passed in two. */
const STEP_MS = { day: DAY_MS / 2, month: 14 * DAY_MS } as const;

/**
 * Periods of the calendar in a time zone (IANA). A day with a change of the clocks has 23 or 25 hours; where the clocks
 * pass midnight by, it begins at the first moment of its date. Minutes are the same everywhere.
 *
 * @throws RangeError for a time zone that is not known.
 */
export function createPeriods(timeZone: string): Periods {
  // Swedish dates are written as ISO 8601 has them.
  const dates = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const keyOf = {
    day: (atMs: number) => dates.format(atMs),
    month: (atMs: number) => dates.format(atMs).slice(0, 7),
  };

  /** The first moment whose key is another one. */
  function endOf(kind: 'day' | 'month', key: string, atMs: number): number {
    let within = atMs;
    while (keyOf[kind](within + STEP_MS[kind]) === key) within += STEP_MS[kind];
    let beyond = within + STEP_MS[kind];
    while (beyond - within > 1) {
      const middle = Math.floor((within + beyond) / 2);
      if (keyOf[kind](middle) === key) within = middle;
      else beyond = middle;
    }
    return beyond;
  }

  /** Every request asks for the same periods: they are worked out once. */
  const current = new Map<PeriodKind, Period & { readonly knownFromMs: number }>();

  return (kind, atMs) => {
    if (kind === 'minute') {
      const startMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      return { key: `${new Date(startMs).toISOString().slice(0, 16)}Z`, endMs: startMs + MINUTE_MS };
    }
    const known = current.get(kind);
    if (known && known.knownFromMs <= atMs && atMs < known.endMs) return known;
    const key = keyOf[kind](atMs);
    const period = { key, endMs: endOf(kind, key, atMs), knownFromMs: atMs };
    current.set(kind, period);
    return period;
  };
}
