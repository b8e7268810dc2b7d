import { describe, expect, it } from 'vitest';
import { unreadVariables } from '../../../src/app/config/unread-variables.ts';

function remarks(
  inFile: Record<string, string>,
  process: Record<string, string> = {},
  others: string[] = [],
) {
  const environment = { variables: { ...inFile, ...process }, inFile: new Set(Object.keys(inFile)) };
  return unreadVariables(environment, others);
}

describe('a variable that Parley does not read', () => {
  it.each([
    ['OPENROUTER_APIKEY', 'OPENROUTER_API_KEY'],
    ['OPENROUTER_API_KYE', 'OPENROUTER_API_KEY'],
    ['OPEN_ROUTER_APIKEY', 'OPENROUTER_API_KEY'],
    ['DISCORD_BOT_TOKEN', 'DISCORD_TOKEN'],
    ['default_tier', 'DEFAULT_TIER'],
    ['LABKEYS', 'LAB_KEY'],
  ])('is named in .env: %s, where %s is meant', (name, meant) => {
    expect(remarks({ [name]: 'secret' }, {}, ['LAB_KEY'])).toEqual([
      `${name} in .env is ignored. Did you mean ${meant}?`,
    ]);
  });

  it('is taken for the one whose name is nearest', () => {
    expect(remarks({ LABEL_KEYS: 'x' }, {}, ['LABOR_KEYS', 'LABEL_KEY', 'LAPEL_KEYZ'])).toEqual([
      'LABEL_KEYS in .env is ignored. Did you mean LABEL_KEY?',
    ]);
  });

  it('is named in .env also where it is like nothing', () => {
    expect(remarks({ NODE_OPTIONS: '--inspect' })).toEqual([
      'NODE_OPTIONS in .env is ignored. Parley has no such setting.',
    ]);
  });

  it('is named in the environment where it is nearly one that is read, and that is not set', () => {
    expect(remarks({}, { OPENROUTER_APIKEY: 'secret' })).toEqual([
      'OPENROUTER_APIKEY is ignored. Did you mean OPENROUTER_API_KEY?',
    ]);
    expect(remarks({}, { OPENROUTER_APIKEY: 'secret', OPEN_ROUTER_KEY: 'secret' })).toEqual([]);
  });

  it.each([
    ['DISCORD_BOT_TOKEN', 'DISCORD_TOKEN'],
    ['OPENAI_KEY', 'OPENAI_API_KEY'],
    ['SLACK_TOKEN', 'SLACK_BOT_TOKEN'],
    ['openrouter_key', 'OPENROUTER_API_KEY'],
  ])('is named in the environment too where others call it so: %s for %s', (name, meant) => {
    expect(remarks({}, { [name]: 'secret' })).toEqual([`${name} is ignored. Did you mean ${meant}?`]);
    expect(remarks({}, { [name]: 'secret', [meant]: 'secret' })).toEqual([]);
  });

  it('is nobody’s business in the environment otherwise', () => {
    const usual = 'HOME HOSTNAME HOSTS PORTS PATH PWD USER SHELL LANG TERM TZ NODE_ENV LOGNAME OLDPWD';
    const common = 'OPENAI_ORG_ID SLACK_WEBHOOK_URL DATABASE_URL REDIS_URL npm_config_user_agent';
    const process = Object.fromEntries(`${usual} ${common}`.split(' ').map((name) => [name, 'x']));
    expect(remarks({}, process)).toEqual([]);
  });
});

it('says nothing of variables that are read, by another name or for the models file', () => {
  expect(remarks({ OPEN_ROUTER_KEY: 'x', LAB_KEY: 'x', PORT: '1' }, { HOST: 'x' }, ['LAB_KEY'])).toEqual([]);
});
