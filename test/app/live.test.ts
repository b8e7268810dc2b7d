import { resolve } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Check, createFindings } from '../../src/app/checks/check.ts';
import { askCheapestModel } from '../../src/app/checks/live/ask-model.ts';
import { type LiveTarget, lookLive } from '../../src/app/checks/live/live.ts';
import { createObserver, reportHits } from '../../src/app/checks/live/observe.ts';
import { fillTo, firstDifference } from '../../src/app/checks/live/samples.ts';
import type { Stage } from '../../src/app/checks/live/stage.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { createFetch } from '../../src/app/http/http-client.ts';
import { runCli } from '../../src/cli/run.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { Fetch, FetchHeaders } from '../../src/core/ports/fetch.ts';
import { createFakeDiscord, type FakeDiscordOptions } from '../support/discord/fake-discord.ts';
import { createFastClock } from '../support/fast-clock.ts';
import { MODELS_FILE } from '../support/models.ts';
import { createFakeProvider } from '../support/provider/fake-provider.ts';
import { createFakeSlack, type FakeSlackOptions } from '../support/slack/fake-slack.ts';

const KEY = 'sk-or-v1-secret-of-the-operator';
/** Changes what goes out before it does, or what comes back. */
type Deviate = (fetch: Fetch) => Fetch;
const straight: Deviate = (fetch) => fetch;

/** A provider that answers once, and the settings that lead to it. */
async function readyProvider(variables: Readonly<Record<string, string>> = {}) {
  const provider = await createFakeProvider({ keys: [KEY] });
  onTestFinished(provider.close);
  provider.answer('ready', { prompt_tokens: 10, completion_tokens: 1, cost: 0 });
  const environment: Record<string, string> = {
    STORE_URL: 'memory:',
    OPENROUTER_API_KEY: KEY,
    OPENROUTER_BASE_URL: provider.url,
    ...variables,
  };
  return { provider, environment };
}

async function look(
  target: LiveTarget,
  variables: Record<string, string>,
  clock: Clock,
  {
    deviate = straight,
    signal = new AbortController().signal,
  }: { deviate?: Deviate; signal?: AbortSignal } = {},
) {
  const { provider, environment } = await readyProvider(variables);
  const checks = await lookLive(target, {
    config: readConfig(environment),
    file: MODELS_FILE,
    keyIn: (variable) => environment[variable],
    fetch: deviate(createFetch()),
    clock,
    log: pino({ level: 'silent' }),
    signal,
    onStep: () => {},
  });
  return { checks, provider };
}

const lines = (checks: readonly Check[]) => checks.map(({ state, finding }) => `${state}: ${finding}`);
const differences = (checks: readonly Check[]) => lines(checks).filter((line) => !line.startsWith('ok'));

async function onDiscord(options: FakeDiscordOptions & Parameters<typeof look>[3] = {}) {
  const clock = createFastClock();
  const discord = await createFakeDiscord({ ...options, clock });
  onTestFinished(discord.close);
  const guild = discord.guild({ bot: ['ManageThreads'] });
  const channel = guild.channel();
  const { checks, provider } = await look(
    { platform: 'discord', channel: channel.id },
    discord.environment,
    clock,
    options,
  );
  return { discord, channel, checks, provider };
}

async function onSlack(options: FakeSlackOptions & Parameters<typeof look>[3] = {}) {
  const clock = createFastClock();
  const slack = await createFakeSlack({ ...options, clock });
  onTestFinished(slack.close);
  const channel = slack.channel('garden', [slack.user('Ann')]);
  const { checks, provider } = await look({ platform: 'slack', channel }, slack.environment, clock, options);
  return { slack, channel, checks, provider };
}

/** Replaces a piece of the body of requests that hold it. */
const sends =
  (piece: string, other: string): Deviate =>
  (fetch) =>
  (url, init) => {
    const body = init?.body;
    if (typeof body !== 'string' || !body.includes(piece)) return fetch(url, init);
    return fetch(url, { ...init, body: body.replace(piece, other) });
  };

