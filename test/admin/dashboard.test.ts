import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { entryInWords } from '../../src/core/access/audit.ts';
import { createGuildNames } from '../../src/core/access/guild-names.ts';
import { MAX_LISTED } from '../../src/core/access/lists.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { MAX_PAUSE_CHARS } from '../../src/core/chat/question/pause.ts';
import { DIRECT_MESSAGES } from '../../src/core/conversations/outcomes.ts';
import { readUsage, sumInWords } from '../../src/core/ledger/report.ts';
import { usageRecord } from '../../src/core/ledger/usage.ts';
import { limitsSchema, UNLIMITED_GUILD } from '../../src/core/ports/limits.ts';
import { StoreError } from '../../src/core/ports/store.ts';
import { factsOf } from '../support/models.ts';
import { invocationOf, testActor } from '../support/test-bot.ts';
import { ADMIN_TOKEN, type Dashboard, startDashboard } from './dashboard.ts';

let dashboard: Dashboard;

beforeEach(async () => {
  dashboard = await startDashboard({ defaultTier: 'premium', limits: limitsSchema.parse({}) });
});
afterEach(() => dashboard.close());

/** One question that is answered, at this price; with null as price the provider keeps the price to itself. */
async function ask(user: string, cost: number | null): Promise<void> {
  const { bot } = dashboard;
  bot.provider.answer('Yes.', { prompt_tokens: 10, completion_tokens: 2, ...(cost !== null && { cost }) });
  const options = { prompt: `A question of ${user}’s`, model: 'openai/gpt-4o-mini' };
  await bot.dispatch.command(invocationOf('ask', options, { actor: testActor(user) }));
}

/** The texts in the cells of a table, row by row. */
function rowsOf(text: string, caption: string): string[][] {
  const [, body = ''] =
    new RegExp(`aria-label="${caption}"[\\s\\S]*?<tbody>([\\s\\S]*?)</tbody>`).exec(text) ?? [];
  return Array.from(body.matchAll(/<tr>([\s\S]*?)<\/tr>/g), ([, row = '']) =>
    Array.from(row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g), ([, cell = '']) =>
      cell.replace(/<[^>]*>/g, '').trim(),
    ),
  );
}

interface Form {
  readonly method: string;
  readonly action: string;
  /** With what each field holds before anybody fills it in. */
  readonly fields: Readonly<Record<string, string>>;
  /** The choices of each list. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** The forms of a page, by the words on their buttons. */
function formsOf(page: string): Readonly<Record<string, Form>> {
  const attributeOf = (tag: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  const forms = Array.from(page.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g), ([, tag = '', body = '']) => {
    const button = /<button[^>]*>([\s\S]*?)<\/button>/.exec(body)?.[1]?.replace(/<[^>]*>/g, '') ?? '';
    const inputs = Array.from(body.matchAll(/<input[^>]*>/g), ([input]) => [
      attributeOf(input, 'name') ?? '',
      attributeOf(input, 'value') ?? '',
    ]);
    const lists = Array.from(
      body.matchAll(/<select([^>]*)>([\s\S]*?)<\/select>/g),
      ([, list = '', all = '']) => {
        const options = Array.from(all.matchAll(/<option([^>]*)>([^<]*)/g), ([, option = '', text = '']) => ({
          value: attributeOf(option, 'value') ?? text,
          isSelected: / selected/.test(option),
        }));
        const selected = options.find(({ isSelected }) => isSelected) ?? options[0];
        return { name: attributeOf(list, 'name') ?? '', values: options.map(({ value }) => value), selected };
      },
    );
    const form: Form = {
      method: attributeOf(tag, 'method') ?? '',
      action: attributeOf(tag, 'action') ?? '',
      fields: Object.fromEntries([
        ...inputs,
        ...lists.map(({ name, selected }) => [name, selected?.value ?? '']),
      ]),
      choices: Object.fromEntries(lists.map(({ name, values }) => [name, values])),
    };
    return [button, form] as const;
  });
  return Object.fromEntries(forms);
}

/** Fills in a form of a page and sends it, as a browser does; gives the page that comes then. */
async function submit(path: string, button: string, filled: Record<string, string> = {}): Promise<string> {
  const form = formsOf((await dashboard.get(path)).text)[button];
  if (form === undefined) throw new Error(`${path} has no form "${button}"`);
  for (const name of Object.keys(filled)) expect(Object.keys(form.fields)).toContain(name);
  const fields = { ...form.fields, ...filled };
  if (form.method === 'get')
    return (await dashboard.get(`${form.action}?${new URLSearchParams(fields)}`)).text;
  const { headers, text } = await dashboard.post(form.action, fields);
  const next = headers.get('location');
  return next === null ? text : (await dashboard.get(next)).text;
}

/** The words in which a page tells how an action ended. */
const wordOf = (page: string) => /role="(?:status|alert)">([^<]*)/.exec(page)?.[1];

/** A moment as people read it. */
const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\d(?: \d\d:\d\d UTC)?$/);

/** The audit log in words without times, newest first. */
async function changesOf(bot: Dashboard['bot']): Promise<string[]> {
  const entries = await Array.fromAsync(bot.services.audit.query({}));
  return entries.map((entry) => entryInWords(entry).replace(/^[^,]*, /, ''));
}

