import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCli } from '../src/cli/run.ts';
import { openReader } from './adapters/web/playground.ts';
import { createFakeDiscord } from './support/discord/fake-discord.ts';
import { openGuild } from './support/discord/guild.ts';
import { type Program, startProgram } from './support/program.ts';
import { errorChunk } from './support/provider/chunks.ts';
import {
  createFakeProvider,
  type FakeProvider,
  json,
  type Reply,
  stream,
} from './support/provider/fake-provider.ts';
import { describeWithRedis, startRedis, type TestRedis } from './support/redis.ts';
import { createFakeSlack } from './support/slack/fake-slack.ts';

/** Programs start, and platforms connect, on a machine that may be busy. */
const TIMEOUT_MS = 240_000;
const MODEL = 'anthropic/claude-3.5-sonnet';

/** The part of a key before its last four characters, which may be shown. */
const SECRETS = {
  web: 'sk-or-v1-web-0123456789-abcdefghij-',
  discord: 'sk-or-v1-discord-0123456789-abcdefghij-',
  slack: 'sk-or-v1-slack-0123456789-abcdefghij-',
} as const;
const keyOf = (platform: keyof typeof SECRETS) => `${SECRETS[platform]}wxyz`;

let folder: string;
let provider: FakeProvider;
let program: Program;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  provider = await createFakeProvider({ keys: Object.keys(SECRETS).map((name) => keyOf(name as 'web')) });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  onTestFinished(() => provider.close());
});
/** Faults that quote the key which they came with, as careless gateways do. */
const QUOTING: readonly Reply[] = [
  (response, request) =>
    json(401, { error: { code: 401, message: `bad key ${request.headers.authorization}` } })(
      response,
      request,
    ),
  (response, request) => {
    const key = String(request.headers.authorization).replace('Bearer ', '');
    const error = {
      code: 400,
      type: key.slice(0, 60),
      message: key,
      metadata: { error_type: key, raw: key },
    };
    return json(400, { error }, { 'x-echo': key })(response, request);
  },
  (response, request) =>
    stream(errorChunk(502, String(request.headers.authorization).replace('Bearer ', '').slice(0, 60)))(
      response,
      request,
    ),
  (response) => void response.destroy(),
];

/** Fails where the key, or its secret part, stands in a text or in bytes, plain or encoded. */
function expectNoKey(where: string, found: string | Buffer): void {
  const bytes = Buffer.from(found);
  for (const secret of Object.values(SECRETS)) {
    for (const form of [secret, encodeURIComponent(secret), secret.slice(9)]) {
      expect(bytes.includes(form), `${where} holds ${form}`).toBe(false);
    }
    // Base64 of the middle, at each of the three places where it can begin.
    for (const skipped of [0, 1, 2]) {
      const encoded = Buffer.from(secret.slice(skipped)).toString('base64').slice(2, -6);
      expect(bytes.includes(encoded), `${where} holds it in base64`).toBe(false);
    }
    expect(bytes.includes(Buffer.from(secret).toString('hex')), `${where} holds it in hex`).toBe(false);
  }
}

