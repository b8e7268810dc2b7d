import { createDates } from '../kit/time/periods.ts';
import type { GuildId } from '../ports/actor.ts';
import type { OutcomeLog } from './outcomes.ts';

/** Outcomes of a guild's answers by one model on one day. */
export interface OutcomeRow extends OutcomeSum {
  /** ISO date in the installation's time zone. */
  readonly day: string;
  readonly guild: GuildId;
  readonly model: string;
}

export interface OutcomeSum {
  readonly answers: number;
  readonly failed: number;
  /** Failed answers by cause. */
  readonly failures: Readonly<Record<string, number>>;
  readonly firstTextMs: readonly number[];
}

const DAY_MS = 86_400_000;

/**
 * Outcomes since a day, by day, guild and model.
 * @param options.guild null for all guilds
 */
export async function readOutcomes(
  outcomes: Pick<OutcomeLog, 'query'>,
  options: { readonly guild: GuildId | null; readonly day: string; readonly timeZone: string },
): Promise<OutcomeRow[]> {
  const { guild, day: first, timeZone } = options;
  const dateOf = createDates(timeZone);
  const rows = new Map<
    string,
    { day: string; guild: GuildId; model: string; parts: Omit<OutcomeSum, 'failed'>[] }
  >();
  // No time zone is more than 14 hours off, so a day earlier is enough; the date check does the rest.
  const fromMs = Date.parse(first) - DAY_MS;
  for await (const found of outcomes.query({ ...(guild === null ? {} : { of: { guild } }), fromMs })) {
    const day = dateOf(found.atMs);
    if (day < first) continue;
    const key = JSON.stringify([day, found.guild, found.model]);
    const row = rows.get(key) ?? { day, guild: found.guild, model: found.model, parts: [] };
    row.parts.push(found);
    rows.set(key, row);
  }
  return [...rows.values()].map(({ parts, ...row }) => ({ ...row, ...outcomeOf(parts) }));
}

/** The sum of several groups. */
export function outcomeOf(parts: readonly Omit<OutcomeSum, 'failed'>[]): OutcomeSum {
  const failures: Record<string, number> = {};
  for (const part of parts) {
    for (const [cause, count] of Object.entries(part.failures))
      failures[cause] = (failures[cause] ?? 0) + count;
  }
  return {
    answers: parts.reduce((sum, part) => sum + part.answers, 0),
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    failures,
    firstTextMs: parts.flatMap((part) => part.firstTextMs),
  };
}

/** The time within which this percentage of answers began; null if none did. */
export function percentile(timesMs: readonly number[], percent: number): number | null {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

/** `3 of 40 (no_credit 2, timeout 1)`, most frequent cause first. */
export function failuresInWords({ answers, failed, failures }: OutcomeSum): string {
  if (failed === 0) return `0 of ${answers.toLocaleString('en-US')}`;
  const causes = Object.entries(failures)
    .toSorted(([, a], [, b]) => b - a)
    .map(([cause, count]) => `${cause} ${count.toLocaleString('en-US')}`);
  return `${failed.toLocaleString('en-US')} of ${answers.toLocaleString('en-US')} (${causes.join(', ')})`;
}
