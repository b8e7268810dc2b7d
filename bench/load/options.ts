import { parseArgs } from 'node:util';

export interface LoadOptions {
  /** Answers that stream at once, by where and how they are asked for. */
  readonly ask: number;
  readonly mention: number;
  readonly slack: number;
  readonly guilds: number;
  readonly channels: number;
  /** Numbered words of one answer. */
  readonly words: number;
  /** Words of ten characters without Markdown; by default short ones with all that models write. */
  readonly prose: boolean;
  /** From the question to the model's first word. */
  readonly firstWordMs: number;
  /** Words a second of one answer. */
  readonly rate: number;
  /** For so long a new question follows each answer. */
  readonly seconds: number;
  /** The first questions are asked over so long. */
  readonly rampSeconds: number;
  /** Whether bots on the platforms' own libraries answer in place of Parley. */
  readonly bare: boolean;
  /** Whether Parley asks a model what to call each thread, which no bare bot does. */
  readonly titles: boolean;
  /** For the bots' Node. */
  readonly nodeFlags: readonly string[];
  /** Bots that share the work. */
  readonly processes: number;
  /** Whether Slack counts calls. */
  readonly limits: boolean;
  /** A question whose answer takes longer counts as unanswered. */
  readonly patienceSeconds: number;
  /** After the last answer, before the memory that is still held is read. */
  readonly restSeconds: number;
  /** The address of a Redis to keep all in; null for a file. */
  readonly redis: string | null;
  /** Null where it is a load and no soak. */
  readonly soak: { readonly rounds: number; readonly answersPerRound: number } | null;
}

/** `npm run load -- --help` */
export const HELP = `Puts the whole bot under load: npm run load -- [flags]

It runs src/main.ts as a process of its own against a Discord, a Slack and a model provider on this machine, which hold it to
the platforms' limits, and prints what it took and what people saw. It exits with 1 where a word was lost or doubled, or a
question had no answer. It reads /proc: Linux only.

  --ask N        answers that stream at once on Discord, asked for with /ask (1000, where none of the three is given)
  --mention N    the same by mention, in threads: Discord takes 50 requests a second for all of them (0)
  --slack N      the same on Slack, by mention, in one workspace: Slack takes 50 edits a minute for all of them (0)
  --guilds N     Discord guilds (one for 40 answers at once)
  --channels N   channels in which they are asked, on each platform (one for 4 answers at once)
  --words N      numbered words of one answer; the marks of its Markdown come on top (500)
  --prose        words of ten characters without Markdown
  --rate N       words a second of one answer (50)
  --first-word N milliseconds until the model's first word (0)
  --seconds N    for so long each answer is followed by the next question (60)
  --ramp N       seconds over which the first questions are asked; 0 asks them all at once (as long as an answer takes)
  --bare         a bot on discord.js or Bolt answers in place of Parley: it posts, and edits each second
  --no-limits    Slack counts no calls
  --processes N  bots that share the work; on Discord each has its shard (1)
  --patience N   seconds until a question counts as unanswered (180: far above what the platforms' limits hold one up for)
  --rest N       seconds after the last answer before the memory that is still held is read (0)
  --no-titles    Parley asks no model what to call a thread, as no bare bot does
  --node TEXT    flags for the bots' Node, such as --node="--cpu-prof --cpu-prof-dir=/tmp/profiles"
  --redis URL    keeps all in this Redis instead of a file, and says what that costs it

  --table        runs each case of the table of pacing, cost and memory in turn, Parley and the bare bot, and says what is missed;
                 some fifteen minutes on a quiet machine

  --soak         asks as many questions as eight busy hours have, in rounds, and says what grew from round to round
  --rounds N     … so many (8, an hour each)
  --answers N    … of so many answers (3600: one a second, with 250 at once of 100 words each unless flags say otherwise)

  --help         this
`;

