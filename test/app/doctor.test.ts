import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Check, linesOf } from '../../src/app/checks/check.ts';
import { checkDiscord } from '../../src/app/checks/discord.ts';
import { examine } from '../../src/app/checks/doctor.ts';
import { checkMachine } from '../../src/app/checks/machine.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { createFetch } from '../../src/app/http/http-client.ts';
import { runCli } from '../../src/cli/run.ts';
import { commands } from '../../src/commands/index.ts';
import { replacementFor } from '../../src/core/catalogue/replacement.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openBench } from '../adapters/discord/harness.ts';
import { createFakeDiscord } from '../support/discord/fake-discord.ts';
import { openGuild } from '../support/discord/guild.ts';
import { firstReleaseFile } from '../support/first-release.ts';
import { createFakeProvider, type FakeProviderOptions } from '../support/provider/fake-provider.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { createFakeSlack } from '../support/slack/fake-slack.ts';
import { manifestOf } from '../support/slack/parley.ts';

const log = pino({ level: 'silent' });
const KEY = 'sk-or-v1-secret-of-the-operator';

let folder: string;
let opened: { close(): Promise<void> }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  opened = [];
});

afterEach(async () => {
  for (const each of opened) await each.close();
  rmSync(folder, { recursive: true });
});

function kept<T extends { close(): Promise<void> }>(opening: T): T {
  opened.push(opening);
  return opening;
}

const provider = async (options: FakeProviderOptions = {}) =>
  kept(await createFakeProvider({ keys: [KEY], models: MODELS, ...options }));

/** Those of `models.json` that lead to OpenRouter, but one. */
const MODELS = [
  'meta-llama/llama-3.2-3b-instruct:free',
  'google/gemini-2.0-flash-001:free',
  'openai/gpt-4o-mini',
  'openai/gpt-4o',
  'anthropic/claude-4.5-sonnet',
  'anthropic/claude-4.5-haiku',
  'mistralai/mistral-small-3.2-24b-instruct',
  'deepseek/deepseek-chat',
].map((id) => ({ id, name: id }));

/** With nothing that reaches beyond this machine. */
function look(variables: Record<string, string>, inFile: string[] = []): Promise<readonly Check[]> {
  return examine({
    environment: {
      variables: {
        PORT: '0',
        STORE_URL: `sqlite:${join(folder, 'parley.db')}`,
        MODELS_FILE: resolve('models.json'),
        ...variables,
      },
      inFile: new Set(inFile),
    },
    commands,
    fetch: createFetch(),
    clock: systemClock,
    log,
  });
}

const of = (checks: readonly Check[], area: Check['area']) =>
  checks.filter((check) => check.area === area).map(({ state, finding }) => `${state}: ${finding}`);
const remedyOf = (checks: readonly Check[], finding: RegExp) =>
  checks.find((check) => finding.test(check.finding))?.remedy;

