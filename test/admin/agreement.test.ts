import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import type { Reserved } from '../../src/core/ledger/ledger.ts';
import { readUsage } from '../../src/core/ledger/report.ts';
import { usageRecord } from '../../src/core/ledger/usage.ts';
import type { GuildId } from '../../src/core/ports/actor.ts';
import type { Automatic } from '../../src/core/ports/automatic.ts';
import { type LimitName, limitsSchema, UNLIMITED_GUILD } from '../../src/core/ports/limits.ts';
import { LOCAL_PLATFORM } from '../../src/core/ports/platforms.ts';
import { openStore } from '../../src/store/open-store.ts';
import { invocationOf, testActor } from '../support/test-bot.ts';
import { type Dashboard, startDashboard } from './dashboard.ts';

const DAY_MS = 86_400_000;
const MINI = 'openai/gpt-4o-mini';
const LEFT_NANO_USD = 20_000_000;
const SONNET = 'anthropic/claude-3.5-sonnet';

let folder: string;
let url: string;
let dashboard: Dashboard;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  url = `sqlite:${join(folder, 'parley.db')}`;
  dashboard = await startDashboard({
    store: await openStore(url, { clock: systemClock, log: pino({ level: 'silent' }) }),
    defaultTier: 'premium',
    limits: limitsSchema.parse({}),
    operators: ['discord:olga'],
  });
});
afterEach(async () => {
  await dashboard.close();
  rmSync(folder, { recursive: true });
});

/** Requests, tokens, cost, unsettled requests, and their cost at most: as shown. */
type Figures = readonly [string, string, string, string, string];

interface Shown {
  readonly sums: readonly (string | undefined)[];
  readonly models: Readonly<Record<string, Figures>>;
  readonly people: Readonly<Record<string, Figures>>;
  readonly automatic: Readonly<Record<string, Figures>>;
  readonly rated: Readonly<Record<string, string>>;
}

const PERIODS = ['Today', 'This month', 'Last 30 days'];

const nameOf = (model: string) => dashboard.bot.services.catalogue.get(model, LOCAL_PLATFORM)?.name ?? model;

/** `/usage`, as an admin reads it; of all guilds (null) as the operator does. */
async function inChat(guild: GuildId | null): Promise<Shown> {
  const actor = guild === null ? testActor('olga') : testActor('ada', { guild, isAdmin: true });
  const invocation = invocationOf('usage', { of: guild === null ? 'everywhere' : 'here' }, { actor });
  await dashboard.bot.dispatch.command(invocation);
  const text = invocation.surface.privateTexts[0]?.text ?? '';
  const section = (heading: string) => {
    const [, lines = ''] = new RegExp(`\\*\\*${heading}\\*\\*\\n((?:- .*\\n?)*)`).exec(text) ?? [];
    return Array.from(lines.matchAll(/^- (.*?): (.*)$/gm), ([, key = '', words = '']) => ({ key, words }));
  };
  const figures = (heading: string) =>
    Object.fromEntries(section(heading).map(({ key, words }) => [key, figuresIn(words)]));
  return {
    sums: PERIODS.map((period) => new RegExp(`^- ${period}: (.*)$`, 'm').exec(text)?.[1]),
    models: figures('By model'),
    people: figures('By person'),
    automatic: figures('Automatic tasks'),
    rated: Object.fromEntries(
      section('By model').flatMap(({ key, words }) => {
        const rated = /\d+% of \d+ rated.*$/.exec(words);
        return rated === null ? [] : [[key, rated[0]]];
      }),
    ),
  };
}

/** The words of a sum, taken apart. */
function figuresIn(words: string): Figures {
  const {
    requests = '0',
    tokens,
    cost,
  } = /^(?:(?<requests>[\d,]+) requests? · )?(?<tokens>[\d,]+) tokens · (?<cost>\S+)/.exec(words)?.groups ??
  {};
  if (tokens === undefined || cost === undefined) throw new TypeError(`no sum: ${words}`);
  const [, count] = / · (?:(\d+) of them )?not settled yet/.exec(words) ?? [null, '0'];
  const [, most = '$0'] = /at most (\S+) more/.exec(words) ?? [];
  return [requests, tokens, cost, count ?? '1', most];
}

