import { createClient } from '@keyv/redis';
import { startRedis } from '../test/support/redis.ts';
import { keepAsking } from './load/asking.ts';
import { readOptions } from './load/options.ts';
import { readRedis } from './load/redis.ts';
import { openScene } from './load/scene.ts';
import { createTally } from './load/tally.ts';
import type { Row } from './support/row.ts';

const AT_ONCE = 30;
/** So many ask anew, before it is counted. */
const WARM_UP = 1;

/**
 * The commands that a Redis carries out for an answer of 578 words on Discord, those in scripts included. With `--calls` it prints
 * what they are for.
 */
export async function measureRedisCommands(): Promise<Row[]> {
  const redis = await startRedis();
  const rows: Row[] = [];
  for (const [flag, name, wanted] of [
    ['ask', '/ask', 90],
    ['mention', 'mention', 220],
  ] as const) {
    await redis.flush();
    const flags = [`--${flag}`, String(AT_ONCE), '--redis', redis.url, '--seconds', '0', '--ramp', '5'];
    const options = readOptions(flags);
    if (typeof options === 'string') throw new Error('these flags ask for a load');
    const scene = await openScene(options);
    const ask = async (streams: number) => {
      const tally = createTally(scene.provider, options);
      for (const { way } of scene.ways)
        await keepAsking(way, streams, tally, scene.provider, options, (asked) => asked === 0);
      return tally.answers;
    };
    await ask(WARM_UP);
    const stopWatching = process.argv.includes('--calls') ? await watch(redis.url) : null;
    const before = await readRedis(redis.url);
    const answers = await ask(AT_ONCE);
    const { commands } = await readRedis(redis.url);
    stopWatching?.(`by ${name}`, answers);
    await scene.close();
    rows.push({
      name: `Redis commands of an answer of 578 words by ${name}, ${AT_ONCE} at once`,
      value: (commands - before.commands) / answers,
      unit: '',
      wanted,
    });
  }
  await redis.stop();
  return rows;
}

/** Counts what a Redis does by what it is for. Returns what prints that. */
async function watch(url: string): Promise<(title: string, answers: number) => void> {
  const client = createClient({ url });
  await client.connect();
  const counts = new Map<string, number>();
  let purpose = '';
  await client.monitor((line) => {
    const [, source = '', command = '', rest = ''] = /^\S+ \[\d+ ([^\]]+)\] "([^"]+)"(.*)/.exec(line) ?? [];
    if (!source.startsWith('lua')) purpose = purposeOf(command, rest);
    counts.set(purpose, (counts.get(purpose) ?? 0) + 1);
  });
  return (title, answers) => {
    client.destroy();
    const rows = [...counts].toSorted(([, a], [, b]) => b - a);
    const lines = rows.map(([what, count]) => `${(count / answers).toFixed(1).padStart(7)}  ${what}`);
    console.log([`${title}, commands an answer`, ...lines].join('\n  '));
  };
}

/** The kinds of changes of a write, else the first key that a script touches, else the command. */
function purposeOf(command: string, rest: string): string {
  if (!/^eval/i.test(command)) return command;
  const kinds = rest.match(/"(?:set|delete|replace|journal|finish|settle)"/g) ?? [];
  if (kinds.length > 0) return `write ${[...new Set(kinds)].join(' ')}`;
  return /"(\{parley\}[^"]*)"/.exec(rest)?.[1] ?? command;
}