describe('the door of the dashboard', () => {
  const PAGES = [
    '/admin',
    '/admin/',
    '/admin/guilds',
    '/admin/guilds/discord%3A1',
    '/admin/models',
    '/admin/answers',
    '/admin/costs',
    '/admin/audit',
    '/admin/nowhere',
  ];

  it('shows the login in place of every page, and takes no action, without a session', async () => {
    for (const path of PAGES) {
      const page = await dashboard.get(path, {});
      expect(page.status, path).toBe(401);
      expect(page.text).toContain('name="token"');
    }
    for (const path of [
      '/admin/pause',
      '/admin/resume',
      '/admin/guilds/discord%3A1/grant',
      '/admin/answers/stop',
    ]) {
      const answer = await dashboard.post(path, { tier: 'premium' }, { origin: dashboard.url });
      expect(answer.status, path).toBe(401);
    }
    expect(await dashboard.bot.services.pauses.read()).toBeNull();
  });

  it('opens every page also with a slash behind its address', async () => {
    const titleOf = async (path: string) => /<title>.*<\/title>/.exec((await dashboard.get(path)).text)?.[0];
    for (const path of PAGES.filter((page) => !page.endsWith('/'))) {
      expect(await titleOf(`${path}/`), path).toBe(await titleOf(path));
    }
  });

  it('leads to the page that was asked for, and nowhere else', async () => {
    const opened = async (to: string) =>
      (
        await dashboard.post('/admin/login', { token: ADMIN_TOKEN, to }, { origin: dashboard.url })
      ).headers.get('location');
    expect(await opened('/admin/guilds?id=discord%3A1')).toBe('/admin/guilds?id=discord%3A1');
    for (const to of [
      'https://attacker.example',
      '//attacker.example',
      '/admin//attacker.example\\',
      '/administrator',
    ]) {
      expect(await opened(to), to).toBe('/admin');
    }
  });

  it('says that a token is wrong, and takes no more of them after five', async () => {
    const wrong = () => dashboard.post('/admin/login', { token: 'wrong' }, { origin: dashboard.url });
    for (let guess = 0; guess < 5; guess++) expect((await wrong()).status).toBe(401);
    const refused = await wrong();
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([429, null]);
    expect(refused.text).toContain('Too many wrong tokens');
  });

  it('asks where a request comes from only if it changes something', async () => {
    const statusOf = (method: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(new URL('/admin', dashboard.url), { method }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect([await statusOf('GET'), await statusOf('HEAD'), await statusOf('POST')]).toEqual([401, 401, 403]);
  });

  it('has its navigation behind the login alone, and no word if nothing was done', async () => {
    expect((await dashboard.get('/admin', {})).text).not.toContain('<nav');
    const { text } = await dashboard.get('/admin');
    expect(text).toContain('<nav');
    expect(text).not.toContain('role="status"');
    const nowhere = await dashboard.get('/admin/nowhere');
    expect([nowhere.status, nowhere.text]).toEqual([
      404,
      expect.stringContaining('The address may be mistyped.'),
    ]);
  });

  it('closes behind who logs out', async () => {
    const { headers } = await dashboard.post('/admin/logout', {});
    expect(headers.get('set-cookie')).toMatch(
      /^parley_session=; HttpOnly; SameSite=Strict; Path=\/; Max-Age=0$/,
    );
  });

  it.each([
    ['of another site', { origin: 'https://attacker.example' }],
    ['of another site, as the browser says it', { 'sec-fetch-site': 'cross-site' }],
    ['of another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['that hides where it comes from', {}],
    ['of a sandboxed frame', { origin: 'null' }],
  ])('takes no form %s', async (_, headers) => {
    const { status } = await dashboard.get('/admin');
    expect(status).toBe(200);
    const opened = await dashboard.post('/admin/login', { token: ADMIN_TOKEN }, { origin: dashboard.url });
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    // As a browser of yesterday, without `fetch`, which adds headers of its own.
    const answer = await new Promise<number>((resolve, reject) => {
      const sent = request(
        new URL('/admin/pause', dashboard.url),
        {
          method: 'POST',
          headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      sent.on('error', reject).end('text=gone');
    });
    expect(answer).toBe(403);
    expect(await dashboard.bot.services.pauses.read()).toBeNull();
  });

  it('sends pages that run nothing inline and load nothing from elsewhere', async () => {
    const { headers, text } = await dashboard.get('/admin');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "require-trusted-types-for 'script'",
      'trusted-types parley',
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(text).not.toMatch(/\sstyle=|\son[a-z]+=|https?:\/\//);
  });

  it('takes no long body', async () => {
    const { status, text } = await dashboard.post('/admin/pause', { text: 'x'.repeat(20_000) });
    expect([status, wordOf(text)]).toEqual([413, 'The form is too long.']);
  });

  it.each([
    ['base.css', 'text/css'],
    ['admin.css', 'text/css'],
    ['live.js', 'text/javascript'],
  ])('gives %s to everybody, and again only if it has changed', async (name, type) => {
    const first = await dashboard.get(`/admin/${name}`, {});
    expect([first.status, first.headers.get('content-type'), first.headers.get('cache-control')]).toEqual([
      200,
      `${type}; charset=utf-8`,
      'no-cache',
    ]);
    const etag = first.headers.get('etag') ?? '';
    expect((await dashboard.get(`/admin/${name}`, { 'if-none-match': etag })).status).toBe(304);
  });

  it('says on each page which one it is', async () => {
    const shown = async (path: string) => {
      const { text } = await dashboard.get(path);
      return [
        /<title>([^<]*)/.exec(text)?.[1],
        /<h1>([^<]*)/.exec(text)?.[1],
        /<a href="([^"]*)" aria-current="page">/.exec(text)?.[1],
      ];
    };
    for (const [path, title, entry] of [
      ['/admin', 'Overview', '/admin'],
      ['/admin/guilds', 'Guilds', '/admin/guilds'],
      ['/admin/guilds/discord%3A1', 'discord:1', '/admin/guilds'],
      ['/admin/models', 'Models', '/admin/models'],
      ['/admin/answers', 'Answers in progress', '/admin/answers'],
      ['/admin/costs', 'Not settled', '/admin/costs'],
      ['/admin/audit', 'Changes', '/admin/audit'],
      ['/admin/nowhere', 'Page not found', undefined],
    ] as const) {
      expect(await shown(path)).toEqual([`${title} · Parley`, title, entry]);
    }
    await createGuildNames(dashboard.bot.store).keep(new Map([['discord:1', 'Chess']]));
    expect((await shown('/admin/guilds/discord%3A1'))[1]).toBe('Chess');
  });

  it('leads from its login to the page that was asked for, also after a wrong token', async () => {
    const login = async (path: string) => formsOf((await dashboard.get(path, {})).text)['Log in'];
    const asked = '/admin/audit?guild=discord%3A1&skip=100';
    const form = await login(asked);
    expect(form).toMatchObject({ method: 'post', action: '/admin/login' });
    // As a browser reads it.
    const to = form?.fields['to']?.replaceAll('&amp;', '&') ?? '';
    expect(to).toBe(asked);
    const guess = { token: 'wrong', to };
    const { text } = await dashboard.post('/admin/login', guess, { origin: dashboard.url });
    expect(wordOf(text)).toMatch(/^Wrong token\. Enter the ADMIN_TOKEN/);
    expect(formsOf(text)['Log in']?.fields['to']).toBe(form?.fields['to']);
    const opened = await dashboard.post(
      '/admin/login',
      { token: ADMIN_TOKEN, to },
      { origin: dashboard.url },
    );
    expect([opened.status, opened.headers.get('location')]).toEqual([303, asked]);
    // A form that was sent after the session ended leads to the overview: its address has no page.
    const late = await dashboard.post('/admin/answers/stop', {}, { origin: dashboard.url });
    expect(formsOf(late.text)['Log in']?.fields['to']).toBe('/admin');
  });

  it('is walled up without ADMIN_TOKEN', async () => {
    const closed = await startDashboard({ withoutToken: true });
    try {
      const page = await closed.get('/admin', {});
      expect([page.status, page.text]).toEqual([404, expect.stringContaining('Set ADMIN_TOKEN')]);
    } finally {
      await closed.close();
    }
  });
});

describe('the overview', () => {
  it('counts as /usage does, also while costs are unsettled', async () => {
    await ask('mia', 0.01);
    await ask('ben', 0.02);
    const { services, ledger } = dashboard.bot;
    const limits = await services.limits.limitsFor(
      { guild: 'discord:1', user: 'zoe', groups: async () => [], payer: 'operator' },
      'premium',
    );
    await ledger.reserve({
      id: 'open',
      guild: 'discord:1',
      user: 'zoe',
      model: 'openai/gpt-4o',
      provider: 'openrouter',
      payer: 'operator',
      worstNanoUsd: 50_000_000,
      limits,
    });
    const { sums } = await readUsage({ ...services, timeZone: 'UTC' }, null, 30);
    const words = sumInWords(sums.days);
    expect(words).toBe('3 requests · 24 tokens · $0.03 · 1 of them not settled yet, at most $0.05 more');
    const { text } = await dashboard.get('/admin');
    expect(text.split(words)).toHaveLength(4);
    const listed = invocationOf('usage', { of: 'here' }, { actor: testActor('ada', { isAdmin: true }) });
    await dashboard.bot.dispatch.command(listed);
    expect(listed.surface.privateTexts.map((notice) => notice.text).join('\n')).toContain(
      `Last 30 days: ${words}`,
    );
  });

  it('shows what failed by cause, how long people waited, and what they thought of answers', async () => {
    const { outcomes, feedback } = dashboard.bot.services;
    const counts = {
      model: 'openai/gpt-4o-mini',
      provider: 'openrouter',
      answers: 10,
      failures: { no_credit: 3 },
    };
    await outcomes.append('discord:1', Date.now(), [{ ...counts, firstTextMs: [1_000, 2_000, 9_000] }]);
    await feedback.append({
      guild: 'discord:1',
      user: '7',
      userName: 'Mia',
      atMs: Date.now(),
      answer: 'a',
      model: 'openai/gpt-4o-mini',
      verdict: 'good',
    });
    const { text } = await dashboard.get('/admin?days=7&by=guild');
    expect(text).toContain('3 of 10 (no_credit 3)');
    expect(text).toMatch(/<td class="number">2\.0 s<\/td>\s*<td class="number">9\.0 s<\/td>/);
    expect(text).toContain('100% of 1 rated answer good');
  });

  it('lists outcomes by guild, those with the most answers first, and direct messages as one', async () => {
    const { outcomes } = dashboard.bot.services;
    const counts = { model: 'openai/gpt-4o-mini', provider: 'openrouter', failures: {}, firstTextMs: [] };
    for (const [guild, answers] of [
      ['slack:T1', 2],
      [DIRECT_MESSAGES, 9],
      ['discord:1', 5],
    ] as const) {
      await outcomes.append(guild, Date.now(), [{ ...counts, answers }]);
    }
    const { text } = await dashboard.get('/admin?by=guild');
    expect(rowsOf(text, 'Outcomes by Guild')).toEqual([
      ['Direct messages', '9', '–', '–', expect.any(String)],
      ['discord:1', '5', '–', '–', expect.any(String)],
      ['slack:T1', '2', '–', '–', expect.any(String)],
    ]);
    expect(text).toContain('href="/admin/guilds/slack%3AT1"');
    expect(text).not.toMatch(/<a [^>]*><bdi>Direct messages/);
  });

  it('shows 7, 30 or 90 days, by model or by guild', async () => {
    await ask('mia', 0.01);
    const shown = async (query: string) =>
      /<h2>(By \w+, last \d+ days)/.exec((await dashboard.get(`/admin${query}`)).text)?.[1];
    for (const days of [7, 30, 90]) expect(await shown(`?days=${days}`)).toBe(`By model, last ${days} days`);
    expect(await shown('?days=7&by=guild')).toBe('By guild, last 7 days');
    for (const odd of ['', '?days=8', '?days=x&by=person'])
      expect(await shown(odd)).toBe('By model, last 30 days');
    const { text } = await dashboard.get('/admin');
    expect(text.match(/(?<=<th scope="col" class="[^"]*">)(?:Rated|At most|Not settled)/g)).toBeNull();
  });

  it('counts the use of the last 30 days in all lists', async () => {
    const { records } = dashboard.bot.store;
    const DAY_MS = 86_400_000;
    for (const days of [0, 29, 31]) {
      await records.append(
        usageRecord({
          id: `${days} days ago`,
          guild: 'discord:1',
          user: '7',
          userName: 'Mia',
          model: 'openai/gpt-4o-mini',
          provider: 'openrouter',
          payer: 'operator',
          atMs: Date.now() - days * DAY_MS,
          costNanoUsd: 10_000_000,
          promptTokens: 10,
          completionTokens: 2,
          basis: 'provider',
        }),
      );
    }
    const rows = async (path: string, caption: string) => rowsOf((await dashboard.get(path)).text, caption);
    const mini = (await rows('/admin/models', 'Models')).find(([name]) => name?.includes('gpt-4o-mini'));
    expect(mini?.slice(-2)).toEqual(['2', '$0.02']);
    const [guild] = await rows('/admin/guilds', 'Guilds and workspaces');
    expect(guild?.slice(3, 5)).toEqual(['2', '$0.02']);
    const person = await rows('/admin/guilds/discord%3A1', 'Use by person');
    expect(person).toEqual([['Mia 7', '2', '24', '$0.02']]);
  });

  it('shows how each provider is: in use, without a key, with a key that was rejected, or failing', async () => {
    const providers = async () => {
      const { text } = await dashboard.get('/admin');
      const rows = text.split('<tr>').filter((row) => row.includes('>Provider<'));
      return rows.map((row) =>
        (row.split('</tr>')[0] ?? '')
          .replace(/<[^>]*>|\s+/g, ' ')
          .trim()
          .split(/ +/)
          .slice(1)
          .join(' '),
      );
    };
    const others = [
      'openai look No key is set, so only guilds with their own key can use it.',
      'xai down It rejected the key in XAI_API_KEY at the start.',
    ];
    expect(await providers()).toEqual([others[0], 'openrouter well Available.', others[1]]);
    const { outcomes } = dashboard.bot.services;
    const well = {
      model: 'openai/gpt-4o-mini',
      provider: 'openrouter',
      answers: 0,
      failures: {},
      firstTextMs: [],
    };
    await outcomes.append('discord:1', Date.now(), [well]);
    expect(await providers()).toEqual([others[0], 'openrouter well Available.', others[1]]);
    for (const [failed, found] of [
      [2, 'look In the last hour answers failed: 2 of 10 (no_credit 2).'],
      [3, 'down In the last hour answers failed: 5 of 20 (no_credit 5).'],
    ] as const) {
      const counts = { model: 'openai/gpt-4o-mini', provider: 'openrouter', answers: 10 };
      const failures = { no_credit: failed };
      await outcomes.append('discord:1', Date.now(), [{ ...counts, failures, firstTextMs: [] }]);
      expect(await providers()).toEqual([others[0], `openrouter ${found}`, others[1]]);
    }
  });

  it('shows how platforms and the store are, also if the store fails', async () => {
    dashboard.platform.isReady = false;
    const { store } = dashboard.bot;
    const sound = { ping: store.ping, openReservations: store.ledger.openReservations };
    Object.assign(store, { ping: () => Promise.reject(new StoreError('gone')) });
    Object.assign(store.ledger, { openReservations: () => Promise.reject(new StoreError('gone')) });
    const { status, text } = await dashboard.get('/admin');
    Object.assign(store, { ping: sound.ping });
    Object.assign(store.ledger, { openReservations: sound.openReservations });
    expect(status).toBe(200);
    expect(text).toContain('Not connected');
    expect(text).toContain('It does not answer.');
    expect(text).toContain('usage cannot be shown');
  });

  it('warns of a store that takes longer than 250 ms, and shows the health while outcomes cannot be read', async () => {
    const { store, services } = dashboard.bot;
    const { ping } = store;
    const { query } = services.outcomes;
    const storeRow = async () =>
      rowsOf((await dashboard.get('/admin')).text, 'State of [^"]*').find(
        ([name]) => name?.trim() === 'Store',
      );
    let ms = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => ms);
    onTestFinished(() => now.mockRestore());
    for (const [takesMs, state] of [
      [250, 'well'],
      [251, 'look'],
    ] as const) {
      Object.assign(store, {
        ping: async () => {
          ms += takesMs;
        },
      });
      expect(await storeRow()).toEqual(['Store', state, `It answers within ${takesMs} ms.`]);
    }
    Object.assign(store, { ping });
    Object.assign(services.outcomes, {
      query() {
        throw new StoreError('gone');
      },
    });
    expect((await dashboard.get('/admin')).text).toContain('usage cannot be shown');
    Object.assign(services.outcomes, { query });
  });

  it('logs the fault if a page cannot be made, and shows none of it', async () => {
    const { services, logged } = dashboard.bot;
    const list = services.underWay.list;
    Object.assign(services.underWay, { list: () => Promise.reject(new Error('a fault')) });
    for (const path of ['/admin', '/admin/answers']) {
      const { status, text } = await dashboard.get(path);
      expect([status, text]).toEqual([500, expect.stringContaining('Something went wrong')]);
      expect(text).not.toContain('a fault');
    }
    Object.assign(services.underWay, { list });
    expect(logged()).toMatch(/"path":"\/admin\/answers".*could not show a page of the dashboard/);
  });

  it('has forms that pause, resume and choose what is shown', async () => {
    const { pauses } = dashboard.bot.services;
    expect(wordOf(await submit('/admin', 'Pause'))).toMatch(/^Paused\. Within two seconds/);
    const paused = (await dashboard.get('/admin')).text.replace(/<[^>]*>/g, '');
    expect(paused).toMatch(
      /Since \d{4}-\d\d-\d\d[^.]* by dashboard \(127\.0\.0\.1\)\. People see the default message\./,
    );
    expect(wordOf(await submit('/admin', 'Resume'))).toBe('The bot takes questions again.');
    await submit('/admin', 'Pause', { text: 'Back at noon.' });
    expect((await pauses.read())?.text).toBe('Back at noon.');
    expect((await dashboard.get('/admin')).text).toContain('People see: <bdi>Back at noon.</bdi>');

    const filter = formsOf((await dashboard.get('/admin')).text)['Show'];
    expect(filter?.fields).toEqual({ days: '30', by: 'model' });
    expect(filter?.choices).toEqual({ days: ['7', '30', '90'], by: ['model', 'guild'] });
    const chosen = await submit('/admin', 'Show', { days: '90', by: 'guild' });
    expect(chosen).toContain('<h2>By guild, last 90 days');
    // The page says what was chosen.
    expect(formsOf(chosen)['Show']?.fields).toEqual({ days: '90', by: 'guild' });
  });

  it("shows how much of the installation's limits is used", async () => {
    await ask('mia', 0.25);
    const lines = async () =>
      Array.from(
        (await dashboard.get('/admin')).text.matchAll(/<li>([^<]*(?:limit)[^<]*)/g),
        ([, line]) => line,
      );
    expect(await lines()).toEqual([
      expect.stringMatching(/^\$0\.25 of \$[\d,.]+ used \(daily limit for the whole bot\)\. It resets at /),
      expect.stringMatching(/^\$0\.25 of \$[\d,.]+ used \(monthly limit for the whole bot\)\. It resets /),
    ]);
  });

  it('charts cost, requests, failures, waits and ratings by day', async () => {
    const { services, store } = dashboard.bot;
    const atMs = Date.now();
    const entry = { guild: 'discord:1', user: '7', provider: 'openrouter', payer: 'operator' } as const;
    const sum = { promptTokens: 1, completionTokens: 1, basis: 'provider' } as const;
    const [mini, other] = ['openai/gpt-4o-mini', 'gone/model'];
    for (const [id, model, costNanoUsd, day] of [
      ['a', mini, 30_000_000, 0],
      ['b', mini, 10_000_000, 1],
      ['c', other, 20_000_000, 1],
    ] as const)
      await store.records.append(
        usageRecord({ ...entry, ...sum, id, model, costNanoUsd, atMs: atMs - day * 86_400_000 }),
      );
    const counts = { model: mini, provider: 'openrouter', answers: 9, failures: { timeout: 2 } };
    await services.outcomes.append('discord:1', atMs, [{ ...counts, firstTextMs: [1_000, 3_000, 8_000] }]);
    for (const [answer, verdict] of [
      ['1', 'good'],
      ['2', 'bad'],
      ['3', 'bad'],
    ] as const)
      await services.feedback.append({ ...entry, userName: 'Mia', model: mini, answer, verdict, atMs });

    const { text } = await dashboard.get('/admin');
    const days = (caption: string) => rowsOf(text, caption).map(([, ...values]) => values);
    expect(days('Cost by model').slice(0, 3)).toEqual([
      ['$0.03', '$0'],
      ['$0.01', '$0.02'],
      ['$0', '$0'],
    ]);
    expect(days('Requests by model').slice(0, 2)).toEqual([
      ['1', '0'],
      ['1', '1'],
    ]);
    expect(days('Failed answers by model').slice(0, 2)).toEqual([
      ['2', '0'],
      ['0', '0'],
    ]);
    expect(days('Wait for the first text by model, median').slice(0, 2)).toEqual([
      ['3.0 s', '–'],
      ['–', '–'],
    ]);
    expect(days('Rated answers').slice(0, 2)).toEqual([
      ['1', '2'],
      ['0', '0'],
    ]);
    const legend = /<ul class="legend">(.*?)<\/ul>/
      .exec(text)?.[1]
      ?.replaceAll(/<[^>]*>/g, ' ')
      .trim();
    expect(legend).toMatch(/^GPT-4o mini +gone\/model$/);
    expect(rowsOf(text, 'Use by model')).toEqual([
      ['GPT-4o mini', '2', '4', '$0.04', '33% of 3 rated answers good'],
      ['gone/model', '1', '2', '$0.02', ''],
    ]);
    expect(rowsOf(text, 'Outcomes by Model')).toEqual([
      ['GPT-4o mini', '9', '3.0 s', '8.0 s', '2 of 9 (timeout 2)'],
    ]);
  });

  it('warns while questions wait for a slot', async () => {
    const stateOf = async () => rowsOf((await dashboard.get('/admin')).text, 'State of [^"]*').at(-1);
    expect(await stateOf()).toEqual([
      'Backlog',
      'well',
      '0 answers streaming, 0 questions waiting for a slot.',
    ]);
    const acquire = () => dashboard.slots.acquireSlot('discord:1', () => {}, new AbortController().signal);
    const slot = await acquire();
    const waiting = acquire();
    expect(await stateOf()).toEqual([
      'Backlog',
      'look',
      '1 answer streaming, 1 question waiting for a slot.',
    ]);
    if (slot.ok) slot.release();
    await waiting;
  });

  it('pauses with a text for people, and resumes', async () => {
    await dashboard.post('/admin/pause', { text: 'Back at <b>noon</b>.' });
    expect(await dashboard.bot.services.pauses.read()).toMatchObject({
      text: 'Back at <b>noon</b>.',
      by: 'dashboard (127.0.0.1)',
    });
    expect((await dashboard.get('/admin')).text).toContain('Back at &lt;b&gt;noon&lt;/b&gt;.');
    const { headers } = await dashboard.post('/admin/resume', {});
    expect(headers.get('location')).toBe('/admin?done=resumed');
    expect(await dashboard.bot.services.pauses.read()).toBeNull();
    const text = 'Back at <b>noon</b>.';
    expect(await changesOf(dashboard.bot)).toEqual([
      `dashboard (127.0.0.1), pause.end of all guilds: ${text} → nothing`,
      `dashboard (127.0.0.1), pause.begin of all guilds: nothing → ${text}`,
    ]);
    const page = (await dashboard.get('/admin/audit')).text;
    expect(page).toMatch(/<td class="">All guilds<\/td>/);
    const long = await dashboard.post('/admin/pause', { text: 'x'.repeat(MAX_PAUSE_CHARS + 1) });
    expect([long.status, long.text]).toEqual([400, expect.stringContaining('id="use"')]);
    expect(long.text).toMatch(/role="alert">The text may have at most/);
    expect(await dashboard.bot.services.pauses.read()).toBeNull();
    await dashboard.post('/admin/pause', { text: 'x'.repeat(MAX_PAUSE_CHARS) });
    expect(await dashboard.bot.services.pauses.read()).not.toBeNull();
  });
});

describe('the answers under way', () => {
  it('are listed with who asked, counted while the bot is paused, and stopped', async () => {
    const { bot } = dashboard;
    const live = bot.provider.live();
    const options = { prompt: 'A long story', model: 'openai/gpt-4o-mini' };
    const asked = invocationOf('ask', options, { actor: testActor('mia') });
    const answered = bot.dispatch.command(asked);
    await live.request;
    await live.text('Once upon a time');
    const listed = async () => (await dashboard.get('/admin/answers')).text;
    expect(await listed()).toContain('<script type="module" src="/admin/live.js">');
    expect((await dashboard.get('/admin/models')).text).not.toContain('<script');
    await expect.poll(listed).toMatch(/<bdi>Mia<\/bdi><\/th>[\s\S]*<bdi>GPT-4o mini/);
    await expect.poll(listed).toMatch(/<td class="number">16<\/td>/);
    await dashboard.post('/admin/pause', {});
    expect((await dashboard.get('/admin')).text).toMatch(/1 answer is[^.]*still in progress/);
    const id = /name="id" value="([^"]+)"/.exec(await listed())?.[1] ?? '';
    const stopped = await dashboard.post('/admin/answers/stop', { id });
    expect(stopped.headers.get('location')).toBe('/admin/answers?done=stopped');
    await answered;
    expect(asked.surface.text).toContain('Once upon a time');
    expect(asked.surface.shown?.note).toBe('Stopped by the operator.');
    expect(await listed()).toContain('No answer is in progress.');
    expect(await changesOf(bot)).toContain(
      'dashboard (127.0.0.1), answer.stop of discord:1: the answer to Mia → nothing',
    );
    expect(stopped.status).toBe(303);
    const late = await dashboard.post('/admin/answers/stop', { id });
    expect(late.headers.get('location')).toBe('/admin/answers?done=not-under-way');
    expect((await dashboard.get('/admin')).text).toContain(
      'No answer is in progress. All processes can be stopped',
    );
  });
});

describe('costs that are not settled', () => {
  it('are listed with what is set aside, and which of them a dead process left', async () => {
    const { ledger, store } = dashboard.bot;
    const unnamed = { guild: 'discord:1', user: '7', provider: 'openrouter' } as const;
    const entry = { ...unnamed, userName: 'Mia', model: 'openai/gpt-4o', payer: 'operator' } as const;
    const settled = (await dashboard.get('/admin/costs')).text;
    expect(settled).toContain('Everything is settled at its true price.');
    await ledger.reserve({ id: 'alive', ...entry, worstNanoUsd: 50_000_000, limits: UNLIMITED_GUILD });
    expect((await dashboard.get('/admin/costs')).text).toContain('1 price is not booked yet. Up to $0.05');
    await store.ledger.reserve({
      id: 'left',
      draws: [],
      reserved: { nanoUsd: 20_000_000, setAsideNanoUsd: 20_000_000, requests: 1, attempts: 1 },
      entry: { ...unnamed, user: 'ben', model: 'gone/model', payer: 'guild' },
      madeAtMs: Date.now() - 3_600_000,
      owner: 'a dead process',
      leaseUntilMs: Date.now() - 1_000,
    });
    const { text } = await dashboard.get('/admin/costs');
    expect(text).toContain('2 prices are not booked yet. Up to $0.07');
    const left = 'left by a process that died; its provider is asked for the price';
    const running = 'being answered, or waiting for the provider to name the price';
    expect(rowsOf(text, 'Unsettled requests')).toEqual([
      [MOMENT, 'discord:1', 'ben', 'request', 'gone/model', 'its own key', '$0.02', left],
      [MOMENT, 'discord:1', 'Mia', 'request', 'GPT-4o', 'the operator', '$0.05', running],
    ]);
  });
});

describe('the models', () => {
  it('are shown with their state, also of what is gone or without a key', async () => {
    const { catalogue } = dashboard.bot.services;
    const [first, ...others] = catalogue.list('web');
    catalogue.apply(
      'openrouter',
      others.map(({ routes }) => factsOf(routes[0]?.wireModel ?? '')),
    );
    const { text } = await dashboard.get('/admin/models');
    const stateOf = (id = '') =>
      text.slice(text.indexOf(`>${id}<`)).match(/<span class="pill[^>]*>([^<]+)/)?.[1];
    expect(stateOf(first?.id)).toBe('no longer offered');
    expect(stateOf('anthropic/claude-3.5-sonnet')).toBe('available');
  });

  it('are shown with tier, routes, efforts, context, prices and use', async () => {
    await ask('mia', 0.25);
    const { catalogue } = dashboard.bot.services;
    const [model] = catalogue.list('web').filter(({ id }) => id === 'openai/gpt-4o-mini');
    const [route] = model?.routes ?? [];
    Object.assign(catalogue, {
      list: () => [
        {
          ...model,
          routes: [route, { ...route, provider: 'openai' }],
          efforts: ['none', 'high'],
          contextTokens: 128_000,
          prices: { promptPicoUsd: 150_000, completionPicoUsd: 600_000 },
        },
        { ...model, id: 'other/model', efforts: [], routes: [] },
      ],
    });
    const [mini, other] = rowsOf((await dashboard.get('/admin/models')).text, 'Models');
    expect(mini).toEqual([
      'GPT-4o mini openai/gpt-4o-mini',
      'available',
      'openrouter',
      'openrouter, openai',
      'none, high',
      '128,000',
      '$0.15',
      '$0.60',
      '1',
      '$0.25',
    ]);
    expect(other?.slice(1, 5)).toEqual(['no key', 'openrouter', '', '–']);
    expect(other?.slice(-2)).toEqual(['0', '$0']);
  });

  it('are shown as paused, ending or doubtful, the gravest first', async () => {
    const { catalogue, rest } = dashboard.bot.services;
    const [model] = catalogue.list('web').filter(({ routes }) => routes.length === 1);
    if (model === undefined) throw new Error('no model has one route');
    const route = (wireModel: string) => ({ ...model.routes[0], wireModel });
    const changed = {
      ...model,
      routes: [route('one'), route('two')],
      endsOn: '2999-01-01',
      doubtedPrices: model.prices,
    };
    const resting = new Set(['one', 'two']);
    Object.assign(rest, { isResting: async (to: { wireModel: string }) => resting.has(to.wireModel) });
    Object.assign(catalogue, { list: () => [changed] });
    const stateOf = async () => rowsOf((await dashboard.get('/admin/models')).text, 'Models')[0]?.[1];
    expect(await stateOf()).toBe('paused after failures');
    resting.delete('one');
    expect(await stateOf()).toBe('ends on 2999-01-01');
    Object.assign(changed, { endsOn: null });
    expect(await stateOf()).toBe('price doubted');
    Object.assign(changed, { doubtedPrices: undefined });
    expect(await stateOf()).toBe('one route paused');
    // A route without a key, or one that is gone, is none.
    for (const closed of [{ provider: 'openai' }, { gone: true }]) {
      Object.assign(changed, { routes: [{ ...route('one'), ...closed }, route('two')] });
      expect(await stateOf()).toBe('paused after failures');
    }
    resting.clear();
    expect(await stateOf()).toBe('available');
  });
});

describe('the changes', () => {
  it('are listed page by page, of all guilds or of one', async () => {
    const { audit } = dashboard.bot.services;
    for (let index = 0; index < 120; index++) {
      await audit.append({
        guild: index === 0 ? 'slack:T1' : 'discord:1',
        by: 'discord:7',
        atMs: Date.now() - 1_000 * index,
        action: 'tier.grant',
        from: null,
        to: `change ${index}.`,
        reason: '',
      });
    }
    const first = (await dashboard.get('/admin/audit')).text;
    expect([
      first.includes('change 0.'),
      first.includes('change 99.'),
      first.includes('change 100.'),
    ]).toEqual([true, true, false]);
    const older = /href="([^"]+)">Older/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = (await dashboard.get(older)).text;
    expect([second.includes('change 99.'), second.includes('change 119.'), second.includes('Older')]).toEqual(
      [false, true, false],
    );
    expect([first.includes('Newer'), second.includes('href="/admin/audit?skip=0">Newer')]).toEqual([
      false,
      true,
    ]);
    const last = (await dashboard.get('/admin/audit?skip=20')).text;
    expect([last.includes('change 119.'), last.includes('Older')]).toEqual([true, false]);
    await createGuildNames(dashboard.bot.store).keep(new Map([['slack:T1', 'Garden']]));
    const one = (await dashboard.get('/admin/audit?guild=slack%3AT1')).text;
    expect(rowsOf(one, 'Changes')[0]?.[1]).toBe('Garden');
    expect([one.includes('change 0.'), one.includes('change 1.')]).toEqual([true, false]);
    expect((await dashboard.get('/admin/audit?guild=irc')).status).toBe(400);
    expect((await dashboard.get('/admin/audit?skip=250')).text).toContain('skip=150">Newer');
    // The links keep to the guild.
    expect((await dashboard.get('/admin/audit?guild=discord%3A1')).text).toContain(
      'href="/admin/audit?skip=100&amp;guild=discord%3A1">Older',
    );
    const chosen = await submit('/admin/audit', 'Show', { guild: 'slack:T1' });
    expect(rowsOf(chosen, 'Changes')).toEqual([
      [MOMENT, 'Garden', 'discord:7', 'tier.grant', 'nothing', 'change 0.', ''],
    ]);
    expect(formsOf(chosen)['Show']?.fields).toEqual({ guild: 'slack:T1' });
  });
});

describe('the page of a guild', () => {
  const path = '/admin/guilds/discord%3A1';

  it('lists guilds with name, tier and use, whatever they are called', async () => {
    await ask('mia', 0.01);
    await createGuildNames(dashboard.bot.store).keep(
      new Map([
        ['discord:1', '<script>alert(1)</script>'],
        ['slack:T1', 'Schach'],
      ]),
    );
    const { text } = await dashboard.get('/admin/guilds');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toContain('<script>alert');
    expect(text).toMatch(/Schach<\/bdi><\/a><\/th>\s*<td[^>]*><code>slack:T1/);
  });

  it('shows what each tier allows: models, effort and the length of answers', async () => {
    const { catalogue } = dashboard.bot.services;
    const { models, tiers } = parseCatalogueFile(readFileSync('models.json', 'utf8'));
    const bounded = { maxEffort: 'low', maxAnswerTokens: 2_000 } as const;
    catalogue.replace({
      models: models.map((model) => ({ ...model, efforts: ['none', 'high'] as const })),
      tiers: { ...tiers, free: bounded },
    });
    const { text } = await dashboard.get(path);
    const rowOf = (tier: string) =>
      new RegExp(`<th scope="row">${tier}[\\s\\S]*?</tr>`).exec(text)?.[0].match(/(?<=<td[^>]*>)[^<]+/g);
    const free = catalogue.list('discord').filter(({ tier }) => tier === 'free').length;
    expect(rowOf('free')).toEqual([String(free), 'up to low', '2,000']);
    expect(rowOf('premium')).toEqual([String(catalogue.list('discord').length), 'any', 'no bound']);
    expect((await dashboard.get('/admin/models')).text).toContain('>none, high<');
  });

  it('grants until a day and revokes, with a reason in the audit log', async () => {
    const { services } = dashboard.bot;
    const isRevocable = async () => (await dashboard.get(path)).text.includes(`action="${path}/revoke"`);
    expect(await isRevocable()).toBe(false);
    const granted = await dashboard.post(`${path}/grant`, {
      tier: 'openai',
      until: '2999-01-01',
      reason: 'a year for the club',
    });
    expect(granted.headers.get('location')).toBe(`${path}?done=granted`);
    expect((await services.guilds.report('discord:1')).grants).toMatchObject([
      {
        tier: 'openai',
        expiresAtMs: Date.UTC(2999, 0),
        reason: 'a year for the club',
        by: 'dashboard (127.0.0.1)',
      },
    ]);
    expect((await dashboard.get(path)).text).toContain('a year for the club');
    expect(await isRevocable()).toBe(true);
    expect((await dashboard.post(`${path}/revoke`, {})).headers.get('location')).toBe(`${path}?done=revoked`);
    expect((await services.guilds.report('discord:1')).grants).toEqual([]);
    expect((await dashboard.get(path)).text).toContain('tier.revoke');
  });

  it('sets limits for all and for one person, as the operator', async () => {
    const { services } = dashboard.bot;
    await dashboard.post(`${path}/limits`, { limit: 'all-dollars-per-day', amount: '7.50' });
    await dashboard.post(`${path}/limits`, { limit: 'requests-per-day', amount: '3', user: '42' });
    expect(await services.limits.rules('discord:1')).toMatchObject({
      operator: { nanoUsdPerGuildPerDay: 7_500_000_000 },
      users: { 42: { requestsPerUserPerDay: 3 } },
    });
    const { text } = await dashboard.get(path);
    expect(text).toContain('$7.50');
    expect(text).toContain('person 42');
  });

  it('lists who may use the bot, changes it as /access does, and takes it back', async () => {
    const { bot } = dashboard;
    expect((await dashboard.get(path)).text).toContain('Everybody may use the bot, in all channels.');
    const saved = await dashboard.post(`${path}/access`, { list: 'deny', kind: 'user', who: '<@42>' });
    expect(saved.headers.get('location')).toBe(`${path}?done=listed`);
    await dashboard.post(`${path}/access`, { list: 'allow', kind: 'channel', who: 'c1' });
    expect(await bot.services.settings.lists('discord:1')).toMatchObject({
      allow: { channels: ['c1'] },
      deny: { users: ['42'] },
    });
    const { text } = await dashboard.get(path);
    expect(text).toMatch(/<bdi>person 42<\/bdi><\/th>\s*<td class=""><span class="pill bad">denied/);
    expect(text).toContain('access.change');
    // As the button in the row does.
    const [, fields = ''] =
      /<form[^>]*>(<input type="hidden" name="list" value="neither">.*?value="42">)/.exec(text) ?? [];
    const row = Object.fromEntries(
      Array.from(fields.matchAll(/name="(\w+)" value="(\w+)"/g), ([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
    await dashboard.post(`${path}/access`, row);
    expect((await bot.services.settings.lists('discord:1')).deny).toBeUndefined();
    expect(await changesOf(bot)).toEqual([
      'dashboard (127.0.0.1), access.change of discord:1: deny person 42 → nothing',
      'dashboard (127.0.0.1), access.change of discord:1: nothing → allow channel c1',
      'dashboard (127.0.0.1), access.change of discord:1: nothing → deny person 42',
    ]);
  });

  it.each([
    ['access', { list: 'ban', kind: 'user', who: '42' }, 'There is no list'],
    ['access', { list: 'deny', kind: 'user', who: 'Mia' }, 'user must be a mention or a user ID'],
    ['access', { list: 'deny', kind: 'planet', who: '42' }, 'Give one of user, role and channel'],
    ['grant', { tier: 'gold' }, 'There is no tier'],
    ['grant', { tier: 'premium', until: '2001-01-01' }, 'is in the past'],
    ['limits', { limit: 'all-dollars-per-day', amount: 'much' }, 'must be in US dollars'],
    ['limits', { limit: 'all-dollars-per-day', amount: '1', user: '42' }, 'not to one person'],
    ['limits', { limit: 'requests-per-day', amount: '1', user: 'Mia' }, 'is not the id of a person there'],
  ])('says on the page why it does not %s %j', async (action, fields, words) => {
    const { status, text } = await dashboard.post(`${path}/${action}`, fields);
    expect(status).toBe(400);
    expect(text).toMatch(new RegExp(`role="alert">[^<]*${words}`));
    expect(text).toContain('Set a limit');
  });

  it('shows of a key the last four characters alone', async () => {
    const { services } = dashboard.bot;
    await services.ownKeys.connect(
      'discord:1',
      'openrouter',
      'sk-or-v1-secret-of-the-guild-1a2b',
      { by: 'discord:7' },
      AbortSignal.timeout(5_000),
    );
    const { text } = await dashboard.get(path);
    expect(text).toContain('…1a2b');
    expect(text).not.toContain('guild-1a2b');
  });

  it.each([
    ['discord:1', ['user', 'role', 'channel']],
    ['discord:dm:1', ['user', 'channel']],
  ])('offers to list what %s has', async (id, kinds) => {
    const { text } = await dashboard.get(`/admin/guilds/${encodeURIComponent(id)}`);
    const [, offered = ''] = /<select id="access-kind"[^>]*>(.*?)<\/select>/s.exec(text) ?? [];
    expect(Array.from(offered.matchAll(/value="(\w+)"/g), ([, kind]) => kind)).toEqual(kinds);
  });

  it('has forms that do what their buttons say', async () => {
    const { services } = dashboard.bot;
    const send = async (button: string, filled?: Record<string, string>) =>
      wordOf(await submit(path, button, filled));
    const { choices } = formsOf((await dashboard.get(path)).text)['Grant'] ?? {};
    expect(choices).toEqual({ tier: ['free', 'openai', 'openrouter', 'premium'] });

    expect(await send('Grant', { until: '2999-01-01', reason: 'a trial' })).toMatch(/^The tier is granted/);
    const granted = { expiresAtMs: Date.UTC(2999, 0), reason: 'a trial' };
    // The form starts with the tier that the guild has.
    expect((await services.guilds.report('discord:1')).grants).toMatchObject([
      { tier: 'premium', ...granted },
    ]);
    expect(await send('Revoke', { reason: 'over' })).toMatch(/^The grant is revoked/);
    expect(await changesOf(dashboard.bot)).toContain(
      'dashboard (127.0.0.1), tier.revoke of discord:1: premium until 2999-01-01 → nothing (over)',
    );

    for (const [filled, amounts] of [
      [{ amount: '7' }, { operator: { requestsPerUserPerMinute: 7 } }],
      [{ amount: '8', user: '42' }, { users: { 42: { requestsPerUserPerMinute: 8 } } }],
      [{ amount: '9', role: '5' }, { groups: { 5: { requestsPerUserPerMinute: 9 } } }],
    ] as const) {
      expect(await send('Set', filled)).toBe('The limit is set. It applies from the next request on.');
      expect(await services.limits.rules('discord:1')).toMatchObject(amounts);
    }

    expect(await send('Add', { who: '43' })).toBe('Saved. It counts from the next message on.');
    expect(await send('Add', { list: 'allow', kind: 'channel', who: 'c1' })).toMatch(/^Saved/);
    expect(await services.settings.lists('discord:1')).toMatchObject({
      allow: { channels: ['c1'] },
      deny: { users: ['43'] },
    });
    await send('Remove person 43');
    await send('Remove channel c1');
    expect(await services.settings.lists('discord:1')).toEqual({});
  });

  it('shows each own key with its state, and who connected it when', async () => {
    const key = { lastFour: '1a2b', by: 'discord:7', connectedAtMs: Date.UTC(2026, 0, 2), isResting: false };
    const { guilds } = dashboard.bot.services;
    const { report } = guilds;
    for (const [fault, state] of [
      [null, 'works'],
      ['bad_key', 'rejected by the provider'],
      ['no_credit', 'out of credit'],
      ['unreadable', 'cannot be read'],
    ] as const) {
      Object.assign(guilds, {
        report: async () => ({
          ...(await report('discord:1')),
          keys: [{ ...key, provider: 'openrouter', fault }],
        }),
      });
      expect(rowsOf((await dashboard.get(path)).text, 'Own API keys')).toEqual([
        ['OpenRouter', '…1a2b', state, '2026-01-02', 'discord:7'],
      ]);
    }
  });

  it('shows each limit with its use and who set it, and marks the tier of the guild', async () => {
    await ask('mia', 0.25);
    const { limits } = dashboard.bot.services;
    const change = { guild: 'discord:1', by: 'test' } as const;
    await limits.change({ ...change, layer: 'operator', limit: 'nanoUsdPerGuildPerDay', most: 4e9 });
    await limits.change({ ...change, layer: 'operator', limit: 'nanoUsdPerGuildPerMonth', most: null });
    await limits.change({ ...change, layer: 'guild', limit: 'requestsPerUserPerDay', most: 20 });
    await limits.change({ ...change, layer: { group: '5' }, limit: 'requestsPerUserPerDay', most: 3 });
    const { text } = await dashboard.get(path);
    const { premium } = limitsSchema.parse({}).tiers;
    expect(rowsOf(text, 'Limits')).toEqual([
      [
        'Requests per person per minute',
        `${premium.requestsPerUserPerMinute} requests`,
        'per person',
        '',
        '',
      ],
      ['Requests per person per day', '20 requests', 'per person', '', '20 requests'],
      ['Spending per person per day', '$4.00', 'per person', '', ''],
      ['Total spending per day', '$4.00', '$0.25 of $4.00', '$4.00', ''],
      ['Total spending per month', 'none', '$0.25', 'none', ''],
    ]);
    expect(rowsOf(text, 'Limits for people and roles')).toEqual([
      ['role 5', 'Requests per person per day', '3 requests'],
    ]);
    expect(rowsOf(text, 'Tiers').map(([tier]) => tier)).toEqual([
      'free',
      'openai',
      'openrouter',
      'premium here',
    ]);
  });

  it('lists the 50 people who cost the most and the 20 newest changes', async () => {
    const { services, store } = dashboard.bot;
    for (let id = 1; id <= 51; id++) {
      const sum = {
        costNanoUsd: id * 1_000_000,
        promptTokens: 1,
        completionTokens: 1,
        basis: 'provider',
      } as const;
      const entry = {
        guild: 'discord:1',
        user: `u${id}`,
        model: 'm',
        provider: 'p',
        payer: 'operator',
      } as const;
      await store.records.append(usageRecord({ ...entry, ...sum, id: `r${id}`, atMs: Date.now() }));
    }
    for (let index = 1; index <= 21; index++) {
      const change = { guild: 'discord:1', by: 'a', action: 'tier.grant', from: null, reason: '' } as const;
      await services.audit.append({ ...change, atMs: index, to: `change ${index}` });
    }
    const { text } = await dashboard.get(path);
    const people = rowsOf(text, 'Use by person');
    expect([people.length, people[0]?.[0], people.at(-1)?.[0]]).toEqual([50, 'u51 u51', 'u2 u2']);
    const changes = rowsOf(text, 'Changes');
    expect(changes.length).toBe(20);
    expect(changes[0]).toEqual(['1970-01-01', 'a', 'tier.grant', 'nothing', 'change 21', '']);
    expect(text).toContain('<a href="/admin/audit?guild=discord%3A1">All changes of this guild</a>');
  });

  it('says what kind of guild it is', async () => {
    const kindOf = async (id: string) =>
      /<p class="soft"><code>[^<]*<\/code> · ([^<]*)/.exec(
        (await dashboard.get(`/admin/guilds/${encodeURIComponent(id)}`)).text,
      )?.[1];
    expect(await kindOf('discord:1')).toBe('a server on Discord');
    expect(await kindOf('discord:dm:1')).toBe('direct messages on Discord');
    expect(await kindOf('web:local')).toMatch(/^the /);
  });

  it('opens by an id that is typed in, as an id with spaces around it', async () => {
    const { status, headers } = await dashboard.get('/admin/guilds?id=%20slack%3AT1%20');
    expect([status, headers.get('location')]).toEqual([303, '/admin/guilds/slack%3AT1']);
  });

  it('confirms what was done, and takes fields that stay empty for absent', async () => {
    const done = async (action: string, fields: Record<string, string>) => {
      const { status, headers } = await dashboard.post(`${path}/${action}`, fields);
      expect(status).toBe(303);
      const page = await dashboard.get(headers.get('location') ?? '');
      return /role="status">([^<]*)/.exec(page.text)?.[1];
    };
    expect(await done('revoke', { reason: '' })).toBe('There was no grant to revoke.');
    expect(await done('grant', { tier: ' premium ', until: '', reason: ' ' })).toMatch(
      /^The tier is granted/,
    );
    expect((await dashboard.bot.services.guilds.report('discord:1')).grants).toMatchObject([
      { tier: 'premium', expiresAtMs: null, reason: '' },
    ]);
    expect(await done('revoke', {})).toMatch(/^The grant is revoked/);
  });

  it('says that a list or the limits of people are full, and that no limit can be set without limits', async () => {
    const { services } = dashboard.bot;
    const problemOf = async (action: string, fields: Record<string, string>) =>
      /role="alert">([^<]*)/.exec((await dashboard.post(`${path}/${action}`, fields)).text)?.[1];
    for (let id = 1; id <= MAX_LISTED; id++) {
      const entry = { kind: 'channels', id: `c${id}` } as const;
      await services.settings.changeAccess({ guild: 'discord:1', ...entry, to: 'deny', by: 'test' });
    }
    expect(await problemOf('access', { list: 'deny', kind: 'channel', who: 'c0' })).toMatch(
      /^The list is full/,
    );
    const limit = { limit: 'requests-per-day', amount: '3' };
    let problem: string | undefined;
    for (let role = 1; problem === undefined && role < 1_000; role++) {
      problem = await problemOf('limits', { ...limit, role: String(role) });
    }
    expect(problem).toMatch(/^At most \d+ people .* can have limits of their own/);
    Object.assign(services.limits, { isOn: false });
    expect(await problemOf('limits', limit)).toMatch(/^LIMITS=off turns all limits off/);
    expect((await dashboard.get(path)).text).toContain('There are no limits, because');
  });

  it('knows no guild that cannot be one', async () => {
    expect((await dashboard.get('/admin/guilds/irc%3A1')).status).toBe(400);
    expect((await dashboard.get('/admin/guilds/%E0%A4%A')).status).toBe(400);
  });
});
