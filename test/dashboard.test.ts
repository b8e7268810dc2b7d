import { existsSync, mkdirSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitsSchema } from '../src/core/ports/limits.ts';
import { ADMIN_TOKEN, type Dashboard, startDashboard } from './admin/dashboard.ts';
import { fillStore } from './admin/sample-data.ts';
import { TIMEOUTS } from './support/provider/test-client.ts';
import { invocationOf, testActor } from './support/test-bot.ts';

const CHROMIUM = '/usr/bin/chromium';
const isMissing = !existsSync(CHROMIUM);
/** The folder for pictures of all pages, to be looked at; none are made if it is not set. */
const PICTURES = process.env['DASHBOARD_PICTURES'];

let browser: Browser;
let dashboard: Dashboard;

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const offences: string[] = [];
  page.on('pageerror', (error) => offences.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) offences.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(dashboard.url)) offences.push(request.url());
  });
  page.on('close', () => expect(offences).toEqual([]));
  await page.goto(dashboard.url + path);
  return page;
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('ADMIN_TOKEN').fill(ADMIN_TOKEN);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  }>('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
}

/** An answer that goes on until it is stopped. */
async function startAnswer(name: string): Promise<void> {
  const { provider, dispatch } = dashboard.bot;
  const live = provider.live();
  const actor = { ...testActor('42', { guild: 'slack:T012AB3CD' }), name };
  void dispatch.command(
    invocationOf('ask', { prompt: 'A long story', model: 'openai/gpt-4o-mini' }, { actor }),
  );
  await live.request;
  await live.text('Once upon a time there was');
}

it('Chromium is there where nothing may be skipped', () => {
  expect(isMissing && process.env['CI'] === 'true', `There is no ${CHROMIUM}. Install it.`).toBe(false);
});

describe.skipIf(isMissing)(`the dashboard in a browser (needs ${CHROMIUM})`, { timeout: 90_000 }, () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    dashboard = await startDashboard({
      defaultTier: 'openrouter',
      limits: limitsSchema.parse({}),
      // Answers are to go on for as long as the tests.
      client: { timeouts: { ...TIMEOUTS, silenceMs: 600_000 } },
    });
    await fillStore(dashboard.bot);
    await startAnswer('Zoë');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
  });

  const PAGES = {
    overview: '/admin?by=guild',
    guilds: '/admin/guilds',
    guild: '/admin/guilds/discord%3A81384788765712384',
    workspace: '/admin/guilds/slack%3AT012AB3CD',
    models: '/admin/models',
    answers: '/admin/answers',
    costs: '/admin/costs',
    changes: '/admin/audit',
  };

  it.each(
    (['light', 'dark'] as const).flatMap((colorScheme) =>
      [390, 1280].map((width) => [colorScheme, width] as const),
    ),
  )(
    'has nothing for axe to find, and nothing that is cut off, in %s at %i px',
    async (colorScheme, width) => {
      const page = await open('/admin', { colorScheme, viewport: { width, height: 800 } });
      expect(await findings(page)).toEqual([]);
      await logIn(page);
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(dashboard.url + path);
        expect(await findings(page), name).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBe(width);
        if (PICTURES !== undefined) {
          mkdirSync(PICTURES, { recursive: true });
          await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png`, fullPage: true });
        }
      }
      await page.context().close();
    },
  );

  it('is worked by keyboard alone: log in, skip to the content, pause, resume', async () => {
    const page = await open('/admin');
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(ADMIN_TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Back at noon.');
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    expect(await dashboard.bot.services.pauses.words()).toContain('Back at noon.');
    await page.getByRole('button', { name: 'Resume' }).press('Enter');
    await page.getByText('The bot takes questions again.').waitFor();
    expect(await dashboard.bot.services.pauses.read()).toBeNull();
    await page.context().close();
  });

  it('shows new answers by itself, and stops one', async () => {
    const page = await open('/admin/answers');
    await logIn(page);
    // Of its own, because a machine that is too loaded to renew its claims in time loses older ones.
    for (const name of ['Grete', 'Ida']) await startAnswer(name);
    await page.getByRole('button', { name: 'Stop the answer to Grete' }).click();
    await page.getByRole('status').waitFor();
    await page.getByRole('button', { name: 'Stop the answer to Grete' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Stop the answer to Ida' }).count()).toBe(1);
    await page.context().close();
  });

  it('logs out for good', async () => {
    const page = await open('/admin/guilds');
    await logIn(page);
    expect(page.url()).toBe(`${dashboard.url}/admin/guilds`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('ADMIN_TOKEN').waitFor();
    await page.goto(`${dashboard.url}/admin/guilds`);
    await page.getByLabel('ADMIN_TOKEN').waitFor();
    await page.context().close();
  });
});
