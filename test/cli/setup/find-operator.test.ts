import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createFetch } from '../../../src/app/http/http-client.ts';
import type { Ask } from '../../../src/cli/setup/ask.ts';
// Before anything that has discord.js in it, as at a real setup.
import { runSetup } from '../../../src/cli/setup/run-setup.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { createFakeDiscord } from '../../support/discord/fake-discord.ts';
import { openGuild } from '../../support/discord/guild.ts';
import { openProxy } from '../../support/proxy.ts';
import { createFakeSlack } from '../../support/slack/fake-slack.ts';
import { manifestOf } from '../../support/slack/parley.ts';
import { serveTls } from '../../support/tls.ts';

/** Runs the setup of an `.env` with tokens: it asks for the operator alone, who sends the word. Resolves to what it wrote. */
async function findOperator(
  variables: NodeJS.Dict<string>,
  send: (word: string) => void,
  warn: (text: string) => void = () => {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const envPath = join(folder, '.env');
  const ask: Ask = {
    begin: () => {},
    show(_, text) {
      const [word] = /parley-\d{6}/.exec(text) ?? [];
      if (word !== undefined) send(word);
    },
    print: () => {},
    say: () => {},
    warn,
    secret: async () => null,
    text: async () => null,
    confirm: async (question) => question.includes('your own id'),
    open: () => {},
  };
  await runSetup({
    answers: {},
    ask,
    replace: false,
    variables: { MODELS_FILE: resolve('models.json'), ...variables },
    envPath,
    example: '',
    commands: [],
    fetch: createFetch(variables),
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
  return parseEnv(readFileSync(envPath, 'utf8'));
}

describe('the setup finds the operator through a proxy alone', () => {
  it('on Discord', async () => {
    const discord = await createFakeDiscord({ gatewayUrl: 'wss://gateway.test/gateway' });
    onTestFinished(() => discord.close());
    const { ada } = openGuild(discord);
    const target = new URL(discord.apiUrl);
    const proxy = await openProxy(target.origin, await serveTls(Number(target.port)));
    onTestFinished(() => proxy.close());
    const variables = {
      HTTPS_PROXY: `http://${proxy.url}`,
      HTTP_PROXY: `http://${proxy.url}`,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: 'http://discord.test/api',
    };
    const written = await findOperator(variables, (word) => ada.say(ada.dm, word));
    expect(written).toMatchObject({ OPERATORS: `discord:${ada.id}` });
    expect(proxy.asked).toContain('CONNECT gateway.test:443');
  });

  it('on Slack', async () => {
    const slack = await createFakeSlack({ manifest: manifestOf(), socketHost: 'sockets.test' });
    onTestFinished(() => slack.close());
    const zoe = slack.user('zoe');
    const proxy = await openProxy(new URL(slack.apiUrl).origin);
    onTestFinished(() => proxy.close());
    const variables = {
      HTTP_PROXY: `http://${proxy.url}`,
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_APP_TOKEN: slack.app.appToken,
      SLACK_API_URL: 'http://slack.test/api',
    };
    const bob = slack.user('bob');
    const written = await findOperator(variables, (word) => {
      // Another word makes nobody an operator.
      bob.say(bob.dm, word.slice(0, -1));
      zoe.say(zoe.dm, word);
    });
    expect(written).toMatchObject({ OPERATORS: `slack:${slack.teamId}/${zoe.id}` });
    expect(proxy.asked).toContainEqual(expect.stringMatching(/^CONNECT sockets\.test:\d+$/));
  });
});

it('the setup goes on if the platform refuses the connection that looks for the operator', async () => {
  const discord = await createFakeDiscord();
  onTestFinished(() => discord.close());
  const variables = {
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_COMMAND_GUILDS: '900000000000000001',
  };
  const said: string[] = [];
  expect(
    await findOperator(
      variables,
      () => {},
      (text) => said.push(text),
    ),
  ).toMatchObject({ ENCRYPTION_KEY: expect.any(String) });
  expect(said.join()).toMatch(
    /server 900000000000000001.* add the bot to that server.* run `npm run setup` again/,
  );
});

it('the setup goes on if nobody writes the word within five minutes', async () => {
  const slack = await createFakeSlack({ manifest: manifestOf() });
  onTestFinished(() => slack.close());
  const late = new AbortController();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi
    .spyOn(AbortSignal, 'timeout')
    .mockImplementation((ms) => (ms === 5 * 60_000 ? late.signal : timeout(ms)));
  onTestFinished(() => spy.mockRestore());
  const said: string[] = [];
  const written = await findOperator(
    slack.environment,
    () => late.abort(new Error('late')),
    (text) => said.push(text),
  );
  expect(written['OPERATORS']).toBeUndefined();
  expect(said.join()).toMatch(/^No message with that word came\. Set OPERATORS in \.env later/);
  expect(slack.socket.connections).toBe(0);
});
