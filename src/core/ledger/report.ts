import { counted } from '../kit/text/text.ts';
import type { Clock } from '../kit/time/clock.ts';
import { createDates, lastDays } from '../kit/time/periods.ts';
import { AUTOMATIC } from '../ports/automatic.ts';
import type { LedgerStore, RecordQuery } from '../ports/store.ts';
import type { FeedbackLog } from './feedback.ts';
import { usdOrNothing } from './limit-words.ts';
import type { UsageLog, UsageRecord } from './usage.ts';

/** A person's use of a model on one day. */
export interface UsageRow extends Pick<UsageRecord, 'guild' | 'user' | 'model' | 'payer' | 'kind'>, UsageSum {
  /** ISO date in the installation's time zone. */
  readonly day: string;
  /** The person's latest display name. */
  readonly userName: string;
}

export interface UsageSum {
  /** Includes unsettled requests, as the limits do. */
  readonly requests: number;
  /** The booked cost. */
  readonly costNanoUsd: number;
  /** How many of `requests` are not settled: they run, or their provider has not named the price. */
  readonly unsettled: number;
  /** The highest cost of all that is not settled, automatic requests included. */
  readonly unsettledNanoUsd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Answers rated good on that day. */
  readonly good: number;
  readonly bad: number;
  /** The joint cost of rated answers with a known price, and the number of good ones among them. */
  readonly ratedNanoUsd: number;
  readonly pricedGood: number;
}

const DAY_MS = 24 * 3_600_000;
/** The sources of requests: settled ones in the log, others in the ledger. */
export interface UsageSources {
  readonly usage: Pick<UsageLog, 'query'>;
  readonly ledger: Pick<LedgerStore, 'openReservations'>;
  /** People's feedback on answers; left out if it is not needed. */
  readonly feedback?: Pick<FeedbackLog, 'query'>;
}

/** Use since a day by day, person, model and payer, newest day first. Unsettled requests count, as they do for limits. */
export async function usageSince(
  { usage, ledger, feedback }: UsageSources,
  query: Pick<RecordQuery, 'of'> & { readonly day: string },
  dateOf: (atMs: number) => string,
): Promise<UsageRow[]> {
  const rows = new Map<string, UsageRow>();
  function add(
    request: Omit<UsageRecord, keyof UsageSum | 'id' | 'basis' | 'provider'>,
    sum: UsageSum,
  ): void {
    const { guild, user, userName = user, model, payer, kind, atMs } = request;
    const day = dateOf(atMs);
    if (day < query.day) return;
    const key = JSON.stringify([day, guild, user, model, payer, kind]);
    const row = rows.get(key) ?? {
      day,
      guild,
      user,
      userName,
      model,
      payer,
      ...(kind && { kind }),
      ...NOTHING,
    };
    rows.set(key, { ...row, ...plus(row, sum) });
  }

  // Read before the log: a request settled in between is in both and counts as settled.
  const open = new Map(
    (await ledger.openReservations(query.of)).map((reservation) => [reservation.id, reservation]),
  );
  // No time zone is more than 14 hours off, so a day earlier is enough; the date check does the rest.
  const recent = { ...(query.of && { of: query.of }), fromMs: Date.parse(query.day) - DAY_MS };
  for await (const record of usage.query(recent)) {
    open.delete(record.id);
    const { costNanoUsd, promptTokens, completionTokens } = record;
    const requests = requestsIn(record);
    add(record, { ...NOTHING, requests, costNanoUsd, promptTokens, completionTokens });
  }
  for (const { entry, madeAtMs, reserved } of open.values()) {
    const requests = requestsIn(entry);
    const sum = { ...NOTHING, requests, unsettled: requests, unsettledNanoUsd: reserved.nanoUsd };
    add({ ...entry, atMs: madeAtMs }, sum);
  }
  for await (const { bill, verdict, ...words } of feedback?.query(recent) ?? []) {
    const rated = { good: verdict === 'good' ? 1 : 0, bad: verdict === 'bad' ? 1 : 0 };
    const priced = bill && { ratedNanoUsd: bill.costNanoUsd, pricedGood: rated.good };
    add({ ...words, payer: bill?.payer ?? 'operator' }, { ...NOTHING, ...rated, ...priced });
  }
  return [...rows.values()].toSorted((a, b) => b.day.localeCompare(a.day));
}