/** Replaces a piece of what comes back from addresses that match. */
const gives =
  (where: RegExp, piece: string, other: string): Deviate =>
  (fetch) =>
  async (url, init) => {
    const response = await fetch(url, init);
    if (!where.test(`${init?.method ?? 'GET'} ${String(url)}`)) return response;
    const { status } = response;
    const headers = Object.fromEntries(response.headers.entries());
    return new Response((await response.text()).replaceAll(piece, other), { status, headers });
  };

describe('the live look at Discord', () => {
  it('finds no difference from what Parley assumes, asks one model, and leaves nothing behind', async () => {
    const { discord, channel, checks, provider } = await onDiscord();
    expect(differences(checks)).toEqual([]);
    expect(lines(checks)).toEqual([
      'ok: The channel is visible; its type is GuildText',
      'ok: 12 edits arrived, the last one last',
      'ok: Markdown is read back as it was sent',
      'ok: A table is read back as it was sent',
      'ok: Code is read back as it was sent',
      'ok: Buttons are read back with their ids',
      'ok: A text of 2000 UTF-16 units, 2000 characters, 2000 bytes (ASCII) is read back as it was sent',
      'ok: A text of 2000 UTF-16 units, 2000 characters, 3644 bytes (Cyrillic) is read back as it was sent',
      'ok: A text of 2000 UTF-16 units, 2000 characters, 6000 bytes (CJK) is read back as it was sent',
      'ok: A text of 2000 UTF-16 units, 1000 characters, 4000 bytes (Emoji) is read back as it was sent',
      'ok: A message of 2001 characters is refused, as assumed',
      'ok: Parley counts UTF-16 units; Discord counts code points, which are never more',
      'ok: A thread can be created, written to, and closed',
      'ok: A file arrives intact',
      'ok: meta-llama/llama-3.2-3b-instruct:free answers (free)',
      'ok: The model’s answer is read back as it was sent',
      'ok: Posts in a channel: 5 in 5 s, as assumed',
      'ok: Edits in a channel: 5 in 5 s, as assumed',
      expect.stringMatching(/^ok: \d\d requests, none of which hit a limit$/),
      'ok: Everything was cleaned up again, 16 in all',
    ]);
    expect(provider.chats).toHaveLength(1);
    expect(discord.messages(channel)).toEqual([]);
    expect(discord.threads(channel)).toEqual([]);
    expect(discord.violations.filter((text) => !/BASE_TYPE_MAX_LENGTH|2000/.test(text))).toEqual([]);
    expect(JSON.stringify(checks)).not.toMatch(new RegExp([discord.token, channel.id, KEY].join('|')));
  });

  it('names what a changed Discord does otherwise', async () => {
    const { checks, discord, channel } = await onDiscord({
      rateLimits: { 'PATCH /channels/:id/messages/:id': { limit: 3, windowMs: 9_000 } },
      deviate: (fetch) =>
        sends('x'.repeat(2_001), 'x'.repeat(2_000))(gives(/^GET .*\/messages\//, '- one', '• one')(fetch)),
    });
    expect(differences(checks)).toEqual([
      expect.stringMatching(
        /^warn: Markdown is read back differently: at character \d+, ".*- one.*" was sent and ".*• one.*" arrived/,
      ),
      'warn: A message of 2001 characters is accepted; Parley assumes at most 2000',
      expect.stringMatching(
        /^warn: Edits in a channel: the headers say 3 in about [5-9]\.\d s; Parley starts with 5 in 5 s/,
      ),
      ...differences(checks).filter((line) => line.includes('A limit was hit')),
    ]);
    expect(discord.messages(channel)).toEqual([]);
  });

  it('that is interrupted takes away what it posted', async () => {
    const stopping = new AbortController();
    let posts = 0;
    const { checks, discord, channel } = await onDiscord({
      signal: stopping.signal,
      deviate: (fetch) => (url, init) => {
        if (init?.method === 'POST' && ++posts === 6) stopping.abort(new Error('interrupted'));
        return fetch(url, init);
      },
    });
    expect(differences(checks)).toEqual(['fail: Interrupted']);
    expect(discord.requests.filter(({ method }) => method === 'POST').length).toBeGreaterThan(3);
    expect(discord.messages(channel)).toEqual([]);
  });

  it('says what is left where the bot may not take it away', async () => {
    const clock = createFastClock();
    const discord = await createFakeDiscord({ clock });
    onTestFinished(discord.close);
    const channel = discord.guild().channel();
    const { checks } = await look({ platform: 'discord', channel: channel.id }, discord.environment, clock);
    expect(differences(checks)).toEqual([
      expect.stringMatching(
        /^off: Left behind: an archived thread, because deleting it needs Manage Threads/,
      ),
    ]);
    expect(discord.messages(channel)).toEqual([]);
  });
});

describe('the live look at Slack', () => {
  it('finds no difference from what Parley assumes, asks one model, and leaves nothing behind', async () => {
    const { slack, channel, checks, provider } = await onSlack();
    expect(differences(checks)).toEqual([]);
    expect(lines(checks)).toEqual([
      'ok: The bot is a member of the channel',
      'ok: 12 edits arrived, the last one last',
      'ok: Markdown is read back as it was sent',
      'ok: A table is read back as it was sent',
      'ok: Code is read back as it was sent',
      'ok: Buttons are read back with their ids',
      'ok: A text of 7200 UTF-16 units, 7200 characters, 7200 bytes (ASCII) is read back as it was sent',
      'ok: A text of 3952 UTF-16 units, 3952 characters, 7199 bytes (Cyrillic) is read back as it was sent',
      'ok: A text of 2400 UTF-16 units, 2400 characters, 7200 bytes (CJK) is read back as it was sent',
      'ok: A text of 3600 UTF-16 units, 1800 characters, 7200 bytes (Emoji) is read back as it was sent',
      'ok: chat.update accepts a text of 4000 bytes, as assumed',
      'ok: chat.update counts bytes of UTF-8, as assumed',
      'ok: A thread can be created and written to',
      'ok: A file arrives',
      'ok: meta-llama/llama-3.2-3b-instruct:free answers (free)',
      'ok: The model’s answer is read back as it was sent',
      'ok: Markdown blocks come back as markdown',
      expect.stringMatching(/^ok: \d\d calls, none of which hit a limit$/),
      'ok: Everything was cleaned up again, 15 in all',
    ]);
    expect(provider.chats).toHaveLength(1);
    expect(slack.messages(channel)).toEqual([]);
    expect(JSON.stringify(checks)).not.toMatch(new RegExp([slack.app.botToken, channel, KEY].join('|')));
  });

  it('names what a changed Slack does otherwise', async () => {
    const letters = encodeURIComponent('я');
    const { checks, slack, channel } = await onSlack({
      deviate: (fetch) =>
        sends(
          letters.repeat(2_001),
          letters.repeat(2_000),
        )(
          gives(
            /conversations\.history/,
            '"type":"button"',
            '"type":"switch"',
          )(gives(/conversations\.history/, 'nested', 'flat')(fetch)),
        ),
    });
    expect(differences(checks)).toEqual([
      expect.stringMatching(/^warn: Markdown is read back differently: .*nested.*flat/),
      'warn: 0 of 2 buttons are read back',
      expect.stringMatching(/^warn: chat\.update accepts 4002 bytes in 2001 characters/),
    ]);
    expect(slack.messages(channel)).toEqual([]);
  });

  it('posts nothing where the bot is not a member', async () => {
    const clock = createFastClock();
    const slack = await createFakeSlack({ clock });
    onTestFinished(slack.close);
    const channel = slack.channel('garden', [slack.user('Ann')], { bot: false });
    const { checks, provider } = await look({ platform: 'slack', channel }, slack.environment, clock);
    expect(differences(checks)).toEqual(['fail: The bot is not a member of the channel']);
    expect([slack.messages(channel), provider.chats]).toEqual([[], []]);
  });

  it('takes Slack’s own rendering of Markdown blocks for what it is', async () => {
    const { checks } = await onSlack({ rendersMarkdown: true });
    expect(lines(checks)).toContain('ok: Markdown blocks come back as rich_text');
  });
});

describe('the model that a live look asks', () => {
  it.each([
    ['costs at most $0.01 for 400 tokens', 25, 'ok: dear/model answers (<$0.0001)'],
    [
      'does not cost more',
      25.01,
      'warn: No model was asked: no model that this server may use costs at most $0.01',
    ],
  ])('%s', async (_, completionPerMillion, line) => {
    const { environment } = await readyProvider();
    const prices = { promptPerMillion: 0, completionPerMillion };
    const findings = createFindings('Live');
    await askCheapestModel(
      'discord:1',
      {
        config: readConfig(environment),
        file: parseCatalogueFile(JSON.stringify({ models: [{ id: 'dear/model', tier: 'free', prices }] })),
        keyIn: (variable) => environment[variable],
        fetch: createFetch(),
        clock: createFastClock(),
        log: pino({ level: 'silent' }),
      },
      { findings, signal: new AbortController().signal } as unknown as Stage,
    );
    expect(lines(findings.checks)).toEqual([line]);
  });
});

describe('doctor --live', () => {
  const run = (...args: string[]) =>
    runCli(['doctor', ...args], async () => ({
      variables: { MODELS_FILE: resolve('models.json'), DISCORD_TOKEN: '0123456789' },
      inFile: new Set(),
    }));

  it('posts nothing before somebody has agreed', async () => {
    const { code, errors } = await run('--live', 'discord:123456789012345678');
    expect(code).toBe(2);
    expect(errors).toMatch(/Without a terminal to ask on, add --yes/);
  });

  it('says how a channel is written, and which token is missing', async () => {
    expect((await run('--live', 'discord:general')).errors).toMatch(/"discord:general" is not a channel/);
    const slack = await run('--live', 'slack:C012AB3CD', '--yes');
    expect([slack.code, slack.errors]).toEqual([1, expect.stringMatching(/^SLACK_BOT_TOKEN is not set/)]);
  });
});

describe('what a look sees of limits', () => {
  it('is every response of the platform, by its route without ids, and no other', async () => {
    const headers = { 'retry-after': '3' };
    const statuses = [200, 429, 429];
    const { fetch, seen } = createObserver(
      async () => new Response(null, { status: statuses.shift() ?? 200, headers }),
      'https://discord.test/api',
    );
    const message = 'https://discord.test/api/v10/channels/123456789012345678/messages/223456789012345678';
    await fetch(message);
    for (let times = 0; times < 2; times++) await fetch(`${message}?limit=1`, { method: 'PATCH' });
    await fetch('https://provider.test/v1/models');
    const route = '/channels/:id/messages/:id';
    expect(seen.map((one) => [one.route, one.status])).toEqual([
      [`GET ${route}`, 200],
      [`PATCH ${route}`, 429],
      [`PATCH ${route}`, 429],
    ]);
    const differing: string[] = [];
    const findings = createFindings('Live');
    const stage = { findings, differs: (line: string) => void differing.push(line) } as unknown as Stage;
    const inWords = (name: string, hits: readonly FetchHeaders[]) =>
      `${name} ${hits.map((hit) => hit.get('retry-after')).join()}`;
    reportHits(seen, 'calls', stage, inWords);
    expect([differing, findings.checks]).toEqual([[`A limit was hit 2 times: PATCH ${route} 3,3`], []]);
    reportHits(seen.slice(0, 1), 'calls', stage, inWords);
    expect(lines(findings.checks)).toEqual(['ok: 1 calls, none of which hit a limit']);
  });
});

describe('the samples', () => {
  it.each([
    ['one', 'ab '],
    ['two', 'яж '],
    ['four', '🦊🐶'],
  ])('fill a limit to the letter: %s bytes', (_, sample) => {
    const length = (text: string) => Buffer.byteLength(text);
    for (const size of [50, 51, 52, 53]) {
      const text = fillTo(size, sample, length);
      expect(length(text)).toBeLessThanOrEqual(size);
      expect(length(text)).toBeGreaterThan(size - 5);
      expect(text.trim()).toBe(text);
    }
  });

  it('differ at a place that is named', () => {
    expect(firstDifference('same', 'same')).toBeNull();
    expect(firstDifference('one two', 'one too')).toBe(
      'at character 5, "one two" was sent and "one too" arrived (7 and 7 characters)',
    );
    const cut = `${'a'.repeat(30)}${'b'.repeat(30)}`;
    expect(firstDifference(cut, cut.slice(0, 30))).toBe(
      `at character 30, "${'a'.repeat(10)}${'b'.repeat(20)}" was sent and "${'a'.repeat(10)}" arrived (60 and 30 characters)`,
    );
  });
});
