import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PhotonImage } from '@silvia-odwyer/photon-node';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, test as base, beforeAll, describe } from 'vitest';
import * as texts from '../src/demo/texts.ts';
import { pdfOf } from './files/samples.ts';
import { freePort } from './support/free-port.ts';
import { type Program, startProgram } from './support/program.ts';
import { createFakeProvider } from './support/provider/fake-provider.ts';

const CHROMIUM = '/usr/bin/chromium';
const isMissing = !existsSync(CHROMIUM);
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Long enough for a loaded machine; nothing here waits for it to pass. */
const PATIENCE = { timeout: 30_000 };

/** Console errors of a browser whose server is gone, which some of the tests bring about. */
const CONNECTION_LOST = /net::ERR_(?:CONNECTION|INCOMPLETE|EMPTY)|status of (?:401|502)/;

const run = promisify(execFile);

let browser: Browser;

/** The whole program with the demo behind it, and people with browsers in front of it. */
interface World {
  program: Program;
  restart(environment?: Readonly<Record<string, string>>): Promise<void>;
  /** Runs the command line beside it, on the same store. */
  command(...args: string[]): Promise<void>;
  open(options?: BrowserContextOptions, path?: string): Promise<Page>;
}

const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are needed.
  world: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-'));
    const offences: string[] = [];
    const pages: Page[] = [];
    const store = { STORE_URL: 'sqlite:parley.db', PORT: String(await freePort()) };

    const world: World = {
      program: await startProgram(folder, store),
      async restart(environment = {}) {
        await world.program.kill();
        world.program = await startProgram(folder, { ...store, ...environment });
      },
      async command(...args) {
        await run(process.execPath, [resolve('src/cli.ts'), ...args], {
          cwd: folder,
          env: { ...store, MODELS_FILE: resolve('models.json') },
        });
      },
      async open(options = {}, path = '') {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
        context.setDefaultTimeout(PATIENCE.timeout);
        const page = await context.newPage();
        pages.push(page);
        page.on('pageerror', (error) => offences.push(error.message));
        page.on('console', (message) => {
          if (message.type() === 'error' && !CONNECTION_LOST.test(message.text())) {
            offences.push(message.text());
          }
        });
        page.on('request', (request) => {
          if (!request.url().startsWith(world.program.url)) offences.push(request.url());
        });
        await page.goto(world.program.url + path);
        return page;
      },
    };
    await use(world);
    for (const page of pages) await page.context().close();
    await world.program.kill();
    rmSync(folder, { recursive: true });
    // Errors on the page, and requests to anywhere else.
    if (offences.length > 0) throw new Error(offences.join('\n'));
  },
});

const composer = (page: Page) => page.locator('.channel .composer textarea');
const answers = (page: Page) => page.locator('.channel .message.answer');
const button = (scope: Page | Locator, name: string) => scope.getByRole('button', { name, exact: true });
const thread = (page: Page) => page.getByRole('region', { name: 'Thread' });
const textOf = (message: Locator) => message.locator('.markdown').innerText();

async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** Does as the browser when another tab comes to the front. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

const inPage = (name: string, bytes: Uint8Array) =>
  `new File([Uint8Array.from(atob('${Buffer.from(bytes).toString('base64')}'), (c) => c.charCodeAt(0))], '${name}', { type: '${name.endsWith('.png') ? 'image/png' : ''}' })`;

