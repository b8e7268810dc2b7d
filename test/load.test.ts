import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../bench/load/options.ts';

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
  ])('are refused in words: %j', (args, words) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(words);
  });
});

describe.skipIf(process.platform !== 'linux')('npm run load', () => {
  it('finds every word of answers on Discord and Slack', { timeout: 120_000 }, async () => {
    const flags = '--ask 4 --mention 2 --slack 2 --words 60 --seconds 1 --ramp 0';
    const { stdout } = await promisify(execFile)(process.execPath, [
      'bench/load/main.ts',
      ...flags.split(' '),
    ]);
    expect(stdout.match(/ 0 lost, 0 doubled/g)).toHaveLength(3);
    expect(stdout).toMatch(/429s +0\n/);
  });
});
