import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startProgram } from '../test/support/program.ts';

/** Makes README's picture: the playground with the demo behind it, light and dark. Needs Chromium. */
const FOLDER = 'docs/images';
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const PLAN = {
  name: 'plan.md',
  mimeType: 'text/markdown',
  buffer: Buffer.from('# Plan\n\nFirst a garden, then a house.'),
};

const folder = mkdtempSync(join(tmpdir(), 'parley-'));
const program = await startProgram(folder, { STORE_URL: 'memory:' });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
try {
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, colorScheme });
    await page.goto(program.url);
    await page.locator('.composer textarea').fill('/ask Show me some code.');
    await page.locator('.composer textarea').press('Enter');
    await page.locator('.channel .message.answer.complete').last().waitFor();
    await page.locator('.channel').getByLabel('Attach files').setInputFiles([PLAN]);
    await page.locator('.attachments li.there').waitFor();
    await page.locator('.channel .composer textarea').fill('@Parley What does the plan say?');
    await page.locator('.channel .composer textarea').press('Enter');
    await page.locator('.thread .message.answer.complete').waitFor();
    await page.screenshot({ path: `${FOLDER}/playground-${colorScheme}.png` });
    await page.close();
  }
} finally {
  await browser.close();
  await program.kill();
  rmSync(folder, { recursive: true });
}
console.log(`${FOLDER}/playground-light.png, ${FOLDER}/playground-dark.png`);
