import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../src/app/http/http-client.ts';
import type { Ask } from '../../src/cli/setup/ask.ts';
import { writeVariables } from '../../src/cli/setup/env-file.ts';
import { runSetup } from '../../src/cli/setup/run-setup.ts';
import type { Answers } from '../../src/cli/setup/settings.ts';
import { commands } from '../../src/commands/index.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { createFakeDiscord } from '../support/discord/fake-discord.ts';
import { openGuild } from '../support/discord/guild.ts';
import { createFakeProvider } from '../support/provider/fake-provider.ts';
import { createFakeSlack } from '../support/slack/fake-slack.ts';
import { manifestOf } from '../support/slack/parley.ts';

const KEY = 'sk-or-v1-secret-of-the-operator';
const EXAMPLE = readFileSync('.env.example', 'utf8');

let folder: string;
let envPath: string;
let opened: { close(): Promise<void> }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  envPath = join(folder, '.env');
  opened = [];
});

afterEach(async () => {
  for (const each of opened) await each.close();
  rmSync(folder, { recursive: true });
});

/** The answers of a person at the terminal, by the words of the question; they read all the rest. */
interface Script {
  readonly yes: readonly RegExp[];
  readonly secrets: Record<string, (string | null)[]>;
  /** Texts typed into fields that show them, one after the other; none by default. */
  readonly texts?: string[];
  readonly onShow?: (title: string, text: string) => void;
}

function createScriptedAsk({ yes, secrets, texts = [], onShow }: Script) {
  const seen: string[] = [];
  const ask: Ask = {
    begin: () => {},
    show(title, text) {
      seen.push(text);
      onShow?.(title, text);
    },
    print: (text) => void seen.push(text),
    say: (text) => void seen.push(text),
    warn: (text) => void seen.push(`! ${text}`),
    async secret(question) {
      const [name = ''] = question.split(' ');
      return secrets[name]?.shift() ?? null;
    },
    text: async () => texts.shift() ?? null,
    confirm: async (question) => yes.some((each) => each.test(question)),
    open: (link) => void seen.push(`opens ${link}`),
  };
  return { ask, seen };
}

interface Given {
  readonly answers?: Answers;
  readonly ask?: Ask;
  readonly replace?: boolean;
}

