import { discordOptimum, slackOptimum } from '../pacing/optimum.ts';
import type { Figures, Wanted } from '../support/figures.ts';

/** One row of the table: a load, what it wants, and the fewest calls that suffice. */
export interface LoadCase {
  readonly name: string;
  /** Flags of `npm run load`, by which the row is run alone. */
  readonly flags: string;
  readonly wanted: Wanted;
  readonly optimum: Figures | null;
}

/** A load whose CPU or memory is measured. */
export interface CostCase {
  readonly name: string;
  readonly flags: string;
  /** The most that is wanted: times the bare bot's CPU, or megabytes. */
  readonly most: number;
}

/** A model's answer: 180 words of ten characters, 50 a second. */
const ANSWER = '--prose --words 180 --seconds 0';
const SLACK_FIRST_WORD_MS = 300;
const ON_DISCORD = `${ANSWER} --first-word 150`;
const ON_SLACK = `${ANSWER} --first-word ${SLACK_FIRST_WORD_MS}`;

function onDiscord(mentions: number, wanted: Wanted): LoadCase {
  return {
    name: `Discord, ${mentions} mentions at once`,
    flags: `--mention ${mentions} --ramp 0 ${ON_DISCORD}`,
    wanted: { refusals: 0, ...wanted },
    optimum: discordOptimum(mentions),
  };
}

function onSlack(mentions: number, wanted: Wanted): LoadCase {
  const rampSeconds = Math.min(4, 0.5 + mentions / 100);
  return {
    name: `Slack, ${mentions} mentions in one workspace`,
    flags: `--slack ${mentions} --ramp ${rampSeconds} ${ON_SLACK}`,
    wanted: { refusals: 0, ...wanted },
    optimum: slackOptimum(mentions, rampSeconds * 1_000, SLACK_FIRST_WORD_MS),
  };
}

/** So many that Slack's edits do not suffice for all of them to grow. */
function longOnSlack(answers: number, words: number): LoadCase {
  return {
    name: `Slack, ${answers} answers of ${words / 50} s in one workspace`,
    flags: `--slack ${answers} --ramp 1 --prose --words ${words} --seconds 0 --first-word ${SLACK_FIRST_WORD_MS}`,
    wanted: { endLag: [2, 6], refusals: 0 },
    optimum: null,
  };
}

export const LOAD_CASES: readonly LoadCase[] = [
  onDiscord(100, { endLag: [1.6, 2.5], calls: 330 }),
  onDiscord(300, { firstText: [9.5, 13], endLag: [6.5, 10], wall: 14, calls: 720 }),
  onSlack(100, { endLag: [1, 3] }),
  onSlack(300, { firstText: [15, 25], endLag: [2, 6] }),
  onSlack(10, { wordsBehind: 27 }),
  {
    name: 'Slack, 5 mentions in one channel at once',
    flags: `--slack 5 --channels 1 --ramp 0 ${ON_SLACK}`,
    wanted: { firstText: [0.4, 0.6], refusals: 0 },
    optimum: null,
  },
  {
    name: 'Slack, one answer of 20 s in a quiet workspace',
    flags: `--slack 1 --ramp 0 --prose --words 1000 --seconds 0 --first-word ${SLACK_FIRST_WORD_MS}`,
    wanted: { wordsBehind: 27, refusals: 0 },
    optimum: null,
  },
  longOnSlack(10, 1_500),
  longOnSlack(8, 2_200),
  longOnSlack(20, 1_000),
  {
    name: 'Slack, 10 people ask for the first time, a second apart',
    flags: `--slack 10 --channels 10 --ramp 10 ${ON_SLACK}`,
    wanted: { firstText: [0.35, 1], refusals: 0 },
    optimum: null,
  },
];

/** CPU of all threads, from the first question to the last state. The bare bot names no threads, so Parley does not either. */
export const CPU_CASES: readonly CostCase[] = [
  { name: 'Discord, 300 mentions', flags: `--mention 300 --ramp 0 --no-titles ${ON_DISCORD}`, most: 1 },
  // Without limits, so that the bare bot makes all its calls, and is not paid for calls that are refused.
  { name: 'Slack, 100 mentions', flags: `--slack 100 --ramp 1.5 --no-limits ${ON_SLACK}`, most: 1 },
];

export const PEAK_CASE: CostCase = {
  name: 'Discord, 1,000 answers by /ask, at the peak',
  flags: '--ask 1000 --seconds 0',
  most: 270,
};

/** After an answer, when the collector has come round. */
export const IDLE_CASE: CostCase = {
  name: 'Discord, idle after the first answer',
  flags: `--mention 1 --rest 15 ${ON_DISCORD}`,
  most: 145,
};

/** Discord lets a bot make 50 requests a second, whatever the number of its processes: more of them must not waste any. */
export const SHARING_CASE = {
  name: 'Discord, 300 mentions, four processes on one Redis',
  flags: `--mention 300 --guilds 20 --ramp 0 ${ON_DISCORD}`,
  processes: 4,
  /** Of what one process does. */
  least: 0.8,
};