/** Use of the last days, of today and of this month, for `/usage`, the dashboard and the command line. */
export interface UsageReport {
  readonly today: string;
  /** The last days including today, oldest first. */
  readonly days: readonly string[];
  /** Rows of these days, newest day first. */
  readonly rows: readonly UsageRow[];
  readonly sums: Readonly<Record<'today' | 'month' | 'days', UsageSum>>;
}

/**
 * @param guild null for all guilds
 * @param count the number of days, today included
 */
export async function readUsage(
  sources: UsageSources & { readonly clock: Pick<Clock, 'now'>; readonly timeZone: string },
  guild: UsageRow['guild'] | null,
  count: number,
): Promise<UsageReport> {
  const dateOf = createDates(sources.timeZone);
  const today = dateOf(sources.clock.now());
  const days = lastDays(today, count);
  const first = days[0] ?? today;
  const month = `${today.slice(0, 7)}-01`;
  const of = guild === null ? {} : { of: { guild } };
  const since = await usageSince(sources, { ...of, day: first < month ? first : month }, dateOf);
  const rows = since.filter(({ day }) => day >= first);
  return {
    today,
    days,
    rows,
    sums: {
      today: sumOf(since.filter(({ day }) => day === today)),
      month: sumOf(since.filter(({ day }) => day >= month)),
      days: sumOf(rows),
    },
  };
}

const NOTHING: UsageSum = {
  requests: 0,
  costNanoUsd: 0,
  unsettled: 0,
  unsettledNanoUsd: 0,
  promptTokens: 0,
  completionTokens: 0,
  good: 0,
  bad: 0,
  ratedNanoUsd: 0,
  pricedGood: 0,
};

/** Automatic requests cost money but are nobody's request. */
function requestsIn({ kind }: Pick<UsageRecord, 'kind'>): number {
  return kind === undefined ? 1 : 0;
}

function plus(one: UsageSum, other: UsageSum): UsageSum {
  const sum: Record<keyof UsageSum, number> = { ...NOTHING };
  for (const kind of Object.keys(NOTHING) as (keyof UsageSum)[]) sum[kind] = one[kind] + other[kind];
  return sum;
}

/** `80% of 10 rated answers good · $0.002 per good answer`, including bad answers' cost. Empty if nothing was rated. */
export function ratedInWords({ good, bad, ratedNanoUsd, pricedGood }: UsageSum): string {
  const rated = good + bad;
  if (rated === 0) return '';
  const answers = counted(rated, 'rated answer', 'rated answers');
  const share = `${Math.round((100 * good) / rated)}% of ${answers} good`;
  return pricedGood === 0 ? share : `${share} · ${usdOrNothing(ratedNanoUsd / pricedGood)} per good answer`;
}

/** `3 requests · 1,234 tokens · $0.02 · 1 of them not settled yet, at most $0.05 more`. */
export function sumInWords(sum: UsageSum): string {
  const { requests, costNanoUsd, promptTokens, completionTokens } = sum;
  const tokens = promptTokens + completionTokens;
  if (requests === 0 && !isUnsettled(sum) && tokens === 0 && costNanoUsd === 0) return 'nothing';
  const count = `${counted(requests, 'request', 'requests')} · `;
  const settled = `${requests === 0 ? '' : count}${tokens.toLocaleString('en-US')} tokens · ${usdOrNothing(costNanoUsd)}`;
  return isUnsettled(sum) ? `${settled} · ${unsettledInWords(sum)}` : settled;
}