/** Drags a file from elsewhere over an element, as the browser does, and drops it. */
async function dropFile(target: Locator, name: string, bytes: Uint8Array): Promise<void> {
  const dataTransfer = await target.page().evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(${inPage(name, bytes)});
    return transfer;
  })()`);
  await target.dispatchEvent('dragover', { dataTransfer });
  await target.page().locator('.dropping').waitFor();
  await target.dispatchEvent('drop', { dataTransfer });
}

/** Pastes a file into a field, as the browser does. */
async function pasteFile(field: Locator, name: string, bytes: Uint8Array): Promise<void> {
  await field.focus();
  await field.page().evaluate(`(() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(${inPage(name, bytes)});
    const options = { clipboardData, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', options));
  })()`);
}

const png = () => new PhotonImage(new Uint8Array(8 * 8 * 4).fill(90), 8, 8).get_bytes();

/** The faults that axe finds in the page. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  }>('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
}

test('Chromium is there where nothing may be skipped', ({ expect }) => {
  expect(isMissing && process.env['CI'] === 'true', `There is no ${CHROMIUM}. Install it.`).toBe(false);
});

describe
  .skipIf(isMissing)
  .concurrent(`the playground in a browser (needs ${CHROMIUM})`, { timeout: 90_000 }, () => {
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    }, 60_000);

    afterAll(async () => {
      await browser.close();
    });

    test('asks, and shows the answer as it grows', async ({ world, expect }) => {
      const page = await world.open();
      await button(page, 'Ask a first question /ask What can you do?').click();
      const answer = answers(page);
      await expect.poll(() => textOf(answer), PATIENCE).toMatch(/\w+/);
      const first = await textOf(answer);
      await expect
        .poll(async () => (await textOf(answer)).length, PATIENCE)
        .toBeGreaterThan(first.length + 20);
      await page.locator('.message.answer.complete').waitFor();
      expect((await textOf(answer)).startsWith(first.slice(0, 20))).toBe(true);
      expect(await answer.locator('.footer').innerText()).toContain('Llama 3.2 3B');
      expect(await button(answer, 'Stop').count()).toBe(0);
      expect(await textOf(page.locator('.message.said'))).toBe('What can you do?');
    });

    test('stops where the person says so, and tries again below', async ({ world, expect }) => {
      const page = await world.open();
      await say(page, '/ask Write me a long answer.');
      const [first, second] = [answers(page).nth(0), answers(page).nth(1)];
      await expect.poll(async () => (await textOf(first)).length, PATIENCE).toBeGreaterThan(100);
      await button(first, 'Stop').click();
      await page.locator('.message.answer.stopped').waitFor();
      const kept = await textOf(first);
      expect(kept.length).toBeGreaterThan(100);
      expect(await first.locator('.note').innerText()).toContain('Stopped by Mia');

      await button(first, 'Retry…').click();
      await button(page.getByRole('dialog'), 'Send').click();
      await expect.poll(async () => (await textOf(second)).length, PATIENCE).toBeGreaterThan(20);
      expect(await button(first, 'Retry…').count()).toBe(0);
      expect(await textOf(first)).toBe(kept);
      await button(second, 'Stop').click();
      await expect.poll(() => page.locator('.message.answer.stopped').count(), PATIENCE).toBe(2);
    });

    test('goes on in a thread, where no command is needed', async ({ world, expect }) => {
      const page = await world.open();
      await say(page, '/ask What can you do?');
      await button(page, 'In a thread').click();
      const field = thread(page).locator('textarea');
      await expect.poll(() => field.evaluate((element) => element.matches(':focus')), PATIENCE).toBe(true);
      await page.keyboard.type('Show me some code.');
      await page.keyboard.press('Enter');
      await thread(page).locator('figure.code').first().waitFor();
      await expect
        .poll(() => page.locator('.channel .thread-link').innerText(), PATIENCE)
        .toContain('2 replies');
      // A message to one person alone is no reply.
      await page.keyboard.type('/help');
      await page.keyboard.press('Enter');
      await thread(page).locator('.message.notice').waitFor();
      await expect
        .poll(() => page.locator('.channel .thread-link').innerText(), PATIENCE)
        .toContain('2 replies');
      await expect.poll(() => thread(page).locator('.day').innerText(), PATIENCE).toBe('2 replies');
      await page.keyboard.press('Escape');
      await expect.poll(() => thread(page).count(), PATIENCE).toBe(0);
      expect(await page.getByRole('link', { name: 'What can you do?' }).count()).toBe(1);
    });

    test('opens a thread for a question that mentions it in a channel', async ({ world, expect }) => {
      const page = await world.open();
      await composer(page).pressSequentially('@par');
      await page.getByRole('option', { name: '@Parley' }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('what is this?');
      await page.keyboard.press('Enter');
      await thread(page).locator('.message.answer').waitFor();
      expect(await answers(page).count()).toBe(0);
    });

    test('loses nothing when it is reloaded in the middle of an answer', async ({ world, expect }) => {
      const page = await world.open();
      await say(page, '/ask Write me a long answer.');
      const answer = answers(page);
      await expect.poll(async () => (await textOf(answer)).length, PATIENCE).toBeGreaterThan(150);
      const seen = await textOf(answer);
      await composer(page).fill('A draft');
      await page.reload();
      await expect
        .poll(async () => (await textOf(answer)).length, PATIENCE)
        .toBeGreaterThan(seen.length + 50);
      expect((await textOf(answer)).startsWith(seen.slice(0, 100))).toBe(true);
      expect(await composer(page).inputValue()).toBe('A draft');
      await button(answer, 'Stop').click();
      await page.locator('.message.answer.stopped').waitFor();
      expect(await answer.count()).toBe(1);
    });

    test('loses nothing when the bot dies and comes back, and says so meanwhile', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await say(page, '/ask Write me a long answer.');
      await expect.poll(async () => (await textOf(answers(page))).length, PATIENCE).toBeGreaterThan(150);
      const seen = await textOf(answers(page));
      const restarted = world.restart();
      const banner = page.getByText('Connection lost, reconnecting');
      await banner.waitFor();
      await say(page, 'Said while it was away');
      await restarted;
      await page.locator('.message.answer.interrupted').waitFor();
      await banner.waitFor({ state: 'detached' });
      expect(seen.startsWith((await textOf(answers(page))).slice(0, 60))).toBe(true);
      expect(await button(answers(page), 'Retry…').count()).toBe(1);
      await expect.poll(() => page.locator('.message.said:not(.sending)').count(), PATIENCE).toBe(2);
      expect(await textOf(page.locator('.message.said').last())).toBe('Said while it was away');
    });

    test('sends what was written while the bot was away as soon as it is back, in order', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await composer(page).waitFor();
      await page.clock.install();
      await world.program.kill();
      // So long that the next try of the first one is further off than that of the second.
      await say(page, 'First');
      for (let second = 0; second < 8; second++) await page.clock.runFor(1_000);
      await say(page, 'Second');
      await world.restart();
      const sent = page.locator('.message.said:not(.sending, .unsent)');
      const texts = async () => {
        await page.clock.runFor(1_000);
        return await sent.locator('.markdown').allInnerTexts();
      };
      await expect.poll(texts, PATIENCE).toEqual(['First', 'Second']);
    });

    test('asks for the ADMIN_TOKEN in the middle, and loses nothing that was written', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await composer(page).waitFor();
      await world.program.kill();
      await say(page, 'Said while it was away');
      await composer(page).fill('A draft');
      await world.restart({ ADMIN_TOKEN: 'a-token-of-this-test' });
      await page.getByLabel('ADMIN_TOKEN').fill('a-token-of-this-test');
      await page.keyboard.press('Enter');
      const said = page.locator('.message.said:not(.sending)');
      await expect
        .poll(() => said.locator('.markdown').allInnerTexts(), PATIENCE)
        .toEqual(['Said while it was away']);
      expect(await composer(page).inputValue()).toBe('A draft');
      expect(await page.getByRole('dialog').count()).toBe(0);
      expect(await composer(page).evaluate((element) => element.matches(':focus'))).toBe(true);
    });

    test('sends the longest message, whatever it is made of', async ({ world, expect }) => {
      const page = await world.open();
      await say(page, '\u0001'.repeat(16_000));
      await expect.poll(() => page.locator('.message.said:not(.sending, .unsent)').count(), PATIENCE).toBe(1);
    });

    test('cuts off nothing of what is too long to be sent, and says so', async ({ world, expect }) => {
      const page = await world.open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await composer(page).focus();
      await page.evaluate('navigator.clipboard.writeText("x".repeat(16_001))');
      await page.keyboard.press('ControlOrMeta+v');
      await page.getByText('has 16,001 characters, at most 16,000 are allowed').waitFor();
      await page.keyboard.press('Enter');
      expect(await page.locator('.message').count()).toBe(0);
      expect(await composer(page).inputValue()).toBe('x'.repeat(16_001));
    });

    test('leaves a reader who scrolled up in place, until they go to the end', async ({ world, expect }) => {
      const [mia, ada] = [await world.open({ viewport: { width: 800, height: 500 } }), await world.open()];
      await ada.getByRole('radio', { name: 'Ada Admin' }).check();
      const log = mia.locator('.channel .timeline');
      const leftPx = () =>
        log.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
      const scrollTo = (topPx: number) => log.evaluate((element, top) => element.scrollTo({ top }), topPx);
      const arrives = async (text: string) => {
        await say(ada, text);
        await mia.getByText(text, { exact: true }).waitFor();
      };
      await say(mia, 'A line\n\n'.repeat(60));
      await arrives('One');
      await expect.poll(leftPx, PATIENCE).toBeLessThanOrEqual(4);

      await scrollTo(300);
      await mia.locator('.scrolled-up').waitFor();
      await arrives('Two');
      expect(await log.evaluate(({ scrollTop }) => scrollTop)).toBe(300);
      await scrollTo(350);
      await arrives('Three');
      expect(await log.evaluate(({ scrollTop }) => scrollTop)).toBe(350);
      await button(mia, 'Jump to the latest').click();
      await expect.poll(leftPx, PATIENCE).toBeLessThanOrEqual(4);
      await arrives('Four');
      await expect.poll(leftPx, PATIENCE).toBeLessThanOrEqual(4);

      await scrollTo(0);
      await mia.locator('.scrolled-up').waitFor();
      await scrollTo(100_000);
      await mia.locator('.scrolled-up').waitFor({ state: 'detached' });
      await arrives('Five');
      await expect.poll(leftPx, PATIENCE).toBeLessThanOrEqual(4);
    });

    test('is at home under the arrow keys: in messages, in the menu, and in what was said last', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await say(page, ' ');
      await say(page, 'First');
      await say(page, 'Second');
      await page.getByRole('radio', { name: 'Ada Admin' }).check();
      await say(page, 'From Ada');
      await page.getByRole('radio', { name: 'Mia Member' }).check();
      await expect.poll(() => page.locator('.message.said:not(.sending)').count(), PATIENCE).toBe(3);
      await composer(page).press('ArrowUp');
      expect(await composer(page).inputValue()).toBe('Second');
      await page.keyboard.press('ArrowUp');
      expect(await composer(page).inputValue()).toBe('Second');
      await composer(page).fill('');

      await page.locator('.channel .timeline').focus();
      const focused = () => page.evaluate('document.activeElement.querySelector(".markdown")?.innerText');
      for (const [key, text] of [
        ['ArrowUp', 'From Ada'],
        ['ArrowUp', 'Second'],
        ['ArrowUp', 'First'],
        ['ArrowUp', 'First'],
        ['ArrowDown', 'Second'],
        ['ArrowDown', 'From Ada'],
        ['ArrowDown', 'From Ada'],
      ] as const) {
        await page.keyboard.press(key);
        expect(await focused()).toBe(text);
      }

      await composer(page).fill('/a');
      const offers = page.getByRole('listbox').getByRole('option');
      await offers.nth(1).waitFor();
      const last = (await offers.count()) - 1;
      const active = () => page.locator('.menu [aria-selected=true]').getAttribute('id');
      for (const [key, index] of [
        ['ArrowDown', 1],
        ['ArrowUp', 0],
        ['ArrowUp', last],
        ['ArrowDown', 0],
      ] as const) {
        await page.keyboard.press(key);
        await expect.poll(active, PATIENCE).toBe(`composer-channel-item-${index}`);
      }
      await page.keyboard.press('Escape');
      await offers.first().waitFor({ state: 'detached' });
      expect(await composer(page).inputValue()).toBe('/a');
    });

    test('takes what is clicked: of the menu, of a command’s options, and a question’s mention', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      const offers = page.getByRole('listbox').getByRole('option');
      await composer(page).fill('/as');
      await offers.click();
      await expect.poll(() => composer(page).inputValue(), PATIENCE).toBe('/ask ');
      await page.keyboard.type('Why?');
      await button(page, '--model').click();
      await offers.getByText('GPT-4o mini').waitFor();
      await page.keyboard.type('x');
      expect(await composer(page).inputValue()).toBe('/ask --model xWhy?');
      await composer(page).fill('What can you do?');
      await page.getByRole('button', { name: /^Ask Parley/ }).click();
      await thread(page).locator('.message.answer').waitFor();
    });

    test('keeps what the server refuses, says why, and sends it again', async ({ world, expect }) => {
      const page = await world.open();
      const refuse = (path: string, problem: string) =>
        page.route(`**/api/${path}`, (route) => route.fulfill({ status: 502, json: { problem } }), {
          times: 1,
        });
      const isLeavingAsked = () =>
        page.evaluate('!window.dispatchEvent(new Event("beforeunload", { cancelable: true }))');
      await refuse('message', 'Too odd.');
      await say(page, 'Hello');
      await page.getByText('Not sent: Too odd.').waitFor();
      expect(await isLeavingAsked()).toBe(true);
      await button(page, 'Try again').click();
      const said = page.locator('.message.said:not(.sending, .unsent)');
      await expect.poll(() => said.count(), PATIENCE).toBe(1);
      expect(await page.locator('.message').count()).toBe(1);
      expect(await isLeavingAsked()).toBe(false);

      await refuse('remove', 'Not now.');
      await said.hover();
      await button(said, 'Delete').click();
      await page.getByRole('status').getByText('Not now.').waitFor();
      await button(said, 'Delete').click();
      await expect.poll(() => said.count(), PATIENCE).toBe(0);
    });

    test('comes up by itself where the server is slow to', async ({ world }) => {
      const page = await world.open();
      await composer(page).waitFor();
      const fails = (path: string) =>
        page.route(`**/api/${path}*`, (route) => route.fulfill({ status: 502 }));
      await fails('room');
      await fails('events');
      await page.reload();
      await page.getByText('The server answered 502.').waitFor();
      await page.unroute('**/api/room*');
      const banner = page.getByText('Connection lost, reconnecting');
      await banner.waitFor();
      await page.unroute('**/api/events*');
      await banner.waitFor({ state: 'detached' });
    });

    test('leaves the reader alone where others open a thread', async ({ world, expect }) => {
      const [mia, ada] = [await world.open(), await world.open()];
      await ada.getByRole('radio', { name: 'Ada Admin' }).check();
      await say(mia, 'Hello all');
      const said = ada.locator('.message.said').first();
      await said.hover();
      await button(said, 'Reply in thread').click();
      await thread(ada).locator('textarea').fill('Hello Mia');
      await thread(ada).locator('textarea').press('Enter');
      await mia.getByText('1 reply').waitFor();
      expect(await thread(mia).count()).toBe(0);
    });

    test('completes commands, options and models by keyboard alone', async ({ world, expect }) => {
      const page = await world.open();
      const field = composer(page);
      const offers = page.getByRole('listbox').getByRole('option');
      await field.waitFor();
      // Wherever the focus is, a slash begins a command.
      await field.blur();
      await page.keyboard.press('/');
      await expect.poll(() => offers.count(), PATIENCE).toBeGreaterThan(4);
      await page.keyboard.type('as');
      await expect.poll(() => offers.count(), PATIENCE).toBe(1);
      await page.keyboard.press('Enter');
      expect(await field.inputValue()).toBe('/ask ');
      await page.keyboard.type('--mo');
      await offers.getByText('--model').waitFor();
      await page.keyboard.press('Tab');
      await offers.getByText('GPT-4o mini').waitFor();
      await page.keyboard.type('gpt-4o-mini');
      await expect.poll(() => offers.count(), PATIENCE).toBe(1);
      expect(await field.getAttribute('aria-activedescendant')).toBe(await offers.getAttribute('id'));
      await page.keyboard.press('Enter');
      expect(await field.inputValue()).toBe('/ask --model openai/gpt-4o-mini ');
      await page.keyboard.type('Hello');
      await page.keyboard.press('Enter');
      // The free tier does not open it, and core says so to the asker alone.
      const notice = page.locator('.message.notice');
      await notice.waitFor();
      expect(await notice.innerText()).toMatch(/Only you can see this[\s\S]*GPT-4o mini[\s\S]*openrouter/);
    });

    test('takes options behind the word that a command begins with', async ({ world, expect }) => {
      const page = await world.open();
      await page.getByRole('radio', { name: 'Otto Operator' }).check();
      const offers = page.getByRole('listbox').getByRole('option');
      await composer(page).pressSequentially('/tier gr');
      await offers.getByText('Grant (operators)').waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('--ti');
      await offers.getByText('--tier').waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('openai');
      await expect.poll(() => composer(page).inputValue(), PATIENCE).toBe('/tier grant --tier openai');
      await page.keyboard.press('Enter');
      await page.locator('.message.notice').getByText('Granted openai').waitFor();
      await expect.poll(() => page.getByLabel('Tier').inputValue(), PATIENCE).toBe('openai');

      await say(page, '/tier tier:premium');
      await page.getByText('only works with').first().waitFor();
      await say(page, '/tier action:grant tier:premium');
      await page.locator('.message.notice').getByText('Granted premium').waitFor();
    });

    test('says that it is the demo, whatever there is room for', async ({ world, expect }) => {
      const page = await world.open();
      const demoMarks = page.locator('.bar').getByText('Built-in demo').filter({ visible: true });
      await expect.poll(() => demoMarks.count(), PATIENCE).toBe(1);
      await say(page, '@Parley What can you do?');
      await thread(page).waitFor();
      await expect.poll(() => demoMarks.count(), PATIENCE).toBe(1);
    });

    test('shows what the command line changed as soon as the window is looked at again', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      const tier = page.getByLabel('Tier');
      await expect.poll(() => tier.inputValue(), PATIENCE).toBe('free');
      await world.command('tier', 'grant', 'web:local', 'premium');
      await page.evaluate('window.dispatchEvent(new Event("focus"))');
      await expect.poll(() => tier.inputValue(), PATIENCE).toBe('premium');
    });

    test('says in the composer alone why something is not sent, until it is changed', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await say(page, '/nope');
      await page.locator('.composer').getByRole('alert').getByText('There is no /nope.').waitFor();
      await expect.poll(() => page.getByText('There is no /nope.').count(), PATIENCE).toBe(1);
      await composer(page).fill('/nop');
      await expect.poll(() => page.getByRole('alert').count(), PATIENCE).toBe(0);
      await page.getByText('There is no /nop.').waitFor();
    });

    test('shows access at work: tiers open models, and what is private stays with its person', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await page.getByLabel('Tier').selectOption('premium');
      await say(page, '/ask --private --model openai/gpt-4o What can you do?');
      await page.locator('.message.answer.complete').waitFor();
      expect(await answers(page).locator('.footer').innerText()).toContain('GPT-4o');
      await expect.poll(() => page.locator('.spent').innerText(), PATIENCE).not.toBe('$0');
      const messages = page.locator('.message');
      expect(await messages.count()).toBe(2);
      await page.getByRole('radio', { name: 'Ada Admin' }).check();
      await expect.poll(() => messages.count(), PATIENCE).toBe(0);
      await page.getByRole('radio', { name: 'Mia Member' }).check();
      await expect.poll(() => messages.count(), PATIENCE).toBe(2);
    });

    test('shows pictures, and has other files to save', async ({ world, expect }) => {
      const page = await world.open();
      await page.getByRole('radio', { name: 'Ada Admin' }).check();
      await say(page, '/ask What can you do?');
      await page.locator('.message.answer.complete').waitFor();
      await say(page, '/usage');
      const file = page.getByRole('link', { name: /usage-.*csv Usage by day/ });
      const [download] = await Promise.all([page.waitForEvent('download'), file.click()]);
      expect(download.suggestedFilename()).toMatch(/^usage-[\d-]+-to-[\d-]+\.csv$/);
      expect(readFileSync(await download.path(), 'utf8')).toContain('llama-3.2-3b');
      const areShown = "[...document.querySelectorAll('.notice img')].map((image) => image.naturalWidth > 0)";
      await expect.poll(() => page.evaluate(areShown), PATIENCE).toEqual([true]);
    });

    test('shows the same in two windows', async ({ world, expect }) => {
      const [one, two] = [await world.open(), await world.open()];
      await say(one, '/ask Write me a long answer.');
      await expect.poll(async () => (await textOf(answers(two))).length, PATIENCE).toBeGreaterThan(50);
      await button(answers(two), 'Stop').click();
      for (const page of [one, two]) await page.locator('.message.answer.stopped').waitFor();
      expect(await textOf(answers(one))).toBe(await textOf(answers(two)));
    });

    test('catches up when it is shown again after it was hidden', async ({ world, expect }) => {
      const [one, two] = [await world.open(), await world.open()];
      await say(one, '/ask What can you do?');
      await answers(one).waitFor();
      await setHidden(one, true);
      await answers(two).and(two.locator('.complete')).waitFor();
      const before = await textOf(answers(one));
      await say(two, 'Meanwhile');
      await setHidden(one, false);
      await expect.poll(() => one.locator('.message.said').count(), PATIENCE).toBe(2);
      expect(await textOf(answers(one))).toBe(await textOf(answers(two)));
      expect(before).not.toBe(await textOf(answers(one)));
    });

    test('shows nothing of the person before, though that one’s connection was being taken up again', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await page.getByRole('radio', { name: 'Ada Admin' }).check();
      await say(page, '/models');
      await page.locator('.message.notice').waitFor();
      const asAda: string[] = [];
      await page.route('**/api/events?as=admin*', (route) => {
        asAda.push(route.request().url());
        return route.fulfill({ status: 502 });
      });
      const held = Promise.withResolvers<void>();
      await page.route('**/api/room*', async (route) => {
        await held.promise;
        await route.continue();
      });
      await page.clock.install();
      const asked = page.waitForRequest('**/api/room*');
      await world.restart();
      await asked;
      await page.getByRole('radio', { name: 'Mia Member' }).check();
      await page.getByRole('heading', { name: 'Welcome to #general' }).waitFor();
      const before = asAda.length;
      await Promise.all([page.waitForResponse('**/api/room*'), held.resolve()]);
      await page.clock.fastForward(5_000);
      await page.evaluate('fetch("api/room")');
      expect(asAda.length).toBe(before);
      expect(await page.locator('.message').count()).toBe(0);
    });

    test('takes files that are picked, dropped and pasted, and says what was read of them', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      const waiting = page.locator('.channel .attachments li');
      await page.getByLabel('Attach files').setInputFiles([
        { name: 'plan.md', mimeType: 'text/markdown', buffer: Buffer.from('# Plan') },
        { name: 'wrong.txt', mimeType: 'text/plain', buffer: Buffer.from('Wrong') },
        { name: 'song.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('\0\0') },
      ]);
      // Wherever in the channel it is let go of.
      await dropFile(page.locator('.channel .timeline'), 'report.pdf', pdfOf(['Costs were 3']));
      await pasteFile(composer(page), 'shot.png', png());
      const names = ['plan.md', 'wrong.txt', 'song.mp3', 'report.pdf', 'shot.png'];
      await expect.poll(() => waiting.locator('span').allInnerTexts(), PATIENCE).toEqual(names);
      await button(page, 'Remove wrong.txt').click();
      await expect.poll(() => page.locator('.attachments li.there').count(), PATIENCE).toBe(4);
      expect(await page.locator('.dropping').count()).toBe(0);
      await say(page, '@Parley What do these say?');

      const said = page.locator('.channel .message.said');
      await said.locator('img.picture').waitFor();
      expect(await said.locator('a.file b').allInnerTexts()).toEqual(['plan.md', 'song.mp3', 'report.pdf']);
      const isShown = "document.querySelector('.said img.picture').naturalWidth > 0";
      await expect.poll(() => page.evaluate(isShown), PATIENCE).toBe(true);
      expect(await waiting.count()).toBe(0);
      await thread(page).locator('.message.answer.complete').waitFor();
      const text = await textOf(thread(page).locator('.answer'));
      expect(text).toContain('I was sent plan.md, song.mp3, report.pdf, shot.png with it');
      expect(await thread(page).locator('.footer').innerText()).toContain('read 2 files');
      const note = await thread(page).locator('.note').innerText();
      expect(note).toMatch(
        /Llama 3\.2 3B \(Free\) cannot see pictures\..*song\.mp3: A \.mp3 file cannot be read/,
      );
    });

    test('sends a picture to a model that sees, from the thread into which it was dropped', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await say(page, '@Parley What can you do?');
      await thread(page).locator('.message.answer.complete').waitFor();
      await dropFile(thread(page).locator('.timeline'), 'cat.png', png());
      await thread(page).locator('.attachments li.there').waitFor();
      expect(await page.locator('.channel .attachments').count()).toBe(0);
      const field = thread(page).locator('textarea');
      await field.fill('/ask --model google/gemini-2.0-flash-001:free What is this?');
      await field.press('Enter');
      const answer = thread(page).locator('.message.answer.complete').nth(1);
      await expect.poll(() => textOf(answer), PATIENCE).toContain('I was sent cat.png with it');
      expect(await answer.locator('.footer').innerText()).toContain('read 1 file');
    });

    test('says beside a file why it cannot be sent, and sends the others', async ({ world, expect }) => {
      await world.restart({ FILE_MAX_MB: '1' });
      const page = await world.open();
      const give = (name: string, sizeBytes: number) => ({
        name,
        mimeType: 'text/plain',
        buffer: Buffer.alloc(sizeBytes, 'x'),
      });
      const small = Array.from({ length: 11 }, (_, index) => `small-${index}.txt`);
      await page
        .getByLabel('Attach files')
        .setInputFiles([give('big.txt', 1_000_001), ...small.map((name) => give(name, 3))]);
      await expect
        .poll(() => page.locator('.attachments li.refused').allInnerTexts(), PATIENCE)
        .toEqual([
          expect.stringMatching(/^big\.txt\s+larger than 1 MB$/),
          expect.stringMatching(/^small-10\.txt\s+at most 10 files$/),
        ]);
      await expect.poll(() => page.locator('.attachments li.there').count(), PATIENCE).toBe(10);
      // A file is a message without a word.
      await composer(page).press('Enter');
      await expect
        .poll(() => page.locator('.message.said a.file b').allInnerTexts(), PATIENCE)
        .toEqual(small.slice(0, 10));
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'small-3.txt' }).click(),
      ]);
      expect(readFileSync(await download.path(), 'utf8')).toBe('xxx');
    });

    test('takes no file while the bot is away, and says so', async ({ world, expect }) => {
      const page = await world.open();
      await composer(page).waitFor();
      await world.program.kill();
      await page
        .getByLabel('Attach files')
        .setInputFiles([{ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('A') }]);
      await page.locator('.attachments li.refused').waitFor();
      expect(await page.locator('.attachments li.refused em').innerText()).not.toBe('');
      await world.restart();
    });

    test('lets nothing that is written act on the page', async ({ world, expect }) => {
      const page = await world.open({}, 'playground/#/dm-member');
      const hostile = [
        '<img src=x onerror="window.hacked = 1">',
        '[a link](javascript:window.hacked=1)',
        '![a picture](https://example.org/cat.png)',
        '[another](https://example.org "onclick=alert")',
        '<a href="https://example.org" onclick="window.hacked = 1" style="inset:0">over all</a>',
        '```html"><script>window.hacked = 1</script>\n<script>window.hacked = 1</script>\n```',
      ].join('\n\n');
      await say(page, hostile);
      const said = page.locator('.message.said').last();
      await said.locator('figure.code').waitFor();
      expect(await said.locator('img, script, [style], [onclick], [onerror]').count()).toBe(0);
      const links = () =>
        said
          .locator('.markdown a')
          .evaluateAll((all) =>
            all.map((link) => ['href', 'rel', 'target'].map((name) => link.getAttribute(name))),
          );
      // The page draws the message anew when the server has it.
      await expect.poll(links, PATIENCE).toEqual([
        [null, 'noopener noreferrer nofollow', '_blank'],
        ['https://example.org/cat.png', 'noopener noreferrer nofollow', '_blank'],
        ['https://example.org', 'noopener noreferrer nofollow', '_blank'],
      ]);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      // The text is shown as it was written, not swallowed.
      const text = await said.innerText();
      expect(text).toContain('<img src=x onerror="window.hacked = 1">');
      expect(text).toContain('over all');
    });

    test.for([
      ['quotations', '>'],
      ['lists', '1. '],
    ])(
      'shows %s that are nested deeper than it can follow as they were written',
      async ([, mark = ''], { world, expect }) => {
        const page = await world.open({}, 'playground/#/dm-member');
        const nested = mark.repeat(5_000).trim();
        await say(page, nested);
        await say(page, 'And **on**');
        const said = page.locator('.message.said:not(.sending)');
        await expect
          .poll(() => said.locator('.markdown').allInnerTexts(), PATIENCE)
          .toEqual([nested, 'And on']);
      },
    );

    test('shows a text that grew as it would show it whole', async ({ world, expect }) => {
      const page = await world.open();
      const text = `See [the guide][1] and [this].\n\n${texts.markdown}${texts.code}\n[1]: https://example.org/a\n[this]: https://example.org/b\n`;
      const differing = await page.evaluate(`(async (text) => {
        const { html, render } = await import('lit-html');
        const { markdown } = await import('/playground/page/timeline/markdown.ts');
        const show = (root, text) => {
          render(html\`<div \${markdown(text)}></div>\`, root);
          return root.innerHTML;
        };
        const root = document.createElement('div');
        const differing = [];
        for (let end = 0; end <= text.length + 6; end += 7) {
          const part = text.slice(0, end);
          if (show(root, part) !== show(document.createElement('div'), part)) differing.push(part);
        }
        return [differing, root.querySelectorAll('a').length];
      })(${JSON.stringify(text)})`);
      expect(differing).toEqual([[], 3]);
    });

    test('copies code', async ({ world, expect }) => {
      const permissions = ['clipboard-read', 'clipboard-write'];
      const page = await world.open({ permissions }, 'playground/#/dm-member');
      await say(page, '```js\nconst a = 1 < 2;\n```');
      // A message that is still on its way is drawn anew when it has arrived.
      await page.locator('.message.said:not(.sending)').waitFor();
      await button(page, 'Copy').click();
      await button(page, 'Copied').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('const a = 1 < 2;');
    });

    test.for([320, 390, 1280])(
      'gives axe nothing to find, and cuts nothing off: at %i pixels, light and dark',
      async (width, { world, expect }) => {
        // Colours that are on their way from light to dark have contrasts of their own.
        const page = await world.open({ viewport: { width, height: 800 }, reducedMotion: 'reduce' });
        const look = async (what: string) => {
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            expect(await findings(page), `${what}, ${colorScheme}`).toEqual([]);
          }
          expect(await page.evaluate('document.documentElement.scrollWidth'), what).toBe(width);
        };
        await page.locator('.welcome').waitFor();
        await look('the welcome');
        await say(page, '/ask --private Show me some Markdown.');
        await page.locator('.message.answer.complete').waitFor();
        await say(page, '/models');
        await page.locator('.message.notice').waitFor();
        await look('messages');
        await composer(page).fill('/');
        await page.getByRole('listbox').waitFor();
        await look('the menu');
        await composer(page).fill('');
        if (width < 760) await button(page, 'Open the menu').click();
        await page.getByLabel('Search messages and threads').fill('markdown');
        await page.locator('.result').first().waitFor();
        await look('the search');
      },
    );

    test('lets one pick a model where its name stands, with prices and locks', async ({ world, expect }) => {
      const page = await world.open({}, 'playground/#/dm-member');
      const picker = page.getByLabel('Model', { exact: true });
      await expect.poll(() => picker.inputValue(), PATIENCE).toBe('meta-llama/llama-3.2-3b-instruct:free');
      const locked = picker.locator('option[value="openai/gpt-4o"]');
      expect((await locked.innerText()).trim()).toMatch(/^🔒 GPT-4o · needs the tier openai/);
      expect(await locked.isDisabled()).toBe(true);
      await picker.selectOption('google/gemini-2.0-flash-001:free');
      await page.locator('.message.notice').getByText('now answers in this conversation').waitFor();
      await expect.poll(() => picker.inputValue(), PATIENCE).toBe('google/gemini-2.0-flash-001:free');
      await page.getByLabel('Tier').selectOption('premium');
      await expect
        .poll(() => picker.locator('option[value="openai/gpt-4o"]').innerText(), PATIENCE)
        .toMatch(/^\s*GPT-4o · \$2\.50 in, \$10(\.00)? out/);
    });

    test('lets one pick how much a model thinks, if it takes that', async ({ world, expect }) => {
      const provider = await createFakeProvider({ keys: ['sk-or-v1-key-of-the-operator'] });
      const folder = mkdtempSync(join(tmpdir(), 'parley-'));
      const MODELS_FILE = join(folder, 'models.json');
      const prices = { promptPerMillion: 0, completionPerMillion: 0 };
      const models = ['openai/gpt-5', 'maker/plain'].map((id) => ({ id, tier: 'free', prices }));
      writeFileSync(MODELS_FILE, JSON.stringify({ models, tiers: { free: { maxEffort: 'medium' } } }));
      await world.restart({
        OPENROUTER_BASE_URL: provider.url,
        OPENROUTER_API_KEY: 'sk-or-v1-key-of-the-operator',
        MODELS_FILE,
      });
      const page = await world.open({}, 'playground/#/dm-member');
      const picker = page.getByLabel('Effort', { exact: true });
      await expect
        .poll(() => picker.locator('option').allInnerTexts(), PATIENCE)
        .toEqual(['its own', 'minimal', 'low', 'medium']);
      await picker.selectOption('low');
      await page.locator('.message.notice').getByText('Effort for this conversation: low').waitFor();
      await expect.poll(() => picker.inputValue(), PATIENCE).toBe('low');
      provider.answer('Because.');
      provider.answer('Because.');
      await say(page, 'Why?');
      await page.getByText('· effort low ·').waitFor();
      await say(page, '/ask --effort evil Why?');
      await page.getByText('must be one of none, minimal, low').first().waitFor();
      await say(page, '/ask --effort minimal Why?');
      await page.getByText('· effort minimal ·').waitFor();
      expect(provider.chats.map(({ body }) => body.reasoning)).toEqual([
        { effort: 'low' },
        { effort: 'minimal' },
      ]);
      await page.getByLabel('Model', { exact: true }).selectOption('maker/plain');
      await expect.poll(() => picker.count(), PATIENCE).toBe(0);
      await provider.close();
      rmSync(folder, { recursive: true });
    });

    test('finds what was said, renames a thread, and begins a conversation anew', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await say(page, '@Parley What can you do?');
      await thread(page).waitFor();
      await button(thread(page), 'Rename the thread').click();
      const form = page.getByRole('dialog', { name: 'Rename the thread' });
      await form.getByLabel('name').fill('First steps');
      await button(form, 'Send').click();
      await page.getByRole('link', { name: 'First steps' }).waitFor();
      await button(page, 'Close the thread').click();

      await page.getByRole('link', { name: 'random' }).click();
      await page.getByLabel('Search messages and threads').fill('can you');
      await page.getByRole('button', { name: /^Mia · general/ }).click();
      await page.getByRole('heading', { name: 'general', exact: true }).waitFor();
      await expect
        .poll(() => page.evaluate('document.activeElement.innerText'), PATIENCE)
        .toContain('What can you do?');
      await page.getByLabel('Search messages and threads').fill('');

      await page.getByRole('link', { name: 'Parley', exact: true }).click();
      await say(page, 'Show me some code.');
      await page.locator('.message.answer.complete').waitFor();
      await page.getByRole('link', { name: 'random' }).click();
      await button(page, 'New conversation').first().click();
      await page.locator('.message.notice').getByText('starts a new conversation').waitFor();
      expect(await page.evaluate('location.hash')).toBe('#/dm-member');
      // Nobody sees the conversation of another person.
      await page.getByRole('radio', { name: 'Ada Admin' }).check();
      await expect.poll(() => page.evaluate('location.hash'), PATIENCE).toBe('#/dm-admin');
    });

    test('keeps a search result where the pointer and the focus are when another one comes above it', async ({
      world,
      expect,
    }) => {
      const [mia, ada] = [await world.open(), await world.open()];
      await say(mia, 'Where is the harbour?');
      await mia.getByLabel('Search messages and threads').fill('harbour');
      const result = mia.locator('.result');
      await result.waitFor();
      const element = await result.elementHandle();
      await ada.getByRole('radio', { name: 'Ada Admin' }).check();
      await say(ada, 'The harbour is in the south.');
      await expect.poll(() => result.count(), PATIENCE).toBe(2);
      expect(await element?.innerText()).toContain('Where is the harbour?');
    });

    test('shows a place as soon as it is the address, so that no key is written into the one before', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await composer(page).waitFor();
      const shown = page.evaluate(`new Promise((resolve) => {
        const field = () => document.querySelector('.composer textarea').placeholder;
        window.addEventListener('hashchange', () => resolve(field()), { once: true });
        location.hash = '#/random';
      })`);
      expect(await shown).toBe('Message #random');
    });

    test('sorts its commands, aligns them, and keeps prose to lines that can be read', async ({
      world,
      expect,
    }) => {
      const page = await world.open();
      await composer(page).fill('/');
      const names = page.getByRole('option').locator('b');
      await names.first().waitFor();
      const shown = await names.allInnerTexts();
      expect(shown).toEqual(shown.toSorted());
      const edges = await page.evaluate(
        '[...new Set([...document.querySelectorAll("[role=option] > span")].map((each) => Math.round(each.getBoundingClientRect().left)))]',
      );
      expect(edges).toHaveLength(1);

      await say(page, '/ask What can you do?');
      await page.locator('.message.answer.complete').waitFor();
      const longest = await page.evaluate<number>(`(() => {
        let longest = 0;
        for (const paragraph of document.querySelectorAll('.message.answer .markdown > p')) {
          const range = document.createRange();
          const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
          let [top, count] = [null, 0];
          for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            for (let at = 0; at < node.length; at++) {
              range.setStart(node, at);
              range.setEnd(node, at + 1);
              const line = Math.round(range.getBoundingClientRect().top);
              count = line === top ? count + 1 : 1;
              top = line;
              longest = Math.max(longest, count);
            }
          }
        }
        return longest;
      })()`);
      expect(longest).toBeGreaterThan(50);
      expect(longest).toBeLessThanOrEqual(72);
    });

    test('says what comes next, in lines that can be copied', async ({ world, expect }) => {
      const page = await world.open({ permissions: ['clipboard-read', 'clipboard-write'] });
      const steps = page.getByRole('region', { name: 'Next steps' });
      await button(steps, 'Copy npm run setup').click();
      await page.getByText('Copied.').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('npm run setup');
    });

    test('opens its drawer on a phone as a dialog, which Escape closes', async ({ world, expect }) => {
      const page = await world.open({ viewport: { width: 390, height: 844 } });
      const focused = () => page.evaluate('document.activeElement.getAttribute("aria-label")');
      await button(page, 'Open the menu').click();
      const drawer = page.getByRole('dialog', { name: 'Places' });
      await drawer.waitFor();
      await expect.poll(focused, PATIENCE).toBe('Close the menu');
      expect(await page.locator('main').getAttribute('inert')).toBe('');
      await page.keyboard.press('Escape');
      await expect.poll(() => drawer.count(), PATIENCE).toBe(0);
      await expect.poll(focused, PATIENCE).toBe('Open the menu');
      expect(await page.locator('main').getAttribute('inert')).toBeNull();
    });

    test('is at home on a phone', async ({ world, expect }) => {
      const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
      const page = await world.open(phone);
      const fits = () => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
      const general = page.getByRole('link', { name: 'general' });
      await button(page, 'Open the menu').tap();
      await page.getByRole('link', { name: 'engineering' }).tap();
      await expect.poll(() => general.isVisible(), PATIENCE).toBe(false);
      await page.getByRole('heading', { name: 'Welcome to #engineering' }).waitFor();
      expect(await fits()).toBe(true);
      const demoMarks = page.locator('.bar').getByText('Built-in demo').filter({ visible: true });
      await expect.poll(() => demoMarks.count(), PATIENCE).toBe(1);

      await composer(page).pressSequentially('/limits --limit ');
      const labels = page.getByRole('listbox').locator('b');
      await labels.first().waitFor();
      for (const label of await labels.all()) {
        expect(await label.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
      }

      await composer(page).fill('/ask Show me some code.');
      await button(page, 'Send').tap();
      await button(page, 'In a thread').tap();
      await thread(page).waitFor();
      expect(await composer(page).isVisible()).toBe(false);
      expect(await fits()).toBe(true);
      await expect.poll(() => demoMarks.count(), PATIENCE).toBe(1);
      await button(page, 'Back to the channel').tap();
      await expect.poll(() => composer(page).isVisible(), PATIENCE).toBe(true);
    });

    test('is light or dark as the system is, until the person chooses', async ({ world, expect }) => {
      const page = await world.open({ colorScheme: 'dark' });
      const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
      await button(page, 'Theme: system').waitFor();
      const dark = await background();
      await button(page, 'Theme: system').click();
      await button(page, 'Theme: light').waitFor();
      const light = await background();
      expect(light).not.toBe(dark);
      await page.reload();
      await button(page, 'Theme: light').waitFor();
      expect(await background()).toBe(light);
    });

    test('names every control, and has its landmarks', async ({ world, expect }) => {
      const page = await world.open();
      await say(page, '@Parley What can you do?');
      await button(thread(page), 'Stop').waitFor();
      for (const role of ['main', 'navigation', 'complementary', 'region'] as const) {
        expect(await page.getByRole(role).count(), role).toBe(1);
      }
      const controls = page.locator('button, a, select, textarea, input:not([type=checkbox])');
      expect(await controls.filter({ visible: true }).count()).toBeGreaterThan(15);
      for (const control of await controls.filter({ visible: true }).all()) {
        const snapshot = await control.ariaSnapshot();
        expect(snapshot, await control.evaluate((element) => element.outerHTML)).toMatch(/"[^"]+"/);
      }
    });

    test('asks for a key in a form, where the person may bring one', async ({ world, expect }) => {
      const key = 'sk-or-v1-of-the-playground';
      const provider = await createFakeProvider({ keys: [key] });
      const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64');
      await world.restart({ OPENROUTER_BASE_URL: provider.url, ENCRYPTION_KEY });
      const page = await world.open();
      const form = page.getByRole('dialog', { name: '/connect' });
      const told = page.locator('.channel .message.notice .markdown');

      await say(page, '/connect');
      await told.getByText('Only an admin can use').waitFor();
      expect(await form.count()).toBe(0);

      await page.getByRole('radio', { name: 'Ada Admin' }).check();
      const kept = () => page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])');
      for (const [typed, answer] of [
        [`/conect ${key}`, 'There is no /conect.'],
        [`/connect ${key}`, '/connect takes no text.'],
      ] as const) {
        await composer(page).fill(typed);
        await page.getByText(answer).waitFor();
        expect(await kept()).not.toContain(key);
      }
      await say(page, '/connect');
      await form.waitFor();
      await page.keyboard.press('Escape');
      await form.waitFor({ state: 'detached' });

      await say(page, '/connect');
      await form.getByLabel('provider', { exact: true }).selectOption('OpenRouter');
      expect(await form.getByLabel('key', { exact: true }).getAttribute('type')).toBe('password');
      await form.getByLabel('key', { exact: true }).fill(key);
      await button(form, 'Send').click();
      await told.getByText('The key …ound for OpenRouter is connected').waitFor();
      expect(await form.count()).toBe(0);
      expect(await page.content()).not.toContain(key);
      await provider.close();
    });

    test('asks for the ADMIN_TOKEN where there is one', async ({ world }) => {
      await world.restart({ ADMIN_TOKEN: 'a-token-of-this-test' });
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(world.program.url);
      await page.getByLabel('ADMIN_TOKEN').fill('not the token');
      await page.keyboard.press('Enter');
      await page.getByText('Wrong token').waitFor();
      await page.getByLabel('ADMIN_TOKEN').fill('a-token-of-this-test');
      await page.keyboard.press('Enter');
      await composer(page).waitFor();
      await page.reload();
      await composer(page).waitFor();
      // One login for all of it, and the dashboard of the whole program.
      await page.goto(new URL('/admin', world.program.url).href);
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await page.getByRole('link', { name: 'Guilds' }).click();
      await page.getByRole('link', { name: 'Playground' }).click();
      await page.getByText('· the playground').waitFor();
      await context.close();
    });
  });
