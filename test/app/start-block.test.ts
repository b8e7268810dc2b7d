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

  it('tells the models of servers on this machine from those of the file', () => {
    const local = [{ name: 'Ollama', models: 2 }];
    const shown = block({}, { providers: [], local });
    expect(shown).toMatch(/Models +7, from models\.json; none available: set OPENROUTER_API_KEY\n/);
    expect(shown).toMatch(/Ollama +2 models, in the playground\n/);
  });
});