async function setUp({ answers = {}, ask, replace = false }: Given = {}) {
  const inFile = (() => {
    try {
      return parseEnv(readFileSync(envPath, 'utf8'));
    } catch {
      return {};
    }
  })();
  return runSetup({
    answers,
    ask: ask ?? null,
    replace,
    variables: { ...(await servers()), ...inFile },
    envPath,
    example: EXAMPLE,
    commands,
    fetch: createFetch(),
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
}

type Servers = Awaited<ReturnType<typeof openServers>>;
let platforms: Servers | null = null;
beforeEach(() => {
  platforms = null;
});

async function openServers() {
  const provider = await createFakeProvider({ keys: [KEY] });
  const discord = await createFakeDiscord();
  const slack = await createFakeSlack({ manifest: manifestOf() });
  opened.push(provider, discord, slack);
  return { provider, discord, slack };
}

/** Addresses of all servers, which are on this machine. */
async function servers(): Promise<Record<string, string>> {
  platforms ??= await openServers();
  const { provider, discord, slack } = platforms;
  return {
    OPENROUTER_BASE_URL: provider.url,
    OPENAI_BASE_URL: provider.url,
    DISCORD_API_URL: discord.apiUrl,
    SLACK_API_URL: slack.apiUrl,
    MODELS_FILE: resolve('models.json'),
  };
}

async function fakes(): Promise<Servers> {
  await servers();
  if (platforms === null) throw new Error('the servers were not opened');
  return platforms;
}

const written = () => parseEnv(readFileSync(envPath, 'utf8'));

describe('the setup at a terminal', () => {
  it('asks, checks each answer at once, finds the operator, and writes .env', async () => {
    const { discord, slack } = await fakes();
    const { ada } = openGuild(discord);
    const zoe = slack.user('zoe');
    const { ask, seen } = createScriptedAsk({
      yes: [/OpenRouter/, /Answer on Discord/, /Answer on Slack/, /your own id/, /dashboard/],
      secrets: {
        OPENROUTER_API_KEY: ['sk-or-wrong-key', KEY],
        DISCORD_TOKEN: [discord.token],
        SLACK_BOT_TOKEN: [slack.app.botToken],
        SLACK_APP_TOKEN: [slack.app.appToken],
      },
      texts: ['M'.repeat(101), 'Mia, mia@example.com'],
      onShow(title, text) {
        const [word] = /parley-\d{6}/.exec(text) ?? [];
        if (word === undefined) return;
        expect(text).toContain('waits for it for 5 minutes. Ctrl-C ends the setup');
        if (title === 'On Slack') return void zoe.say(zoe.dm, word);
        ada.say(ada.dm, 'Hello, who are you?');
        ada.say(ada.dm, `${word} it is`);
      },
    });
    const { written: names } = await setUp({ ask });
    expect(names).toEqual([
      'OPENROUTER_API_KEY',
      'DISCORD_TOKEN',
      'SLACK_BOT_TOKEN',
      'SLACK_APP_TOKEN',
      'OPERATORS',
      'OPERATOR_CONTACT',
      'ADMIN_TOKEN',
      'ENCRYPTION_KEY',
    ]);
    expect(written()).toMatchObject({
      OPENROUTER_API_KEY: KEY,
      DISCORD_TOKEN: discord.token,
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_APP_TOKEN: slack.app.appToken,
      OPERATORS: `discord:${ada.id},slack:${slack.teamId}/${zoe.id}`,
      OPERATOR_CONTACT: 'Mia, mia@example.com',
      ADMIN_TOKEN: expect.stringMatching(/^[0-9a-f]{48}$/),
    });
    expect(Buffer.from(written()['ENCRYPTION_KEY'] ?? '', 'base64')).toHaveLength(32);
    const said = seen.join('\n');
    expect(said).toMatch(/^! OpenRouter rejects the key in OPENROUTER_API_KEY\. Set/m);
    expect(said).toContain('OpenRouter answers and accepts the key');
    expect(said).toContain('opens https://discord.com/developers/applications');
    expect(said).toContain('"slash_commands"');
    expect(said).toContain(`You are discord:${ada.id}.`);
    expect(said).toContain(`You are slack:${slack.teamId}/${zoe.id}.`);
    expect(said).toMatch(/^! OPERATOR_CONTACT is not valid/m);
    expect(said).toContain('The dashboard will be at http://127.0.0.1:3000/admin.');
    // The steps stand below what is to be copied, and nothing alarms that is so with every new application.
    expect(said.indexOf('"slash_commands"')).toBeLessThan(said.indexOf('paste the manifest above'));
    expect(said).not.toMatch(/^! .*commands/m);
    expect(said).not.toContain(KEY);
    expect(discord.messages(ada.dm).at(-1)?.content).toMatch(/^Thank you/);
  });

  it('prints the invite link where the bot is in no server', async () => {
    const { discord } = await fakes();
    const { ask, seen } = createScriptedAsk({
      yes: [/Answer on Discord/],
      secrets: { DISCORD_TOKEN: [discord.token] },
    });
    await setUp({ ask });
    expect(seen.join('\n')).toMatch(
      /The bot is not in any server yet\. Invite it: https:\/\/discord\.com\/oauth2/,
    );
  });

  it('does not look for the operator on Slack where events come over HTTP, and so not to the setup', async () => {
    const { slack } = await fakes();
    writeFileSync(envPath, `SLACK_BOT_TOKEN=${slack.app.botToken}\nSLACK_SIGNING_SECRET=${'5'.repeat(32)}\n`);
    const { ask } = createScriptedAsk({ yes: [/your own id/], secrets: {} });
    expect(await setUp({ ask })).toMatchObject({ written: ['ENCRYPTION_KEY'] });
  });

  it('skips a platform whose tokens are left empty', async () => {
    const { ask, seen } = createScriptedAsk({ yes: [/on Slack/], secrets: {} });
    expect(await setUp({ ask })).toMatchObject({ written: ['ENCRYPTION_KEY'] });
    expect(seen.filter((text) => text.startsWith('!'))).toEqual([]);
  });

  it('keeps what was answered where it is broken off, and leaves it alone the next time', async () => {
    const { discord } = await fakes();
    const first = createScriptedAsk({ yes: [/OpenRouter/], secrets: { OPENROUTER_API_KEY: [KEY] } });
    const stopped: Ask = {
      ...first.ask,
      confirm: async (question, byDefault) => {
        if (/Discord/.test(question)) throw new Error('stopped');
        return first.ask.confirm(question, byDefault);
      },
    };
    await expect(setUp({ ask: stopped })).rejects.toThrow('stopped');
    expect(written()['OPENROUTER_API_KEY']).toBe(KEY);
    const again = createScriptedAsk({
      yes: [/Answer on Discord/],
      secrets: { DISCORD_TOKEN: [discord.token] },
    });
    const report = await setUp({ ask: again.ask });
    expect(report.written).toEqual(['DISCORD_TOKEN', 'ENCRYPTION_KEY']);
    expect(written()['OPENROUTER_API_KEY']).toBe(KEY);
  });
});

describe('the setup with flags', () => {
  it('asks nothing, and writes what can be used', async () => {
    const { discord, slack } = await fakes();
    const answers = {
      OPENROUTER_API_KEY: KEY,
      DISCORD_TOKEN: discord.token,
      SLACK_BOT_TOKEN: slack.app.botToken,
      SLACK_APP_TOKEN: slack.app.appToken,
      OPERATORS: 'discord:123',
      OPERATOR_CONTACT: 'Mia',
      ADMIN_TOKEN: 'sixteen-characters-at-least',
    };
    await setUp({ answers });
    expect(written()).toMatchObject(answers);
    // Once more changes nothing.
    const text = readFileSync(envPath, 'utf8');
    await setUp({ answers });
    expect(readFileSync(envPath, 'utf8')).toBe(text);
  });

  it.each<[string, Answers, RegExp]>([
    [
      'a key that is refused',
      { OPENROUTER_API_KEY: 'sk-or-wrong-key' },
      /rejects the key in OPENROUTER_API_KEY/,
    ],
    ['a token that is refused', { DISCORD_TOKEN: 'wrong-token' }, /Discord does not accept DISCORD_TOKEN/],
    ['an answer that makes no sense', { OPERATORS: 'me' }, /OPERATORS="me" is not valid/],
    ['half of what belongs together', { SLACK_BOT_TOKEN: 'xoxb-1-2-3' }, /Set SLACK_APP_TOKEN/],
  ])('refuses %s, and writes nothing for it', async (_, answers, words) => {
    await expect(setUp({ answers })).rejects.toThrow(words);
    expect(() => readFileSync(envPath)).toThrow('ENOENT');
  });

  it('writes over nothing unless it is told to', async () => {
    writeFileSync(envPath, 'OPENROUTER_API_KEY=sk-or-the-one-before\n');
    await expect(setUp({ answers: { OPENROUTER_API_KEY: KEY } })).rejects.toThrow('is already set');
    expect(written()['OPENROUTER_API_KEY']).toBe('sk-or-the-one-before');
    await setUp({ answers: { OPENROUTER_API_KEY: KEY }, replace: true });
    expect(written()['OPENROUTER_API_KEY']).toBe(KEY);
  });
});

describe('.env', () => {
  it('keeps comments and lines of others, and is for its owner alone', async () => {
    writeFileSync(envPath, '# mine\r\nOTHER="a b" # why\r\nexport PORT = 1\r\n# DISCORD_TOKEN=\r\nLAST=1', {
      mode: 0o644,
    });
    await writeVariables(envPath, EXAMPLE, {
      DISCORD_TOKEN: 'x'.repeat(20),
      PORT: '3001',
      NEW: "it's # odd",
    });
    expect(readFileSync(envPath, 'utf8')).toBe(
      `# mine\r\nOTHER="a b" # why\r\nPORT=3001\r\n# DISCORD_TOKEN=\r\nDISCORD_TOKEN=${'x'.repeat(20)}\r\nLAST=1\r\nNEW="it's # odd"\r\n`,
    );
    expect(statSync(envPath).mode & 0o777).toBe(0o600);
  });

  it('begins as the example, each value under what explains it', async () => {
    await writeVariables(envPath, EXAMPLE, { OPENAI_API_KEY: 'sk-1', PORT: '3001' });
    const text = readFileSync(envPath, 'utf8');
    expect(text).toContain('# OPENAI_API_KEY=\nOPENAI_API_KEY=sk-1\n');
    expect(text).toContain('# PORT=3000\nPORT=3001\n');
    expect(text.replace('OPENAI_API_KEY=sk-1\n', '').replace('\nPORT=3001', '')).toBe(EXAMPLE);
  });

  it.each(['plain', 'a b', '#1', "it's", 'say "hi"', '`', 'a\\nb', '$HOME', '=', ''])(
    'gives %j back as it was written',
    async (value) => {
      await writeVariables(envPath, '', { VALUE: value });
      expect(written()['VALUE']).toBe(value);
    },
  );

  it('stays as it was where a value cannot be written', async () => {
    writeFileSync(envPath, 'A=1\n');
    await expect(writeVariables(envPath, '', { A: 'one\ntwo' })).rejects.toThrow(TypeError);
    expect(readFileSync(envPath, 'utf8')).toBe('A=1\n');
  });
});
