import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkEnvironment, fileLimitsOf, keyFrom, readConfig } from '../../../src/app/config/config.ts';
import { ConfigError } from '../../../src/app/config/faults.ts';
import { VARIABLES } from '../../../src/app/config/variables.ts';

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n  - ').slice(1);
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('takes an empty environment, with the documented defaults', () => {
    expect(readConfig({})).toMatchObject({
      OPENROUTER_BASE_URL: 'https://openrouter.ai/api/v1',
      OPENROUTER_TIMEOUT_SEC: 60,
      STREAM_IDLE_TIMEOUT_SEC: 90,
      STREAM_FIRST_PROGRESS_SEC: 300,
      STREAM_PROGRESS_SEC: 120,
      STORE_URL: 'sqlite:data/parley.db',
      DEFAULT_TIER: 'free',
      HOST: '127.0.0.1',
      PORT: 3000,
      LIMITS: 'on',
      SHUTDOWN_GRACE_SEC: 20,
      PLAYGROUND: 'auto',
    });
    expect(readConfig({}).OPENROUTER_API_KEY).toBeUndefined();
  });

  it('finds the key of any provider, under each of its names, and none that is empty', () => {
    const environment = { OPEN_ROUTER_KEY: ' of-openrouter ', MY_KEY: 'of-mine', OPENAI_API_KEY: ' ' };
    const found = ['OPENROUTER_API_KEY', 'MY_KEY', 'OPENAI_API_KEY'].map((name) =>
      keyFrom(environment, name),
    );
    expect(found).toEqual(['of-openrouter', 'of-mine', undefined]);
  });

  it('bounds files, in bytes and milliseconds', () => {
    const limits = fileLimitsOf(
      readConfig({
        FILES_MAX: '3',
        FILE_MAX_MB: '4',
        FILE_MAX_PAGES: '5',
        FILES_MAX_CHARS: '6000',
        FILE_TIMEOUT_SEC: '7',
        FILE_MEMORY_MB: '300',
      }),
    );
    expect(limits).toEqual({
      maxFiles: 3,
      maxBytes: 4_000_000,
      maxPages: 5,
      maxChars: 6_000,
      timeoutMs: 7_000,
      maxMemoryBytes: 300_000_000,
    });
  });

  it('takes an empty value for one that is not set', () => {
    expect(readConfig({ PORT: '', DISCORD_TOKEN: '  ' })).toMatchObject({ PORT: 3000 });
  });

  it.each(['OPENROUTER_API_KEY', 'OPEN_ROUTER_KEY', 'OPEN_ROUTER_API_KEY'])(
    'reads the key from %s',
    (name) => {
      expect(readConfig({ [name]: 'sk-or-v1-0123' }).OPENROUTER_API_KEY).toBe('sk-or-v1-0123');
    },
  );

  const TOKEN = 'a-token-of-some-length';
  const BOT = 'xoxb-1-2-abc';
  const APP = 'xapp-1-abc';
  const KEY = randomBytes(32).toString('base64');

  it.each<[string, Record<string, string>, string | null]>([
    ['a Slack bot without a transport', { SLACK_BOT_TOKEN: BOT }, 'SLACK_BOT_TOKEN alone is not enough'],
    ['a transport without a Slack bot', { SLACK_APP_TOKEN: APP }, 'SLACK_BOT_TOKEN is missing'],
    ['a Slack bot with a transport', { SLACK_BOT_TOKEN: BOT, SLACK_APP_TOKEN: APP }, null],
    ['shards without their count', { DISCORD_SHARDS: '0,1' }, 'DISCORD_SHARD_COUNT is missing'],
    ['a shard too many', { DISCORD_SHARDS: '1,2', DISCORD_SHARD_COUNT: '2' }, 'DISCORD_SHARDS names shards'],
    ['shards below their count', { DISCORD_SHARDS: '0,1', DISCORD_SHARD_COUNT: '2' }, null],
    ['a playground that is open to all', { PLAYGROUND: 'on', HOST: '0.0.0.0' }, 'ADMIN_TOKEN is missing'],
    ['a playground of this machine', { PLAYGROUND: 'on' }, null],
    ['a playground behind a token', { PLAYGROUND: 'on', HOST: '0.0.0.0', ADMIN_TOKEN: TOKEN }, null],
    ['a playground that may be off', { HOST: '0.0.0.0' }, null],
    ['an old key without a new one', { ENCRYPTION_KEY_OLD: KEY }, 'ENCRYPTION_KEY is missing'],
    ['an old key and a new one', { ENCRYPTION_KEY_OLD: KEY, ENCRYPTION_KEY: KEY }, null],
  ])('judges %s', (_, environment, fault) => {
    expect(faultsOf(environment).map((line) => line.slice(0, fault?.length))).toEqual(
      fault === null ? [] : [fault],
    );
  });

  const BOUNDED = Object.entries(VARIABLES).flatMap(([name, { expected }]) => {
    const [, least, most, example] =
      /^(?:(\d+)–|(?:\d+ \(\w+\)|a number up) to )(\d+), for example ([\d.]+)/.exec(expected) ?? [];
    return most === undefined || example === undefined ? [] : [[name, least, Number(most), example] as const];
  });

  it.each(BOUNDED)(
    'takes a %s up to the bounds that it names, and has the default that it names',
    (name, least, most, example) => {
      const isTaken = (value: number) => faultsOf({ [name]: String(value) }).length === 0;
      expect([isTaken(most), isTaken(most + 1), isTaken(-1)]).toEqual([true, false, false]);
      if (least !== undefined) expect(isTaken(Number(least))).toBe(true);
      // 0 is a port that the system chooses.
      if (Number(least) > 0 && name !== 'PORT') expect(isTaken(Number(least) - 1)).toBe(false);
      expect(readConfig({})).toMatchObject({ [name]: Number(example) });
      expect(BOUNDED.length).toBeGreaterThan(15);
    },
  );

  it('names every fault at once, each with its remedy', () => {
    const faults = faultsOf({
      PORT: 'http',
      DEFAULT_TIER: 'gold',
      STORE_URL: 'mysql://x',
      TIME_ZONE: 'Mars/Base',
    });
    expect(faults).toHaveLength(4);
    expect(faults).toContain('PORT="http" is not a port number. Use 1–65535, for example 3000.');
    expect(faults).toContain(
      'DEFAULT_TIER="gold" is not valid. Use one of free, openai, openrouter, premium.',
    );
    expect(faults.join('\n')).toMatch(/STORE_URL .*sqlite:PATH/);
    expect(faults.join('\n')).toMatch(/TIME_ZONE=.*Europe\/Berlin/);
  });

  it('never repeats a secret, under whatever name it was set', () => {
    const secrets = Object.entries<{ isSecret?: boolean }>(VARIABLES).filter(([, { isSecret }]) => isSecret);
    expect(secrets.length).toBeGreaterThan(8);
    // As long as names may be shown, and as no secret may be.
    const faults = faultsOf(Object.fromEntries(secrets.map(([name]) => [name, 'not one'])));
    expect(faults.length).toBeGreaterThan(8);
    expect(faults.join('\n')).not.toContain('not one');

    const numbers = Object.keys(VARIABLES).filter((name) => /_SEC$|_MB$|^PORT$/.test(name));
    for (const secret of [
      'sk-or-v1-0123456789abcdef0123',
      'http://me:hunter2@example.com',
      'a long text that says nothing of what is wrong with it',
    ]) {
      const found = faultsOf(Object.fromEntries(numbers.map((name) => [name, secret])));
      expect(found).toHaveLength(numbers.length);
      expect(found.join('\n')).not.toContain(secret);
    }
  });

  it('says where a value comes from, if that is known', () => {
    const fault = (fromFile?: ReadonlySet<string>) =>
      checkEnvironment({ PORT: 'abc' }, fromFile).faults.map(({ finding }) => finding);
    expect(fault()).toEqual(['PORT="abc" is not a port number']);
    expect(fault(new Set(['PORT']))).toEqual(['PORT="abc" in .env is not a port number']);
    expect(fault(new Set())).toEqual(['PORT="abc" in the environment is not a port number']);
  });

  it('says which Slack variable is missing beside the one that is set', () => {
    expect(faultsOf({ SLACK_BOT_TOKEN: 'xoxb-1-2-abc' })[0]).toMatch(/SLACK_APP_TOKEN/);
    expect(faultsOf({ SLACK_APP_TOKEN: 'xapp-1-2-abc' })[0]).toMatch(/SLACK_BOT_TOKEN is missing/);
    expect(faultsOf({ SLACK_BOT_TOKEN: 'xoxb-1-2-abc', SLACK_SIGNING_SECRET: '0123456789abcdef' })).toEqual(
      [],
    );
  });

  it('takes 32 bytes in hex or base64 for an encryption key, and nothing else', () => {
    const key = Buffer.alloc(32, 7);
    expect(readConfig({ ENCRYPTION_KEY: key.toString('hex') }).ENCRYPTION_KEY).toEqual(key);
    expect(readConfig({ ENCRYPTION_KEY: key.toString('base64') }).ENCRYPTION_KEY).toEqual(key);
    expect(faultsOf({ ENCRYPTION_KEY: key.subarray(1).toString('base64') })).toHaveLength(1);
    expect(faultsOf({ ENCRYPTION_KEY: 'a pass phrase' })).toHaveLength(1);
  });

  it('reads shards as ranges and lists, which need their number in all', () => {
    const { DISCORD_SHARDS } = readConfig({ DISCORD_SHARDS: '0-2,5', DISCORD_SHARD_COUNT: '8' });
    expect(DISCORD_SHARDS).toEqual([0, 1, 2, 5]);
    expect(faultsOf({ DISCORD_SHARDS: '0-2' })[0]).toMatch(/DISCORD_SHARD_COUNT is missing/);
  });

  it('refuses shards that there cannot be', () => {
    expect(faultsOf({ DISCORD_SHARDS: '5-2', DISCORD_SHARD_COUNT: '8' })).toHaveLength(1);
    expect(faultsOf({ DISCORD_SHARDS: '0-99999999999', DISCORD_SHARD_COUNT: '8' })).toHaveLength(1);
    expect(faultsOf({ DISCORD_SHARDS: '6-8', DISCORD_SHARD_COUNT: '8' })[0]).toMatch(
      /DISCORD_SHARDS .* below DISCORD_SHARD_COUNT/,
    );
  });

  it.each([
    'https://user:secret@proxy.example/v1',
    'https://proxy.example/v1?key=secret',
    'ftp://x.example/',
  ])('refuses %s as an address: what is in it would end up in requests and logs', (url) => {
    for (const name of ['OPENROUTER_BASE_URL', 'OPENAI_BASE_URL', 'DISCORD_API_URL', 'SLACK_API_URL']) {
      const faults = faultsOf({ [name]: url });
      expect(faults).toHaveLength(1);
      expect(faults[0]).not.toMatch(/secret/);
    }
  });

  it('refuses a secret that no HTTP header can carry', () => {
    for (const key of ['sk-or-v1-…0123', 'sk-or-\u200bv1-0123', 'sk-or-v1 0123']) {
      expect(faultsOf({ OPENROUTER_API_KEY: key }), key).toHaveLength(1);
    }
  });

  it('takes names of what may ask models by itself, and off for nothing', () => {
    const automatic = (AUTOMATIC?: string) => [
      ...readConfig(AUTOMATIC === undefined ? {} : { AUTOMATIC }).AUTOMATIC,
    ];
    expect(automatic()).toEqual(['summaries', 'titles']);
    expect(automatic('titles')).toEqual(['titles']);
    expect(automatic('off')).toEqual([]);
    expect(faultsOf({ AUTOMATIC: 'titles,jokes' })).toEqual([expect.stringContaining('summaries, titles')]);
  });

  it('takes routing preferences that OpenRouter would take, and no others', () => {
    const preferences = { order: ['OpenAI'], allow_fallbacks: true, max_price: { prompt: 1 } };
    expect(readConfig({ OPENROUTER_PROVIDER: JSON.stringify(preferences) }).OPENROUTER_PROVIDER).toEqual(
      preferences,
    );
    for (const wrong of ['{"ordre":["OpenAI"]}', '{"order":"OpenAI"}', '[]', 'OpenAI']) {
      expect(faultsOf({ OPENROUTER_PROVIDER: wrong })).toEqual([
        expect.stringMatching(/^OPENROUTER_PROVIDER.*openrouter\.ai\/docs/),
      ]);
    }
  });

  it('reads operators and the tiers of subscriptions', () => {
    const config = readConfig({
      OPERATORS: 'discord:80351110224678912, slack:T012AB3CD/U045EF6GH',
      DISCORD_SKU_TIERS: '123=premium,456=openai',
    });
    expect([...config.OPERATORS]).toEqual(['discord:80351110224678912', 'slack:T012AB3CD/U045EF6GH']);
    expect(config.DISCORD_SKU_TIERS.get('456')).toBe('openai');
    expect(faultsOf({ OPERATORS: 'web:operator' })).toHaveLength(1);
  });
});

describe('.env.example', () => {
  const lines = readFileSync('.env.example', 'utf8').split('\n');
  const named = lines.flatMap((line) =>
    /^# ([A-Z][A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ? [line.slice(2)] : [],
  );
  const values = new Map(
    named.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

  it('names exactly the variables that are read', () => {
    expect([...values.keys()].toSorted()).toEqual(Object.keys(VARIABLES).toSorted());
  });

  it('shows defaults that are the defaults', () => {
    const defaults: Record<string, unknown> = { ...readConfig({}) };
    const shown = [...values].filter(([name, value]) => value !== '' && name !== 'OPENROUTER_PROVIDER');
    const read: Record<string, unknown> = { ...readConfig(Object.fromEntries(shown)) };
    for (const [name] of shown) expect([name, read[name]]).toEqual([name, defaults[name]]);
  });

  it('has a comment above every variable or group of them', () => {
    for (const [index, line] of lines.entries()) {
      if (!/^# [A-Z][A-Z_]+=/.test(line)) continue;
      expect(lines[index - 1], line).toMatch(/^# /);
    }
  });
});
