import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auditRecord } from '../src/core/access/audit.ts';
import { createKeyStore } from '../src/core/access/key-store.ts';
import { systemClock } from '../src/core/kit/time/clock.ts';
import { openStore } from '../src/store/open-store.ts';
import { valuesOf } from './support/changes.ts';
import { type Launch, launchProgram } from './support/program.ts';
import { createFakeProvider } from './support/provider/fake-provider.ts';

const silent = pino({ level: 'silent' });

let folder: string;
let runs: Launch[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  runs = [];
});

afterEach(async () => {
  for (const run of runs) await run.kill();
  rmSync(folder, { recursive: true });
});

function start(environment: Record<string, string> = {}): Launch {
  const run = launchProgram(folder, environment);
  runs.push(run);
  return run;
}

// Some start the program twice.
vi.setConfig({ testTimeout: 120_000 });

describe('the start', () => {
  it('with nothing set works offline, says what is on and off, and answers health checks', async () => {
    const run = start();
    await run.ready;
    const address = /Health +(http:\/\/\S+)\/healthz/.exec(run.output())?.[1] ?? '';
    expect(run.output()).toMatch(/Discord +off: set DISCORD_TOKEN/);
    expect(run.output()).toMatch(/Slack +off: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN/);
    expect(run.output()).toMatch(/Playground +http:\/\/127\.0\.0\.1:\d+\//);
    expect(run.output()).toMatch(/scripted demo answers/);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    const ready = await fetch(`${address}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([200, 'web: ready\nstore: ready\n']);
    expect((await fetch(`${address}/nowhere`)).status).toBe(404);
    expect(run.output()).toMatch(/Dashboard +off: set ADMIN_TOKEN\n/);
    const dashboard = await fetch(`${address}/admin`);
    expect([dashboard.status, await dashboard.text()]).toEqual([
      404,
      expect.stringContaining('Set ADMIN_TOKEN'),
    ]);
  });

  it('loads no platform that is off, and no Redis', async () => {
    const run = start({ NODE_DEBUG: 'esm' });
    await run.ready;
    expect(run.errors()).toContain('ESM');
    for (const name of ['discord.js', '@slack/bolt', '@keyv/redis', 'hono']) {
      expect(run.errors().includes(`node_modules/${name}/`), name).toBe(false);
    }
  });

  it('ends cleanly on Ctrl-C, also when npm passes the same signal on', async () => {
    const run = start();
    await run.ready;
    run.signal('SIGINT');
    run.signal('SIGINT');
    expect(await run.exited).toBe(0);
    expect(run.errors()).toBe('');
  });

  it('names all faults of the environment at once with where they are, and ends with 1', async () => {
    writeFileSync(join(folder, '.env'), 'DEFAULT_TIER=gold\nPORT=1\n');
    const run = start({ PORT: 'http', DISCORD_TOKEN: 'secret token' });
    expect(await run.exited).toBe(1);
    expect(run.errors()).toMatch(
      /3 settings need fixing:\n {2}- DISCORD_TOKEN in the environment .*\n {2}- DEFAULT_TIER="gold" in \.env .*\n {2}- PORT="http" in the environment /,
    );
    expect(run.errors()).not.toMatch(/secret|at file:/);
  });

  it('reads .env', async () => {
    writeFileSync(join(folder, '.env'), 'DEFAULT_TIER=premium\n');
    const run = start();
    await run.ready;
    expect(run.output()).toMatch(/Default tier +premium/);
  });

  it('reads .env also as editors on Windows write it, and says where it cannot', async () => {
    writeFileSync(join(folder, '.env'), '\u{FEFF}DEFAULT_TIER=premium\r\nLIMITS=off\r\n');
    const run = start();
    await run.ready;
    expect(run.output()).toMatch(/Default tier +premium/);
    expect(run.output()).toMatch(/Limits +off/);
    writeFileSync(join(folder, '.env'), '\u{FEFF}DEFAULT_TIER=premium\r\n', 'utf16le');
    const refused = start();
    expect(await refused.exited).toBe(1);
    expect(refused.errors()).toMatch(/^The file \.env is not UTF-8 text\.\nSave it as UTF-8/);
  });

  it('names what .env sets to no effect', async () => {
    writeFileSync(join(folder, '.env'), 'OPENROUTER_APIKEY=sk-or-v1-secret\n');
    const run = start();
    await run.ready;
    expect(run.output()).toMatch(
      /\n {2}OPENROUTER_APIKEY in \.env is ignored\. Did you mean OPENROUTER_API_KEY\?\n/,
    );
    expect(run.output()).not.toMatch(/secret/);
  });

  it('says which port is taken and what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const run = start({ PORT: String(port) });
    expect(await run.exited).toBe(1);
    expect(run.errors()).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program.\nStop that program, or set PORT to a free port, for example PORT=3001.\n`,
    );
    taken.close();
  });

  it('says where the models file is wrong', async () => {
    writeFileSync(join(folder, 'mine.json'), '{"models":[{"id":"a/b","tier":"gold"}]}');
    const run = start({ MODELS_FILE: 'mine.json' });
    expect(await run.exited).toBe(1);
    expect(run.errors()).toMatch(
      /^The models file mine\.json has a fault:\n {2}- models\[0\]\.tier \(a\/b\) must be one of free, openai, openrouter, premium\nCorrect it/,
    );
    const missing = start({ MODELS_FILE: 'none.json' });
    expect(await missing.exited).toBe(1);
    expect(missing.errors()).toMatch(
      /MODELS_FILE: none\.json cannot be read \(ENOENT\)\. Set it to the path/,
    );
  });

  it('refuses a file of instructions that is not there or too long', async () => {
    const missing = start({ INSTRUCTIONS_FILE: 'none.txt' });
    expect(await missing.exited).toBe(1);
    expect(missing.errors()).toMatch(/INSTRUCTIONS_FILE: none\.txt cannot be read \(ENOENT\)\. Set it to/);
    writeFileSync(join(folder, 'long.txt'), 'x'.repeat(4_001));
    const long = start({ INSTRUCTIONS_FILE: 'long.txt' });
    expect(await long.exited).toBe(1);
    expect(long.errors()).toMatch(/long\.txt has 4,001 characters\. Shorten it to at most 4,000/);
  });

  it('refuses a default model that there is not, and names one that there is', async () => {
    const run = start({ DEFAULT_MODEL: 'gpt-4o-mini' });
    expect(await run.exited).toBe(1);
    expect(run.errors()).toMatch(
      /1 setting needs fixing:\n {2}- DEFAULT_MODEL is not the id of a model in .*models\.json\. Use an id from that file, such as openai\/gpt-4o-mini/,
    );
  });

  it('names all faults of the environment and of the models file at once', async () => {
    const unread = start({ DEFAULT_TIER: 'gold', MODELS_FILE: 'none.json' });
    expect(await unread.exited).toBe(1);
    expect(unread.errors()).toMatch(
      /2 settings need fixing:\n {2}- DEFAULT_TIER=.*\n {2}- MODELS_FILE: none\.json /,
    );
    const unknown = start({ DEFAULT_TIER: 'gold', DEFAULT_MODEL: 'nope' });
    expect(await unknown.exited).toBe(1);
    expect(unknown.errors()).toMatch(/2 settings need fixing:\n {2}- DEFAULT_TIER=.*\n {2}- DEFAULT_MODEL /);
    writeFileSync(join(folder, 'mine.json'), '{"models":[}');
    const both = start({ DEFAULT_TIER: 'gold', MODELS_FILE: 'mine.json' });
    expect(await both.exited).toBe(1);
    expect(both.errors()).toMatch(
      /^1 setting needs fixing:\n {2}- DEFAULT_TIER=.*\nThe models file mine\.json has a fault:\n {2}- line 1/,
    );
  });

  it('with a default model of a server that does not run starts, and says so', async () => {
    const run = start({ DEFAULT_MODEL: 'ollama/nobody-has-this' });
    await run.ready;
    expect(run.output()).toMatch(/No server on this machine offers DEFAULT_MODEL ollama\/nobody-has-this/);
  });

  it('says where the keys at hand lead to no model of the default tier', async () => {
    const run = start({ OPENAI_API_KEY: 'sk-0123456789', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' });
    await run.ready;
    expect(run.output()).toMatch(
      /Default tier +free: no model available; set OPENROUTER_API_KEY, or DEFAULT_TIER=openai/,
    );
  });

  it('names the key that the providers of the models file want, and starts no demo in their place', async () => {
    const lab = { id: 'lab', baseUrl: 'http://127.0.0.1:9/v1', apiKeyVariable: 'LAB_KEY' };
    const models = [{ id: 'lab/qwen', tier: 'free', routes: [{ provider: 'lab' }] }];
    writeFileSync(join(folder, 'mine.json'), JSON.stringify({ providers: [lab], models }));
    const run = start({ MODELS_FILE: 'mine.json' });
    await run.ready;
    expect(run.output()).toMatch(/Models +1, from mine\.json; none available: set LAB_KEY\n/);
    expect(run.output()).toMatch(/Default tier +free: no model available; set LAB_KEY\n/);
    expect(run.output() + run.errors()).not.toMatch(/demo|OPENROUTER_API_KEY/);
  });

  it('says which key its provider refuses and where there are others, and starts all the same', async () => {
    const provider = await createFakeProvider({ keys: ['sk-or-good-one'] });
    const environment = { OPENROUTER_BASE_URL: provider.url, OPENROUTER_API_KEY: 'sk-or-v1-secret' };
    const refused = start(environment);
    await refused.ready;
    expect(refused.output()).toContain(
      'OpenRouter rejects the key in OPENROUTER_API_KEY. Set it to a key from https://openrouter.ai/settings/keys and restart Parley.',
    );
    expect(refused.output()).toMatch(/Default tier +free: no model available; set OPENROUTER_API_KEY\n/);
    expect(refused.output() + refused.errors()).not.toMatch(/secret|at file:/);
    const taken = start({ ...environment, OPENROUTER_API_KEY: 'sk-or-good-one' });
    await taken.ready;
    expect(taken.output()).not.toMatch(/rejects/);
    expect(taken.output()).toMatch(/Default tier +free: 2 models available\n/);
    await provider.close();
  });

  it('opens no playground to others without a token', async () => {
    const refused = start({ HOST: '0.0.0.0', PLAYGROUND: 'on' });
    expect(await refused.exited).toBe(1);
    expect(refused.errors()).toMatch(
      /1 setting needs fixing:\n {2}- ADMIN_TOKEN is missing, .* Set it to at least 16 characters/,
    );
    const off = start({ HOST: '0.0.0.0' });
    await off.ready;
    expect(off.output()).toMatch(/Playground +off: set ADMIN_TOKEN\n/);
  });

  it('where it listens at every address names one that a browser takes', async () => {
    const run = start({ HOST: '0.0.0.0', ADMIN_TOKEN: '0123456789abcdef' });
    await run.ready;
    expect(run.output()).not.toContain('0.0.0.0');
    const address = /Playground +(http:\/\/127\.0\.0\.1:\d+\/) \(from other machines/.exec(run.output())?.[1];
    expect((await fetch(address ?? '')).status).toBe(200);
  });

  it('with OPENROUTER_BASE_URL at another server asks that one, with no key set', async () => {
    const served = ['openai/gpt-4o', 'openai/gpt-5-mini', 'anthropic/claude-4.5-sonnet'];
    const provider = await createFakeProvider({ models: served.map((id) => ({ id, name: id })) });
    const run = start({ OPENROUTER_BASE_URL: provider.url });
    await run.ready;
    expect(run.output()).toMatch(
      /anthropic\/claude-3\.5-sonnet is no longer offered by its provider: replace it by anthropic\/claude-4\.5-sonnet/,
    );
    expect(run.output()).not.toMatch(/openai\/gpt-4o is gone/);
    expect(run.output()).toMatch(/Models +7, from .*models\.json, through OpenRouter/);
    expect(run.output()).not.toMatch(/demo/);
    await provider.close();
  });

  it('with another ENCRYPTION_KEY and the one before seals all keys anew, so that the old one can go', async () => {
    const [first, second] = [7, 8].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [
      string,
      string,
    ];
    const store = await openStore(`sqlite:${join(folder, 'parley.db')}`, { clock: systemClock, log: silent });
    const keysUnder = (text: string) =>
      createKeyStore({ store, encryptionKeys: [Buffer.from(text, 'base64')], clock: systemClock });
    const facts = { guild: 'discord:1', by: 'discord:2', atMs: Date.now(), action: 'key.connect' } as const;
    const record = auditRecord({ ...facts, from: null, to: 'OpenAI', reason: '' });
    await keysUnder(first).keep('discord:1', 'openai', 'sk-of-a-guild', 'discord:2', () => record);
    // Something that no version of the bot wrote.
    await valuesOf(store, 'keys').set('discord:1/openrouter', 'garbage');
    const shared = { STORE_URL: 'sqlite:parley.db' };
    const turned = start({ ...shared, ENCRYPTION_KEY: second, ENCRYPTION_KEY_OLD: first });
    await turned.ready;
    expect(turned.output()).toMatch(/1 key of guilds encrypted with the new ENCRYPTION_KEY\./);
    expect(turned.output()).toMatch(/1 key of guilds cannot be decrypted with either key\. Their admins/);
    expect((await keysUnder(second).openKey('discord:1', 'openai'))?.secret).toBe('sk-of-a-guild');
    await turned.kill();
    const lost = start({ ...shared, ENCRYPTION_KEY: first, ENCRYPTION_KEY_OLD: first });
    await lost.ready;
    expect(lost.output()).toMatch(/2 keys of guilds cannot be decrypted with either key\. Their admins/);
    await store.close();
  });
});
