import { usdOrNothing } from './limit-words.ts';
import type { UsageLog, UsageRecord } from './usage.ts';

/** What somebody used of a model on a day. */
export interface UsageRow extends Pick<UsageRecord, 'guild' | 'user' | 'model' | 'payer'>, UsageSum {
  /** ISO date in the installation's time zone. */
  readonly day: string;
  /** The person's newest name. */
  readonly userName: string;
}

export interface UsageSum {
  readonly requests: number;
  readonly costNanoUsd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

const DAY_MS = 24 * 3_600_000;
/** Time zones differ by quarters of an hour, so that a date never changes within one. */
const QUARTER_MS = 15 * 60_000;

/** Says the date of a moment, as `2026-11-23`. */
export function createDates(timeZone: string): (atMs: number) => string {
  // Swedish dates are written as ISO 8601 has them.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const known = new Map<number, string>();
  return (atMs) => {
    const quarter = Math.floor(atMs / QUARTER_MS);
    const date = known.get(quarter) ?? format.format(quarter * QUARTER_MS);
    known.set(quarter, date);
    return date;
  };
}

/** The last days up to and with this one, oldest first. */
export function lastDays(today: string, count: number): string[] {
  const endMs = Date.parse(today);
  return Array.from({ length: count }, (_, index) =>
    new Date(endMs - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** What was used since a day, summed by day, person, model and payer; newest day first. */
export async function usageSince(
  usage: UsageLog,
  query: Pick<Parameters<UsageLog['query']>[0], 'of'> & { readonly day: string },
  dateOf: (atMs: number) => string,
): Promise<UsageRow[]> {
  const rows = new Map<string, UsageRow>();
  // No time zone is more than 14 hours off: a day earlier is early enough, and the date decides.
  const fromMs = Date.parse(query.day) - DAY_MS;
  for await (const record of usage.query({ ...(query.of ? { of: query.of } : {}), fromMs })) {
    const { guild, user, userName = user, model, payer, atMs } = record;
    const day = dateOf(atMs);
    if (day < query.day) continue;
    const key = JSON.stringify([day, guild, user, model, payer]);
    const row = rows.get(key) ?? { day, guild, user, userName, model, payer, ...NOTHING };
    rows.set(key, { ...row, ...plus(row, { ...record, requests: 1 }) });
  }
  return [...rows.values()];
}

const NOTHING: UsageSum = { requests: 0, costNanoUsd: 0, promptTokens: 0, completionTokens: 0 };

function plus(one: UsageSum, other: UsageSum): UsageSum {
  return {
    requests: one.requests + other.requests,
    costNanoUsd: one.costNanoUsd + other.costNanoUsd,
    promptTokens: one.promptTokens + other.promptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
  };
}

/** `3 requests · 1,234 tokens · $0.02`. */
export function sumInWords({ requests, costNanoUsd, promptTokens, completionTokens }: UsageSum): string {
  if (requests === 0) return 'nothing';
  const tokens = (promptTokens + completionTokens).toLocaleString('en-US');
  const count = `${requests.toLocaleString('en-US')} ${requests === 1 ? 'request' : 'requests'}`;
  return `${count} · ${tokens} tokens · ${usdOrNothing(costNanoUsd)}`;
}

export function sumOf(rows: readonly UsageSum[]): UsageSum {
  return rows.reduce(plus, NOTHING);
}

/** Rows that have a key in common, the dearest first, and the busiest first of equals. */
export function groupsOf(
  rows: readonly UsageRow[],
  keyOf: (row: UsageRow) => string,
): { readonly key: string; readonly rows: readonly UsageRow[]; readonly sum: UsageSum }[] {
  const groups = Map.groupBy(rows, keyOf);
  return Array.from(groups, ([key, members]) => ({ key, rows: members, sum: sumOf(members) })).toSorted(
    (a, b) => b.sum.costNanoUsd - a.sum.costNanoUsd || b.sum.requests - a.sum.requests,
  );
}

const COLUMNS = {
  day: ({ day }) => day,
  guild: ({ guild }) => guild,
  user: ({ user }) => user,
  name: ({ userName }) => userName,
  model: ({ model }) => model,
  payer: ({ payer }) => payer,
  requests: ({ requests }) => requests,
  prompt_tokens: ({ promptTokens }) => promptTokens,
  completion_tokens: ({ completionTokens }) => completionTokens,
  cost_usd: ({ costNanoUsd }) => (costNanoUsd / 1e9).toFixed(9),
} as const satisfies Record<string, (row: UsageRow) => string | number>;

/** Rows as CSV (RFC 4180), of at most so many characters: older rows are left out then. */
export function usageCsv(
  rows: readonly UsageRow[],
  maxChars: number,
): { readonly csv: string; readonly left: number } {
  const lines = [Object.keys(COLUMNS).join(',')];
  let chars = 0;
  for (const [index, row] of rows.entries()) {
    const line = Object.values(COLUMNS)
      .map((column) => cell(column(row)))
      .join(',');
    chars += line.length;
    if (chars > maxChars) return { csv: `${lines.join('\r\n')}\r\n`, left: rows.length - index };
    lines.push(line);
  }
  return { csv: `${lines.join('\r\n')}\r\n`, left: 0 };
}

/** Names are people's own choice: one that spreadsheets would take for a formula is written as the text that it is. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
