import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
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

describe('the terminal', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs statements in a process of its own, whose terminal is `input`; types each answer when its question appears. */
  async function atTerminal(statements: string, answers: Readonly<Record<string, string>> = {}) {
    const code = `import { createTerminalAsk } from ${JSON.stringify(resolve('src/cli/setup/ask.ts'))};
      import { appendFileSync } from 'node:fs';
      const ask = createTerminalAsk({});
      const keep = (given) => appendFileSync('given', JSON.stringify(given) + '\\n');
      ${statements}
      process.stdin.destroy();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
    const waiting = Object.entries(answers);
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      const [question = '', typed] = waiting[0] ?? [];
      if (typed === undefined || !shown.includes(question)) return;
      waiting.shift();
      child.stdin.write(typed);
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(0);
    return shown;
  }

  const given = () =>
    readFileSync(join(folder, 'given'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('gives what was typed, null for nothing, and shows no secret', async () => {
    const shown = await atTerminal(
      `for (const name of ['Name', 'Nothing']) keep(await ask.text(name));
       for (const name of ['Token', 'None']) keep(await ask.secret(name));
       keep([await ask.confirm('Sure', true), await ask.confirm('Really', false), await ask.confirm('Now', false)]);`,
      { Name: ' Ann B \r', Nothing: ' \r', Token: ' hush\r', None: '\r', Sure: '\r', Really: '\r', Now: 'y' },
    );
    expect(given()).toEqual(['Ann B', null, 'hush', null, [true, false, true]]);
    expect(shown).not.toContain('hush');
  });

  it.each(["text('Q1')", "secret('Q1')", "confirm('Q1', true)"])('ends at Ctrl+C: %s', async (question) => {
    const shown = await atTerminal(`await ask.${question}.catch((error) => keep(error.code));`, {
      Q1: '\u0003',
    });
    expect(given()).toEqual(['cancelled']);
    expect(shown).toContain('Run `npm run setup` again to continue.');
  });

  it('shows all it is told, and prints without a frame what is copied', async () => {
    const shown = await atTerminal(
      `ask.begin('Title'); ask.show('Step', 'Read me'); ask.say('Done'); ask.warn('Odd'); ask.print('a: 1\\nb: 2');`,
    );
    for (const words of ['Title', 'Step', 'Read me', 'Done', 'Odd', '\na: 1\nb: 2\n']) {
      expect(shown).toContain(words);
    }
  });

  it('opens a page only if there is a browser to see it in, and goes on without one', async () => {
    const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
    // A browser that is open for longer than the setup runs.
    const script = '#!/bin/sh\necho "$1" >>opened\nwhile [ -e opened ]; do sleep 0.05; done\n';
    writeFileSync(join(folder, opener), script, { mode: 0o755 });
    await atTerminal(
      `const on = (display, link) => createTerminalAsk(display).open(link);
       process.env.PATH = '/nowhere';
       on({ DISPLAY: ':0' }, 'no opener');
       await new Promise((resolve) => setTimeout(resolve, 0));
       process.env.PATH = ${JSON.stringify(`${folder}:/usr/bin:/bin`)};
       if (process.platform !== 'darwin') on({}, 'no display');
       on({ DISPLAY: ':0' }, 'link 1');
       on({ WAYLAND_DISPLAY: 'wayland-0' }, 'link 2');`,
    );
    const opened = () => readFileSync(join(folder, 'opened'), 'utf8').split('\n').toSorted();
    await expect.poll(opened).toEqual(['', 'link 1', 'link 2']);
  });
});
