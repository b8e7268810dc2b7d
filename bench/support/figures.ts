import { quantile } from './row.ts';

/** All answers of a case as people saw them, and their cost in calls and time. */
export interface Figures {
  /** By answer, from the question. */
  readonly firstTextMs: readonly number[];
  /** By answer, from the model's last word until the last state stood. */
  readonly endLagMs: readonly number[];
  /** Words that the model had written and that could not be read yet, averaged over the time that it wrote; null if unknown. */
  readonly wordsBehind: number | null;
  /** Words that stand nowhere in the end, and such that stand twice. */
  readonly lost: number;
  readonly doubled: number;
  /** From the first question to the last state. */
  readonly wallMs: number;
  readonly calls: number;
  /** Calls that were answered with 429. */
  readonly refusals: number;
}

/** Figures that a case wants, each at most: seconds, calls and words. No word may be lost or doubled. */
export interface Wanted {
  readonly firstText?: readonly [p50: number, p99: number];
  readonly endLag?: readonly [p50: number, p99: number];
  readonly wall?: number;
  readonly calls?: number;
  readonly wordsBehind?: number;
  readonly refusals?: number;
}

/** Infinite if no answer came that far, as those of a bare bot on Slack that runs out of patience. */
function quantileOf(values: readonly number[], share: number): number {
  return values.length === 0 ? Number.POSITIVE_INFINITY : quantile(values, share);
}

/** The figures above their bound, in words; empty if there are none. */
export function missesOf(wanted: Wanted, figures: Figures): string[] {
  const { firstText, endLag } = wanted;
  const seconds = (values: readonly number[], share: number) => quantileOf(values, share) / 1_000;
  const bounds: readonly (readonly [name: string, value: number, most: number | undefined])[] = [
    ['first text p50', seconds(figures.firstTextMs, 0.5), firstText?.[0]],
    ['first text p99', seconds(figures.firstTextMs, 0.99), firstText?.[1]],
    ['end lag p50', seconds(figures.endLagMs, 0.5), endLag?.[0]],
    ['end lag p99', seconds(figures.endLagMs, 0.99), endLag?.[1]],
    ['wall', figures.wallMs / 1_000, wanted.wall],
    ['calls', figures.calls, wanted.calls],
    ['words behind', figures.wordsBehind ?? 0, wanted.wordsBehind],
    ['429s', figures.refusals, wanted.refusals],
    ['words lost or doubled', figures.lost + figures.doubled, 0],
  ];
  return bounds
    .filter(([, value, most]) => most !== undefined && !(value <= most))
    .map(([name, value, most]) => `${name} ${value.toFixed(2)}, wanted at most ${most}`);
}

export function lineOf(name: string, figures: Figures): string {
  const { firstTextMs, endLagMs, wallMs, calls, wordsBehind, refusals } = figures;
  const s = (ms: number) => (Number.isFinite(ms) ? (ms / 1_000).toFixed(2) : '∞').padStart(6);
  const pair = (values: readonly number[]) =>
    `${s(quantileOf(values, 0.5))} /${s(quantileOf(values, 0.99))} s`;
  const behind = wordsBehind === null || Number.isNaN(wordsBehind) ? '–' : wordsBehind.toFixed(0);
  return (
    `  ${name.padEnd(16)} first text ${pair(firstTextMs)}  end lag ${pair(endLagMs)}  wall ${s(wallMs)} s` +
    `  ${String(calls).padStart(5)} calls  ${behind.padStart(4)} words behind  ${refusals} × 429`
  );
}

/** The wanted figures as they are compared: p50 / p99 where there are two. */
export function wantedLine(wanted: Wanted): string {
  const { firstText, endLag, wall, calls, wordsBehind, refusals } = wanted;
  const pair = (name: string, values?: readonly number[]) =>
    values === undefined ? [] : [`${name} ${values.join(' / ')} s`];
  const one = (value: number | undefined, words: (value: number) => string) =>
    value === undefined ? [] : [words(value)];
  const parts = [
    ...pair('first text', firstText),
    ...pair('end lag', endLag),
    ...one(wall, (value) => `wall ${value} s`),
    ...one(calls, (value) => `${value} calls`),
    ...one(wordsBehind, (value) => `${value} words behind`),
    ...one(refusals, (value) => `${value} × 429`),
    'no word lost or doubled',
  ];
  return `  wanted at most   ${parts.join('  ')}`;
}
