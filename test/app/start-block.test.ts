import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { type StartFacts, startBlock } from '../../src/app/start-block.ts';
import type { Tier } from '../../src/core/ports/tiers.ts';

function block(environment: Record<string, string> = {}, facts: Partial<StartFacts> = {}): string {
  return startBlock(readConfig(environment), {
    address: 'http://127.0.0.1:3000',
    providers: ['OpenRouter'],
    demoLacks: null,
    models: 7,
    local: [],
    missingKeys: () => ['OPENROUTER_API_KEY'],
    openTo: () => 2,
    notes: [],
    ...facts,
  });
}

describe('the block that a start prints', () => {
  it.each([
    ['redis://127.0.0.1:6379/1', 'redis://127.0.0.1:6379/1'],
    ['rediss://parley:secret@redis.example:6380', 'rediss://redis.example:6380'],
    ['redis://:s@cret@redis.example', 'redis://redis.example'],
    ['redis://redis.example/0?password=secret', 'redis://redis.example/0'],
    ['sqlite:data/@home/parley.db', 'sqlite:data/@home/parley.db'],
  ])('names the store %s without its password', (url, shown) => {
    expect(block({ STORE_URL: url })).toContain(`  Store         ${shown}\n`);
  });

  it.each<[string, Record<string, string>]>([
    ['PLAYGROUND=on', { PLAYGROUND: 'off' }],
    ['PLAYGROUND=on', { DISCORD_TOKEN: '0123456789' }],
    ['ADMIN_TOKEN', { HOST: '0.0.0.0' }],
    ['PLAYGROUND=on and ADMIN_TOKEN', { HOST: '0.0.0.0', DISCORD_TOKEN: '0123456789' }],
  ])('names all that the playground wants: %s', (wanted, environment) => {
    expect(block(environment)).toContain(`  Playground    off: set ${wanted}\n`);
  });

  it('says how far the default tier goes, and what would help where it goes nowhere', () => {
    expect(block()).toMatch(/Default tier {2}free: 2 models available\n/);
    const onlyOpenAi = (tier: Tier) => (tier === 'openai' || tier === 'premium' ? 1 : 0);
    expect(block({}, { openTo: onlyOpenAi })).toMatch(
      /free: no model available; set OPENROUTER_API_KEY, or DEFAULT_TIER=openai\n/,
    );
    expect(block({}, { openTo: () => 0 })).toMatch(/free: no model available; set OPENROUTER_API_KEY\n/);
    expect(block({}, { openTo: () => 0, missingKeys: () => [] })).toMatch(
      /free: no model available; the models file has no model of this tier\n/,
    );
  });

  it('says who can spend where the default tier costs money, and nothing of it where it is free', () => {
    const discord = { DISCORD_TOKEN: '0123456789' };
    const slack = { SLACK_BOT_TOKEN: 'xoxb-0123456789', SLACK_APP_TOKEN: 'xapp-0123456789' };
    expect(block({ ...discord, DEFAULT_TIER: 'free' })).not.toContain('Who can spend');
    expect(block({ DEFAULT_TIER: 'premium' })).not.toContain('Who can spend');
    expect(block({ ...discord, ...slack, DEFAULT_TIER: 'premium' })).toMatch(
      /Who can spend {2}everybody in any Discord server that adds the bot, and anybody who writes to it directly; everybody in the Slack workspace, at your expense, within the limits; DEFAULT_TIER=free ends that\n/,
    );
    expect(block({ ...discord, DEFAULT_TIER: 'premium', LIMITS: 'off' })).toContain('without limits');
  });

  const DISCORD = { DISCORD_TOKEN: '0123456789' };
  const ADMIN = { ADMIN_TOKEN: 'a-token-of-some-length' };
  const SLACK = { SLACK_BOT_TOKEN: 'xoxb-0123456789' };

  it.each<[string, Record<string, string>]>([
    ['Discord       off: set DISCORD_TOKEN', {}],
    ['Discord       on', DISCORD],
    ['Slack         off: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN', {}],
    ['Slack         on (Socket Mode)', { ...SLACK, SLACK_APP_TOKEN: 'xapp-0123456789' }],
    [
      'Slack         on (HTTP, /slack/events)',
      { ...SLACK, SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef' },
    ],
    [
      'Playground    http://127.0.0.1:3000/ (only from this machine; set ADMIN_TOKEN before you use a proxy)',
      {},
    ],
    ['Playground    http://127.0.0.1:3000/', ADMIN],
    [
      "Playground    http://127.0.0.1:3000/ (from other machines: use this machine's address)",
      { ...ADMIN, HOST: '0.0.0.0' },
    ],
    ['Dashboard     off: set ADMIN_TOKEN', {}],
    ['Dashboard     http://127.0.0.1:3000/admin', ADMIN],
    ['Models        7, from models.json, through OpenRouter', {}],
    ['Limits        on', {}],
    ['Limits        off: requests and spending are unlimited', { LIMITS: 'off' }],
    ['Server keys   off: set ENCRYPTION_KEY to allow /connect', {}],
    [
      'Server keys   on: servers can add their own API keys with /connect',
      { ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') },
    ],
    ['Operators     none: set OPERATORS', {}],
    ['Operators     2', { OPERATORS: 'discord:123456789012345678,slack:T1/U1' }],
    ['Contact       none: people do not learn who you are; set OPERATOR_CONTACT', DISCORD],
    ['Contact       me@example.com', { ...DISCORD, OPERATOR_CONTACT: 'me@example.com' }],
    ['Health        http://127.0.0.1:3000/healthz, /readyz', {}],
  ])('has the line “%s”', (line, environment) => {
    expect(block(environment).split('\n')).toContain(`  ${line}`);
  });

  it('names no contact if nobody chats', () => {
    expect(block()).not.toContain('Contact');
  });

  it('says that a demo answers, how to end that, and what else there is to know', () => {
    const demo = block({}, { demoLacks: 'OPENROUTER_API_KEY' });
    expect(demo).toMatch(/Models +7, from models\.json, answered by the built-in demo\n/);
    expect(demo).toContain(
      '\n\n  No API key is set, so a scripted demo answers instead of a language model.\n  For real answers put OPENROUTER_API_KEY ',
    );
    expect(block(DISCORD, { demoLacks: 'OPENROUTER_API_KEY' })).toContain(
      'language model, and tells people so.\n',
    );
    expect(block({}, { notes: ['One.', 'Two.'] })).toMatch(
      /\n\n {2}One\.\n {2}Two\.\n\n {2}Ctrl-C stops it\.\n$/,
    );
    expect(block()).toMatch(/\/readyz\n\n {2}Ctrl-C stops it\.\n$/);
  });

  it('tells the models of servers on this machine from those of the file', () => {
    const local = [{ name: 'Ollama', models: 2 }];
    const shown = block({}, { providers: [], local });
    expect(shown).toMatch(/Models +7, from models\.json; none available: set OPENROUTER_API_KEY\n/);
    expect(shown).toMatch(/Ollama +2 models, in the playground\n/);
    expect(block({ LOCAL_MODELS: 'on' }, { local })).toMatch(/Ollama +2 models, everywhere\n/);
  });
});