/** `parley usage`. */
async function onCommandLine(guild: GuildId | null): Promise<Shown> {
  const { output, errors } = await runCli(['usage', ...(guild === null ? [] : [guild])], async () => ({
    variables: { STORE_URL: url },
    inFile: new Set(),
  }));
  expect(errors).toBe('');
  const blocks = output.split('\n\n').map((block) => block.trimEnd().split('\n'));
  const rowsOf = (...headings: string[]) => {
    const block = blocks.find(([first = '']) =>
      headings.every((heading, at) => cells(first)[at] === heading),
    );
    return block?.slice(1).map(cells) ?? [];
  };
  const figures = (columns: number, ...headings: string[]) =>
    Object.fromEntries(rowsOf(...headings).map((row) => [nameOf(row[0] ?? ''), filled(row.slice(columns))]));
  return {
    sums: PERIODS.map((period) => new RegExp(`^${period}: (.*)$`, 'm').exec(output)?.[1]),
    models: figures(1, 'Model', 'Requests'),
    people: figures(3, 'Person'),
    automatic: figures(1, 'Automatic tasks'),
    rated: Object.fromEntries(
      rowsOf('Model', 'Rated').map(([model = '', rated = '']) => [nameOf(model), rated]),
    ),
  };
}

const cells = (line: string) => line.split(/ {2,}/);

/** Columns that are left out because there is nothing in them. */
function filled([
  requests = '',
  tokens = '',
  cost = '',
  unsettled = '0',
  most = '$0',
]: readonly string[]): Figures {
  return [requests, tokens, cost, unsettled, most];
}

/** A page of the dashboard. */
async function onPage(guild: GuildId | null): Promise<Shown> {
  const { text } = await dashboard.get(guild === null ? '/admin' : `/admin/guilds/${guild}`);
  const rowsOf = (caption: string) => {
    const [, table = ''] =
      new RegExp(`<caption class="visually-hidden">${caption}</caption>([\\s\\S]*?)</table>`).exec(text) ??
      [];
    const lines = [...table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
      Array.from(row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g), ([, cell = '']) => plain(cell)),
    );
    return lines.slice(1);
  };
  const figures = (caption: string) =>
    Object.fromEntries(
      rowsOf(caption).map(([key = '', ...row]) => [
        // A person's id stands behind the name.
        key.split(' ')[caption.endsWith('person') ? 0 : Number.NaN] ?? key,
        filled(row.filter((cell) => !cell.includes('rated') && cell !== '')),
      ]),
    );
  return {
    sums: PERIODS.map((period) =>
      plain(
        new RegExp(`<dt>${period}</dt><dd class="amount">[^<]*</dd><dd class="soft">([^<]*)</dd>`).exec(
          text,
        )?.[1] ?? '',
      ),
    ),
    models: figures('Use by model'),
    people: figures('Use by person'),
    automatic: figures('Use that nobody requested'),
    rated: Object.fromEntries(
      rowsOf('Use by model').flatMap(([key = '', ...row]) => {
        const rated = row.find((cell) => cell.includes('rated'));
        return rated === undefined ? [] : [[key, rated]];
      }),
    ),
  };
}

const plain = (html: string) =>
  html
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .trim();

async function ask(user: string, guild: GuildId, model: string, cost: number): Promise<void> {
  dashboard.bot.provider.answer('Yes.', { prompt_tokens: 100, completion_tokens: 20, cost });
  const actor = testActor(user, { guild });
  await dashboard.bot.dispatch.command(invocationOf('ask', { prompt: 'Hi', model }, { actor }));
}

const ENTRY = {
  guild: 'discord:1',
  user: 'mia',
  userName: 'Mia',
  model: MINI,
  provider: 'openrouter',
  payer: 'operator',
} as const;

async function reserve(id: string, kind: Automatic): Promise<Reserved> {
  const reserved = await dashboard.bot.ledger.reserve({
    ...ENTRY,
    id,
    kind,
    worstNanoUsd: 3_000_000,
    limits: UNLIMITED_GUILD,
  });
  if (!reserved.ok) throw new Error('nothing was limited');
  return reserved;
}

/** All places show the same; gives what they show. */
async function agreed(guild: GuildId | null): Promise<Shown> {
  const said = await inChat(guild);
  const printed = await onCommandLine(guild);
  const served = await onPage(guild);
  expect(printed).toEqual(said);
  // The overview is by model or guild, and lists no people.
  expect(served).toEqual(guild === null ? { ...said, people: {} } : said);
  return said;
}

