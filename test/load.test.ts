import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../bench/load/options.ts';
import { describeWithRedis, startRedis } from './support/redis.ts';

describe('the flags of npm run load', () => {
  it('ask for 1,000 answers at once where none is given', () => {
    expect(readOptions([])).toMatchObject({ ask: 1_000, mention: 0, slack: 0, guilds: 25, soak: null });
  });

  it('ask in the ways that are given, and in no other', () => {
    expect(readOptions(['--mention', '5', '--slack=3'])).toMatchObject({ ask: 0, mention: 5, slack: 3 });
  });

  it('ask for eight hours’ worth in a soak', () => {
    expect(readOptions(['--soak'])).toMatchObject({ ask: 250, soak: { rounds: 8, answersPerRound: 3_600 } });
  });

  it.each([
    [['--unknown'], '--unknown'],
    [['stray'], 'stray'],
    [['--ask', 'many'], '"many"'],
    [['--ask', '1.5'], '1.5'],
    [['--words', '0'], 'from 1 on'],
    [['--ask', '0'], 'above 0'],
    [['--rounds', '3'], '--soak'],
    [['--redis', 'localhost'], 'redis://'],
    [['--redis', 'redis://127.0.0.1:6379', '--soak'], '--soak'],
    [['--bare', '--ask', '3'], '--mention or --slack'],
    [['--processes', '2', '--mention', '3'], '--redis'],
  ])('are refused in words: %j', (args, words) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(words);
  });
});

async function load(flags: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['bench/load/main.ts', ...flags.split(' ')]);
  return stdout;
}

describe.skipIf(process.platform !== 'linux')('npm run load', () => {
  it('finds every word of answers on Discord and Slack', { timeout: 120_000 }, async () => {
    const output = await load('--ask 4 --mention 2 --slack 2 --words 60 --seconds 1 --ramp 0');
    expect(output.match(/ 0 lost, 0 doubled/g)).toHaveLength(3);
    expect(output).toMatch(/429s +0\n/);
  });

  it('has bare bots answer in its place', { timeout: 120_000 }, async () => {
    const output = await load('--bare --mention 2 --slack 2 --prose --words 60 --seconds 0 --ramp 0');
    expect(output.match(/ 0 lost, 0 doubled/g)).toHaveLength(2);
    expect(output).toMatch(/the bare bot\n +CPU +\S+ cores, \d/);
  });

  describeWithRedis('with a Redis', () => {
    it('says what an answer costs it', { timeout: 120_000 }, async () => {
      const redis = await startRedis();
      try {
        const output = await load(`--ask 2 --words 60 --seconds 1 --ramp 0 --redis ${redis.url}`);
        expect(output).toContain(' 0 lost, 0 doubled');
        expect(Number(/commands +(\S+) an answer/.exec(output)?.[1])).toBeGreaterThan(10);
      } finally {
        await redis.stop();
      }
    });

    it('shares the work among processes', { timeout: 120_000 }, async () => {
      const redis = await startRedis();
      try {
        const flags = '--mention 6 --slack 2 --guilds 6 --words 60 --seconds 0 --ramp 0 --processes 2';
        const output = await load(`${flags} --redis ${redis.url}`);
        expect(output.match(/ 0 lost, 0 doubled/g)).toHaveLength(2);
        expect(output).toMatch(/429s +0\n/);
      } finally {
        await redis.stop();
      }
    });
  });
});