/** A flag that there is not, or a value that makes no sense; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Below Parley's own default for `MAX_STREAMS_PER_GUILD`, 50: nobody waits for a slot. */
const STREAMS_PER_GUILD = 40;
const STREAMS_PER_CHANNEL = 4;

/** @throws UsageError */
export function readOptions(args: readonly string[]): LoadOptions | 'help' | 'table' {
  const flags = readFlags(args);
  if (flags['help'] === true) return 'help';
  if (flags['table'] === true) return 'table';
  const isSoak = flags['soak'] === true;

  function number(name: string, fallback: number, least: number): number {
    const given = flags[name];
    if (given === undefined) return fallback;
    const value = Number(given);
    if (given === '' || !Number.isFinite(value) || value < least)
      throw new UsageError(`--${name} takes a number from ${least} on, not "${given}"`);
    return value;
  }
  function count(name: string, fallback: number, least: number): number {
    const value = number(name, fallback, least);
    if (!Number.isInteger(value)) throw new UsageError(`--${name} takes a whole number, not ${value}`);
    return value;
  }

  const isAnyGiven = ['ask', 'mention', 'slack'].some((name) => flags[name] !== undefined);
  const ask = count('ask', isAnyGiven ? 0 : isSoak ? 250 : 1_000, 0);
  const mention = count('mention', 0, 0);
  const slack = count('slack', 0, 0);
  const streams = ask + mention + slack;
  if (streams === 0) throw new UsageError('one of --ask, --mention and --slack has to be above 0');
  const guilds = count('guilds', Math.max(1, Math.ceil((ask + mention) / STREAMS_PER_GUILD)), 1);
  const channels = count('channels', Math.ceil(streams / STREAMS_PER_CHANNEL), 1);
  const words = count('words', isSoak ? 100 : 500, 1);
  const rate = number('rate', 50, 0.1);
  const soak = { rounds: count('rounds', 8, 2), answersPerRound: count('answers', 3_600, 1) };
  if (!isSoak && (flags['rounds'] ?? flags['answers']) !== undefined)
    throw new UsageError('--rounds and --answers go with --soak');
  const redis = flags['redis'];
  if (redis !== undefined && !/^rediss?:\/\//.test(String(redis)))
    throw new UsageError(`--redis takes an address such as redis://127.0.0.1:6379, not "${redis}"`);
  if (redis !== undefined && isSoak)
    throw new UsageError('--redis does not go with --soak, which reads the file');
  const bare = flags['bare'] === true;
  if (bare && (isSoak || ask > 0)) throw new UsageError('--bare goes with --mention or --slack alone');
  const processes = count('processes', 1, 1);
  if (processes > 1 && redis === undefined)
    throw new UsageError('--processes goes with --redis, by which they share the limits');
  return {
    ask,
    mention,
    slack,
    guilds,
    channels: Math.ceil(channels / guilds) * guilds,
    words,
    prose: flags['prose'] === true,
    rate,
    firstWordMs: number('first-word', 0, 0),
    bare,
    titles: flags['no-titles'] !== true,
    nodeFlags: String(flags['node'] ?? '').match(/\S+/g) ?? [],
    processes,
    limits: flags['no-limits'] !== true,
    seconds: number('seconds', 60, 0),
    rampSeconds: number('ramp', words / rate, 0),
    patienceSeconds: number('patience', 180, 1),
    restSeconds: number('rest', 0, 0),
    redis: redis === undefined ? null : String(redis),
    soak: isSoak ? soak : null,
  };
}

function readFlags(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    ask: text,
    mention: text,
    slack: text,
    guilds: text,
    channels: text,
    words: text,
    prose: flag,
    rate: text,
    'first-word': text,
    bare: flag,
    node: text,
    patience: text,
    rest: text,
    'no-limits': flag,
    'no-titles': flag,
    processes: text,
    table: flag,
    seconds: text,
    ramp: text,
    redis: text,
    soak: flag,
    rounds: text,
    answers: text,
    help: flag,
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