describe('the doctor', () => {
  it('says of an empty installation what is missing, and hides nothing behind it', async () => {
    const checks = await look({});
    expect(of(checks, 'Setup')).toEqual(['ok: Environment and models file are valid']);
    expect(of(checks, 'Store')).toEqual([expect.stringMatching(/^off: There is no store at .* yet$/)]);
    expect(of(checks, 'Providers')).toEqual([
      'off: OpenRouter has no key',
      'off: OpenAI has no key',
      'fail: No model is available: no provider has a key',
    ]);
    expect(remedyOf(checks, /^No model/)).toMatch(/^Set OPENROUTER_API_KEY or OPENAI_API_KEY in \.env/);
    expect(of(checks, 'Discord')).toEqual(['off: No bot token is set']);
    expect(of(checks, 'Slack')).toEqual(['off: No tokens are set']);
  });

  it('says which proxy everything leaves through, and which variable is not read', async () => {
    const led = await look({ HTTPS_PROXY: 'http://proxy.example:3128' });
    expect(of(led, 'Machine')).toContain(
      'ok: All requests go through HTTPS_PROXY, except for the hosts in NO_PROXY',
    );
    const direct = await look({ ALL_PROXY: 'http://proxy.example:3128' });
    expect(of(direct, 'Machine')).toContain('warn: ALL_PROXY is set, but Parley connects directly');
    expect(remedyOf(direct, /^ALL_PROXY/)).toContain('set HTTPS_PROXY');
  });

  it('finds all well with a provider, Discord and Slack that are', async () => {
    const { url } = await provider({
      models: [...MODELS, { id: 'anthropic/claude-3.5-sonnet', name: 'Claude' }],
    });
    const bench = kept(await openBench({ commands: [...commands], prepare: openGuild }));
    const slack = kept(await createFakeSlack({ manifest: manifestOf() }));
    const store = await openStore(`sqlite:${join(folder, 'parley.db')}`, { clock: systemClock, log });
    await store.close();
    const checks = await look({
      OPENROUTER_API_KEY: KEY,
      OPENROUTER_BASE_URL: url,
      ...bench.discord.environment,
      ...slack.environment,
    });
    expect(checks.filter(({ state }) => state === 'warn' || state === 'fail')).toEqual([]);
    expect(of(checks, 'Machine')).toContain('ok: The clock is correct');
    expect(of(checks, 'Store')).toEqual([
      expect.stringMatching(/^ok: .*parley\.db \(\d+\.\d MB\) is intact$/),
    ]);
    expect(of(checks, 'Providers')[0]).toBe('ok: OpenRouter answers and accepts the key');
    expect(of(checks, 'Models')).toEqual([expect.stringMatching(/^ok: 7 of 7 models of .* are available$/)]);
    expect(of(checks, 'Discord')).toEqual([
      expect.stringMatching(/^ok: The token belongs to /),
      'ok: Message Content Intent is on',
      'ok: The bot may connect 1000 more times today',
      'ok: In 1 of 1 servers the bot has all permissions',
      `ok: All ${commands.length} commands are registered`,
    ]);
    expect(of(checks, 'Slack')).toEqual([
      expect.stringMatching(/^ok: The bot token belongs to .* with all scopes of the manifest$/),
      'ok: Slack accepts a Socket Mode connection',
    ]);
    expect(slack.violations).toEqual([]);
    expect(JSON.stringify(checks)).not.toMatch(/secret|xoxb-|xapp-/);
  });

  it('names a model that thinks more than its tier allows, and a bound that is none', async () => {
    const thinking = (id: string, reasoning: object) => ({ id, name: id, reasoning });
    const { url } = await provider({
      models: [
        thinking('maker/must', { mandatory: true, supported_efforts: ['high', 'low'] }),
        thinking('maker/may', {
          mandatory: false,
          default_enabled: true,
          supported_efforts: ['low', 'none'],
        }),
        thinking('maker/own', { mandatory: true, supported_efforts: [] }),
      ],
    });
    const models = ['must', 'may', 'own'].map((name) => ({ id: `maker/${name}`, tier: 'openai' }));
    const path = join(folder, 'models.json');
    const variables = { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url, MODELS_FILE: path };
    const lookWith = async (tiers: object) => {
      writeFileSync(path, JSON.stringify({ models, tiers }));
      return look(variables);
    };
    const bounded = await lookWith({ free: { maxEffort: 'none' }, openai: { maxEffort: 'none' } });
    expect(of(bounded, 'Models').filter((line) => line.startsWith('warn'))).toEqual([
      'warn: maker/must thinks more than tiers.openai.maxEffort (none) allows: its least is low',
      'warn: maker/own thinks more than tiers.openai.maxEffort (none) allows: it takes no effort',
    ]);
    expect(remedyOf(bounded, /^maker\/must/)).toBe(
      'Set tiers.openai.maxEffort to low, or give the model another tier',
    );
    expect(remedyOf(bounded, /^maker\/own/)).toBe('Set tiers.openai.maxAnswerTokens, which limits it too');
    const wrong = await lookWith({ free: { maxEffort: 'evil' } });
    expect(of(wrong, 'Setup').join()).toContain('tiers.free.maxEffort must be one of none, minimal, low');
  });

  it('names a model that is gone, with one to put in its place, and a key that is refused', async () => {
    const { url } = await provider();
    const gone = await look({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url });
    expect(of(gone, 'Models')).toEqual([
      'warn: anthropic/claude-3.5-sonnet is no longer offered by its provider',
      expect.stringMatching(/^ok: 6 of 7 models/),
    ]);
    expect(remedyOf(gone, /is no longer offered/)).toMatch(
      /^Replace it by anthropic\/claude-4\.5-sonnet in /,
    );
    const refused = await look({ OPENROUTER_API_KEY: 'sk-or-wrong-key', OPENROUTER_BASE_URL: url });
    expect(of(refused, 'Providers')[0]).toBe('fail: OpenRouter rejects the key in OPENROUTER_API_KEY');
  });

  it('names a provider that cannot be reached, and one without a key', async () => {
    const { url, close } = await createFakeProvider({ keys: [KEY] });
    await close();
    const checks = await look({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url });
    expect(of(checks, 'Providers')).toEqual([
      expect.stringMatching(/^fail: OpenRouter cannot be reached: /),
      ...of(checks, 'Providers').slice(1),
    ]);
    expect(remedyOf(checks, /cannot be reached/)).toContain(`that ${url} is the right address`);
  });

  it('names a model that ends within a month, with the day', async () => {
    const day = (inDays: number) => new Date(Date.now() + inDays * 86_400_000).toISOString();
    const models = MODELS.map((model) => ({
      ...model,
      expiration_date: model.id === 'openai/gpt-4o' ? day(29) : day(31),
    }));
    const { url } = await provider({ models });
    const checks = await look({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url });
    const ending = of(checks, 'Models').filter((line) => line.includes('will be removed'));
    expect(ending).toEqual([`warn: openai/gpt-4o will be removed on ${day(29).slice(0, 10)}`]);
  });

  it.each([
    [{ limit_remaining: 12.5 }, 'ok: The key for OpenRouter has $12.50 left'],
    [{ limit_remaining: 0 }, 'fail: The key for OpenRouter is used up'],
    [
      { is_free_tier: true },
      'warn: The account at OpenRouter never bought credit, so only free models answer, 50 requests a day',
    ],
  ])('says what credit there is: %j', async (keyFacts, finding) => {
    const { url } = await provider({ keyFacts });
    const checks = await look({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url });
    expect(of(checks, 'Providers')).toContain(finding);
  });

  it('says what the bot lacks on Discord, server by server, and what is not registered', async () => {
    const discord = kept(await createFakeDiscord({ messageContent: false }));
    discord.guild({ name: 'Whole' });
    discord.guild({ name: 'Strict', everyone: ['ViewChannel', 'SendMessages'], bot: [] });
    discord.guild({ name: 'Elsewhere', withBot: false });
    const checks = await look(discord.environment);
    expect(of(checks, 'Discord')).toEqual([
      expect.stringMatching(/^ok: The token/),
      expect.stringMatching(/^warn: Message Content Intent is off/),
      expect.stringMatching(/^ok: The bot may connect/),
      expect.stringMatching(
        /^warn: In the server Strict \(\d+\) the bot lacks .*Send Messages in Threads.*Read Message History/,
      ),
      'ok: In 1 of 2 servers the bot has all permissions',
      'off: No commands are registered yet',
    ]);
    expect(remedyOf(checks, /Strict/)).toContain('https://discord.com/oauth2/authorize?client_id=');
    expect(discord.commands()).toEqual([]);

    const wrong = await look({ DISCORD_TOKEN: 'wrong-token', DISCORD_API_URL: discord.apiUrl });
    expect(of(wrong, 'Discord')).toEqual(['fail: Discord does not accept DISCORD_TOKEN']);
  });

  it('names a token that cannot be one once, and does not say that it is not set', async () => {
    const checks = await look({ DISCORD_TOKEN: 'two words', SLACK_BOT_TOKEN: 'xapp-1' });
    expect(of(checks, 'Setup').join('\n')).toMatch(/DISCORD_TOKEN is not valid[\s\S]*SLACK_BOT_TOKEN/);
    expect([...of(checks, 'Discord'), ...of(checks, 'Slack')]).toEqual([]);
  });

  it('says which scopes and which token Slack wants', async () => {
    const manifest = { oauth_config: { scopes: { bot: ['chat:write', 'commands'] } } };
    const slack = kept(await createFakeSlack({ manifest }));
    const checks = await look({
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_APP_TOKEN: 'xapp-wrong-token',
      SLACK_API_URL: slack.apiUrl,
    });
    expect(of(checks, 'Slack')).toEqual([
      expect.stringMatching(/^fail: The Slack app lacks the bot scopes app_mentions:read, /),
      'fail: Slack refused a Socket Mode connection with SLACK_APP_TOKEN (invalid_auth)',
    ]);
  });

  it('names every fault of the environment, and looks at the rest all the same', async () => {
    const discord = kept(await createFakeDiscord());
    discord.guild();
    const checks = await look(
      {
        DEFAULT_TIER: 'gold',
        INSTRUCTIONS_FILE: join(folder, 'no.txt'),
        RETENTION_DAYS: 'long',
        MODELS_FILE: join(folder, 'none.json'),
        DISCORD_TOKN: 'secret',
        ...discord.environment,
      },
      ['DISCORD_TOKN'],
    );
    expect(of(checks, 'Setup')).toEqual([
      'fail: DEFAULT_TIER="gold" is not valid',
      'fail: RETENTION_DAYS="long" is not a number of days',
      expect.stringMatching(/^fail: MODELS_FILE: .*none\.json cannot be read \(ENOENT\)$/),
      expect.stringMatching(/^fail: INSTRUCTIONS_FILE: .*no\.txt cannot be read \(ENOENT\)$/),
      'warn: DISCORD_TOKN in .env is ignored. Did you mean DISCORD_TOKEN?',
    ]);
    expect(of(checks, 'Discord')[0]).toMatch(/^ok: The token/);
    expect(JSON.stringify(checks)).not.toMatch(/"secret"/);
  });

  it('names a default model that the models file does not have, as the start does', async () => {
    const checks = await look({ DEFAULT_MODEL: 'openai/gpt-none' });
    expect(of(checks, 'Setup')).toEqual([
      expect.stringMatching(/^fail: DEFAULT_MODEL is not the id of a model in .*models\.json$/),
    ]);
  });

  it('knows a store of an older version, one that is damaged, and one that is none', async () => {
    const path = join(folder, 'parley.db');
    const store = await openStore(`sqlite:${path}`, { clock: systemClock, log });
    await store.close();
    firstReleaseFile(join(folder, 'old.db'));
    writeFileSync(path, 'no database, but long enough to be taken for one '.repeat(20));
    expect(of(await look({}), 'Store')).toEqual([
      expect.stringMatching(/^fail: .* is not a store of Parley's$/),
    ]);
    const old = await look({ STORE_URL: `sqlite:${join(folder, 'old.db')}` });
    expect(of(old, 'Store')).toEqual([
      expect.stringMatching(/^(?:ok: .*old\.db|warn: .* was written by an older)/),
    ]);
    const older = new DatabaseSync(join(folder, 'old.db'));
    older.exec('PRAGMA user_version = 0');
    older.close();
    expect(of(await look({ STORE_URL: `sqlite:${join(folder, 'old.db')}` }), 'Store')).toEqual([
      expect.stringMatching(/^warn: .*old\.db \(\d\.\d MB\) was written by an older Parley$/),
    ]);
    expect(of(await look({ STORE_URL: 'redis://127.0.0.1:1' }), 'Store')).toEqual([
      expect.stringMatching(/^fail: Redis 127\.0\.0\.1:1 cannot be used: /),
    ]);
  });

  it('tells a port that Parley holds from one that another program does', async () => {
    const server = createServer((_, response) => response.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(of(await look({ PORT: String(port) }), 'Machine')).toContain(
      `fail: Port ${port} on 127.0.0.1 is in use by another program`,
    );
    expect(remedyOf(await look({ PORT: String(port) }), /in use by another program/)).toMatch(
      new RegExp(`for example PORT=${port + 1}$`),
    );
    server.removeAllListeners('request').on('request', (_, response) => response.end('ok\n'));
    expect(of(await look({ PORT: String(port) }), 'Machine')).toContain(`ok: Parley runs on port ${port}`);
    server.close();
  });

  it('says how often the bot may still connect to Discord, and where its commands are', async () => {
    const discord = kept(await createFakeDiscord());
    const { id } = discord.guild();
    const lookWith = async (gateway: object, more: Record<string, string> = {}) => {
      const fetch = createFetch();
      const checks = await checkDiscord({
        config: readConfig({ ...discord.environment, ...more }),
        commands,
        clock: systemClock,
        fetch: async (url, init) =>
          String(url).endsWith('/gateway/bot') ? Response.json(gateway) : fetch(url, init),
      });
      return { findings: of(checks, 'Discord'), checks };
    };
    const limit = (remaining: number) => ({ session_start_limit: { remaining, reset_after: 7_200_001 } });
    expect((await lookWith(limit(1))).findings).toContain('ok: The bot may connect 1 more times today');
    const none = await lookWith(limit(0), { DISCORD_COMMAND_GUILDS: id });
    expect(none.findings).toContain('warn: The bot has connected so often today that Discord refuses more');
    expect(remedyOf(none.checks, /connected so often/)).toMatch(/^Wait 3 hours/);
    expect(none.findings.at(-1)).toBe(`off: No commands are registered in the server ${id} yet`);
    expect((await lookWith({})).findings.at(-1)).toMatch(/^fail: Unexpected answer from Discord: /);
  });

  it('says that a store in memory is lost, that Slack has to reach this machine, and which address it does not have', async () => {
    const slack = kept(await createFakeSlack({ manifest: manifestOf() }));
    const checks = await look({
      STORE_URL: 'memory:',
      // For documentation, so that no machine has it: RFC 5737.
      HOST: '192.0.2.1',
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_SIGNING_SECRET: slack.app.signingSecret,
      SLACK_API_URL: slack.apiUrl,
    });
    expect(of(checks, 'Store')).toEqual(['warn: The store is in memory, so a restart loses everything']);
    expect(of(checks, 'Slack').at(-1)).toMatch(/^ok: Events come over HTTP, so Slack must be able to reach/);
    expect(of(checks, 'Machine')).toContain(
      'fail: Parley cannot listen on 192.0.2.1, port 0 (EADDRNOTAVAIL)',
    );
    expect(remedyOf(checks, /^Parley cannot listen/)).toMatch(/^Set HOST to an address of this machine/);
  });

  it('counts no model as available if none is', async () => {
    const { url } = await provider({ models: [] });
    const checks = await look({ OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url });
    expect(of(checks, 'Models').every((line) => line.startsWith('warn'))).toBe(true);
  });

  it('prints a line for each finding, with one mark at the end of each sentence', async () => {
    const checks = await look({ DISCORD_TOKN: 'secret' }, ['DISCORD_TOKN']);
    const [line = ''] = linesOf(checks);
    expect(line).toBe(
      '! Setup      DISCORD_TOKN in .env is ignored. Did you mean DISCORD_TOKEN? Correct the name, or remove it.',
    );
  });

  it('measures the clock by those of others', async () => {
    const { url } = await provider();
    const ahead = { ...systemClock, now: () => systemClock.now() + 600_000 };
    const checks = await examine({
      environment: {
        variables: { PORT: '0', OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url },
        inFile: new Set(),
      },
      commands,
      fetch: createFetch(),
      clock: ahead,
      log,
    });
    expect(of(checks, 'Machine')).toContainEqual(
      expect.stringMatching(/^warn: The clock is (599|60\d) s fast$/),
    );
  });

  it.each([3_600_000, -3_600_000])(
    'believes most clocks rather than one that is %d ms off',
    async (offMs) => {
      const { url } = await provider();
      const fetch = createFetch();
      let calls = 0;
      const checks = await examine({
        environment: {
          variables: { PORT: '0', OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: url },
          inFile: new Set(),
        },
        commands,
        // The key, the list of models, and the credit.
        fetch: async (input, init) => {
          const response = await fetch(input, init);
          const date = new Date(Date.now() + (++calls === 2 ? offMs : 0)).toUTCString();
          const headers = { ...Object.fromEntries(response.headers.entries()), date };
          return new Response(await response.text(), { status: response.status, headers });
        },
        clock: systemClock,
        log,
      });
      expect(calls).toBe(3);
      expect(of(checks, 'Machine')).toContain('ok: The clock is correct');
    },
  );

  it('says by how much the clock is slow, if that is more than a minute', async () => {
    const checked = (clockSkewMs: number) =>
      checkMachine({ config: readConfig({ PORT: '0' }), environment: {}, clockSkewMs, fetch: createFetch() });
    expect(of(await checked(-60_000), 'Machine')).toContain('ok: The clock is correct');
    expect(of(await checked(60_000), 'Machine')).toContain('ok: The clock is correct');
    expect(of(await checked(-60_001), 'Machine')).toContain('warn: The clock is 60 s slow');
  });

  it('exits with 1 where something is wrong, and prints JSON for scripts', async () => {
    const variables = { PORT: '0', STORE_URL: `sqlite:${join(folder, 'parley.db')}` };
    const run = (...args: string[]) =>
      runCli(['doctor', ...args], async () => ({ variables, inFile: new Set<string>() }));
    const { code, output } = await run();
    expect(code).toBe(1);
    expect(output).toMatch(/^✓ Setup +Environment and models file are valid\.$/m);
    expect(output).toMatch(/^✗ Providers +No model is available: .*\. Set OPENROUTER_API_KEY or .*\.$/m);
    const warnings = output.match(/^! /gm)?.length ?? 0;
    expect(output).toContain(`\n1 fault, ${warnings} warning${warnings === 1 ? '' : 's'}.\n`);
    expect(JSON.parse((await run('--json')).output)).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([expect.objectContaining({ area: 'Providers', state: 'fail' })]),
    });
  });

  it('names a proxy that is no address', async () => {
    const variables = {
      PORT: '0',
      STORE_URL: `sqlite:${join(folder, 'parley.db')}`,
      HTTPS_PROXY: 'proxy.example',
    };
    const { output, errors } = await runCli(['doctor'], async () => ({
      variables,
      inFile: new Set<string>(),
    }));
    expect(errors).toBe('');
    expect(output).toMatch(/^✗ Setup +HTTPS_PROXY is not valid\. Use the address of a proxy/m);
  });

  describeWithRedis('with Redis', () => {
    it('asks it', async () => {
      const redis = await startRedis();
      expect(of(await look({ STORE_URL: redis.url }), 'Store')).toEqual(['ok: Redis answers']);
      await redis.stop();
    });
  });
});