const post = (path: string, body: object) =>
  fetch(new URL(`/playground/api/${path}`, program.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function start(environment: Record<string, string>) {
  program = await startProgram(folder, {
    OPENROUTER_BASE_URL: provider.url,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    PLAYGROUND: 'on',
    LOG_LEVEL: 'trace',
    LOG_CONTENT: 'on',
    ...environment,
  });
  onTestFinished(() => program.kill());
}

describe('a key that guilds bring on three platforms', () => {
  it('stands in no log, error, store, metric, page or message, whatever happens to it', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const discord = await createFakeDiscord({ acknowledgeWithinMs: 60_000 });
    onTestFinished(() => discord.close());
    const slack = await createFakeSlack({ triggersLiveMs: 60_000 });
    onTestFinished(() => slack.close());
    const { guild, channel, ada } = openGuild(discord);
    guild.join(ada, ['ManageGuild']);
    const ann = slack.user('Ann', { isAdmin: true });
    const general = slack.channel('general', [ann]);
    await start({
      ...discord.environment,
      ...slack.environment,
    });
    const pages = await Promise.all(
      ['admin', 'member'].map((as) => openReader(new URL(`/playground/api/events?as=${as}`, program.url))),
    );
    for (const each of pages) onTestFinished(() => each.close());
    const [page] = pages;
    const notices = () => page?.messages.filter(({ kind }) => kind === 'notice') ?? [];

    // Connected on each platform by the form that people see.
    const command = { as: 'admin', channel: 'general', thread: null };
    const form = { provider: 'openrouter', key: keyOf('web') };
    await post('command', {
      ...command,
      id: 'connect-1',
      command: 'connect',
      text: '/connect',
      options: form,
    });
    const used = ada.slash('connect', {}, { channel });
    await used.acknowledged();
    const sent = ada.submit(used, { provider: 'OpenRouter', key: keyOf('discord') });
    await ann.slash('/connect', '', { channel: general });
    await vi.waitFor(() => expect(ann.modal()).not.toBe(''), { timeout: 60_000 });
    await ann.submit({ provider: 'OpenRouter', key: keyOf('slack') });
    const connected = /The key …wxyz for OpenRouter is connected/;
    await vi.waitFor(
      () => {
        expect(
          notices()
            .map(({ text }) => text)
            .join(),
        ).toMatch(connected);
        expect(sent.replies.map(({ content }) => content).join()).toMatch(connected);
        expect(
          ann
            .privateTexts(general)
            .map(({ text }) => text)
            .join(),
        ).toMatch(connected);
      },
      { timeout: 60_000 },
    );

    // Used, by an answer and by every fault that quotes it.
    for (const [index, reply] of [null, ...QUOTING].entries()) {
      if (reply === null) provider.answer('Yes.');
      else provider.script(reply);
      const before = provider.chats.length;
      const options = { prompt: 'Why?', model: MODEL };
      await post('command', {
        ...command,
        id: `question-${index}`,
        command: 'ask',
        text: '/ask Why?',
        options,
      });
      await vi.waitFor(() => expect(provider.chats.length).toBeGreaterThan(before), { timeout: 60_000 });
      await page?.until(
        ({ answers }) => answers.filter(({ status }) => status !== 'streaming').length === index + 1,
      );
    }
    expect(provider.chats.map(({ headers }) => headers.authorization)).toContain(`Bearer ${keyOf('web')}`);
    provider.answer('Yes.');
    const asked = ada.slash('ask', { prompt: 'Why?', model: MODEL }, { channel });
    await discord.until(() => asked.reply?.content.startsWith('Yes.') ?? false, 'it is answered', 60_000);
    for (const text of ['tier', 'usage', 'limits', 'export', 'disconnect']) {
      const count = notices().length;
      await post('command', {
        ...command,
        id: `look-at-${text}`,
        command: text,
        text: `/${text}`,
        options: {},
      });
      await page?.until(() => notices().length > count);
    }

    const metrics = await fetch(new URL('/metrics', program.url)).then((response) => response.text());
    expect(metrics).toContain('parley_answers_total');
    expectNoKey('a metric', metrics);
    const places = {
      room: 'as=admin',
      status: 'as=admin&channel=general',
      suggest: 'as=admin&channel=general',
    };
    for (const [path, query] of Object.entries(places)) {
      const url = new URL(`/playground/api/${path}?${query}`, program.url);
      expectNoKey(`the page's ${path}`, await fetch(url).then((response) => response.text()));
    }
    for (const reader of pages) expectNoKey('a page', JSON.stringify(reader.events));
    for (const notice of notices()) {
      const url = new URL(`/playground/api/file?as=admin&message=${notice.id}&index=0`, program.url);
      expectNoKey('a file', Buffer.from(await (await fetch(url)).arrayBuffer()));
    }
    expectNoKey('a message on Discord', JSON.stringify(discord.messages(channel, ada)));
    expectNoKey('a request to Discord', JSON.stringify(discord.requests));
    expectNoKey('a request to Slack', JSON.stringify(slack.requests));
    const store = { STORE_URL: `sqlite:${join(folder, 'data', 'parley.db')}` };
    for (const args of [['audit'], ['usage', '--csv'], ['tier', 'show', `discord:${guild.id}`]]) {
      const outcome = await runCli(args, async () => ({ variables: store, inFile: new Set() }));
      expect(outcome.code).toBe(0);
      expectNoKey(args.join(' '), JSON.stringify(outcome));
    }
    await program.kill();
    expect(program.errors()).toContain('"level":"info"');
    expectNoKey('the log', program.errors());
    expectNoKey('the terminal', program.output());
    const files = readdirSync(join(folder, 'data'));
    expect(files).toContain('parley.db');
    for (const name of files) expectNoKey(name, readFileSync(join(folder, 'data', name)));
  });
});

describeWithRedis('a key that a guild brings, in Redis,', () => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await startRedis();
    onTestFinished(() => redis.stop());
  });

  it('stands there for nobody to read', { timeout: TIMEOUT_MS }, async () => {
    await start({ STORE_URL: redis.url });
    const page = await openReader(new URL('/playground/api/events?as=admin', program.url));
    onTestFinished(() => page.close());
    const form = { provider: 'openrouter', key: keyOf('web') };
    await post('command', {
      as: 'admin',
      channel: 'general',
      thread: null,
      id: 'connect-1',
      command: 'connect',
      text: '/connect',
      options: form,
    });
    await page.until(({ messages }) => messages.some(({ text }) => text.includes('is connected')));
    const dump = await redis.dump();
    expect(dump).toContain('wxyz');
    expectNoKey('Redis', dump);
  });
});