describe('/usage, `parley usage` and the dashboard', { timeout: 60_000 }, () => {
  it('agree, also about what is not settled, rated, or asked by itself', async () => {
    const { bot } = dashboard;
    await ask('mia', 'discord:1', MINI, 0.01);
    await ask('ben', 'discord:1', SONNET, 0.05);
    await ask('ben', 'discord:1', MINI, 0.02);
    await ask('zoe', 'discord:2', MINI, 0.04);
    const spent = {
      costNanoUsd: 1_000_000,
      promptTokens: 50,
      completionTokens: 5,
      basis: 'provider',
    } as const;
    await (await reserve('title', 'titles')).settle(spent);
    await (await reserve('summary', 'summaries')).settle(spent);
    await bot.store.records.append(
      usageRecord({
        ...ENTRY,
        ...spent,
        id: 'old',
        user: 'ida',
        userName: 'Ida',
        atMs: Date.now() - 29 * DAY_MS,
        promptTokens: 7,
      }),
    );
    for (const [answer, verdict] of [
      ['1', 'good'],
      ['2', 'bad'],
    ] as const) {
      await bot.services.feedback.append({
        ...ENTRY,
        atMs: Date.now(),
        answer,
        verdict,
        bill: { costNanoUsd: 10_000_000, payer: 'operator' },
      });
    }
    const settled = await agreed('discord:1');
    expect(settled.sums[0]).toMatch(/^3 requests · 470 tokens · \$0\.08/);
    expect(settled.rated).toEqual({ 'GPT-4o mini': '50% of 2 rated answers good · $0.02 per good answer' });

    // Open: an answer that is written, a title, a summary, and what a dead process left.
    const live = bot.provider.live();
    const actor = testActor('mia');
    const answered = bot.dispatch.command(invocationOf('ask', { prompt: 'Hi', model: SONNET }, { actor }));
    await live.request;
    const [title, summary] = [
      await reserve('open title', 'titles'),
      await reserve('open summary', 'summaries'),
    ];
    await bot.store.ledger.reserve({
      id: 'left',
      draws: [],
      reserved: { nanoUsd: LEFT_NANO_USD, setAsideNanoUsd: LEFT_NANO_USD, requests: 1, attempts: 1 },
      entry: { ...ENTRY, user: 'ben', userName: 'Ben' },
      madeAtMs: Date.now(),
      owner: 'a dead process',
      leaseUntilMs: Date.now() - 1_000,
    });
    const open = await agreed('discord:1');
    expect(open.sums[0]).toMatch(/^5 requests · .* · 2 of them not settled yet, at most \$0\.\d+ more$/);
    expect(open.automatic).toEqual({
      Titles: ['0', '55', '$0.001', '0', '$0.003'],
      Summaries: ['0', '55', '$0.001', '0', '$0.003'],
    });
    expect((await agreed('discord:2')).sums[0]).toBe('1 request · 120 tokens · $0.04');
    expect((await agreed(null)).sums[0]).toMatch(/^6 requests · .* · 2 of them not settled yet/);

    // As many requests as count towards the limits, and as much money.
    const whose = { guild: 'discord:1', user: 'mia', groups: async () => [], payer: 'operator' } as const;
    const limits = await bot.services.limits.limitsFor(whose, 'premium');
    const levels = await bot.ledger.levels(whose, limits);
    const used = (name: LimitName) => levels.find(({ limit }) => limit === name)?.used;
    expect(used('requestsPerUserPerDay')).toBe(Number(open.people['Mia']?.[0]));
    // The dead process's reservation was made without counters.
    const { sums } = await readUsage({ ...bot.services, timeZone: 'UTC' }, 'discord:1', 1);
    expect(used('nanoUsdPerGuildPerDay')).toBe(
      sums.today.costNanoUsd + sums.today.unsettledNanoUsd - LEFT_NANO_USD,
    );

    await live.finish({ prompt_tokens: 10, completion_tokens: 10, cost: 0.03 });
    await answered;
    await title.settle(spent);
    await summary.release();
    const one = await agreed('discord:1');
    expect(one.sums[0]).toMatch(/^5 requests · .* · 1 of them not settled yet, at most \$0\.02 more$/);
  });

  it('agree where a title alone is not settled: it is none of the requests', async () => {
    await ask('mia', 'discord:1', MINI, 0.01);
    await reserve('open title', 'titles');
    const { sums, people } = await agreed('discord:1');
    expect(sums[0]).toBe('1 request · 120 tokens · $0.01 · at most $0.003 more, not settled yet');
    expect(people).toEqual({ Mia: ['1', '120', '$0.01', '0', '$0.003'] });
  });
});