describe('a replacement for a model that is gone', () => {
  const list = (...ids: string[]) =>
    ids.map((id) => ({ id, expiresAt: null }) as Parameters<typeof replacementFor>[1][number]);

  it.each([
    [
      'anthropic/claude-3.5-sonnet',
      ['anthropic/claude-4-opus', 'anthropic/claude-4-sonnet', 'anthropic/claude-4.5-sonnet'],
      'anthropic/claude-4.5-sonnet',
    ],
    ['google/gemini-2.0-flash-001:free', ['google/gemini-2.5-flash', 'google/gemma-3-27b-it:free'], null],
    [
      'meta-llama/llama-3.2-3b-instruct:free',
      ['meta-llama/llama-3.3-70b-instruct', 'meta-llama/llama-3.3-70b-instruct:free'],
      'meta-llama/llama-3.3-70b-instruct:free',
    ],
    ['gpt-4o', ['gpt-6', 'gpt-6-mini', 'whisper-2'], 'gpt-6'],
    ['mistralai/mistral-small', ['openai/gpt-6'], null],
  ])('for %s is of the same maker and as free', (gone, models, expected) => {
    expect(replacementFor(gone, list(...models))).toBe(expected);
  });
});

it('remarks on a .env that others can read', async () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    writeFileSync('.env', '', { mode: 0o644 });
    expect(of(await look({}), 'Machine')).toContainEqual(
      'warn: .env contains secrets and is readable by other users of this machine',
    );
    chmodSync('.env', 0o600);
    expect(of(await look({}), 'Machine')).toContain('ok: .env is readable by its owner only');
  } finally {
    process.chdir(before);
  }
});