/** Whether some of the cost is not booked yet. */
export function isUnsettled({ unsettled, unsettledNanoUsd }: UsageSum): boolean {
  return unsettled > 0 || unsettledNanoUsd > 0;
}

function unsettledInWords({ requests, unsettled, unsettledNanoUsd }: UsageSum): string {
  const most = `at most ${usdOrNothing(unsettledNanoUsd)} more`;
  if (unsettled === 0) return `${most}, not settled yet`;
  const which = requests === 1 ? '' : `${unsettled.toLocaleString('en-US')} of them `;
  return `${which}not settled yet${unsettledNanoUsd === 0 ? '' : `, ${most}`}`;
}

export function sumOf(rows: readonly UsageSum[]): UsageSum {
  return rows.reduce(plus, NOTHING);
}

/** Groups rows by a key, most expensive group first; equally expensive ones by requests. */
export function groupsOf(
  rows: readonly UsageRow[],
  keyOf: (row: UsageRow) => string,
): { readonly key: string; readonly rows: readonly UsageRow[]; readonly sum: UsageSum }[] {
  const groups = Map.groupBy(rows, keyOf);
  return Array.from(groups, ([key, members]) => ({ key, rows: members, sum: sumOf(members) })).toSorted(
    (a, b) => b.sum.costNanoUsd - a.sum.costNanoUsd || b.sum.requests - a.sum.requests,
  );
}

/** By person and guild, without people who requested nothing themselves. */
export function peopleGroups(rows: readonly UsageRow[]) {
  return groupsOf(rows, ({ guild, user }) => JSON.stringify([guild, user])).filter(
    ({ sum }) => sum.requests > 0,
  );
}

/** Automatic requests by their label. */
export function automaticGroups(rows: readonly UsageRow[]) {
  const automatic = rows.filter(({ kind }) => kind !== undefined);
  return groupsOf(automatic, ({ kind }) => (kind === undefined ? '' : AUTOMATIC[kind].label));
}

/** The most groups that a chart tells apart: one per colour. */
const MAX_SERIES = 6;

/** The groups with a colour of their own, largest first, the same in all charts of a page; the rest are Others. */
export function shownOf(keys: readonly string[]): readonly string[] {
  const all = [...new Set(keys)];
  return all.length > MAX_SERIES ? all.slice(0, MAX_SERIES - 1) : all;
}

/** Each shown group's value per day, and that of the others together. */
export function seriesFor<R extends { readonly day: string }, V extends number | null>(
  shown: readonly string[],
  groups: readonly { readonly key: string; readonly rows: readonly R[] }[],
  days: readonly string[],
  amountOf: (rows: readonly R[]) => V,
): { readonly name: string; readonly values: readonly V[] }[] {
  const rowsOf = (isMeant: (key: string) => boolean) =>
    groups.filter(({ key }) => isMeant(key)).flatMap(({ rows }) => rows);
  const named = shown.map((name) => ({ name, rows: rowsOf((key) => key === name) }));
  const others = { name: 'Others', rows: rowsOf((key) => !shown.includes(key)) };
  return [...named, ...(others.rows.length > 0 ? [others] : [])].map(({ name, rows }) => {
    const byDay = Map.groupBy(rows, ({ day }) => day);
    return { name, values: days.map((day) => amountOf(byDay.get(day) ?? [])) };
  });
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
  unsettled_requests: ({ unsettled }) => unsettled,
  unsettled_usd_at_most: ({ unsettledNanoUsd }) => (unsettledNanoUsd / 1e9).toFixed(9),
  good_answers: ({ good }) => good,
  bad_answers: ({ bad }) => bad,
  rated_cost_usd: ({ ratedNanoUsd }) => (ratedNanoUsd / 1e9).toFixed(9),
} as const satisfies Record<string, (row: UsageRow) => string | number>;

/** Rows as CSV (RFC 4180) of at most `maxChars` characters; older rows are left out if needed. */
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

/** People choose their names freely: a name that a spreadsheet would read as a formula is written as text. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
