import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliOutcome, runCli } from '../src/cli/run.ts';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { openStore } from '../src/store/open-store.ts';
import { startProgram } from './support/program.ts';
import { describeWithRedis, startRedis } from './support/redis.ts';

let folder: string;
let store: { STORE_URL: string };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  store = { STORE_URL: `sqlite:${join(folder, 'parley.db')}` };
  // A bot was here.
  const begun = await openStore(store.STORE_URL, { clock: systemClock, log: pino({ level: 'silent' }) });
  await begun.close();
});

afterEach(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], environment: Record<string, string> = store) =>
  runCli(args, async () => ({ variables: environment, inFile: new Set() }));

async function json(...args: string[]) {
  const { code, output, errors } = await run([...args, '--json']);
  expect([code, errors]).toEqual([0, '']);
  return JSON.parse(output);
}

/** As a script runs it: a process of its own, in the folder where the bot's store is. */
async function inProcess(...args: string[]): Promise<CliOutcome> {
  const environment = { STORE_URL: 'sqlite:parley.db' };
  const child = spawn(process.execPath, [resolve('src/cli.ts'), ...args], { cwd: folder, env: environment });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, output, errors };
}

/** Several processes start one after the other, on a machine that may be busy. */
const PATIENCE = 120_000;

describe('the command line', () => {
  it('grants and takes back while the bot is stopped, and keeps a log of it', async () => {
    const granted = await run(
      'tier grant discord:123 premium --until 2999-01-01 --reason'.split(' ').concat('a good cause'),
    );
    expect(granted.errors).toBe('');
    expect(granted.output).toMatch(
      /^discord:123 has the tier premium:\n {2}- free: the default tier\n {2}- premium: given by the operator until 2999-01-01 \(command line \(.+\): a good cause\)\n$/,
    );
    expect(await json('tier', 'show', 'discord:123')).toMatchObject({
      guild: 'discord:123',
      tier: 'premium',
      operatorTier: 'premium',
      defaultTier: 'free',
      grants: [{ tier: 'premium', expiresAtMs: Date.UTC(2999, 0, 1), reason: 'a good cause' }],
    });
    expect(await json('tier', 'revoke', 'discord:123')).toMatchObject({ revoked: true, tier: 'free' });
    expect(await json('tier', 'revoke', 'discord:123')).toMatchObject({ revoked: false, tier: 'free' });
    expect(await json('audit', 'discord:123')).toMatchObject([
      { action: 'tier.revoke', from: 'premium until 2999-01-01', to: null },
      { action: 'tier.grant', from: null, to: 'premium until 2999-01-01', reason: 'a good cause' },
    ]);
    expect(await json('audit', '--limit', '1')).toHaveLength(1);
    expect((await run(['audit', 'discord:4'])).output).toBe('No changes yet.\n');
  });

  it(
    'reaches a bot that runs, at its next request',
    async () => {
      const program = await startProgram(folder, { STORE_URL: 'sqlite:parley.db' });
      try {
        const tier = async () => {
          const status = await fetch(`${program.url}playground/api/status?as=operator&channel=general`);
          return ((await status.json()) as { tier: string }).tier;
        };
        expect(await tier()).toBe('free');
        expect(await inProcess('tier', 'grant', 'web:local', 'openrouter')).toMatchObject({
          code: 0,
          errors: '',
        });
        expect(await tier()).toBe('openrouter');
        expect((await inProcess('tier', 'revoke', 'web:local', '--json')).output).toContain(
          '"revoked": true',
        );
        expect(await tier()).toBe('free');
        expect(await inProcess('tier', 'gift')).toMatchObject({ code: 2, output: '' });
      } finally {
        await program.kill();
      }
    },
    PATIENCE,
  );

  it('waits for a server that is not there, and says so', { timeout: PATIENCE }, async () => {
    const lab = { id: 'lab', name: 'Lab', baseUrl: 'http://127.0.0.1:9/v1', keyless: true, free: true };
    const qwen = {
      id: 'lab/qwen',
      name: 'Qwen',
      tier: 'free',
      routes: [{ provider: 'lab' }],
      contextTokens: 8_192,
    };
    writeFileSync(join(folder, 'models.json'), JSON.stringify({ providers: [lab], models: [qwen] }));
    const { code, output, errors } = await inProcess('models', 'check');
    expect([code, errors]).toEqual([1, '']);
    expect(output).toContain('Lab');
  });

  it.each([
    [['teir'], /^There is no command "teir"\./],
    [['tier'], /^The action is missing\. Use list, show, grant or revoke\./],
    [['tier', 'gift'], /^tier has no action "gift"\. Use list, show, grant or revoke\./],
    [['tier', 'show'], /^The guild is missing\. Write discord:/],
    [['tier', 'show', '123'], /^"123" is not a guild\. Write discord:/],
    [['tier', 'show', 'discord:1', '--until', '2999-01-01'], /^--until cannot be used here\./],
    [['tier', 'grant', 'discord:1'], /^The tier is missing\. Use free, openai, openrouter, premium\./],
    [['tier', 'grant', 'discord:1', 'gold'], /^"gold" is not a tier/],
    [['tier', 'grant', 'discord:1', 'premium', 'now'], /^"now" is one argument too many\./],
    [
      ['tier', 'grant', 'discord:1', 'premium', '--until', '2020-01-01'],
      /^The end, 2020-01-01, is in the past\./,
    ],
    [['tier', 'grant', 'discord:1', 'premium', '--for', 'ever'], /^Unknown option '--for'\.\n/],
    [['usage', '--days'], /^Option '--days <value>' argument missing\.\n/],
    [['audit', '--limit', '0'], /^--limit must be a whole number/],
  ])('exits with 2 on %j, says why and how it is written', async (args, words) => {
    const { code, output, errors } = await run(args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(words);
    // Only how to write this command, so that the fault stays in sight.
    const [name = ''] = args;
    const shown = new Set(Array.from(errors.matchAll(/parley -- (\S+)/g), ([, command]) => command));
    expect([...shown]).toEqual(name === 'teir' ? ['<command>', 'help'] : [name]);
  });

  it.each([[[]], [['--help']], [['-h']], [['help']]])('lists all commands on %j', async (args) => {
    const { code, output } = await run(args);
    expect(code).toBe(0);
    expect(output).toMatch(/^Usage: npm run --silent parley -- <command>\n/);
    expect(output).toMatch(/^ {2}tier +Show, grant and revoke the tiers of guilds$/m);
  });

  it.each([[['limits', '--help']], [['help', 'limits']]])(
    'says how to write a command on %j',
    async (args) => {
      const { code, output } = await run(args);
      expect(code).toBe(0);
      expect(output).toMatch(
        /^Show and set limits .*\.\n\nUsage:\n {2}npm run --silent parley -- limits show <guild>\n/,
      );
      expect(output).toContain('A guild is discord:<server id>');
      expect(output).toContain('A limit is requests-per-minute, ');
      expect(output).not.toContain('A date is');
      expect((await run(['help', 'limit'])).code).toBe(2);
    },
  );

  it('exits with 1 where it cannot work, with a remedy', async () => {
    const inMemory = await run(['tier', 'show', 'discord:1'], { STORE_URL: 'memory:' });
    expect([inMemory.code, inMemory.errors]).toEqual([
      1,
      expect.stringMatching(/^STORE_URL is memory:.*\nSet /),
    ]);
    const elsewhere = join(folder, 'none', 'x.db');
    const none = await run(['tier', 'grant', 'discord:1', 'premium'], { STORE_URL: `sqlite:${elsewhere}` });
    expect([none.code, none.errors]).toEqual([
      1,
      expect.stringMatching(/^There is no store at \/.*x\.db\.\nSet STORE_URL to the file that the bot uses/),
    ]);
    expect(existsSync(dirname(elsewhere))).toBe(false);
    const unset = await run(['tier', 'show', 'discord:1'], { ...store, DEFAULT_TIER: 'gold' });
    expect([unset.code, unset.errors]).toEqual([1, expect.stringMatching(/DEFAULT_TIER="\w+" is not valid/)]);
  });
});

describeWithRedis('the command line on Redis', () => {
  it('writes where the next process reads', async () => {
    const redis = await startRedis();
    try {
      store = { STORE_URL: redis.url };
      expect(await json('tier', 'grant', 'slack:T1', 'openai')).toMatchObject({ tier: 'openai' });
      expect(await json('tier', 'show', 'slack:T1')).toMatchObject({ tier: 'openai' });
      expect(await json('audit', 'slack:T1')).toMatchObject([{ action: 'tier.grant', to: 'openai' }]);
    } finally {
      await redis.stop();
    }
  });
});
